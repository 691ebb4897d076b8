const FINGERPRINT = /^[\w-]{43}$/;

/** Whether a text has the form of a registry's fingerprint: 32 bytes in base64url. */
export function isFingerprint(text: string): boolean {
  return FINGERPRINT.test(text);
}
