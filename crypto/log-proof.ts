/**
 * What shows that the log holds an entry: the checkpoint that the registry signed and guardians cosigned, the entry, and its
 * inclusion proof. Guardians check it before they answer, clients before they use an answer, by the same functions.
 */
import { z } from 'zod';
import { equalBytes } from './bytes.ts';
import { parseCheckpoint, readCosignature, verifyCheckpoint, type Checkpoint } from './checkpoint.ts';
import { BlindmarkError, isBlindmarkError, type ErrorCode } from './errors.ts';
import {
  delayedCommitment,
  formatLogEntry,
  MAX_DELAY_DAYS,
  MAX_ENTRY_BYTES,
  parseLogEntry,
  type LogEntry,
} from './log-entry.ts';
import { leafHash, verifyInclusion, type TreeHead } from './merkle.ts';
import { bytesField } from './message.ts';
import { verifyRosterEntry, type Roster, type VerifiedRoster } from './roster.ts';

/** A checkpoint as a signed note (C2SP tlog-checkpoint), with whatever cosignatures it has. */
export const checkpointField = z
  .string()
  .min(1)
  .max(16 * 1024);

/** The hashes of an inclusion or consistency proof (RFC 6962 section 2.1). */
export const proofField = z.array(bytesField(32)).max(63);

const indexField = z.int().min(0);

/** An entry of the log with its inclusion proof in the tree of a checkpoint that stands beside it. */
export const loggedEntrySchema = z.strictObject({
  index: indexField,
  entry: bytesField(1, MAX_ENTRY_BYTES),
  proof: proofField,
});
export type LoggedEntry = z.output<typeof loggedEntrySchema>;

/** What an entry `delayed` hides, for those who may know: null beside an entry that hides nothing. */
export const delayedField = z.strictObject({ salt: bytesField(32), plain: bytesField(1, MAX_ENTRY_BYTES) }).nullable();
export type DelayedFields = z.output<typeof delayedField>;

/** What a guardian needs before it answers. */
export const logEvidenceSchema = z.strictObject({
  checkpoint: checkpointField,
  /** The entry of the request. */
  logged: loggedEntrySchema,
  delayed: delayedField,
  /** The entry of the roster in force. */
  roster: loggedEntrySchema,
  /** From a size that the guardian knows to the checkpoint's; null where it knows the checkpoint's, or none. */
  consistency: z.strictObject({ size: indexField, proof: proofField }).nullable(),
});
export type LogEvidence = z.output<typeof logEvidenceSchema>;

/** The name of a roster's log: the origin line of its checkpoints (C2SP tlog-checkpoint). */
export function logName({ origin, log }: Pick<Roster, 'origin' | 'log'>): string {
  return log.generation === 1 ? `${origin}/log` : `${origin}/log-${log.generation}`;
}

/** The name under which a guardian cosigns (C2SP tlog-cosignature). */
export function cosignerName(origin: string, guardian: string): string {
  return `${origin}/guardian/${guardian}`;
}

/**
 * Verifies that a checkpoint is of this roster's log and signed by it. Cosignatures are {@link verifyCosigned}'s work.
 *
 * @throws BlindmarkError `badCheckpoint`
 */
export function verifyLogCheckpoint(note: string, roster: Roster): Checkpoint {
  return verifyCheckpoint(note, { origin: logName(roster), publicKey: roster.log.publicKey });
}

/** A checkpoint for which enough guardians vouch. */
export interface CosignedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Guardians' identifiers and their cosignatures of 72 bytes, in the roster's order: at least the threshold. */
  readonly cosignatures: ReadonlyMap<string, Uint8Array>;
}

/**
 * Verifies a checkpoint: the log's signature, and cosignatures of at least the threshold of guardians.
 *
 * @throws BlindmarkError `badCheckpoint`, also where one guardian's cosignature is there and false
 */
export function verifyCosigned(note: string, roster: Roster): CosignedCheckpoint {
  const checkpoint = verifyLogCheckpoint(note, roster);
  const parsed = parseCheckpoint(note).note;
  const cosignatures = new Map<string, Uint8Array>();
  for (const { id, witnessKey } of roster.guardians) {
    const cosigner = { name: cosignerName(roster.origin, id), publicKey: witnessKey };
    const cosignature = readCosignature(parsed, cosigner);
    if (cosignature !== null) cosignatures.set(id, cosignature);
  }
  if (cosignatures.size >= roster.threshold) return { checkpoint, cosignatures };
  throw new BlindmarkError(
    'badCheckpoint',
    `${cosignatures.size} guardians cosigned the checkpoint; ${roster.threshold} are needed`,
    { field: 'checkpoint', remedy: 'Do not rely on this answer. Ask a guardian what it knows of the log.' },
  );
}

/**
 * Verifies that the log holds an entry, and reads it.
 *
 * @param checkpoint verified
 * @throws BlindmarkError `badProof`; `badInput` for an entry that is not canonical
 */
export function verifyLogged({ index, entry, proof }: LoggedEntry, { size, root }: TreeHead): LogEntry {
  verifyInclusion({ index, size, leafHash: leafHash(entry), proof, root });
  return parseLogEntry(entry);
}

/**
 * Verifies that an entry, plain or delayed, is just the one expected. Its hour is for the caller to judge.
 *
 * @param expected `hour` may be anything
 * @param hides.delayed what the entry hides
 * @param hides.delayDays the longest that it may be hidden; default: {@link MAX_DELAY_DAYS}
 * @returns the plain entry
 * @throws BlindmarkError `notLogged`
 */
export function verifyEntryOf(
  entry: LogEntry,
  expected: LogEntry,
  hides: { readonly delayed: DelayedFields; readonly delayDays?: number } = { delayed: null },
): LogEntry {
  const plain = readPlain(entry, hides.delayed, hides.delayDays ?? MAX_DELAY_DAYS);
  const wanted = formatLogEntry({ ...expected, hour: plain.hour });
  if (!equalBytes(formatLogEntry(plain), wanted)) throw notLogged('the entry is of something else');
  return plain;
}

function readPlain(entry: LogEntry, delayed: DelayedFields, delayDays: number): LogEntry {
  if (delayed === null) return entry;
  if (entry.kind !== 'delayed') throw notLogged('the entry hides nothing');
  // Not even for no time: a policy without a delay wants the fields themselves.
  if (delayDays === 0 || entry.revealBy < entry.hour || entry.revealBy > entry.hour + 24 * delayDays) {
    throw notLogged('the entry may not be hidden for so long');
  }
  return openDelayed(entry, delayed);
}

/**
 * Verifies that a delayed entry hides just this.
 *
 * @returns the hidden entry
 * @throws BlindmarkError `notLogged`
 */
export function openDelayed(
  { of, hour, commitment }: Extract<LogEntry, { readonly kind: 'delayed' }>,
  { salt, plain }: NonNullable<DelayedFields>,
): LogEntry {
  if (!equalBytes(commitment, delayedCommitment(salt, plain))) throw notLogged('the entry hides something else');
  const hidden = refusing('badInput', () => parseLogEntry(plain));
  if (hidden.kind !== of || hidden.hour !== hour) throw notLogged('the entry hides another kind or hour than it says');
  return hidden;
}

/**
 * Verifies that the log holds this roster's entry, with the signatures that make the roster valid.
 *
 * @param checkpoint verified
 * @throws BlindmarkError `notLogged`, `badRoster`
 */
export function verifyRosterLogged(logged: LoggedEntry, checkpoint: TreeHead, roster: VerifiedRoster): void {
  const entry = refusing('badProof', () => refusing('badInput', () => verifyLogged(logged, checkpoint)));
  verifyRosterEntry(entry, roster);
}

/**
 * What a guardian checks of a request's evidence without its memory: the registry signed the checkpoint, and the log under it
 * holds the roster in force and the expected entry.
 *
 * @param expected `hour` may be anything
 * @param delayDays the longest that the force's policy may hide the entry; 0 for an entry that must be plain
 * @returns the checkpoint, and the plain entry, whose hour is for the caller to judge
 * @throws BlindmarkError `badCheckpoint`, `badRoster`, `notLogged`
 */
export function verifyEvidence(
  evidence: LogEvidence,
  roster: VerifiedRoster,
  expected: LogEntry,
  delayDays: number,
): { readonly checkpoint: Checkpoint; readonly entry: LogEntry } {
  const checkpoint = verifyLogCheckpoint(evidence.checkpoint, roster.roster);
  verifyRosterLogged(evidence.roster, checkpoint, roster);
  const logged = refusing('badProof', () => refusing('badInput', () => verifyLogged(evidence.logged, checkpoint)));
  return { checkpoint, entry: verifyEntryOf(logged, expected, { delayed: evidence.delayed, delayDays }) };
}

function notLogged(reason: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('notLogged', `The log does not hold what it should: ${reason}`, { field: 'log', cause });
}

/** Runs what throws `code`, and throws `notLogged` in its place. */
function refusing<T>(code: ErrorCode, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isBlindmarkError(error, code)) throw notLogged(error.message, error);
    throw error;
  }
}
