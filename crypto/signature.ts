/** Ed25519 signatures (RFC 8032), by libsodium. */
import { bytesToHex, checkBytes, randomBytes } from './bytes.ts';
import { sodium } from './sodium.ts';

/** An Ed25519 key pair. The seed is the whole secret (RFC 8032 section 5.1.5). */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

/** The key pair of a seed; of a random one by default. */
export function createSigningKey(seed: Uint8Array = randomBytes(32)): SigningKey {
  const { publicKey } = sodium.crypto_sign_seed_keypair(checkBytes('seed', seed, 32));
  return { publicKey, seed };
}

/** Whatever signs with one Ed25519 key, and need not show it: a browser may keep the key to itself. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Signs a message (RFC 8032 section 5.1.6): 64 bytes. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

/** A {@link Signer} of a key that is at hand. */
export function createSigner(key: SigningKey): SigningKey & Signer {
  return { ...key, sign: async (message) => sign(key, message) };
}

/**
 * Signs a message (RFC 8032 section 5.1.6).
 *
 * @returns 64 bytes
 */
export function sign(key: SigningKey, message: Uint8Array): Uint8Array {
  const { privateKey } = sodium.crypto_sign_seed_keypair(checkBytes('seed', key.seed, 32));
  return sodium.crypto_sign_detached(message, privateKey);
}

/**
 * Whether `signature` is one by `publicKey` over `message` (RFC 8032 section 5.1.7). Where the RFC leaves room, libsodium is
 * strict, and so decides every Wycheproof case: S is below the order, R and the key are canonical and not of small order.
 */
export function isSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}

/** Signatures that held lately. */
const held = new Set<string>();
const REMEMBERED_SIGNATURES = 512;

/**
 * {@link isSignature} for short public statements that one process meets several times within moments, as a checkpoint and its
 * cosignatures are: what held is remembered for a while, and not computed again.
 */
export function isPublicSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const name = [publicKey, signature, message].map(bytesToHex).join(' ');
  if (held.has(name)) return true;
  if (!isSignature(publicKey, message, signature)) return false;
  const [oldest] = held;
  if (oldest !== undefined && held.size >= REMEMBERED_SIGNATURES) held.delete(oldest);
  held.add(name);
  return true;
}
