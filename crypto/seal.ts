/** Sealing: XChaCha20-Poly1305 under a key, or to a recipient's X25519 key. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { checkBytes, concatBytes, randomBytes, type RandomSource } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { deriveKey } from './hash.ts';
import { sodium } from './sodium.ts';

const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** Bytes that {@link sealWithKey} adds: nonce and tag. */
export const SEAL_OVERHEAD = NONCE_BYTES + TAG_BYTES;

/** Bytes that {@link sealTo} adds: the ephemeral key and {@link SEAL_OVERHEAD}. */
export const SEALED_TO_OVERHEAD = KEY_BYTES + SEAL_OVERHEAD;

function unopened(cause?: unknown): BlindmarkError {
  return new BlindmarkError('badEnvelope', 'A sealed envelope does not open under this key', { cause });
}

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a random nonce.
 *
 * @param key 32 bytes
 * @param associatedData what the seal is bound to; needed again to open it
 * @returns nonce (24 bytes), ciphertext, tag (16 bytes)
 */
export function sealWithKey(
  key: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  random: RandomSource = randomBytes,
): Uint8Array {
  const nonce = random(NONCE_BYTES);
  return concatBytes(
    nonce,
    xchacha20poly1305(checkBytes('key', key, KEY_BYTES), nonce, associatedData).encrypt(plaintext),
  );
}

/**
 * Opens what {@link sealWithKey} sealed.
 *
 * @throws BlindmarkError `badEnvelope`
 */
export function openWithKey(key: Uint8Array, box: Uint8Array, associatedData: Uint8Array): Uint8Array {
  checkBytes('key', key, KEY_BYTES);
  if (box.length < SEAL_OVERHEAD) throw unopened();
  try {
    return xchacha20poly1305(key, box.subarray(0, NONCE_BYTES), associatedData).decrypt(box.subarray(NONCE_BYTES));
  } catch (cause) {
    throw unopened(cause);
  }
}

/** An X25519 key pair (RFC 7748). */
export interface ExchangeKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** The key pair of a secret; of a random one by default. */
export function createExchangeKey(secret: Uint8Array = randomBytes(KEY_BYTES)): ExchangeKey {
  return { publicKey: sodium.crypto_scalarmult_base(checkBytes('secret', secret, KEY_BYTES)), secret };
}

function sharedKey(secret: Uint8Array, peer: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  // libsodium refuses peers of small order (RFC 7748 section 6.1).
  const shared = sodium.crypto_scalarmult(secret, peer);
  return deriveKey(shared, KEY_BYTES, new Uint8Array(), 'sealed-to-recipient', ephemeral, recipient);
}

/**
 * Seals to a recipient's public key under an ephemeral X25519 key. Says nothing of who sealed it.
 *
 * @returns ephemeral public key (32 bytes), then what {@link sealWithKey} returns
 * @throws BlindmarkError `badInput` for a recipient's key of small order, under which anybody could open the box
 */
export function sealTo(
  recipient: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  random: RandomSource = randomBytes,
): Uint8Array {
  checkBytes('recipient', recipient, KEY_BYTES);
  const ephemeral = createExchangeKey(random(KEY_BYTES));
  let key: Uint8Array;
  try {
    key = sharedKey(ephemeral.secret, recipient, ephemeral.publicKey, recipient);
  } catch (cause) {
    throw badInput('recipient', 'an X25519 public key that is not of small order', cause);
  }
  return concatBytes(ephemeral.publicKey, sealWithKey(key, plaintext, associatedData, random));
}

/**
 * Opens what {@link sealTo} sealed.
 *
 * @throws BlindmarkError `badEnvelope`
 */
export function openSealed(recipient: ExchangeKey, box: Uint8Array, associatedData: Uint8Array): Uint8Array {
  if (box.length < SEALED_TO_OVERHEAD) throw unopened();
  const ephemeral = box.slice(0, KEY_BYTES);
  let key: Uint8Array;
  try {
    key = sharedKey(recipient.secret, ephemeral, ephemeral, recipient.publicKey);
  } catch (cause) {
    throw unopened(cause);
  }
  return openWithKey(key, box.subarray(KEY_BYTES), associatedData);
}
