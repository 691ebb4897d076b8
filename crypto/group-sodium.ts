/** ristretto255 by libsodium: the default. Every operation on a secret takes the same time for each of its values. */
import { checkBytes, concatBytes, formatUint, utf8ToBytes } from './bytes.ts';
import { badElement, checkElement, checkScalar, type GroupBackend } from './group.ts';
import { sodium } from './sodium.ts';

const UNIFORM_BYTES = 64;
/** One block of SHA-512. */
const HEADER = new Uint8Array(128);
const LENGTH_AND_ZERO = concatBytes(formatUint(UNIFORM_BYTES, 2), formatUint(0, 1));
const ONE = formatUint(1, 1);

/** expand_message_xmd (RFC 9380 section 5.3.1) with SHA-512 to 64 bytes, which is one block of its output. */
function expandMessage(message: Uint8Array, domain: string): Uint8Array {
  const tag = utf8ToBytes(domain);
  const suffix = concatBytes(tag, formatUint(tag.length, 1));
  const first = sodium.crypto_hash_sha512(concatBytes(HEADER, message, LENGTH_AND_ZERO, suffix));
  return sodium.crypto_hash_sha512(concatBytes(first, ONE, suffix));
}

function combineElements(
  operation: (a: Uint8Array, b: Uint8Array) => Uint8Array,
  a: Uint8Array,
  b: Uint8Array,
): Uint8Array {
  try {
    return operation(a, b);
  } catch (cause) {
    throw badElement('element', cause);
  }
}

export const sodiumGroup: GroupBackend = {
  name: 'libsodium',
  multiply(scalar, element, field = 'element') {
    checkScalar('scalar', scalar);
    try {
      // Refuses bad encodings and, since no scalar is zero, just the identity.
      return sodium.crypto_scalarmult_ristretto255(scalar, element);
    } catch (cause) {
      checkElement(field, element);
      throw cause;
    }
  },
  multiplyBase: (scalar) => sodium.crypto_scalarmult_ristretto255_base(checkScalar('scalar', scalar)),
  add: (a, b) => combineElements(sodium.crypto_core_ristretto255_add, a, b),
  subtract: (a, b) => combineElements(sodium.crypto_core_ristretto255_sub, a, b),
  reduceScalar: (bytes) => sodium.crypto_core_ristretto255_scalar_reduce(checkBytes('bytes', bytes, UNIFORM_BYTES)),
  multiplyScalars: (a, b) =>
    sodium.crypto_core_ristretto255_scalar_mul(checkScalar('scalar', a), checkScalar('scalar', b)),
  subtractScalars: (a, b) =>
    sodium.crypto_core_ristretto255_scalar_sub(checkScalar('scalar', a), checkScalar('scalar', b)),
  invertScalar: (scalar) => sodium.crypto_core_ristretto255_scalar_invert(checkScalar('scalar', scalar)),
  hashToElement: (message, domain) => sodium.crypto_core_ristretto255_from_hash(expandMessage(message, domain)),
  hashToScalar: (message, domain) => sodium.crypto_core_ristretto255_scalar_reduce(expandMessage(message, domain)),
};
