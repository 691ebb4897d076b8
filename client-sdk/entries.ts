/** What entries of the log must say before a client believes what the registry shows beside them. */
import { equalBytes } from '../crypto/bytes.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { hourOf, markHash, type EntryKind, type EntryOf, type LogEntry } from '../crypto/log-entry.ts';
import { openDelayed, verifyEntryOf, verifyLogged, type DelayedFields, type LoggedEntry } from '../crypto/log-proof.ts';
import type { TreeHead } from '../crypto/merkle.ts';
import { rowHash, type RegistrationRow } from '../crypto/registration.ts';
import type { LoggedWithSalt } from '../crypto/wire.ts';

/** An entry that may hide its plain fields, with what opens it. */
export interface HidingEntry {
  readonly logged: LoggedEntry;
  readonly delayed: DelayedFields;
}

/** The refusal of an entry that is not the one that it should be. */
export function notLogged(field: string, what: string): BlindmarkError {
  return new BlindmarkError('notLogged', `The log does not hold what it should: ${what}`, {
    field,
    remedy: 'Do not rely on this answer, and tell the registry’s operator.',
  });
}

/**
 * Reads an entry once its inclusion proof holds.
 *
 * @param checkpoint verified
 * @throws BlindmarkError `badProof`; `notLogged` for bytes that are no entry
 */
export function readEntry(field: string, logged: LoggedEntry, checkpoint: TreeHead): LogEntry {
  try {
    return verifyLogged(logged, checkpoint);
  } catch (error) {
    if (isBlindmarkError(error, 'badInput')) throw notLogged(field, 'the entry is malformed');
    if (isBlindmarkError(error, 'badProof'))
      throw new BlindmarkError('badProof', `The proof that the log holds the ${field} entry does not verify`, {
        field,
        remedy: 'Do not rely on this answer, and tell the registry’s operator.',
        cause: error,
      });
    throw error;
  }
}

function isOfKind<K extends EntryKind>(entry: LogEntry, kind: K): entry is Extract<LogEntry, { readonly kind: K }> {
  return entry.kind === kind;
}

/** @throws BlindmarkError `notLogged` for an entry of another kind */
export function expectKind<K extends EntryKind>(
  field: string,
  entry: LogEntry,
  kind: K,
): Extract<LogEntry, { readonly kind: K }> {
  if (isOfKind(entry, kind)) return entry;
  throw notLogged(field, `the ${field} entry is of another kind`);
}

/** @throws BlindmarkError `notLogged` for an entry that is not of this registration */
export function expectMark(
  field: string,
  entry: { readonly mark: Uint8Array },
  salt: Uint8Array,
  commitment: Uint8Array,
): void {
  if (equalBytes(entry.mark, markHash(salt, commitment))) return;
  throw notLogged(field, `the ${field} entry is of another registration`);
}

/**
 * Verifies the entry of an evaluation request: just this request, and for a lookup of this hour.
 *
 * @param expected `hour` for an owner's request may be anything: it may be repeated much later
 * @param delayDays the longest that the force's policy hides a lookup
 * @param now epoch seconds
 * @throws BlindmarkError `badProof`, `notLogged`
 */
export function verifyRequestEntry(
  { logged, delayed }: HidingEntry,
  checkpoint: TreeHead,
  expected: EntryOf<'activation'> | EntryOf<'lookup'>,
  { delayDays, now }: { readonly delayDays: number; readonly now: number },
): void {
  const { hour } = verifyEntryOf(readEntry('request', logged, checkpoint), expected, { delayed, delayDays });
  if (expected.kind === 'lookup' && Math.abs(hour - hourOf(now)) > 1) {
    throw notLogged('request', 'the request entry is of another hour');
  }
}

/**
 * Verifies the entry by which a registration became public.
 *
 * @throws BlindmarkError `badProof`; `notLogged` when it is of another registration, or a first row is not the one in it
 */
export function verifyRegistered(
  origin: string,
  { logged, salt }: LoggedWithSalt,
  checkpoint: TreeHead,
  row: RegistrationRow,
): EntryOf<'registration'> {
  const entry = expectKind('registration', readEntry('registration', logged, checkpoint), 'registration');
  expectMark('registration', entry, salt, row.commitment);
  if (row.version === 1 && !equalBytes(entry.row, rowHash(origin, row))) {
    throw notLogged('registration', 'the registration entry is of another row');
  }
  return entry;
}

/**
 * Verifies the entry that records that a registration is shown in a lookup.
 *
 * @param shown.lookup index of the entry of the lookup's evaluation request
 * @param shown.delayDays the longest that the force's policy hides a match
 * @throws BlindmarkError `badProof`; `notLogged` when it is of another lookup or another registration
 */
export function verifyMatch(
  match: HidingEntry & { readonly salt: Uint8Array },
  checkpoint: TreeHead,
  shown: { readonly lookup: number; readonly commitment: Uint8Array; readonly delayDays: number },
): EntryOf<'match'> {
  const { logged, delayed, salt } = match;
  const outer = readEntry('match', logged, checkpoint);
  const plain = delayed === null ? outer : openDelayed(expectKind('match', outer, 'delayed'), delayed);
  const entry = expectKind('match', plain, 'match');
  if (entry.lookup !== shown.lookup) throw notLogged('match', 'the match entry is of another lookup');
  expectMark('match', entry, salt, shown.commitment);
  // What is left to be wrong is how long it may be hidden.
  verifyEntryOf(outer, entry, { delayed, delayDays: shown.delayDays });
  return entry;
}
