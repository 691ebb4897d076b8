/** What a registry may not leave out of, add to or change in a registration's history. */
import { describe, expect, it } from 'vitest';
import { verifyHistory, type HistoryContext } from '../../client-sdk/history.ts';
import { delayedCommitment, formatLogEntry, markHash, type EntryOf, type LogEntry } from '../../crypto/log-entry.ts';
import { leafHash } from '../../crypto/merkle.ts';
import { rowHash, withdrawalEntryHash, withdrawalHash, type RegistrationRow } from '../../crypto/registration.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { createProver } from '../../crypto/tile.ts';
import { appendLeaves, EMPTY_EDGE } from '../../crypto/tree-edge.ts';
import { MAX_HISTORY, type HistoryReply } from '../../crypto/wire.ts';
import { createTestLog, type TestLog } from '../support/log.ts';
import { refusal } from '../support/refusal.ts';
import { createRow, nextVersion } from '../support/rows.ts';
import { NOON, smallLogOwner, smallRoster, verified } from '../support/small-roster.ts';

const owner = smallLogOwner();
const { origin } = owner.roster.roster;
const hour = NOON / 3600;
const bytes = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const first = createRow();
const second = nextVersion(first);
const { commitment } = first;

const registration = (salt: Uint8Array, row = first): EntryOf<'registration'> => {
  return { kind: 'registration', hour, mark: markHash(salt, commitment), row: rowHash(origin, row), epoch: 1 };
};
const action = (salt: Uint8Array, row = second): EntryOf<'action'> => {
  return { kind: 'action', hour, mark: markHash(salt, commitment), action: 'status', row: rowHash(origin, row) };
};
const match = (salt: Uint8Array, lookup = 0): EntryOf<'match'> => {
  return { kind: 'match', hour, mark: markHash(salt, commitment), lookup };
};
const opening = (salt: Uint8Array): EntryOf<'opening'> => ({
  kind: 'opening',
  hour,
  request: bytes(2),
  mark: markHash(salt, commitment),
  caseCommitment: bytes(1),
  force: 'force-a',
  first: 'p-1',
  second: 'p-2',
});
const reveal = (entry: number, plain: LogEntry): EntryOf<'reveal'> => {
  return { kind: 'reveal', hour: hour + 20, entry, salt: bytes(9), plain: formatLogEntry(plain) };
};

/** One entry with the salt of its mark, or null for what the reply does not show. */
type Shown = readonly [entry: LogEntry, salt: Uint8Array | null];
const all: readonly Shown[] = [
  [registration(bytes(1)), bytes(1)],
  [match(bytes(2)), bytes(2)],
  [action(bytes(3)), bytes(3)],
  [opening(bytes(4)), bytes(4)],
];

function replyOf(shown: readonly Shown[], row: RegistrationRow = second): { reply: HistoryReply; log: TestLog } {
  const log = createTestLog(
    owner,
    shown.map(([entry]) => entry),
  );
  const entries = shown.flatMap(([, salt], i) => (salt === null ? [] : [{ logged: log.logged(i + 1), salt }]));
  return { reply: { registration: row, checkpoint: log.note(), entries }, log };
}

function verify(shown: readonly Shown[], row?: RegistrationRow, context: Partial<HistoryContext> = {}) {
  const { reply, log } = replyOf(shown, row);
  return verifyHistory(origin, reply, { checkpoint: log.head(), rosters: [owner.roster], known: [], ...context });
}

describe('a history', () => {
  it('is what happened, oldest first, each with its receipt', () => {
    const lines = verify(all);
    expect(lines.map(({ index, entry, revealedBy }) => [index, entry.kind, revealedBy])).toEqual([
      [1, 'registration', null],
      [2, 'match', null],
      [3, 'action', null],
      [4, 'opening', null],
    ]);
    expect(lines[1]?.receipt).toMatchObject({ salt: bytes(2), logged: { index: 2 } });
  });

  it('shows what was hidden once it is revealed, at the place where it was hidden', () => {
    const plain = match(bytes(2));
    const hidden: EntryOf<'delayed'> = {
      kind: 'delayed',
      hour,
      of: 'match',
      commitment: delayedCommitment(bytes(9), formatLogEntry(plain)),
      revealBy: hour + 24,
    };
    const lines = verify([all[0] as Shown, [hidden, null], all[2] as Shown, [reveal(2, plain), bytes(2)]]);
    expect(lines.at(-1)).toMatchObject({ index: 2, revealedBy: 4, entry: plain });
  });

  it.each<[string, readonly Shown[], RegistrationRow, string]>([
    ['no entry', [], first, 'no entry of the registration'],
    ['another first entry', all.slice(1), second, 'another kind'],
    [
      'an entry of another registration',
      [...all, [{ ...match(bytes(5)), mark: bytes(1) }, bytes(5)]],
      second,
      'another registration',
    ],
    ['an entry with another salt', [...all, [match(bytes(5)), bytes(6)]], second, 'another registration'],
    [
      'an entry of nothing that happens to one',
      [...all, [{ kind: 'check', hour, request: bytes(1) }, bytes(1)]],
      second,
      'nothing that happens',
    ],
    ['a match before its lookup', [...all, [match(bytes(5), 5), bytes(5)]], second, 'older than its lookup'],
    ['a reveal of what comes later', [...all, [reveal(9, match(bytes(5))), bytes(5)]], second, 'before it is there'],
  ])('is refused with %s', (_, shown, row, reason) => {
    expect(() => verify(shown, row)).toThrow(refusal('notLogged', shown.length === 0 ? 'history' : undefined));
    expect(() => verify(shown, row)).toThrow(reason);
  });

  it('is refused out of order, with an entry twice, and with a false proof', () => {
    const { reply, log } = replyOf(all);
    const context = { checkpoint: log.head(), rosters: [owner.roster], known: [] };
    const [a, b, c, d] = reply.entries as [
      (typeof reply.entries)[0],
      (typeof reply.entries)[0],
      (typeof reply.entries)[0],
      (typeof reply.entries)[0],
    ];
    const changed = (entries: typeof reply.entries): (() => unknown) => {
      return () => verifyHistory(origin, { ...reply, entries }, context);
    };
    expect(changed([a, c, b, d])).toThrow(refusal('notLogged', 'history'));
    expect(changed([a, b, b, c, d])).toThrow(refusal('notLogged', 'history'));
    expect(changed([a, b, { ...c, logged: { ...c.logged, index: 4 } }])).toThrow(refusal('badProof', 'history'));
  });

  it('is refused with a row that its owner has changed since', () => {
    expect(() => verify(all, first)).toThrow(refusal('badRow', 'registration'));
    expect(() => verify(all.slice(0, 2), second)).toThrow(refusal('badRow', 'registration'));
    const row = withdrawalEntryHash(bytes(5), withdrawalHash(origin, commitment, 2));
    const withdrawal = { ...action(bytes(5)), action: 'withdraw' as const, row };
    expect(() => verify([...all, [withdrawal, bytes(5)]])).toThrow(refusal('badRow', 'registration'));
  });

  it('is refused without an entry that the owner has a receipt of', () => {
    const { log } = replyOf(all);
    const known = [log.receipt(1, bytes(1)), log.receipt(3, bytes(3))];
    expect(verify(all, second, { known })).toHaveLength(4);
    // Both the row and the log's entries as before the change: only the receipt tells.
    const before = all.slice(0, 2);
    expect(verify(before, first)).toHaveLength(2);
    expect(() => verify(before, first, { known })).toThrow(refusal('notLogged', 'history'));
  });

  it('may lack what a log lost that has a successor', () => {
    const { log } = replyOf(all);
    const known = [log.receipt(1, bytes(1)), log.receipt(3, bytes(3))];
    const headOf = (size: number) => ({ size, root: log.head(size).root });
    const next = (size: number): VerifiedRoster => {
      const successor = { generation: 2, start: headOf(size), closed: headOf(log.size) };
      return verified(smallRoster({ log: { ...owner.roster.roster.log, ...successor } }));
    };
    const before = all.slice(0, 2);
    expect(verify(before, first, { known, rosters: [owner.roster, next(3)] })).toHaveLength(2);
    expect(() => verify(before, first, { known, rosters: [owner.roster, next(4)] })).toThrow(refusal('notLogged'));
  });

  it('of more than can be shown may leave out what lies behind the first', async () => {
    const third = nextVersion(second, { status: 'lost' });
    const salts = Array.from({ length: MAX_HISTORY - 1 }, () => bytes(7));
    const log = createTestLog(owner, [registration(bytes(1)), action(bytes(3)), ...salts.map((salt) => match(salt))]);
    const known = [log.receipt(2, bytes(3))];
    const leaves = [
      log.logged(0).entry,
      ...[registration(bytes(1)), action(bytes(3)), ...salts.map((salt) => match(salt))].map(formatLogEntry),
    ];
    const { tiles } = appendLeaves(EMPTY_EDGE, leaves.map(leafHash));
    const prover = createProver(leaves.length, async (wanted) => {
      return tiles.find(({ level, index }) => level === wanted.level && index === wanted.index)?.bytes as Uint8Array;
    });
    // All but the change of the row.
    const indexes = leaves.map((_, i) => i).filter((i) => i === 1 || i > 2);
    const entries = await Promise.all(
      indexes.map(async (index) => ({
        logged: { index, entry: leaves[index] as Uint8Array, proof: await prover.inclusion(index) },
        salt: bytes(index === 1 ? 1 : 7),
      })),
    );
    const verifyLong = (registered: RegistrationRow, receipts: typeof known) =>
      verifyHistory(
        origin,
        { registration: registered, checkpoint: log.note(), entries },
        { checkpoint: log.head(), rosters: [owner.roster], known: receipts },
      );
    expect(entries).toHaveLength(MAX_HISTORY);
    expect(verifyLong(second, known)).toHaveLength(MAX_HISTORY);
    // What the owner knows of the gap still counts.
    expect(() => verifyLong(first, known)).toThrow(refusal('badRow'));
    expect(() => verifyLong(third, known)).toThrow(refusal('badRow'));
    expect(verifyLong(third, [])).toHaveLength(MAX_HISTORY);
  });
});
