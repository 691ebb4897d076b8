/**
 * Checkpoints of the log (C2SP tlog-checkpoint), guardians' cosignatures (tlog-cosignature, Ed25519 v1), and the messages by
 * which the registry asks for these (tlog-witness). Signature lines by keys that nobody asked for are ignored everywhere.
 */
import { checkBytes, concatBytes, formatUint, utf8ToBytes } from './bytes.ts';
import { badInput, BlindmarkError, isBlindmarkError } from './errors.ts';
import { HASH_LENGTH, type TreeHead } from './merkle.ts';
import {
  formatBase64,
  formatNote,
  formatSignatureLines,
  isKeyName,
  type Note,
  noteKeyId,
  type NoteSignature,
  parseBase64,
  parseNote,
  SIGNATURE_TYPES,
  signaturesBy,
  signNote,
  verifyNote,
} from './note.ts';
import { isPublicSignature, sign, type SigningKey } from './signature.ts';

/** Bytes of a cosignature: its time as a 64-bit number, and an Ed25519 signature. */
export const COSIGNATURE_LENGTH = 72;

/** The most hashes of a consistency proof in an add-checkpoint request. */
export const MAX_PROOF_HASHES = 63;

/** Content type of the size that a witness answers a conflict with (C2SP tlog-witness). */
export const SIZE_CONTENT_TYPE = 'text/x.tlog.size';

/** A log's tree head. */
export interface Checkpoint extends TreeHead {
  /** The log's name; its key has the same. */
  readonly origin: string;
}

/** A witness and its key. */
export interface Cosigner {
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A cosignature and who made it. */
export interface Cosignature extends Cosigner {
  /** {@link COSIGNATURE_LENGTH} bytes. */
  readonly cosignature: Uint8Array;
}

function refuse(reason: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badCheckpoint', reason, { field: 'checkpoint', cause });
}

/** Runs what throws `badInput` or `badSignature`, and throws `badCheckpoint` in its place. */
function refusing<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isBlindmarkError(error, 'badInput', 'badSignature')) throw refuse(error.message, error);
    throw error;
  }
}

function parseSize(name: string, text: string): number {
  if (!/^(?:0|[1-9]\d{0,15})$/u.test(text)) throw badInput(name, 'a decimal number without zeros in front');
  const size = Number(text);
  if (!Number.isSafeInteger(size)) throw badInput(name, 'a size that can be counted with');
  return size;
}

/**
 * The body of a checkpoint: origin, size and root, a line each.
 *
 * @throws BlindmarkError `badInput` for an origin that cannot name a key, a size that is no safe integer, or another root
 */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isKeyName(origin)) throw badInput('origin', 'a name without spaces, controls and +');
  if (!Number.isSafeInteger(size) || size < 0) throw badInput('size', 'a whole number that can be counted with');
  return `${origin}\n${size}\n${formatBase64(checkBytes('root', root, HASH_LENGTH))}\n`;
}

/**
 * Reads a checkpoint: a note whose text is three lines. Extension lines are not taken, since no witness vouches for them.
 * Nothing is verified.
 *
 * @throws BlindmarkError `badCheckpoint`
 */
export function parseCheckpoint(noteText: string): { readonly checkpoint: Checkpoint; readonly note: Note } {
  return refusing(() => {
    const note = parseNote(noteText);
    const [origin = '', size = '', root = '', ...more] = note.text.slice(0, -1).split('\n');
    if (more.length > 0) throw badInput('checkpoint', 'three lines, without extension lines');
    const checkpoint = {
      origin,
      size: parseSize('checkpoint size', size),
      root: parseBase64('checkpoint root', root, HASH_LENGTH),
    };
    formatCheckpoint(checkpoint);
    return { checkpoint, note };
  });
}

/** Signs a checkpoint by the log's key, whose name is the origin. The note has this one signature. */
export function signCheckpoint(checkpoint: Checkpoint, key: SigningKey): string {
  return signNote(formatCheckpoint(checkpoint), { name: checkpoint.origin, key });
}

/**
 * Checks that a checkpoint is of this log and signed by it.
 *
 * @throws BlindmarkError `badCheckpoint`
 */
export function verifyCheckpoint(
  noteText: string,
  { origin, publicKey }: { readonly origin: string; readonly publicKey: Uint8Array },
): Checkpoint {
  const { checkpoint, note } = parseCheckpoint(noteText);
  if (checkpoint.origin !== origin) throw refuse('the checkpoint is of another log');
  if (!refusing(() => verifyNote(note, { name: origin, publicKey }))) {
    throw refuse('the checkpoint does not carry the log’s signature');
  }
  return checkpoint;
}

/** What a cosigner signs: header, time, and the body of the checkpoint (tlog-cosignature, Ed25519 signed message). */
function cosignedMessage(body: string, timestamp: number): Uint8Array {
  return utf8ToBytes(`cosignature/v1\ntime ${timestamp}\n${body}`);
}

/**
 * Cosigns a checkpoint: the statement that at this time it is the largest that the cosigner knows of this log.
 *
 * @param timestamp POSIX time in seconds, above 0
 * @returns {@link COSIGNATURE_LENGTH} bytes: time and signature (tlog-cosignature, `timestamped_signature`)
 */
export function cosignCheckpoint(checkpoint: Checkpoint, key: SigningKey, timestamp: number): Uint8Array {
  if (!Number.isSafeInteger(timestamp) || timestamp <= 0) throw badInput('timestamp', 'seconds since 1970');
  const signature = sign(key, cosignedMessage(formatCheckpoint(checkpoint), timestamp));
  const [high, low] = [Math.floor(timestamp / 2 ** 32), timestamp % 2 ** 32];
  return concatBytes(formatUint(high, 4), formatUint(low, 4), signature);
}

/**
 * The time of a cosignature, POSIX time in seconds. Not verified.
 *
 * @throws BlindmarkError `badCheckpoint` if it is not 72 bytes long, has no time, or one beyond 2^53
 */
export function cosignatureTime(cosignature: Uint8Array): number {
  if (cosignature.length !== COSIGNATURE_LENGTH) throw refuse('a cosignature is not 72 bytes long');
  const time = cosignature.subarray(0, 8).reduce((value, byte) => value * 256 + byte, 0);
  if (time === 0 || !Number.isSafeInteger(time)) throw refuse('a cosignature has no time that can be counted with');
  return time;
}

function isCosignatureOf(body: string, publicKey: Uint8Array, cosignature: Uint8Array): boolean {
  return isPublicSignature(publicKey, cosignedMessage(body, cosignatureTime(cosignature)), cosignature.subarray(8));
}

/** Whether these 72 bytes are a cosignature by this key of this checkpoint, at whatever time. */
export function isCosignature(checkpoint: Checkpoint, publicKey: Uint8Array, cosignature: Uint8Array): boolean {
  try {
    return isCosignatureOf(formatCheckpoint(checkpoint), publicKey, cosignature);
  } catch (error) {
    if (isBlindmarkError(error)) return false;
    throw error;
  }
}

function cosignatureLine({ name, publicKey, cosignature }: Cosignature): NoteSignature {
  const keyId = noteKeyId(name, SIGNATURE_TYPES.cosignature, publicKey);
  return { name, keyId, signature: checkBytes('cosignature', cosignature, COSIGNATURE_LENGTH) };
}

/**
 * Puts cosignatures under a checkpoint, in the place of older ones by the same keys. They are not verified.
 *
 * @throws BlindmarkError `badCheckpoint` if the note is malformed
 */
export function addCosignatures(noteText: string, cosignatures: readonly Cosignature[]): string {
  const { note } = parseCheckpoint(noteText);
  const added = cosignatures.map(cosignatureLine);
  const kept = note.signatures.filter((old) => {
    return !added.some(({ name, keyId }) => old.name === name && old.keyId === keyId);
  });
  return formatNote({ text: note.text, signatures: [...kept, ...added] });
}

/**
 * The cosignature by one witness, verified.
 *
 * @param note a parsed checkpoint; or its text with the signature lines that a witness answered
 * @returns 72 bytes, the latest if it carries several; null if it carries none
 * @throws BlindmarkError `badCheckpoint` if one by this name and key ID does not verify
 */
export function readCosignature(note: Note, { name, publicKey }: Cosigner): Uint8Array | null {
  let latest: Uint8Array | null = null;
  for (const cosignature of signaturesBy(note, { name, type: SIGNATURE_TYPES.cosignature, publicKey })) {
    if (!isCosignatureOf(note.text, publicKey, cosignature)) throw refuse('a cosignature does not verify');
    if (latest === null || cosignatureTime(cosignature) > cosignatureTime(latest)) latest = cosignature;
  }
  return latest;
}

/** A request for a cosignature (tlog-witness, add-checkpoint). */
export interface AddCheckpoint {
  /** The size that the witness is believed to know last; 0 for none. */
  readonly oldSize: number;
  /** The consistency proof from that size: at most 63 hashes of 32 bytes. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint, as the log signed it. */
  readonly checkpoint: string;
}

/** The body of an add-checkpoint request. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return [`old ${oldSize}`, ...proof.map(formatBase64), '', checkpoint].join('\n');
}

/**
 * Reads an add-checkpoint request. The checkpoint in it is for {@link verifyCheckpoint} to check.
 *
 * @throws BlindmarkError `badInput`
 */
export function parseAddCheckpoint(text: string): AddCheckpoint {
  const end = text.indexOf('\n\n');
  if (end < 0) throw badInput('request', 'an empty line before the checkpoint');
  const [first = '', ...hashes] = text.slice(0, end).split('\n');
  if (!first.startsWith('old ')) throw badInput('request', 'a first line with the old size');
  const oldSize = parseSize('old size', first.slice('old '.length));
  if (hashes.length > MAX_PROOF_HASHES) throw badInput('proof', `at most ${MAX_PROOF_HASHES} hashes`);
  const proof = hashes.map((hash) => parseBase64('proof', hash, HASH_LENGTH));
  return { oldSize, proof, checkpoint: text.slice(end + 2) };
}

/** A witness's answer to add-checkpoint: its signature lines. `parseSignatureLines` of note.ts reads it. */
export function formatCosignatures(cosignatures: readonly Cosignature[]): string {
  return formatSignatureLines(cosignatures.map(cosignatureLine));
}

/** The body by which a witness says which size it knows, with status 409 and {@link SIZE_CONTENT_TYPE}. */
export function formatSizeReply(size: number): string {
  return `${size}\n`;
}

/**
 * Reads {@link formatSizeReply}.
 *
 * @throws BlindmarkError `badInput`
 */
export function parseSizeReply(text: string): number {
  if (!text.endsWith('\n')) throw badInput('size', 'a line that ends in a newline');
  return parseSize('size', text.slice(0, -1));
}
