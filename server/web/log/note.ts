/**
 * What a checkpoint says, read without the SDK and without checking anything: for showing what the registry states. Verifying is
 * the engine's work.
 */

/** A signature line of a note (C2SP signed-note). */
export interface StatedSignature {
  readonly name: string;
  /** The key's 4 bytes, then the signature. */
  readonly bytes: Uint8Array;
}

/** A checkpoint as it is stated (C2SP tlog-checkpoint). */
export interface StatedCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  readonly signatures: readonly StatedSignature[];
}

/** Bytes of a cosignature's line: key, time in seconds, Ed25519 signature (C2SP tlog-cosignature). */
const COSIGNATURE_BYTES = 4 + 8 + 64;

/** Reads a checkpoint. Null for what is none. */
export function readCheckpoint(note: string): StatedCheckpoint | null {
  const end = note.indexOf('\n\n');
  if (end < 0) return null;
  const [origin = '', size = '', root = '', ...more] = note.slice(0, end).split('\n');
  if (origin === '' || !/^\d{1,16}$/.test(size) || decodeBase64(root)?.length !== 32 || more.length > 0) return null;
  const signatures: StatedSignature[] = [];
  for (const line of note.slice(end + 2).split('\n')) {
    const [, name, text] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    const bytes = text === undefined ? null : decodeBase64(text);
    if (name !== undefined && bytes !== null) signatures.push({ name, bytes });
  }
  return { origin, size: Number(size), root, signatures };
}

/** The last second that calendars have a date for (the end of the year 9999). */
const LAST_TIME = 253_402_300_799;

/**
 * When this name says that it cosigned, in epoch seconds; the latest, if several lines do; null if none does. A time beyond all
 * dates counts as none.
 */
export function statedTime({ signatures }: StatedCheckpoint, name: string): number | null {
  const times = signatures
    .filter((signature) => signature.name === name && signature.bytes.length === COSIGNATURE_BYTES)
    .map(({ bytes }) => new DataView(bytes.buffer).getUint32(4) * 2 ** 32 + new DataView(bytes.buffer).getUint32(8))
    .filter((time) => time <= LAST_TIME);
  return times.length === 0 ? null : Math.max(...times);
}

/** Base64 or base64url, with or without padding. Null for what is neither. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
