/**
 * The few globals that browsers and Node share and that `crypto/` and `client-sdk/` may use. Declared here, because both
 * folders compile without Node's types and without the DOM's.
 */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array): string;
}

/** A key that WebCrypto holds. */
interface CryptoKey {
  readonly type: string;
}

/** Of WebCrypto, what activation tokens take. Browsers have it in secure contexts alone. */
declare const crypto: {
  readonly subtle: {
    importKey(
      format: 'spki',
      key: Uint8Array,
      algorithm: { readonly name: string; readonly hash: string },
      extractable: boolean,
      usages: readonly 'verify'[],
    ): Promise<CryptoKey>;
    verify(
      algorithm: { readonly name: string; readonly saltLength: number },
      key: CryptoKey,
      signature: Uint8Array,
      message: Uint8Array,
    ): Promise<boolean>;
  };
};
