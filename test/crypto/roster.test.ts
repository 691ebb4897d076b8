import { describe, expect, it } from 'vitest';
import { formatBase64url, formatJsonBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { EMPTY_ROOT } from '../../crypto/merkle.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import {
  currentTokenKeys,
  findLiveEpoch,
  formatRoster,
  liveEpochs,
  originField,
  parseRoster,
  parseRosterFingerprint,
  quarterOf,
  rosterFingerprint,
  rosterHash,
  rosterSchema,
  type Roster,
  type RosterIssuer,
} from '../../crypto/roster.ts';
import { refusal } from '../support/refusal.ts';
import { smallRoster } from '../support/small-roster.ts';
import { publicPart, splitKey } from '../support/split-key.ts';

type Change = (roster: Roster) => Partial<Roster>;

const roster = smallRoster();
const bytes = formatRoster(roster);
const first = <T>(list: readonly T[]): T => list[0] as T;

/** The bytes of a roster as a dishonest maker could write them: unchecked. */
function written(change: Change): Uint8Array {
  return formatJsonBytes(formatMessage(rosterSchema, { ...roster, ...change(roster) }));
}

const epochWith =
  (changes: Partial<Roster['epochs'][number]>): Change =>
  ({ epochs }) => ({ epochs: [{ ...first(epochs), ...changes }] });
const issuersWith =
  (...changes: Partial<RosterIssuer>[]): Change =>
  ({ issuers }) => ({
    issuers: Array.from(changes, (change, i) => ({ ...first(issuers), id: `issuer-${i}`, number: i, ...change })),
  });
const guardiansWith =
  (change: (guardian: Roster['guardians'][number]) => Partial<Roster['guardians'][number]>): Change =>
  ({ guardians }) => ({
    guardians: guardians.map((guardian) => ({ ...guardian, ...change(guardian) })),
  });

describe('a roster', () => {
  it('reads back what was written', () => {
    expect(parseRoster(bytes)).toEqual(roster);
  });

  it('has a hash over its exact bytes, which is the fingerprint of a first one', () => {
    expect(rosterHash(bytes)).toEqual(labelledHash('roster', bytes));
    const spaced = utf8ToBytes(` ${new TextDecoder().decode(bytes)}`);
    expect(parseRoster(spaced)).toEqual(roster);
    expect(rosterHash(spaced)).not.toEqual(rosterHash(bytes));
    expect(rosterFingerprint(bytes)).toBe(formatBase64url(rosterHash(bytes)));
    expect(parseRosterFingerprint(` ${rosterFingerprint(bytes)}\n`)).toEqual(rosterHash(bytes));
  });

  it.each(['', 'AAAA', 'x'.repeat(44), `${'A'.repeat(42)}B`])('has no fingerprint %j', (text) => {
    expect(() => parseRosterFingerprint(text)).toThrow(refusal('badInput', 'rosterFingerprint'));
  });

  const otherKey = splitKey(2, 3);

  const [epoch] = roster.epochs as [Roster['epochs'][number]];
  const decryption = (changes: Partial<Roster['epochs'][number]['decryption']>): Change =>
    epochWith({ decryption: { ...epoch.decryption, ...changes } });
  const logWith =
    (changes: Partial<Roster['log']>): Change =>
    ({ log }) => ({ log: { ...log, ...changes } });
  const head = { size: 7, root: new Uint8Array(32).fill(7) };

  it.each<[string, string, Change]>([
    ['guardians out of order', 'guardians', ({ guardians }) => ({ guardians: guardians.toReversed() })],
    ['guardians numbered from 2', 'guardians', guardiansWith(({ index }) => ({ index: index + 1 }))],
    ['an index twice', 'guardians', guardiansWith(() => ({ index: 1 }))],
    ['a guardian’s id twice', 'guardians.id', guardiansWith(() => ({ id: 'g1' }))],
    [
      'an operator’s key twice',
      'guardians.operatorKey',
      ({ guardians }) => guardiansWith(() => ({ operatorKey: first(guardians).operatorKey }))(roster),
    ],
    [
      'a witness’s key twice',
      'guardians.witnessKey',
      ({ guardians }) => guardiansWith(() => ({ witnessKey: first(guardians).witnessKey }))(roster),
    ],
    [
      'an operator’s key that is the guardian’s witness key',
      'guardians.witnessKey',
      guardiansWith(({ operatorKey }) => ({ witnessKey: operatorKey })),
    ],
    [
      'a log’s key that is a witness’s',
      'guardians.witnessKey',
      ({ guardians }) => logWith({ publicKey: first(guardians).witnessKey })(roster),
    ],
    ['a first log that begins somewhere', 'log', logWith({ start: head })],
    ['a first log that closes another', 'log', logWith({ closed: head })],
    ['a successor log that does not say where it begins', 'log', logWith({ generation: 2, closed: head })],
    ['a successor log that closes nothing', 'log', logWith({ generation: 2, start: head })],
    [
      'a successor log that begins behind the last cosigned checkpoint',
      'log.start',
      logWith({ generation: 2, start: { ...head, size: 8 }, closed: head }),
    ],
    [
      'a successor log that begins in another tree of the size that was cosigned',
      'log.start',
      logWith({ generation: 2, start: { ...head, root: new Uint8Array(32) }, closed: head }),
    ],
    [
      'one key for evaluation and decryption',
      'epochs.decryption',
      epochWith({ decryption: { groupKey: epoch.groupKey, publicShares: epoch.publicShares } }),
    ],
    [
      'another epoch’s evaluation key for decryption',
      'epochs.decryption',
      () => ({
        epochs: [
          epoch,
          {
            ...epoch,
            epoch: 2,
            ...publicPart(otherKey),
            decryption: { groupKey: epoch.groupKey, publicShares: epoch.publicShares },
          },
        ],
      }),
    ],
    ['another group key for decryption', 'epochs.publicShares', decryption({ groupKey: otherKey.groupKey })],
    [
      'a share of the decryption key too few',
      'epochs.publicShares',
      decryption({ publicShares: epoch.decryption.publicShares.slice(1) }),
    ],
    [
      'shares of another decryption key',
      'epochs.publicShares',
      decryption({ publicShares: publicPart(otherKey).publicShares }),
    ],
    ['a threshold of half', 'threshold', () => ({ threshold: 1 })],
    ['a threshold above all', 'threshold', () => ({ threshold: 4 })],
    ['an epoch twice', 'epochs', ({ epochs }) => ({ epochs: [first(epochs), first(epochs)] })],
    ['no live epoch', 'epochs', epochWith({ live: false })],
    [
      'a share too few',
      'epochs.publicShares',
      ({ epochs }) => epochWith({ publicShares: first(epochs).publicShares.slice(1) })(roster),
    ],
    [
      'a share too many',
      'epochs.publicShares',
      ({ epochs }) => epochWith({ publicShares: [...first(epochs).publicShares, first(epochs).groupKey] })(roster),
    ],
    ['another group key', 'epochs.publicShares', epochWith({ groupKey: otherKey.groupKey })],
    [
      'shares of another key',
      'epochs.publicShares',
      epochWith({ publicShares: otherKey.shares.map((share) => share.publicShare) }),
    ],
    ['the identity as group key', 'epochs.publicShares', epochWith({ groupKey: new Uint8Array(32) })],
    [
      'memory below the floor',
      'epochs.stretch.memoryKiB',
      epochWith({ stretch: { memoryKiB: 65_535, passes: 3, lanes: 1 } }),
    ],
    [
      'passes below the floor',
      'epochs.stretch.passes',
      epochWith({ stretch: { memoryKiB: 65_536, passes: 2, lanes: 1 } }),
    ],
    [
      'memory above the ceiling',
      'epochs.stretch.memoryKiB',
      epochWith({ stretch: { memoryKiB: 2 ** 30, passes: 3, lanes: 1 } }),
    ],
    ['a force twice', 'forces.id', ({ forces }) => ({ forces: [first(forces), first(forces)] })],
    ['an issuer’s id twice', 'issuers.id', issuersWith({ id: 'same' }, { id: 'same' })],
    ['an issuer’s number twice', 'issuers.number', issuersWith({ number: 7 }, { number: 7 })],
    [
      'two token keys in one quarter',
      'issuers.tokenKeys.quarter',
      ({ issuers }) =>
        issuersWith({
          tokenKeys: [
            first(first(issuers).tokenKeys),
            { ...first(first(issuers).tokenKeys), publicKey: new Uint8Array(300) },
          ],
        })(roster),
    ],
  ])('does not hold with %s', (_, field, change) => {
    expect(() => parseRoster(written(change))).toThrow(refusal('badRoster', field));
  });

  it('may have a successor log, from the last cosigned checkpoint or, where entries were lost, from one before it', () => {
    const larger = { size: 9, root: new Uint8Array(32).fill(9) };
    const empty = { size: 0, root: EMPTY_ROOT };
    for (const [start, closed] of [
      [head, head],
      [head, larger],
      [empty, larger],
    ] as const) {
      const successor = written(logWith({ generation: 2, start, closed }));
      expect(parseRoster(successor).log).toMatchObject({ generation: 2, start, closed });
    }
  });

  it('is not written either, if it does not hold', () => {
    expect(() => formatRoster(smallRoster({ threshold: 1 }))).toThrow(refusal('badRoster', 'threshold'));
  });

  it.each<[string, object]>([
    ['another format', { format: 'blindmark-roster-v2' }],
    ['an origin in capitals', { origin: 'Registry.example' }],
    ['version 0', { version: 0 }],
    ['a predecessor too short', { predecessor: 'AAAA' }],
    ['a time without zone', { issuedAt: '2026-10-01T00:00:00' }],
    ['testRoster: false', { testRoster: false }],
    ['no guardians', { guardians: [] }],
    ['no log', { log: undefined }],
    ['a log of generation 0', { log: { ...formatMessage(rosterSchema, roster).log, generation: 0 } }],
    ['a threshold above 9, whose signatures would not fit into one entry', { threshold: 10 }],
    [
      'eighteen guardians',
      { guardians: Array.from({ length: 18 }, () => formatMessage(rosterSchema, roster).guardians[0]) },
    ],
    [
      'a force that delays for 29 days',
      { forces: [{ ...formatMessage(rosterSchema, roster).forces[0], delayDays: 29 }] },
    ],
    [
      'a force without a list of revocations',
      { forces: [{ ...formatMessage(rosterSchema, roster).forces[0], revocationUrl: undefined }] },
    ],
    [
      'a list of revocations reached by another protocol',
      { forces: [{ ...formatMessage(rosterSchema, roster).forces[0], revocationUrl: 'file:///etc' }] },
    ],
    ['no epochs', { epochs: [] }],
    ['no authority root', { authorityRoots: [] }],
    ['no schemes', { schemes: undefined }],
    ['a field too many', { note: 'x' }],
    [
      'an issuer reached by another protocol',
      { issuers: [{ ...first(roster.issuers), url: 'file:///etc', tokenKeys: [] }] },
    ],
  ])('does not parse with %s', (_, change) => {
    const wire = formatMessage(rosterSchema, roster);
    expect(() => parseRoster(formatJsonBytes({ ...wire, ...change }))).toThrow(refusal('badRoster'));
  });

  it.each([
    ['no JSON', utf8ToBytes('{]')],
    ['no UTF-8', new Uint8Array([0xff])],
    ['nothing', new Uint8Array()],
  ])('does not parse: %s', (_, text) => {
    expect(() => parseRoster(text)).toThrow(refusal('badRoster'));
  });
});

describe('the stretching floor', () => {
  const cheap = { memoryKiB: 8, passes: 1, lanes: 1 };

  it('is set aside by a test roster alone', () => {
    expect(() => parseRoster(written(epochWith({ stretch: cheap })))).toThrow(refusal('badRoster'));
    const test = written((base) => ({ ...epochWith({ stretch: cheap })(base), testRoster: true }));
    expect(parseRoster(test).testRoster).toBe(true);
  });

  it('holds for epochs that are no longer live too', () => {
    const old: Change = ({ epochs }) => ({
      epochs: [first(epochs), { ...first(epochs), epoch: 2, live: false, stretch: cheap }],
    });
    expect(() => parseRoster(written(old))).toThrow(refusal('badRoster', 'epochs.stretch.memoryKiB'));
  });

  it('leaves a test roster the ceiling, and what Argon2id itself demands', () => {
    for (const stretch of [
      { ...cheap, passes: 17 },
      { ...cheap, lanes: 2 },
      { ...cheap, memoryKiB: 1 },
    ]) {
      const test = written((base) => ({ ...epochWith({ stretch })(base), testRoster: true }));
      expect(() => parseRoster(test)).toThrow(refusal('badRoster'));
    }
  });
});

describe('origins', () => {
  it.each(['registry.example', 'registry.example/blindmark', 'localhost:8080', 'a'])('may be %s', (text) => {
    expect(parseMessage(originField, text)).toBe(text);
  });

  it.each(['', 'a b', 'A', 'a/', '/a', 'ä', 'a'.repeat(101), 'a\n'])('may not be %j', (text) => {
    expect(() => parseMessage(originField, text)).toThrow(refusal('badInput'));
  });
});

describe('epochs', () => {
  const base = first(roster.epochs);
  const many = {
    ...roster,
    epochs: [
      { ...base, epoch: 2 },
      { ...base, epoch: 5, live: false },
      { ...base, epoch: 9 },
    ],
  };

  it('that are live come newest first', () => {
    expect(liveEpochs(many).map(({ epoch }) => epoch)).toEqual([9, 2]);
    expect(many.epochs.map(({ epoch }) => epoch)).toEqual([2, 5, 9]);
  });

  it('are found if live', () => {
    expect(findLiveEpoch(many, 2).epoch).toBe(2);
    expect(() => findLiveEpoch(many, 5)).toThrow(refusal('wrongEpoch', 'epochs'));
    expect(() => findLiveEpoch(many, 3)).toThrow(refusal('wrongEpoch', 'epochs'));
  });
});

describe('token keys', () => {
  const quarters = Array.from({ length: 36 }, (_, i) => `${2024 + Math.floor(i / 4)}-Q${(i % 4) + 1}`);
  const issuer = {
    ...first(roster.issuers),
    tokenKeys: quarters.map((quarter) => ({ quarter, publicKey: new Uint8Array(300) })),
  };
  const at = (text: string): number => Date.parse(text) / 1000;

  it.each([
    ['2026-01-01T00:00:00Z', '2026-Q1'],
    ['2026-03-31T23:59:59Z', '2026-Q1'],
    ['2026-04-01T00:00:00Z', '2026-Q2'],
    ['2026-09-30T23:59:59Z', '2026-Q3'],
    ['2026-12-31T23:59:59Z', '2026-Q4'],
  ])('%s lies in %s', (time, quarter) => {
    expect(quarterOf(at(time))).toBe(quarter);
  });

  it('count in their quarter and the next, on every day of eight years', () => {
    for (let now = at('2024-04-01T00:00:00Z'); now < at('2032-12-31T00:00:00Z'); now += 86_400) {
      const current = quarters.indexOf(quarterOf(now));
      for (const time of [now, now + 86_399]) {
        expect(currentTokenKeys(issuer, time).map(({ quarter }) => quarter)).toEqual(
          quarters.slice(current - 1, current + 1),
        );
      }
    }
  });

  it('of no such quarter count never', () => {
    expect(currentTokenKeys(issuer, at('2023-12-31T00:00:00Z'))).toEqual([]);
    expect(currentTokenKeys(issuer, at('2033-04-01T00:00:00Z'))).toEqual([]);
  });
});
