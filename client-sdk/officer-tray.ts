/** What an officer's client keeps of a shift where it has no file system: sealed under a key that the officer's file yields. */
import { formatBase64url } from '../crypto/bytes.ts';
import { deriveKey } from '../crypto/hash.ts';

/** Under what, and under whose name, trays are kept. */
export interface TrayKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** Tells the trays of one officer's file from those of another, and says nothing of either. */
  readonly owner: string;
}

/** The tray key of an `officer.json`. @param seed 32 bytes: of the officer's key */
export function deriveTrayKey(seed: Uint8Array): TrayKey {
  const none = new Uint8Array();
  return {
    key: deriveKey(seed, 32, none, 'officer-tray'),
    owner: formatBase64url(deriveKey(seed, 16, none, 'officer-tray-owner')),
  };
}
