/** A registration's history as its owner reads it: every entry of the log that concerns it, each verified. */
import { equalBytes } from '../crypto/bytes.ts';
import { parseCheckpoint, type Checkpoint } from '../crypto/checkpoint.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { parseLogEntry, type EntryOf, type LogEntry } from '../crypto/log-entry.ts';
import { logName } from '../crypto/log-proof.ts';
import type { Receipt } from '../crypto/receipt.ts';
import { rowHash, type RegistrationRow } from '../crypto/registration.ts';
import type { VerifiedRoster } from '../crypto/roster.ts';
import { MAX_HISTORY, type HistoryReply, type LoggedWithSalt } from '../crypto/wire.ts';
import { expectKind, expectMark, notLogged, readEntry } from './entries.ts';

/** What may have happened to a registration. */
export type HistoryEntry = EntryOf<'registration'> | EntryOf<'action'> | EntryOf<'match'> | EntryOf<'opening'>;

/** One thing that happened to a registration, as the log has it. */
export interface HistoryLine {
  /** Index of its entry in the log. */
  readonly index: number;
  readonly entry: HistoryEntry;
  /** Index of the entry that revealed it, where the force's policy hid it at first; else null. */
  readonly revealedBy: number | null;
  /** Of the entry; of the one that revealed it, where there is one. */
  readonly receipt: Receipt;
}

/** What is verified beside the registry's reply. */
export interface HistoryContext {
  /** Of the reply. */
  readonly checkpoint: Checkpoint;
  readonly rosters: readonly VerifiedRoster[];
  /** Receipts that were kept before: their entries must still be there. */
  readonly known: readonly Receipt[];
}

function isHistoryEntry(entry: LogEntry): entry is HistoryEntry {
  return ['registration', 'action', 'match', 'opening'].includes(entry.kind);
}

function readLine({ logged, salt }: LoggedWithSalt, note: string, commitment: Uint8Array, checkpoint: Checkpoint) {
  const outer = readEntry('history', logged, checkpoint);
  const entry = outer.kind === 'reveal' ? parseLogEntry(outer.plain) : outer;
  if (!isHistoryEntry(entry)) throw notLogged('history', 'an entry is of nothing that happens to a registration');
  expectMark('history', entry, salt, commitment);
  const [index, revealedBy] = outer.kind === 'reveal' ? [outer.entry, logged.index] : [logged.index, null];
  if (index > logged.index) throw notLogged('history', 'an entry is revealed before it is there');
  if (entry.kind === 'match' && entry.lookup >= index) throw notLogged('history', 'a match is older than its lookup');
  return { index, entry, revealedBy, receipt: { checkpoint: note, logged, salt } };
}

/** Whether a receipt's entry is in the current log: a successor may have begun before it. */
function isInLog({ checkpoint, logged }: Receipt, rosters: readonly VerifiedRoster[]): boolean {
  const { origin } = parseCheckpoint(checkpoint).checkpoint;
  const logs = rosters.map(({ roster }) => ({ name: logName(roster), ...roster.log }));
  const own = logs.find(({ name }) => name === origin);
  return (
    own !== undefined && logs.every((log) => log.generation <= own.generation || logged.index < (log.start?.size ?? 0))
  );
}

const isAction = (entry: LogEntry): entry is EntryOf<'action'> => entry.kind === 'action';
const isSameEntry = (a: Receipt, b: Receipt): boolean => equalBytes(a.logged.entry, b.logged.entry);

/**
 * Verifies a registration's history: each entry's proof, mark and kind, that nothing known is missing, and that the row is the one
 * that the newest entry holds.
 *
 * @param reply its row already verified against its owner's key
 * @returns oldest first
 * @throws BlindmarkError `badProof`; `notLogged` for an entry that does not belong there or that is missing; `badRow` for a row
 *   that the owner has changed since
 */
export function verifyHistory(origin: string, reply: HistoryReply, context: HistoryContext): HistoryLine[] {
  const { registration: row, entries, checkpoint: note } = reply;
  const lines = entries.map((entry) => readLine(entry, note, row.commitment, context.checkpoint));
  lines.forEach(({ receipt }, i) => {
    const before = lines[i - 1]?.receipt.logged.index ?? -1;
    if (receipt.logged.index <= before) throw notLogged('history', 'its entries are not in their order');
  });
  const [first, second] = lines;
  if (first === undefined) throw notLogged('history', 'there is no entry of the registration');
  expectKind('history', first.entry, 'registration');
  const known = context.known.filter((receipt) => isInLog(receipt, context.rosters));
  // Of a very long history, what lies between its first entry and the newest is left out.
  const gapEnd = entries.length < MAX_HISTORY ? 0 : (second?.receipt.logged.index ?? 0);
  const missing = known.filter((receipt) => !lines.some((line) => isSameEntry(line.receipt, receipt)));
  if (missing.some(({ logged }) => logged.index >= gapEnd)) {
    throw notLogged('history', 'an entry is missing that this vault has a receipt of');
  }
  const [registered, ...later] = lines.map(({ entry }) => entry) as [HistoryEntry, ...HistoryEntry[]];
  const changes = [...missing.map(({ logged }) => parseLogEntry(logged.entry)), ...later].filter(isAction);
  // With a gap and no change known, the newest one may lie in the gap.
  if (changes.length > 0 || gapEnd === 0) checkNewest(origin, row, changes.at(-1) ?? registered);
  return lines;
}

function checkNewest(origin: string, row: RegistrationRow, newest: HistoryEntry): void {
  const holdsRow = newest.kind === 'registration' || (isAction(newest) && newest.action !== 'withdraw');
  if (holdsRow && equalBytes(newest.row, rowHash(origin, row))) return;
  throw new BlindmarkError('badRow', 'The registry shows the registration as it was before its owner changed it', {
    field: 'registration',
    remedy: 'Do not rely on this answer, and tell the registry’s operator.',
  });
}
