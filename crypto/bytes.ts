/** Byte strings: checks at the boundary, encodings, comparison in constant time. */
import { base64urlnopad } from '@scure/base';
import { bytesToHex, concatBytes, hexToBytes, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { badInput } from './errors.ts';

export { bytesToHex, concatBytes, hexToBytes, randomBytes, utf8ToBytes };

/** A source of `length` random bytes. Optional last argument of whatever draws randomness, so that vectors replay. */
export type RandomSource = (length: number) => Uint8Array;

/**
 * Checks that `value` is a byte string of the given length.
 *
 * @param name names the argument in the error
 * @param length bytes; any length when left out
 * @throws BlindmarkError `badInput`
 */
export function checkBytes(name: string, value: unknown, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw badInput(name, 'bytes');
  if (length !== undefined && value.length !== length) throw badInput(name, `${length} bytes, not ${value.length}`);
  return value;
}

/** Base64url without padding (RFC 4648 section 5): the one text form of binary in JSON. */
export function formatBase64url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/**
 * Reads base64url without padding; refuses any other spelling of the same bytes.
 *
 * @throws BlindmarkError `badInput`, naming `name`
 */
export function parseBase64url(name: string, text: string, length?: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = base64urlnopad.decode(text);
  } catch (cause) {
    throw badInput(name, 'base64url without padding', cause);
  }
  return checkBytes(name, bytes, length);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads UTF-8; throws `badInput` on malformed text. */
export function parseUtf8(name: string, bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw badInput(name, 'UTF-8 text', cause);
  }
}

/** Reads JSON from UTF-8 bytes; throws `badInput`. */
export function parseJsonBytes(name: string, bytes: Uint8Array): unknown {
  const text = parseUtf8(name, bytes);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without the cause: JSON.parse quotes the text at fault in its message, and causes are logged.
    throw badInput(name, 'JSON');
  }
}

export function formatJsonBytes(value: unknown): Uint8Array {
  return utf8ToBytes(JSON.stringify(value));
}

/** Whether both are the same bytes. Takes the same time wherever they differ; the lengths are not secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** `value` as a big-endian unsigned integer of `length` bytes (RFC 8017 I2OSP), for lengths up to 6. */
export function formatUint(value: number, length: 1 | 2 | 4 | 6): Uint8Array {
  const out = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  if (rest !== 0 || value < 0 || !Number.isInteger(value))
    throw badInput('value', `an unsigned integer of ${length} bytes`);
  return out;
}
