/** Each lie about an entry is refused for its own reason. */
import { describe, expect, it } from 'vitest';
import { verifyMatch, verifyRegistered, verifyRequestEntry } from '../../client-sdk/entries.ts';
import {
  DELAYABLE,
  delayedCommitment,
  formatLogEntry,
  markHash,
  type EntryOf,
  type LogEntry,
} from '../../crypto/log-entry.ts';
import { rowHash, type RegistrationRow } from '../../crypto/registration.ts';
import { createTestLog } from '../support/log.ts';
import { refusal } from '../support/refusal.ts';
import { createRow, nextVersion } from '../support/rows.ts';
import { NOON, smallLogOwner } from '../support/small-roster.ts';

const owner = smallLogOwner();
const { origin } = owner.roster.roster;
const hour = NOON / 3600;
const bytes = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const row = createRow();
const { commitment } = row;
const registration = (of: RegistrationRow, salt: Uint8Array): EntryOf<'registration'> => ({
  kind: 'registration',
  hour,
  mark: markHash(salt, of.commitment),
  row: rowHash(origin, of),
  epoch: 1,
});
const match = (lookup: number, salt: Uint8Array): EntryOf<'match'> => ({
  kind: 'match',
  hour,
  mark: markHash(salt, commitment),
  lookup,
});
const delayed = (
  plain: LogEntry,
  days = 1,
): { entry: EntryOf<'delayed'>; opened: { salt: Uint8Array; plain: Uint8Array } } => {
  const opened = { salt: bytes(9), plain: formatLogEntry(plain) };
  const hidden = delayedCommitment(opened.salt, opened.plain);
  const of = DELAYABLE.find((kind) => kind === plain.kind) ?? 'match';
  return { entry: { kind: 'delayed', hour: plain.hour, of, commitment: hidden, revealBy: hour + 24 * days }, opened };
};

/** A log with this entry at index 2. */
function logOf(entry: LogEntry | Uint8Array) {
  const log = createTestLog(owner, [registration(createRow(), bytes(1)), entry, match(7, bytes(8))]);
  return { log, logged: log.logged(2), checkpoint: log.head() };
}

describe('verifyRequestEntry', () => {
  const lookup: EntryOf<'lookup'> = {
    kind: 'lookup',
    hour,
    request: bytes(2),
    force: 'force-a',
    officer: 'p-7f3a',
    caseCommitment: bytes(3),
    codes: '2-4',
  };
  const activation: EntryOf<'activation'> = { kind: 'activation', hour, request: bytes(2) };
  const context = { delayDays: 0, now: NOON };
  const verify = (entry: LogEntry | Uint8Array, expected: typeof lookup | typeof activation = lookup): void => {
    const { logged, checkpoint } = logOf(entry);
    verifyRequestEntry({ logged, delayed: null }, checkpoint, expected, context);
  };

  it('takes the entry of this very request', () => {
    verify(lookup);
    verify({ ...lookup, hour: hour + 1 });
    verify({ ...lookup, hour: hour - 1 });
    verify(activation, activation);
    // A registration may be gone on with much later.
    verify({ ...activation, hour: hour - 5000 }, activation);
  });

  it.each<[string, LogEntry]>([
    ['another request', { ...lookup, request: bytes(4) }],
    ['another force', { ...lookup, force: 'force-b' }],
    ['another officer', { ...lookup, officer: 'p-0000' }],
    ['another case', { ...lookup, caseCommitment: bytes(4) }],
    ['another number of codes', { ...lookup, codes: '1' }],
    ['another kind', activation],
    ['another hour', { ...lookup, hour: hour - 2 }],
    ['a later hour', { ...lookup, hour: hour + 2 }],
  ])('refuses the entry of %s', (_, entry) => {
    expect(() => verify(entry)).toThrow(refusal('notLogged'));
  });

  it('refuses bytes that are no entry', () => {
    expect(() => verify(new TextEncoder().encode('blindmark-entry-v1 lookup\n'))).toThrow(refusal('notLogged'));
  });

  it('takes a delayed one where the policy hides it, for as long as that, and with what opens it', () => {
    const { entry, opened } = delayed(lookup);
    const { logged, checkpoint } = logOf(entry);
    const verifyDelayed = (delayDays: number, hides: typeof opened | null = opened): void => {
      verifyRequestEntry({ logged, delayed: hides }, checkpoint, lookup, { delayDays, now: NOON });
    };
    verifyDelayed(1);
    verifyDelayed(28);
    expect(() => verifyDelayed(0)).toThrow(refusal('notLogged'));
    expect(() => verifyDelayed(1, null)).toThrow(refusal('notLogged'));
    expect(() => verifyDelayed(1, { ...opened, salt: bytes(1) })).toThrow(refusal('notLogged'));
  });
});

describe('verifyRegistered', () => {
  const salt = bytes(5);
  const verify = (entry: LogEntry, of: RegistrationRow = row, marked = salt): EntryOf<'registration'> => {
    const { logged, checkpoint } = logOf(entry);
    return verifyRegistered(origin, { logged, salt: marked }, checkpoint, of);
  };

  it('takes the entry of this registration, and knows its hour', () => {
    expect(verify(registration(row, salt)).hour).toBe(hour);
    // Of a later version the entry holds the first row, which is not at hand.
    expect(verify(registration(row, salt), nextVersion(row)).hour).toBe(hour);
  });

  it.each<[string, () => unknown, string]>([
    ['another registration', () => verify(registration(createRow(), salt)), 'another registration'],
    ['another salt', () => verify(registration(row, salt), row, bytes(6)), 'another registration'],
    ['another row', () => verify({ ...registration(row, salt), row: bytes(1) }), 'another row'],
    ['another kind', () => verify(match(1, salt)), 'another kind'],
  ])('refuses an entry of %s', (_, action, reason) => {
    expect(action).toThrow(refusal('notLogged', 'registration'));
    expect(action).toThrow(reason);
  });
});

describe('verifyMatch', () => {
  const salt = bytes(5);
  const shown = { lookup: 1, commitment, delayDays: 0 };
  const verify = (entry: LogEntry, marked = salt, change: Partial<typeof shown> = {}): EntryOf<'match'> => {
    const { logged, checkpoint } = logOf(entry);
    return verifyMatch({ logged, salt: marked, delayed: null }, checkpoint, { ...shown, ...change });
  };

  it('takes the entry of this lookup and this registration', () => {
    expect(verify(match(1, salt))).toEqual(match(1, salt));
  });

  it.each<[string, () => unknown, string]>([
    ['another lookup', () => verify(match(0, salt)), 'another lookup'],
    ['another registration', () => verify(match(1, salt), salt, { commitment: bytes(1) }), 'another registration'],
    ['another salt', () => verify(match(1, salt), bytes(6)), 'another registration'],
    ['another kind', () => verify(registration(row, salt)), 'another kind'],
  ])('refuses an entry of %s', (_, action, reason) => {
    expect(action).toThrow(refusal('notLogged', 'match'));
    expect(action).toThrow(reason);
  });

  it.each<[string, (proof: Uint8Array[]) => { index?: number; proof?: Uint8Array[] }]>([
    ['of another index', () => ({ index: 1 })],
    ['of an index beyond the log', () => ({ index: 4 })],
    ['that is cut short', (proof) => ({ proof: proof.slice(1) })],
    ['that is longer', (proof) => ({ proof: [...proof, bytes(0)] })],
    ['that is altered', ([first, ...rest]) => ({ proof: [bytes(1), ...(first === undefined ? [] : rest)] })],
  ])('refuses a proof %s', (_, change) => {
    const { logged, checkpoint } = logOf(match(1, salt));
    const changed = { ...logged, ...change(logged.proof) };
    expect(() => verifyMatch({ logged: changed, salt, delayed: null }, checkpoint, shown)).toThrow(
      refusal('badProof', 'match'),
    );
  });

  it('refuses a proof that leads to another checkpoint', () => {
    const { logged, log } = logOf(match(1, salt));
    log.append(match(1, salt));
    expect(() => verifyMatch({ logged, salt, delayed: null }, log.head(), shown)).toThrow(refusal('badProof'));
  });

  describe('of an entry that hides its fields', () => {
    const plain = match(1, salt);
    const verifyDelayed = (
      { entry, opened }: ReturnType<typeof delayed>,
      change: { readonly opened?: Partial<typeof opened>; readonly delayDays?: number } = {},
    ): EntryOf<'match'> => {
      const { logged, checkpoint } = logOf(entry);
      const hides = { ...opened, ...change.opened };
      const { delayDays = 1 } = change;
      return verifyMatch({ logged, salt, delayed: hides }, checkpoint, { ...shown, delayDays });
    };

    it('takes it with what opens it', () => {
      expect(verifyDelayed(delayed(plain))).toEqual(plain);
    });

    it.each<[string, () => unknown]>([
      ['another salt', () => verifyDelayed(delayed(plain), { opened: { salt: bytes(1) } })],
      ['another entry', () => verifyDelayed(delayed(plain), { opened: { plain: formatLogEntry(match(1, bytes(6))) } })],
      ['another lookup inside', () => verifyDelayed(delayed(match(0, salt)))],
      ['another kind inside', () => verifyDelayed(delayed(registration(row, salt)))],
      ['a longer delay than the policy’s', () => verifyDelayed(delayed(plain, 2))],
      ['a delay without a policy', () => verifyDelayed(delayed(plain), { delayDays: 0 })],
    ])('refuses it with %s', (_, action) => {
      expect(action).toThrow(refusal('notLogged'));
    });

    it('refuses it without what opens it, and a plain one with something to open', () => {
      const { logged, checkpoint } = logOf(delayed(plain).entry);
      const context = { ...shown, delayDays: 1 };
      expect(() => verifyMatch({ logged, salt, delayed: null }, checkpoint, context)).toThrow(refusal('notLogged'));
      const open = logOf(plain);
      const { opened } = delayed(plain);
      expect(() => verifyMatch({ logged: open.logged, salt, delayed: opened }, open.checkpoint, context)).toThrow(
        refusal('notLogged'),
      );
    });
  });
});
