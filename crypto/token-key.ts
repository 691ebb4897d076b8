/**
 * Issuers' token keys: RSA public keys of 2,048 bits with exponent 65537, in the one DER form that RFC 9578 section 6.5
 * gives them. Every byte but the modulus is fixed, so that a key has one spelling and one key id.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { checkBytes, concatBytes, equalBytes, hexToBytes } from './bytes.ts';
import { badInput } from './errors.ts';

/** Bytes of the modulus, of a blinded message and of a signature: `Nk` of RFC 9578 section 8.2.2. */
export const MODULUS_BYTES = 256;

/**
 * AlgorithmIdentifier with id-RSASSA-PSS, SHA-384, MGF1 with SHA-384, salt of 48 bytes; hash parameters absent, as in the
 * RFC's test vectors. Then what stands before the modulus: BIT STRING, RSAPublicKey, INTEGER with its sign byte.
 */
const PSS_HEADER = hexToBytes(
  '30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010108300b06096086480165' +
    '03040202a2030201300382010f003082010a0282010100',
);
/** The same with rsaEncryption (RFC 3279 section 2.3.1), which is what WebCrypto and node:crypto import. */
const RSA_HEADER = hexToBytes('30820122300d06092a864886f70d01010105000382010f003082010a0282010100');
/** INTEGER 65537. */
const EXPONENT = hexToBytes('0203010001');

/** Bytes of a token key's SPKI. */
export const TOKEN_KEY_BYTES = PSS_HEADER.length + MODULUS_BYTES + EXPONENT.length;

function isModulus(modulus: Uint8Array): boolean {
  const [first, last] = [modulus[0] as number, modulus[MODULUS_BYTES - 1] as number];
  return first >= 0x80 && last % 2 === 1;
}

/** Whether `publicKey` is a token key in its one form. That its modulus is a product of two good primes can't be seen. */
export function isTokenKey(publicKey: Uint8Array): boolean {
  return (
    publicKey.length === TOKEN_KEY_BYTES &&
    equalBytes(publicKey.subarray(0, PSS_HEADER.length), PSS_HEADER) &&
    equalBytes(publicKey.subarray(-EXPONENT.length), EXPONENT) &&
    isModulus(publicKey.subarray(PSS_HEADER.length, -EXPONENT.length))
  );
}

/**
 * The modulus of a token key.
 *
 * @returns 256 bytes, big-endian
 * @throws BlindmarkError `badInput`, naming `field`, unless {@link isTokenKey}
 */
export function tokenKeyModulus(publicKey: Uint8Array, field = 'publicKey'): Uint8Array {
  if (!isTokenKey(publicKey)) throw badInput(field, 'an RSA key of 2,048 bits in the form of RFC 9578 section 6.5');
  return publicKey.slice(PSS_HEADER.length, -EXPONENT.length);
}

/**
 * The token key of a modulus (RFC 9578 section 6.5).
 *
 * @param modulus 256 bytes, big-endian
 * @returns SPKI, {@link TOKEN_KEY_BYTES} bytes
 * @throws BlindmarkError `badInput`
 */
export function formatTokenKey(modulus: Uint8Array): Uint8Array {
  if (!isModulus(checkBytes('modulus', modulus, MODULUS_BYTES)))
    throw badInput('modulus', 'an odd number of 2,048 bits');
  return concatBytes(PSS_HEADER, modulus, EXPONENT);
}

/**
 * The same key under the OID rsaEncryption, for platforms that do not import id-RSASSA-PSS.
 *
 * @returns SPKI, 294 bytes
 * @throws BlindmarkError `badInput`
 */
export function toRsaEncryptionKey(publicKey: Uint8Array): Uint8Array {
  return concatBytes(RSA_HEADER, tokenKeyModulus(publicKey), EXPONENT);
}

/** The id of a token key: SHA-256 of its SPKI (RFC 9578 section 6.5). 32 bytes. */
export function tokenKeyId(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey);
}
