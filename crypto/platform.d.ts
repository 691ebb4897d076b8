/**
 * The few globals that browsers and Node share and that `crypto/` and `client-sdk/` may use. Declared here, because both
 * folders compile without Node's types and without the DOM's.
 */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array): string;
}
