/** RSASSA-PSS by node:crypto, for whichever service verifies activation tokens. */
import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { toRsaEncryptionKey } from '../crypto/token-key.ts';
import type { RsaVerifier } from '../crypto/token.ts';

/**
 * A token key as node:crypto holds it.
 *
 * @param publicKey SPKI as RFC 9578 section 6.5 has it
 * @throws BlindmarkError `badInput`
 */
export function importTokenKey(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(toRsaEncryptionKey(publicKey)), format: 'der', type: 'spki' });
}

/** By the roster's own bytes, which nobody writes to: a key is imported once, which takes as long as a verification. */
const imported = new WeakMap<Uint8Array, KeyObject>();

function importOnce(publicKey: Uint8Array): KeyObject {
  const known = imported.get(publicKey);
  if (known !== undefined) return known;
  const key = importTokenKey(publicKey);
  imported.set(publicKey, key);
  return key;
}

/** Verifies with SHA-384, MGF1 with SHA-384, and a salt of 48 bytes. `publicKey` must not be written to afterwards. */
export const nodeRsaVerifier: RsaVerifier = (publicKey, message, signature) =>
  verify(
    'sha384',
    message,
    { key: importOnce(publicKey), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 },
    signature,
  );
