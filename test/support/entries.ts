/** Arbitrary entries of the log, for property-based tests. */
import * as fc from 'fast-check';
import {
  ACTIONS,
  DELAYABLE,
  formatLogEntry,
  SIZE_CLASSES,
  type EntryKind,
  type EntryOf,
  type LogEntry,
} from '../../crypto/log-entry.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hash = bytes(32);
const index = fc.oneof(fc.nat(), fc.maxSafeNat());
const version = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const identifier = fc.stringMatching(/^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/u);
const lastHour = Date.UTC(9999, 11, 31, 23) / 3_600_000;
const hour = fc.integer({ min: 0, max: lastHour });

const signatures = fc
  .uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 9 })
  .chain((guardians) =>
    fc.tuple(
      ...guardians
        .sort((a, b) => a - b)
        .map((guardian) => fc.record({ guardian: fc.constant(guardian), signature: bytes(64) })),
    ),
  );

type Arbitraries = { readonly [K in EntryKind]: fc.Arbitrary<Omit<EntryOf<K>, 'kind' | 'hour'>> };

const plain = {
  activation: fc.record({ request: hash }),
  registration: fc.record({ mark: hash, row: hash, epoch: version }),
  lookup: fc.record({
    request: hash,
    force: identifier,
    officer: identifier,
    caseCommitment: hash,
    codes: fc.constantFrom(...SIZE_CLASSES),
  }),
  match: fc.record({ mark: hash, lookup: index }),
  opening: fc.record({
    request: hash,
    mark: hash,
    caseCommitment: hash,
    force: identifier,
    first: identifier,
    second: identifier,
  }),
  action: fc.record({ mark: hash, action: fc.constantFrom(...ACTIONS), row: hash }),
  check: fc.record({ request: hash }),
  roster: fc.record({ version, roster: hash, signatures }),
  revocation: fc.record({ force: identifier, list: hash, signature: bytes(64) }),
  pages: fc.record({ build: hash }),
  delayed: fc.record({ of: fc.constantFrom(...DELAYABLE), commitment: hash, revealBy: hour }),
} satisfies Partial<Arbitraries>;

function withKind<K extends EntryKind>(kind: K, fields: Arbitraries[K]): fc.Arbitrary<LogEntry> {
  return fc.tuple(hour, fields).map(([at, values]) => Object.assign({ kind, hour: at }, values) as unknown as LogEntry);
}

const plainEntries = Object.entries(plain).map(
  ([kind, fields]) => [kind, withKind(kind as EntryKind, fields as Arbitraries[EntryKind])] as const,
);
const delayable = plainEntries.filter(([kind]) => DELAYABLE.some((each) => each === kind)).map(([, entry]) => entry);

const reveal = withKind(
  'reveal',
  fc.record({ entry: index, salt: hash, plain: fc.oneof(...delayable).map(formatLogEntry) }),
);

/** Arbitrary entries of each kind. */
export const entriesByKind: ReadonlyMap<string, fc.Arbitrary<LogEntry>> = new Map([
  ...plainEntries,
  ['reveal', reveal],
]);

/** An arbitrary entry of any kind. */
export const anyEntry: fc.Arbitrary<LogEntry> = fc.oneof(...entriesByKind.values());

/** An arbitrary entry of a kind that may be delayed. */
export const delayableEntry: fc.Arbitrary<LogEntry> = fc.oneof(...delayable);
