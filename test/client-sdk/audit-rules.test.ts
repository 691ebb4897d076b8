/** Each rule of the log's entries, kept once and broken once: logs made by hand, signed with the right keys. */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../client-sdk/audit-rules.ts';
import { randomBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import {
  delayedCommitment,
  type EntryOf,
  formatHour,
  formatLogEntry,
  type LogEntry,
  SIZE_CLASSES,
} from '../../crypto/log-entry.ts';
import { pagesHash } from '../../crypto/pages.ts';
import type { RosterEpoch } from '../../crypto/roster.ts';
import { STRETCH_FLOOR } from '../../crypto/stretch.ts';
import { AuditWorld, delayingForces, deployPages, HOUR } from '../support/audit-world.ts';
import { publicPart, splitKey } from '../support/split-key.ts';

const hash = () => randomBytes(32);

const lookup = (changes: Partial<EntryOf<'lookup'>> = {}): EntryOf<'lookup'> => ({
  kind: 'lookup',
  hour: HOUR,
  request: hash(),
  force: 'force-a',
  officer: 'p-1',
  caseCommitment: hash(),
  codes: '1',
  ...changes,
});
const match = (index: number, hour = HOUR): EntryOf<'match'> => ({ kind: 'match', hour, mark: hash(), lookup: index });
const opening = (changes: Partial<EntryOf<'opening'>> = {}): EntryOf<'opening'> => ({
  kind: 'opening',
  hour: HOUR,
  request: hash(),
  mark: hash(),
  caseCommitment: hash(),
  force: 'force-a',
  first: 'p-1',
  second: 'p-2',
  ...changes,
});
const activation = (request = hash(), hour = HOUR): LogEntry => ({ kind: 'activation', hour, request });

const epoch = (number: number): RosterEpoch => {
  const [{ groupKey, publicShares }, decryption] = [publicPart(splitKey(2, 3)), publicPart(splitKey(2, 3))];
  return { epoch: number, live: true, stretch: STRETCH_FLOOR, groupKey, publicShares, decryption };
};

interface Hidden {
  readonly delayed: EntryOf<'delayed'>;
  readonly reveal: (entry: number, changes?: Partial<EntryOf<'reveal'>>) => EntryOf<'reveal'>;
}

/** A plain entry as it is hidden for some hours, and its reveal. */
function hide(plain: EntryOf<'lookup'> | EntryOf<'match'> | EntryOf<'opening'>, hours = 48): Hidden {
  const [salt, bytes] = [hash(), formatLogEntry(plain)];
  const { kind: of, hour } = plain;
  return {
    delayed: { kind: 'delayed', hour, of, commitment: delayedCommitment(salt, bytes), revealBy: hour + hours },
    reveal: (entry, changes) => ({ kind: 'reveal', hour: HOUR, entry, salt, plain: bytes, ...changes }),
  };
}

/** A registry whose force may hide entries for two days. */
const delaying = () => new AuditWorld({ forces: delayingForces(2) });

async function findingsOf(world: AuditWorld): Promise<readonly Finding[]> {
  const { report, state } = await world.audit();
  expect(report.evidence === null, 'evidence is there when something is wrong').toBe(report.findings.length === 0);
  expect(state === null, 'the state is not given out then').toBe(report.findings.length > 0);
  return report.findings;
}

describe('an honest log', () => {
  it('of every kind of entry keeps all rules', async () => {
    const world = delaying();
    world.append(activation(), { kind: 'registration', hour: HOUR, mark: hash(), row: hash(), epoch: 1 });
    const first = world.append(lookup({ codes: '2-4' }));
    world.append(...Array.from({ length: 16 }, () => match(first)));
    world.append(opening(), { kind: 'action', hour: HOUR, mark: hash(), action: 'status', row: hash() });
    world.append({ kind: 'check', hour: HOUR, request: hash() });
    world.append({ kind: 'revocation', hour: HOUR, force: 'force-a', list: hash(), signature: randomBytes(64) });
    world.append({ kind: 'pages', hour: HOUR, build: pagesHash(deployPages(world)) });
    const hiddenLookup = hide(lookup());
    const at = world.append(hiddenLookup.delayed);
    const hiddenMatch = hide(match(at));
    const matchAt = world.append(hiddenMatch.delayed);
    world.append(hiddenMatch.reveal(matchAt), hiddenLookup.reveal(at), hide(opening()).delayed);
    const { report } = await world.audit();
    expect(report.findings).toEqual([]);
    expect(report.totals).toEqual({
      kinds: {
        activation: 1,
        registration: 1,
        lookup: 1,
        match: 16,
        opening: 1,
        action: 1,
        check: 1,
        roster: 1,
        revocation: 1,
        pages: 1,
        delayed: 3,
        reveal: 2,
      },
      forces: [{ force: 'force-a', lookups: 2, hits: 17, openings: 1 }],
      hidden: 1,
    });
  });

  it.each(SIZE_CLASSES.map((codes) => [codes, 4 * Number(codes.split('-').at(-1))] as const))(
    'has up to four matches a code: for %s codes %i, and not one more',
    async (codes, most) => {
      const world = new AuditWorld();
      const index = world.append(lookup({ codes }));
      world.append(...Array.from({ length: most }, () => match(index)));
      expect(await findingsOf(world)).toEqual([]);
      const last = world.append(match(index));
      expect(await findingsOf(world)).toEqual([
        {
          rule: 'match',
          message: `the lookup in entry ${index} has ${most + 1} matches; its codes can have ${most}`,
          index: last,
          related: index,
        },
      ]);
    },
  );

  it('has as many matches more as there are live epochs', async () => {
    const world = new AuditWorld({
      epochs: [epoch(1), epoch(2)],
    });
    const index = world.append(lookup());
    world.append(...Array.from({ length: 8 }, () => match(index)));
    expect(await findingsOf(world)).toEqual([]);
    world.append(match(index));
    expect(await findingsOf(world)).toMatchObject([{ rule: 'match' }]);
  });

  it('lets clocks differ by an hour each', async () => {
    const world = new AuditWorld();
    world.append(activation(hash(), HOUR + 1), activation(hash(), HOUR - 1));
    expect(await findingsOf(world)).toEqual([]);
  });
});

describe('each rule broken once', () => {
  const repeated = hash();
  const registration = (): LogEntry => ({ kind: 'registration', hour: HOUR, mark: hash(), row: repeated, epoch: 1 });
  const cases: [name: string, rule: Finding['rule'], message: string, entries: (LogEntry | Uint8Array)[]][] = [
    ['bytes that are no entry', 'entry', 'it is malformed', [utf8ToBytes('nothing')]],
    ['an entry of an unknown kind', 'entry', 'it is malformed', [utf8ToBytes('blindmark-entry-v1 rumour\nhour x\n')]],
    ['an hour in the future', 'hour', 'is in the future', [activation(hash(), HOUR + 2)]],
    ['an hour that runs backwards', 'hour', 'which stands before it', [activation(hash(), HOUR - 3)]],
    ['a request of an owner twice', 'requestTwice', 'entry 1', [activation(repeated), activation(repeated)]],
    ['a request of an officer twice', 'requestTwice', 'entry 1', [lookup({ request: repeated }), activation(repeated)]],
    ['an opening twice', 'requestTwice', 'entry 1', [opening({ request: repeated }), opening({ request: repeated })]],
    [
      'a registration twice, which it would show after counter-claims',
      'requestTwice',
      'entry 1',
      [registration(), registration()],
    ],
    ['a lookup of an unknown force', 'force', 'no roster has', [lookup({ force: 'force-z' })]],
    ['an opening of an unknown force', 'force', 'no roster has', [opening({ force: 'force-z' })]],
    [
      'a revocation of an unknown force',
      'force',
      'no roster has',
      [{ kind: 'revocation', hour: HOUR, force: 'force-z', list: hash(), signature: randomBytes(64) }],
    ],
    ['a match without a lookup', 'match', 'is no earlier lookup', [match(0)]],
    ['a match of a later lookup', 'match', 'is no earlier lookup', [match(2), lookup()]],
    ['a match of itself', 'match', 'is no earlier lookup', [match(1)]],
    ['one officer who opens alone', 'opening', 'one officer both', [opening({ second: 'p-1' })]],
    ['a reveal of nothing', 'reveal', 'hides nothing', [activation(), hide(opening()).reveal(1)]],
    [
      'an entry that is hidden for more than 28 days',
      'delayed',
      'no policy allows',
      [hide(opening(), 24 * 28 + 1).delayed],
    ],
    [
      'an entry that was to be revealed before it was made',
      'delayed',
      'no policy allows',
      [{ ...hide(opening()).delayed, hour: HOUR + 1, revealBy: HOUR }],
    ],
  ];

  it.each(cases)('%s', async (_, rule, message, entries) => {
    const world = new AuditWorld();
    world.append(...entries);
    const findings = await findingsOf(world);
    expect(findings).toMatchObject([{ rule, message: expect.stringContaining(message) as string }]);
    const index = findings[0]?.index ?? -1;
    expect(index).toBeGreaterThan(0);
    expect(index).toBeLessThan(world.log.size);
  });

  it('names both entries of a request that was logged twice, and takes two that begin alike for two', async () => {
    const world = new AuditWorld();
    const request = hash();
    const alike = request.with(31, (request[31] as number) ^ 1);
    world.append(activation(request), activation(alike));
    expect(await findingsOf(world)).toEqual([]);
    world.append(activation(request));
    expect(await findingsOf(world)).toMatchObject([{ rule: 'requestTwice', index: 3, related: 1 }]);
  });
});

describe('rosters', () => {
  const successor = (world: AuditWorld) => world.nextRoster({ issuedAt: '2026-10-02T00:00:00Z' });

  it('are in the log, each once, in order, with their signatures', async () => {
    const world = new AuditWorld();
    world.addRoster(successor(world));
    world.append(activation(), world.rosterEntry());
    expect(await findingsOf(world)).toEqual([]);
  });

  it.each<[string, string, (world: AuditWorld) => void]>([
    [
      'is missing',
      'roster 2, which the registry serves, is not in the log',
      (world) => world.addRoster(successor(world)),
    ],
    ['comes twice', 'it has roster 1; roster 2 is the next', (world) => world.append(world.rosterEntry())],
    [
      'is skipped',
      'it has roster 3; roster 2 is the next',
      (world) => {
        world.addRoster(successor(world));
        world.addRoster(successor(world));
        world.append(world.rosterEntry(2));
        world.append(world.rosterEntry(1), world.rosterEntry(2));
      },
    ],
    [
      'is not the one that is served',
      'the log’s entry is of another one',
      (world) => {
        world.addRoster(successor(world));
        world.append({ ...(world.rosterEntry() as EntryOf<'roster'>), roster: hash() });
      },
    ],
    [
      'is not served',
      'the registry does not serve roster 2',
      (world) => {
        world.append({ ...(world.rosterEntry() as EntryOf<'roster'>), version: 2 });
      },
    ],
    [
      'has a signature too few',
      'not as many as are needed',
      (world) => {
        world.addRoster(successor(world));
        const entry = world.rosterEntry() as EntryOf<'roster'>;
        world.append({ ...entry, signatures: entry.signatures.slice(1) });
      },
    ],
    [
      'has another’s signature',
      'a signature in its entry does not verify',
      (world) => {
        world.addRoster(successor(world));
        const entry = world.rosterEntry() as EntryOf<'roster'>;
        world.append({
          ...entry,
          signatures: entry.signatures.map(({ guardian }) => ({ guardian, signature: randomBytes(64) })),
        });
      },
    ],
  ])('are found out where one %s', async (_, message, change) => {
    const world = new AuditWorld();
    change(world);
    expect(await findingsOf(world)).toMatchObject([
      { rule: 'roster', message: expect.stringContaining(message) as string },
    ]);
  });

  it('of a force that was removed later still count', async () => {
    const world = new AuditWorld();
    world.append(lookup());
    world.addRoster(world.nextRoster({ forces: [] }));
    world.append(world.rosterEntry());
    expect(await findingsOf(world)).toEqual([]);
  });
});

describe('hidden entries', () => {
  it('keep the same rules once they are revealed', async () => {
    const request = hash();
    const alone = hide(opening({ second: 'p-1' }));
    const again = hide(lookup({ request }));
    const unknown = hide(opening({ force: 'force-z' }));
    const pointless = hide(match(0));
    const world = delaying();
    world.append(activation(request));
    const first = world.append(alone.delayed, again.delayed, unknown.delayed, pointless.delayed);
    world.append(alone.reveal(first), again.reveal(first + 1), unknown.reveal(first + 2), pointless.reveal(first + 3));
    expect(await findingsOf(world)).toMatchObject([
      { rule: 'opening', index: first + 4 },
      { rule: 'requestTwice', index: first + 5, related: 1 },
      { rule: 'force', index: first + 6 },
      { rule: 'delayed', index: first + 6, related: first + 2 },
      { rule: 'match', index: first + 7 },
    ]);
  });

  it('count matches of a hidden lookup, and judge their number when it is revealed', async () => {
    const world = delaying();
    const hidden = hide(lookup());
    const at = world.append(hidden.delayed);
    const matches = Array.from({ length: 5 }, () => hide(match(at)));
    const first = world.append(...matches.map(({ delayed }) => delayed));
    world.append(...matches.map(({ reveal }, i) => reveal(first + i)));
    expect(await findingsOf(world)).toEqual([]);
    world.append(hidden.reveal(at));
    const { report } = await world.audit();
    expect(report.findings).toMatchObject([
      { rule: 'match', message: `the lookup in entry ${at} has 5 matches; its codes can have 4` },
    ]);
    expect(report.totals.forces).toEqual([{ force: 'force-a', lookups: 1, hits: 5, openings: 0 }]);
  });

  it('may not point to a lookup that came after them', async () => {
    const world = delaying();
    const hidden = hide(match(2));
    world.append(hidden.delayed, lookup(), hidden.reveal(1));
    expect(await findingsOf(world)).toMatchObject([{ rule: 'match', index: 3 }]);
  });

  it('are not hidden for longer than their force’s policy says', async () => {
    const world = delaying();
    const [kept, broken] = [hide(opening(), 48), hide(lookup(), 49)];
    const found = hide(match(3), 49);
    world.append(kept.delayed, broken.delayed, lookup(), found.delayed);
    world.append(kept.reveal(1), broken.reveal(2), found.reveal(4));
    expect(await findingsOf(world)).toMatchObject([
      { rule: 'delayed', index: 6, related: 2 },
      { rule: 'delayed', index: 7, related: 4 },
    ]);
  });

  it('are revealed in time', async () => {
    const world = delaying();
    const [kept, late] = [hide(opening()), hide(opening({ first: 'p-3' }))];
    world.append(kept.delayed, late.delayed);
    world.now += 48 * 3600;
    expect(await findingsOf(world), 'the hour in which it is due').toEqual([]);
    world.append(kept.reveal(1, { hour: HOUR + 48 }));
    world.now += 3600;
    expect(await findingsOf(world)).toEqual([
      {
        rule: 'reveal',
        message: `the opening that it hides was to be revealed by ${formatHour(HOUR + 48)}, and is not`,
        index: 2,
      },
    ]);
    world.append(late.reveal(2, { hour: HOUR + 49 }));
    expect(await findingsOf(world), 'and late for ever').toMatchObject([{ rule: 'reveal', index: 4, related: 2 }]);
  });

  it.each<[string, string, (hidden: Hidden, other: Hidden) => LogEntry[]]>([
    ['another entry', 'hides something else', (_, other) => [other.reveal(1)]],
    ['another salt', 'hides something else', (hidden) => [hidden.reveal(1, { salt: hash() })]],
    ['it twice', 'hides nothing (any more)', (hidden) => [hidden.reveal(1), hidden.reveal(1)]],
    ['an entry that hides nothing', 'hides nothing (any more)', (hidden) => [hidden.reveal(0), hidden.reveal(1)]],
  ])('are not opened by revealing %s', async (_, message, reveals) => {
    const world = delaying();
    const hidden = hide(opening());
    world.append(hidden.delayed, ...reveals(hidden, hide(opening())));
    expect(await findingsOf(world)).toMatchObject([
      { rule: 'reveal', message: expect.stringContaining(message) as string },
    ]);
  });

  it('are of the kind and hour that they say', async () => {
    const world = delaying();
    const [kind, hour] = [hide(opening()), hide(opening())];
    world.append({ ...kind.delayed, of: 'match' }, { ...hour.delayed, hour: HOUR - 1 });
    world.append(kind.reveal(1), hour.reveal(2));
    expect(await findingsOf(world)).toMatchObject([
      { rule: 'reveal', index: 3, message: expect.stringContaining('another kind or hour') as string },
      { rule: 'reveal', index: 4, message: expect.stringContaining('another kind or hour') as string },
    ]);
  });
});

describe('many findings', () => {
  it('are counted beyond a thousand, and entries of forces that nobody knows share one count', async () => {
    const world = new AuditWorld();
    world.append(...Array.from({ length: 1200 }, (_, i) => lookup({ force: `force-${i}` })));
    const { report } = await world.audit();
    expect(report.findings).toHaveLength(1000);
    expect(report.omitted).toBe(200);
    expect(report.totals.forces).toEqual([{ force: '?', lookups: 1200, hits: 0, openings: 0 }]);
  });
});
