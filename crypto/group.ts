/**
 * The group ristretto255 (RFC 9496) as the OPRF sees it: encodings, and the operations that a backend brings. Elements and
 * scalars are their 32-byte encodings throughout, so that backends are exchangeable.
 */
import { checkBytes } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { sodium } from './sodium.ts';

/** Bytes of an element and of a scalar. */
export const ELEMENT_BYTES = 32;

/**
 * Operations on ristretto255. Elements: canonical encodings (RFC 9496 section 4.3.1). Scalars: 32 bytes, little-endian, less
 * than the order of the group. All backends return the same bytes and refuse the same arguments.
 */
export interface GroupBackend {
  readonly name: string;
  /**
   * `scalar * element`.
   *
   * @param field names the element in the error; default `element`
   * @throws BlindmarkError `badElement` for a non-canonical encoding or the identity, `badInput` for a scalar that is zero
   *   or not less than the order
   */
  multiply(scalar: Uint8Array, element: Uint8Array, field?: string): Uint8Array;
  /** `scalar` times the generator. Throws `badInput` like {@link multiply}. */
  multiplyBase(scalar: Uint8Array): Uint8Array;
  /** `a + b`, which may be the identity, as may both. Throws `badElement`. */
  add(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** `a - b`, which may be the identity, as may both. Throws `badElement`. */
  subtract(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** 64 little-endian bytes modulo the order. */
  reduceScalar(bytes: Uint8Array): Uint8Array;
  /** `a * b`. Throws `badInput` like {@link multiply}. */
  multiplyScalars(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** `a - b`, which may be zero. Throws `badInput` like {@link multiply}. */
  subtractScalars(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** `1 / scalar`; throws `badInput` for zero. */
  invertScalar(scalar: Uint8Array): Uint8Array;
  /** `hash_to_ristretto255` with SHA-512 (RFC 9380 appendix B); `domain` has 1 to 255 bytes. The result is the identity with negligible probability. */
  hashToElement(message: Uint8Array, domain: string): Uint8Array;
  /** HashToScalar of RFC 9497 section 4.1: expand_message_xmd with SHA-512, 64 bytes, little-endian, modulo the order. */
  hashToScalar(message: Uint8Array, domain: string): Uint8Array;
}

// 2^252 + 27742317777372353535851937790883648493 (RFC 9496 section 4.4), little-endian.
const ORDER = [
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0x10,
] as const;

/** Whether `bytes` are a scalar other than zero in canonical encoding. Takes the same time for every scalar. */
export function isScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== ELEMENT_BYTES) return false;
  let borrow = 0;
  let any = 0;
  for (let i = 0; i < ELEMENT_BYTES; i++) {
    const byte = bytes[i] as number;
    borrow = (byte - (ORDER[i] as number) - borrow) >>> 31;
    any |= byte;
  }
  return borrow === 1 && any !== 0;
}

/**
 * Checks a secret or public scalar.
 *
 * @throws BlindmarkError `badInput`, naming `name`
 */
export function checkScalar(name: string, bytes: Uint8Array): Uint8Array {
  checkBytes(name, bytes, ELEMENT_BYTES);
  if (!isScalar(bytes)) throw badInput(name, 'a scalar other than zero and less than the order of the group');
  return bytes;
}

/** The {@link BlindmarkError} for an element that is not valid. */
export function badElement(name: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badElement', `${name}: not the canonical encoding of an element other than the identity`, {
    field: name,
    cause,
  });
}

/** Whether `bytes` are the identity's encoding. */
export function isIdentity(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/**
 * Checks an element that came over a wire (RFC 9497 section 3.3): canonical encoding, not the identity.
 *
 * @throws BlindmarkError `badElement`, naming `name`
 */
export function checkElement(name: string, bytes: Uint8Array): void {
  const valid =
    bytes instanceof Uint8Array &&
    bytes.length === ELEMENT_BYTES &&
    !isIdentity(bytes) &&
    sodium.crypto_core_ristretto255_is_valid_point(bytes);
  if (!valid) throw badElement(name);
}
