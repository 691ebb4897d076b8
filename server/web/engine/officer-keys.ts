/**
 * An officer's keys in a browser. Where it can, the browser keeps the key itself: it signs with it and shows it to no script.
 * Where it can't, the key is in the engine's memory until the page is closed.
 */
import { createSigner, createSigningKey, deriveTrayKey, type Signer } from '../../../client-sdk/index.ts';

/** What an officer's file yields. */
export interface OfficerKeys {
  /** Names the trays of this credential. */
  readonly owner: string;
  /** AES-GCM: not extractable. */
  readonly trayKey: CryptoKey;
  readonly signer: Signer;
  /** The browser's own, not extractable; null where it has no Ed25519. */
  readonly signingKey: CryptoKey | null;
}

/** PKCS #8 of an Ed25519 key, without the seed that follows (RFC 8410 section 7). */
const PKCS8_HEADER = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/** The key as the browser's own; null where the browser has no Ed25519. */
async function importSigningKey(seed: Uint8Array): Promise<CryptoKey | null> {
  const pkcs8 = new Uint8Array([...PKCS8_HEADER, ...seed]);
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  } catch {
    return null;
  } finally {
    pkcs8.fill(0);
  }
}

/** A signer by a key that the browser keeps. @param publicKey 32 bytes: of that key */
export function createKeptSigner(signingKey: CryptoKey, publicKey: Uint8Array): Signer {
  return {
    publicKey,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', signingKey, new Uint8Array(message))),
  };
}

/**
 * The keys of an officer's file.
 *
 * @param seed 32 bytes; erased where the browser keeps the key
 */
export async function createOfficerKeys(seed: Uint8Array): Promise<OfficerKeys> {
  const { key, owner } = deriveTrayKey(seed);
  const trayKey = await crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
  key.fill(0);
  const own = createSigner(createSigningKey(seed));
  const signingKey = await importSigningKey(seed);
  if (signingKey === null) return { owner, trayKey, signer: own, signingKey };
  const { publicKey } = own;
  seed.fill(0);
  return { owner, trayKey, signer: createKeptSigner(signingKey, publicKey), signingKey };
}
