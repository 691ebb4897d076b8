import { describe, expect, it } from 'vitest';
import { formatJsonBytes } from '../../crypto/bytes.ts';
import { formatLogEntry, parseLogEntry, type EntrySignature } from '../../crypto/log-entry.ts';
import { formatMessage } from '../../crypto/message.ts';
import {
  formatRoster,
  rosterHash,
  rosterSchema,
  signRoster,
  rosterEntry,
  verifyRosterChain,
  verifyRosterEntry,
  verifyRosterHistory,
  type Roster,
  type SignedRoster,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import type { Scheme } from '../../crypto/scheme-rules.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { operators, signedBy, smallRoster } from '../support/small-roster.ts';
import { splitKey } from '../support/split-key.ts';

type Maker = Roster['schemes']['makers']['names'][number];

const firstBytes = formatRoster(smallRoster());
const fingerprint = rosterHash(firstBytes);
const first = signedBy(firstBytes, [1, 2]);

/** The roster that follows on `before`, with some fields replaced. */
function next(before: SignedRoster, version: number, changes: Partial<Roster> = {}): Uint8Array {
  return formatRoster(smallRoster({ version, predecessor: rosterHash(before.roster), ...changes }));
}

const second = signedBy(next(first, 2), [2, 3]);
const third = signedBy(next(second, 3, { forces: [] }), [1, 3]);
const verify = (...chain: SignedRoster[]) => verifyRosterChain(chain, fingerprint);

describe('a chain of rosters', () => {
  it('ends in the roster that counts', () => {
    expect(verify(first)).toEqual({ roster: smallRoster(), hash: fingerprint, signers: smallRoster() });
    expect(verify(first, second, third).roster).toMatchObject({ version: 3, forces: [] });
    expect(verify(first, second, third).hash).toEqual(rosterHash(third.roster));
  });

  it('is verified as a whole: each roster, and whose operators signed it', () => {
    const history = verifyRosterHistory([first, second, third], fingerprint);
    expect(history.map(({ roster }) => roster.version)).toEqual([1, 2, 3]);
    expect(history.map(({ hash }) => hash)).toEqual([first, second, third].map(({ roster }) => rosterHash(roster)));
    expect(history[0]?.signers).toEqual(history[0]?.roster);
    expect(history[1]?.signers).toBe(history[0]?.roster);
    expect(history[2]?.signers).toBe(history[1]?.roster);
    expect(verify(first, second, third)).toEqual(history[2]);
  });

  it('begins with the pinned one', () => {
    const other = signedBy(formatRoster(smallRoster({ issuedAt: '2026-10-02T00:00:00Z' })), [1, 2]);
    expect(() => verify(other)).toThrow(refusal('badRoster', 'chain'));
    expect(() => verify(second, third)).toThrow(refusal('badRoster', 'chain'));
    expect(() => verify()).toThrow(refusal('badRoster', 'chain'));
    expect(() => verifyRosterChain([first], fingerprint.with(0, 1))).toThrow(refusal('badRoster', 'chain'));
    expect(() => verifyRosterChain([first], fingerprint.subarray(1))).toThrow(refusal('badRoster', 'chain'));
  });

  it('has no gap, no turn and no repetition', () => {
    expect(() => verify(first, third)).toThrow(refusal('badRoster', 'signatures'));
    expect(() => verify(first, second, second)).toThrow(refusal('badRoster', 'signatures'));
    expect(() => verify(first, third, second)).toThrow(refusal('badRoster', 'signatures'));
    expect(() => verify(first, first)).toThrow(refusal('badRoster', 'signatures'));
  });

  it('forks only where a roster names another predecessor, which is refused', () => {
    const fork = signedBy(next(first, 2, { forces: [] }), [1, 2]);
    expect(() => verify(first, fork, third)).toThrow(refusal('badRoster', 'signatures'));
  });

  it('counts versions one by one', () => {
    expect(() => verify(first, signedBy(next(first, 3), [1, 2]))).toThrow(refusal('badRoster', 'version'));
    expect(() => verify(first, signedBy(next(first, 1), [1, 2]))).toThrow(refusal('badRoster', 'version'));
    const late = signedBy(formatRoster(smallRoster({ version: 2 })), [1, 2]);
    expect(() => verifyRosterChain([late], rosterHash(late.roster))).toThrow(refusal('badRoster', 'version'));
  });

  it('has a first roster without predecessor, and no other', () => {
    const claimed = signedBy(formatRoster(smallRoster({ predecessor: new Uint8Array(32) })), [1, 2]);
    expect(() => verifyRosterChain([claimed], rosterHash(claimed.roster))).toThrow(refusal('badRoster', 'predecessor'));
    const orphan = signedBy(formatRoster(smallRoster({ version: 2 })), [1, 2]);
    expect(() => verify(first, orphan)).toThrow(refusal('badRoster', 'signatures'));
  });

  it('keeps each epoch’s key and stretching, under which its registrations are found', () => {
    const [epoch] = smallRoster().epochs as [Roster['epochs'][number]];
    const other = splitKey(2, 3);
    const publicShares = other.shares.map((share) => share.publicShare);
    for (const changed of [
      { ...epoch, groupKey: other.groupKey, publicShares },
      { ...epoch, decryption: { groupKey: other.groupKey, publicShares } },
      { ...epoch, stretch: { ...epoch.stretch, passes: epoch.stretch.passes + 1 } },
    ]) {
      const successor = signedBy(next(first, 2, { epochs: [changed] }), [1, 2]);
      expect(() => verify(first, successor)).toThrow(refusal('badRoster', 'epochs'));
    }
    const without = signedBy(next(first, 2, { epochs: [{ ...epoch, epoch: 2 }] }), [1, 2]);
    expect(() => verify(first, without)).toThrow(refusal('badRoster', 'epochs'));
    const retired = signedBy(
      next(first, 2, {
        epochs: [
          { ...epoch, live: false },
          { ...epoch, epoch: 2 },
        ],
      }),
      [1, 2],
    );
    expect(verify(first, retired).roster.epochs).toHaveLength(2);
  });

  const { schemes, makers } = STANDARD_SCHEMES;
  const [scheme, ...otherSchemes] = schemes as [Scheme, ...Scheme[]];
  const position = makers.names.findIndex(({ aliases }) => aliases.length > 0);
  const maker = makers.names[position] as Maker;
  const withMaker = (changed: Maker) => ({ makers: { ...makers, names: makers.names.with(position, changed) } });
  const succeed = (rules: Partial<Roster['schemes']>) =>
    verify(first, signedBy(next(first, 2, { schemes: { ...STANDARD_SCHEMES, ...rules } }), [1, 2]));

  it.each<[string, Partial<Roster['schemes']>]>([
    ['a scheme with another title', { schemes: [{ ...scheme, title: 'Another' }, ...otherSchemes] }],
    ['a scheme gone', { schemes: otherSchemes }],
    ['schemes in another order', { schemes: [...otherSchemes, scheme] }],
    ['a maker gone', { makers: { ...makers, names: makers.names.filter((each) => each !== maker) } }],
    ['an alias gone', withMaker({ ...maker, aliases: maker.aliases.slice(1) })],
    ['a maker renamed', withMaker({ name: 'Another', aliases: [maker.name, ...maker.aliases] })],
    [
      'an alias that is another maker’s',
      {
        makers: {
          ...makers,
          names: [
            ...makers.names.with(position, { ...maker, aliases: maker.aliases.slice(1) }),
            { name: 'Another', aliases: maker.aliases.slice(0, 1) },
          ],
        },
      },
    ],
  ])('keeps the rules that codes were registered under: no %s', (_, rules) => {
    expect(() => succeed(rules)).toThrow(refusal('badRoster', 'schemes'));
  });

  it('may add schemes, makers and aliases', () => {
    const added = { ...scheme, id: 'added' };
    expect(succeed({ schemes: [added, ...schemes], version: 2 }).roster.schemes.schemes).toHaveLength(
      schemes.length + 1,
    );
    expect(succeed(withMaker({ ...maker, aliases: ['Another', ...maker.aliases] })).roster.version).toBe(2);
    const names = [{ name: 'Another', aliases: [] }, ...makers.names];
    expect(succeed({ makers: { version: 2, names } }).roster.schemes.makers.names).toHaveLength(names.length);
  });

  const head = { size: 7, root: new Uint8Array(32).fill(7) };
  const { log } = smallRoster();
  const successorLog = { generation: 2, publicKey: createSigningKey().publicKey, start: head, closed: head };

  it('goes on with its log, or with a successor under another key', () => {
    const succeeded = signedBy(next(first, 2, { log: successorLog }), [1, 2]);
    expect(verify(first, succeeded).roster.log).toEqual(successorLog);
    const kept = signedBy(next(succeeded, 3, { log: successorLog }), [1, 2]);
    expect(verify(first, succeeded, kept).roster.version).toBe(3);
    const further = { ...successorLog, generation: 3, publicKey: createSigningKey().publicKey };
    expect(verify(first, succeeded, signedBy(next(succeeded, 3, { log: further }), [1, 2])).roster.version).toBe(3);
  });

  it.each<[string, string, Roster['log']]>([
    ['with another key in one generation', 'log', { ...log, publicKey: successorLog.publicKey }],
    ['a successor with the old key', 'log.publicKey', { ...successorLog, publicKey: log.publicKey }],
    ['a successor that skips a generation', 'log.generation', { ...successorLog, generation: 3 }],
  ])('does not go on with another log: %s', (_, field, changed) => {
    expect(() => verify(first, signedBy(next(first, 2, { log: changed }), [1, 2]))).toThrow(
      refusal('badRoster', field),
    );
  });

  it('does not move a successor log’s beginning, nor go back to the log before', () => {
    const succeeded = signedBy(next(first, 2, { log: successorLog }), [1, 2]);
    const moved = { ...successorLog, start: { ...head, size: 6 } };
    expect(() => verify(first, succeeded, signedBy(next(succeeded, 3, { log: moved }), [1, 2]))).toThrow(
      refusal('badRoster', 'log'),
    );
    const closed = { ...successorLog, closed: { size: 8, root: new Uint8Array(32).fill(8) } };
    expect(() => verify(first, succeeded, signedBy(next(succeeded, 3, { log: closed }), [1, 2]))).toThrow(
      refusal('badRoster', 'log'),
    );
    expect(() => verify(first, succeeded, signedBy(next(succeeded, 3), [1, 2]))).toThrow(
      refusal('badRoster', 'log.generation'),
    );
  });

  it('has the first log in its first roster', () => {
    const late = signedBy(formatRoster(smallRoster({ log: successorLog })), [1, 2]);
    expect(() => verifyRosterChain([late], rosterHash(late.roster))).toThrow(refusal('badRoster', 'log.generation'));
  });

  it('keeps its origin', () => {
    const moved = signedBy(next(first, 2, { origin: 'registry.example2' }), [1, 2]);
    expect(() => verify(first, moved)).toThrow(refusal('badRoster', 'origin'));
  });
});

describe('signatures', () => {
  it('are needed of t operators', () => {
    expect(() => verify(signedBy(firstBytes, []))).toThrow(refusal('badRoster', 'signatures'));
    expect(() => verify(signedBy(firstBytes, [3]))).toThrow(refusal('badRoster', 'signatures'));
    expect(verify(signedBy(firstBytes, [3, 1, 2])).roster.version).toBe(1);
    expect(() => verify(first, signedBy(second.roster, [2]))).toThrow(refusal('badRoster', 'signatures'));
  });

  it('of one operator count once', () => {
    expect(() => verify(signedBy(firstBytes, [2, 2, 2]))).toThrow(refusal('badRoster', 'signatures'));
  });

  it('of strangers do not count', () => {
    const stranger = { guardian: 'g9', signature: signRoster(firstBytes, createSigningKey()) };
    const one = signedBy(firstBytes, [1]);
    expect(() => verify({ ...one, signatures: [...one.signatures, stranger] })).toThrow(
      refusal('badRoster', 'signatures'),
    );
    expect(verify({ ...first, signatures: [...first.signatures, stranger] }).roster.version).toBe(1);
  });

  it.each<[string, (signature: Uint8Array) => Uint8Array]>([
    ['a flipped bit', (signature) => signature.with(0, (signature[0] as number) ^ 1)],
    ['zeros', () => new Uint8Array(64)],
    ['one over another roster', () => signRoster(second.roster, operators[0] as SigningKey)],
    ['one by another operator', () => signRoster(firstBytes, operators[2] as SigningKey)],
  ])('that do not verify name the operator: %s', (_, change) => {
    const [one, two] = first.signatures as [SignedRoster['signatures'][number], SignedRoster['signatures'][number]];
    const spoilt = { ...first, signatures: [{ ...one, signature: change(one.signature) }, two] };
    expect(refusalOf(() => verify(spoilt))).toMatchObject({
      code: 'badRoster',
      field: 'signatures',
      guardians: ['g1'],
    });
  });

  it('cover every byte of the roster', () => {
    const text = new TextDecoder().decode(second.roster).replace('"codesPerDay":5000', '"codesPerDay":9000');
    const raised = { ...second, roster: new TextEncoder().encode(text) };
    expect(() => verify(first, raised)).toThrow(refusal('badRoster', 'signatures'));
    const spaced = { ...second, roster: new TextEncoder().encode(`${new TextDecoder().decode(second.roster)} `) };
    expect(() => verify(first, spaced)).toThrow(refusal('badRoster', 'signatures'));
  });

  it('are not made over a roster that does not hold', () => {
    const broken = formatJsonBytes(formatMessage(rosterSchema, smallRoster({ threshold: 1 })));
    expect(() => signRoster(broken, operators[0] as SigningKey)).toThrow(refusal('badRoster', 'threshold'));
  });

  it('are those of the operators before, when operators change', () => {
    const before = smallRoster().guardians;
    const newcomer = { ...before[2], operatorKey: (operators[3] as SigningKey).publicKey };
    const guardians = before.with(2, newcomer as Roster['guardians'][number]);
    const bytes = next(first, 2, { guardians });
    const signature = signRoster(bytes, operators[3] as SigningKey);
    const byNewcomer = {
      ...signedBy(bytes, [1]),
      signatures: [...signedBy(bytes, [1]).signatures, { guardian: 'g3', signature }],
    };
    expect(() => verify(first, byNewcomer)).toThrow(refusal('badRoster', 'signatures'));
    const changed = signedBy(bytes, [1, 2]);
    expect(verify(first, changed).roster.guardians[2]?.operatorKey).toEqual((operators[3] as SigningKey).publicKey);
    // From then on the old operator counts no more.
    expect(() => verify(first, changed, signedBy(next(changed, 3, { guardians }), [1, 3]))).toThrow(
      refusal('badRoster', 'signatures'),
    );
  });
});

describe('a roster’s entry in the log', () => {
  // Guardian 4 takes the place of guardian 3: who signs the second roster are the operators of the first.
  const guardians = smallRoster().guardians.with(2, {
    ...(smallRoster().guardians[2] as Roster['guardians'][number]),
    id: 'g4',
    operatorKey: (operators[3] as SigningKey).publicKey,
  });
  const changed = signedBy(next(first, 2, { guardians }), [3, 1, 2]);
  const [one, two] = verifyRosterHistory([first, changed], fingerprint) as [VerifiedRoster, VerifiedRoster];
  const entry = rosterEntry(changed, two, 7);

  it('has its hash, and signatures of exactly t operators of the roster before', () => {
    expect(entry).toMatchObject({ kind: 'roster', hour: 7, version: 2, roster: two.hash });
    expect(entry.signatures.map(({ guardian }) => guardian)).toEqual([1, 2]);
    expect(() => verifyRosterEntry(entry, two)).not.toThrow();
    expect(() => verifyRosterEntry(rosterEntry(first, one, 7), one)).not.toThrow();
    expect(parseLogEntry(formatLogEntry(entry))).toEqual(entry);
  });

  it('may have those of any t operators', () => {
    const others = rosterEntry({ ...changed, signatures: signedBy(changed.roster, [3, 2]).signatures }, two, 7);
    expect(others.signatures.map(({ guardian }) => guardian)).toEqual([2, 3]);
    expect(() => verifyRosterEntry(others, two)).not.toThrow();
  });

  it('is not another roster’s', () => {
    expect(() => verifyRosterEntry(entry, one)).toThrow(refusal('badRoster', 'log'));
    expect(() => verifyRosterEntry({ ...entry, version: 3 }, two)).toThrow(refusal('badRoster', 'log'));
    expect(() => verifyRosterEntry({ kind: 'check', hour: 7, request: two.hash }, two)).toThrow(
      refusal('badRoster', 'log'),
    );
  });

  it('has neither fewer nor more signatures', () => {
    const all = signedBy(changed.roster, [1, 2, 3]).signatures.map(({ signature }, i) => ({
      guardian: i + 1,
      signature,
    }));
    for (const signatures of [[], all.slice(0, 1), all]) {
      expect(() => verifyRosterEntry({ ...entry, signatures }, two)).toThrow(refusal('badRoster', 'signatures'));
    }
  });

  it('names the operator whose signature does not verify', () => {
    const [a, b] = entry.signatures as [EntrySignature, EntrySignature];
    const swapped = { ...entry, signatures: [a, { ...b, signature: a.signature }] };
    expect(refusalOf(() => verifyRosterEntry(swapped, two))).toMatchObject({ code: 'badRoster', guardians: ['g2'] });
    const stranger = { ...entry, signatures: [a, { ...b, guardian: 4 }] };
    expect(() => verifyRosterEntry(stranger, two)).toThrow(refusal('badRoster', 'signatures'));
    // The new guardian is one of the second roster, and signs the third.
    const newcomer = { guardian: 3, signature: signRoster(changed.roster, operators[3] as SigningKey) };
    expect(() => verifyRosterEntry({ ...entry, signatures: [a, newcomer] }, two)).toThrow(
      refusal('badRoster', 'signatures'),
    );
  });
});

describe('a test roster', () => {
  const [epoch] = smallRoster().epochs as [Roster['epochs'][number]];
  const cheap = [{ ...epoch, stretch: { memoryKiB: 8, passes: 1, lanes: 1 } }];
  const bytes = formatRoster(smallRoster({ testRoster: true, epochs: cheap }));
  const chain = [signedBy(bytes, [1, 2])];

  it('is refused unless allowed', () => {
    expect(() => verifyRosterChain(chain, rosterHash(bytes))).toThrow(refusal('badRoster', 'testRoster'));
    expect(() => verifyRosterChain(chain, rosterHash(bytes), { allowTestRoster: false })).toThrow(
      refusal('badRoster', 'testRoster'),
    );
    expect(verifyRosterChain(chain, rosterHash(bytes), { allowTestRoster: true }).roster.testRoster).toBe(true);
  });

  it('is refused also where it follows on a real one', () => {
    const epochs = [...smallRoster().epochs, ...cheap.map((epoch) => ({ ...epoch, epoch: 2 }))];
    const slipped = signedBy(next(first, 2, { testRoster: true, epochs }), [1, 2]);
    expect(() => verify(first, slipped)).toThrow(refusal('badRoster', 'testRoster'));
  });

  it('may be followed by a real one, which has no cheap epoch: it alone may drop epochs', () => {
    const [epoch] = smallRoster().epochs as [Roster['epochs'][number]];
    const epochs = [{ ...epoch, epoch: 2 }];
    const real = signedBy(next(chain[0] as SignedRoster, 2, { epochs }), [1, 2]);
    expect(verifyRosterChain([...chain, real], rosterHash(bytes)).roster.version).toBe(2);
    expect(() => next(chain[0] as SignedRoster, 2, { epochs: cheap })).toThrow(
      refusal('badRoster', 'epochs.stretch.memoryKiB'),
    );
  });
});
