/** The two ways in which Blindmark hashes: `labelledHash` for whatever is stored, compared or signed, HKDF for keys. */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, formatUint, utf8ToBytes } from './bytes.ts';
import { badInput } from './errors.ts';

const PREFIX = 'blindmark/v1/';

function encodeText(text: string): Uint8Array {
  if (!text.isWellFormed()) throw badInput('text', 'text without unpaired surrogates');
  return utf8ToBytes(text);
}

function header(label: string): Uint8Array {
  const text = encodeText(PREFIX + label);
  return concatBytes(formatUint(text.length, 2), text);
}

/**
 * SHA-256 over `len16("blindmark/v1/" + label)`, that text, then `len32(part) part` for each part (DESIGN section 3).
 * Injective in label and parts. No other concatenation is ever hashed or signed.
 *
 * @param parts byte strings, or text taken as UTF-8
 * @returns 32 bytes
 * @throws BlindmarkError `badInput` for text with an unpaired surrogate: UTF-8 would write every one of them alike
 */
export function labelledHash(label: string, ...parts: (Uint8Array | string)[]): Uint8Array {
  const hash = sha256.create().update(header(label));
  for (const part of parts) {
    const bytes = typeof part === 'string' ? encodeText(part) : part;
    hash.update(formatUint(bytes.length, 4)).update(bytes);
  }
  return hash.digest();
}

/**
 * HKDF-SHA-512 (RFC 5869) with `labelledHash(label, ...parts)` as `info`.
 *
 * @param secret input keying material
 * @param length bytes of output, at most 255 * 64
 * @param salt optional salt; RFC 5869 section 2.2 takes zeros when it is empty
 */
export function deriveKey(
  secret: Uint8Array,
  length: number,
  salt: Uint8Array,
  label: string,
  ...parts: (Uint8Array | string)[]
): Uint8Array {
  return hkdf(sha512, secret, salt, labelledHash(label, ...parts), length);
}
