/** The audit of a whole log: that it goes on from what it was, whoever cosigned it, and where a bit is wrong. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAuditState, parseAuditState, type AuditState } from '../../client-sdk/audit-state.ts';
import type { Finding } from '../../client-sdk/audit-rules.ts';
import type { Progress } from '../../client-sdk/progress.ts';
import { parseBase64url, randomBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { parseCheckpoint, verifyCheckpoint } from '../../crypto/checkpoint.ts';
import { delayedCommitment, formatLogEntry, type LogEntry } from '../../crypto/log-entry.ts';
import { logName } from '../../crypto/log-proof.ts';
import { leafHash, verifyInclusion, type TreeHead } from '../../crypto/merkle.ts';
import { rosterHash } from '../../crypto/roster.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { formatTilePath, tilesOfSize } from '../../crypto/tile.ts';
import {
  activation,
  activations,
  addressOf,
  AuditWorld,
  delayingForces,
  HOUR,
  signersOf,
  worldOf,
} from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { createServedLog } from '../support/served-log.ts';
import { logKey, NOON } from '../support/small-roster.ts';

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const place = Math.floor(bit / 8) % bytes.length;
  return bytes.with(place, (bytes[place] as number) ^ (1 << (bit % 8)));
}

/** A state with its table of requests in one order: that of its places depends on when it was saved. */
function inOrder(state: AuditState | null): unknown {
  const { requests } = (state as AuditState).rules;
  const records = Array.from({ length: requests.length / 14 }, (_, i) => requests.slice(i * 14, (i + 1) * 14).join());
  return { ...state, rules: { ...state?.rules, requests: records.toSorted() } };
}

/** Paths of every tile and bundle of a log of `size` entries. */
function pathsOf(size: number): string[] {
  const full = (level: number) => Array.from({ length: Math.floor(size / 256 ** (level + 1)) }, (_, index) => index);
  const tiles = [0, 1].flatMap((level) => full(level).map((index) => ({ level, index, width: 256 })));
  return [...tiles, ...tilesOfSize(size)].flatMap((tile) => {
    const path = formatTilePath(tile);
    return tile.level === 0 ? [path, formatTilePath({ ...tile, level: 'entries' })] : [path];
  });
}

describe('an honest log', () => {
  it.each([1, 2, 255, 256, 257, 512, 700])('of %i entries verifies', async (size) => {
    const world = worldOf(size);
    const { report, state, read } = await world.audit();
    expect(report).toMatchObject({
      origin: 'registry.example',
      log: 'registry.example/log',
      size,
      root: world.log.head().root,
      auditedBefore: 0,
      audited: size,
      findings: [],
      omitted: 0,
      evidence: null,
      guardians: ['g1', 'g2', 'g3'].map((id) => ({ id, cosignedAt: NOON })),
    });
    expect(report.totals.kinds).toMatchObject({ roster: 1, activation: size - 1 });
    expect(state?.audited).toBe(size);
    const served = pathsOf(size).map((path) => `log/${path}`);
    expect([...new Set(read)].filter((path) => path.startsWith('log/tile/')).toSorted()).toEqual(served.toSorted());
  });

  it('tells how far it is', async () => {
    const progress: Progress[] = [];
    await worldOf(600).audit(null, { onProgress: (step) => progress.push(step) });
    expect(progress).toEqual([256, 512, 600].map((done) => ({ phase: 'audit', done, total: 600 })));
  });

  it('that no longer has a partial tile is read from the full one', async () => {
    const world = worldOf(300);
    const note = world.log.publish(NOON);
    world.append(...activations(300));
    const gone = ['log/tile/0/001.p/44', 'log/tile/entries/001.p/44', 'log/tile/1/000.p/1'];
    for (const path of gone.slice(0, 2)) world.log.falsify(path, () => null);
    world.log.falsify('log/checkpoint', () => utf8ToBytes(note));
    const { report, read } = await world.audit();
    expect(report).toMatchObject({ size: 300, audited: 300, findings: [] });
    expect(read).toEqual(expect.arrayContaining(['log/tile/0/001', 'log/tile/entries/001']));
  });
});

describe('one flipped bit', () => {
  /** What is found when a bit of what is served at a path is flipped. */
  async function findFlipped(world: AuditWorld, path: string, bit: number): Promise<readonly Finding[]> {
    let isOn = true;
    world.log.falsify(`log/${path}`, (honest) => (isOn ? flip(honest, bit) : honest));
    const { report, state } = await world.audit(null, { publish: false });
    isOn = false;
    expect(state).toBeNull();
    return report.findings;
  }

  it('in any byte of a small log is found, and its place named', async () => {
    const world = worldOf(3);
    world.log.publish(NOON);
    for (const path of pathsOf(3)) {
      const { length } = world.log.get(`log/${path}`) as Uint8Array;
      for (let byte = 0; byte < length; byte += 1) {
        const findings = await findFlipped(world, path, byte * 8 + (byte % 8));
        expect(findings, `${path}, byte ${byte}`).toMatchObject([{ rule: 'tree', path }]);
      }
    }
  });

  it('anywhere in a log of two levels is found, and its place named', async () => {
    const world = worldOf(600);
    world.log.publish(NOON);
    const paths = pathsOf(600);
    expect(paths).toHaveLength(7);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.nat(), async (path, bit) => {
        expect(await findFlipped(world, path, bit)).toMatchObject([{ rule: 'tree', path }]);
      }),
      { numRuns: 60, examples: paths.map((path) => [path, 5]) },
    );
  });

  it('in an entry names the entry, and its bytes are kept as evidence', async () => {
    const world = worldOf(600);
    world.log.falsify('log/tile/entries/001', (honest) => flip(honest, 8 * 1000));
    const { report } = await world.audit();
    const [finding] = report.findings;
    const [length, number] = [2 + formatLogEntry(activation()).length, /entry (?<n>\d+)/u.exec(finding?.message ?? '')];
    expect(Number(number?.groups?.['n'])).toBe(256 + Math.floor(1000 / length));
    const evidence = JSON.parse(report.evidence as string) as { served: { path: string; bytes: string }[] };
    expect(evidence.served).toEqual([
      {
        path: 'tile/entries/001',
        bytes: Buffer.from(world.log.get('log/tile/entries/001') as Uint8Array).toString('base64url'),
      },
    ]);
  });

  it.each<[string, string, (honest: Uint8Array) => Uint8Array | null]>([
    ['a tile that is missing', 'tile/0/000', () => null],
    ['a tile that is too short', 'tile/0/000', (honest) => honest.subarray(1)],
    ['a tile that is too long', 'tile/0/001.p/44', (honest) => new Uint8Array([...honest, 0])],
    ['a bundle that is missing', 'tile/entries/001.p/44', () => null],
    ['a bundle with an entry too many', 'tile/entries/001.p/44', (honest) => new Uint8Array([...honest, 0, 0])],
  ])('and %s', async (_, path, change) => {
    const world = worldOf(300);
    world.log.falsify(`log/${path}`, change);
    expect((await world.audit()).report.findings).toMatchObject([{ rule: 'tree', path }]);
  });

  it('and tiles and entries of another tree', async () => {
    const [world, other] = [worldOf(300), worldOf(300)];
    const note = world.log.publish(NOON);
    other.log.falsify('log/checkpoint', () => utf8ToBytes(note));
    other.log.publish(NOON);
    expect((await other.audit()).report.findings).toMatchObject([{ rule: 'tree', path: 'checkpoint' }]);
  });
});

describe('a checkpoint', () => {
  const published = (note: (world: AuditWorld) => string) => {
    const world = worldOf(5);
    world.log.falsify('log/checkpoint', () => utf8ToBytes(note(world)));
    return world;
  };
  const publishedBy = (world: AuditWorld, changes: Partial<Parameters<typeof createServedLog>[0]>) => {
    const log = createServedLog({ ...signersOf(world.roster), ...changes });
    log.append([formatLogEntry(world.rosterEntry()), ...activations(4).map(formatLogEntry)]);
    return log.publish(NOON);
  };

  it.each<[string, string, (world: AuditWorld) => string]>([
    [
      'by another key',
      'does not carry the log’s signature',
      (world) => publishedBy(world, { key: createSigningKey() }),
    ],
    ['of another log', 'is of another log', (world) => publishedBy(world, { name: 'other.example/log' })],
    ['that is none', 'an empty line', () => 'nothing'],
  ])('%s is found, and nothing below it is read', async (_, message, note) => {
    const world = published(note);
    const { report, read, state } = await world.audit();
    expect(report).toMatchObject({ size: null, root: null, audited: 0 });
    expect(report.findings[0]).toMatchObject({
      rule: 'checkpoint',
      message: expect.stringContaining(message) as string,
    });
    expect(read.filter((path) => path.startsWith('log/tile'))).toEqual([]);
    expect(state).toBeNull();
  });

  it('with a false cosignature is found, and the guardian named', async () => {
    const world = worldOf(5);
    const other = worldOf(5);
    const [first = '', ...lines] = other.log.publish(NOON).split('\n— ');
    const note = world.log.publish(NOON).split('\n— ');
    const mixed = [note[0], note[1], lines[1], ...note.slice(3)].join('\n— ');
    expect(first).not.toBe(note[0]);
    world.log.falsify('log/checkpoint', () => utf8ToBytes(mixed));
    const { report } = await world.audit();
    expect(report.findings).toContainEqual({
      rule: 'checkpoint',
      message: 'a cosignature does not verify',
      guardian: 'g1',
    });
  });

  it('with fewer cosignatures than the threshold is found', async () => {
    const world = worldOf(5);
    const { witnesses } = signersOf(world.roster);
    world.log.publish(NOON, witnesses.slice(0, 1));
    const { report } = await world.audit(null, { publish: false });
    expect(report.findings).toMatchObject([
      { rule: 'checkpoint', message: '1 guardians cosigned the checkpoint; 2 are needed' },
      { rule: 'guardian', guardian: 'g2' },
      { rule: 'guardian', guardian: 'g3' },
    ]);
  });
});

describe('a rewritten log', () => {
  // The same registry with another history: the same keys, other entries.
  const rewritten = worldOf;

  it.each([300, 301, 600])('is found, and both checkpoints are kept: of 300 entries, then of %i', async (size) => {
    const first = worldOf(300);
    const { state } = await first.audit();
    const second = rewritten(size);
    const { report, state: after } = await second.audit(state);
    expect(report.findings).toEqual([
      { rule: 'fork', message: 'the log’s first 300 entries are not those of the last audit’s checkpoint' },
    ]);
    expect(after).toBeNull();
    const evidence = JSON.parse(report.evidence as string) as {
      checkpoint: string;
      contradictions: string[];
      prefixes: { size: number; root: string; consistency: string[] }[];
    };
    const name = logName(second.roster);
    const read = (note: string): TreeHead => verifyCheckpoint(note, { origin: name, publicKey: logKey.publicKey });
    const [now, before] = [read(evidence.checkpoint), read(evidence.contradictions[0] as string)];
    expect([now.size, before.size]).toEqual([size, 300]);
    // What the rewritten tree has in the place of the earlier one.
    const prefix = parseBase64url('root', evidence.prefixes[0]?.root as string);
    expect(prefix).not.toEqual(before.root);
  });

  it('is found where it is smaller than it was', async () => {
    const world = worldOf(300);
    const { state } = await world.audit();
    const { report } = await rewritten(200).audit(state);
    expect(report.findings).toMatchObject([
      { rule: 'shrunk', message: 'the log has 200 entries; the last audit’s checkpoint has 300' },
    ]);
  });

  it('is not an old copy in a cache, which is asked for again', async () => {
    const world = worldOf(200);
    const old = world.log.publish(NOON);
    world.append(...activations(100));
    const { state } = await world.audit();
    let times = 0;
    world.log.falsify('log/checkpoint', (honest) => ((times += 1) < 3 ? utf8ToBytes(old) : honest));
    expect((await world.audit(state)).report).toMatchObject({ findings: [], size: 300 });
  });
});

describe('an audit goes on', () => {
  it('from its last state, and reads no entry again', async () => {
    const world = worldOf(600);
    const first = await world.audit();
    world.append(...activations(500));
    const { report, read } = await world.audit(first.state);
    expect(report).toMatchObject({ findings: [], auditedBefore: 600, audited: 1100, size: 1100 });
    expect(report.totals.kinds.activation).toBe(1099);
    const bundles = read.filter((path) => path.startsWith('log/tile/entries'));
    expect(bundles).toEqual(
      [2, 3, 4].map((index) => {
        return `log/${formatTilePath({ level: 'entries', index, width: index === 4 ? 76 : 256 })}`;
      }),
    );
  });

  it('over a file, with all that it must remember', async () => {
    const request = randomBytes(32);
    const lookup: LogEntry = {
      kind: 'lookup',
      hour: HOUR,
      request,
      force: 'force-a',
      officer: 'p',
      caseCommitment: randomBytes(32),
      codes: '1',
    };
    const match: LogEntry = { kind: 'match', hour: HOUR, mark: randomBytes(32), lookup: 1 };
    const [salt, plain] = [randomBytes(32), formatLogEntry({ ...match, mark: randomBytes(32) })];
    const world = new AuditWorld({ forces: delayingForces(1) });
    world.append(lookup, match, match, match);
    world.append({
      kind: 'delayed',
      of: 'match',
      hour: HOUR,
      commitment: delayedCommitment(salt, plain),
      revealBy: HOUR + 24,
    });
    const { state } = await world.audit();
    const file = utf8ToBytes(formatAuditState(state as AuditState));
    const read = () => parseAuditState('state.json', file);
    expect(read()).toEqual(state);

    world.append({ kind: 'reveal', hour: HOUR, entry: 5, salt, plain });
    expect((await world.audit(read())).report.findings).toEqual([]);
    world.append(match, activation(request), activation(randomBytes(32), HOUR - 3), world.rosterEntry());
    const { report } = await world.audit(read());
    expect(report.findings).toMatchObject([
      { rule: 'match', index: 7, related: 1 },
      { rule: 'requestTwice', index: 8, related: 1 },
      { rule: 'hour', index: 9 },
      { rule: 'roster', index: 10 },
    ]);
  });

  it('finds what was to be revealed since', async () => {
    const world = worldOf(1);
    world.append({ kind: 'delayed', of: 'opening', hour: HOUR, commitment: randomBytes(32), revealBy: HOUR + 24 });
    const { state } = await world.audit();
    world.now += 25 * 3600;
    const { report } = await world.audit(state);
    expect(report.findings).toMatchObject([{ rule: 'reveal', index: 1 }]);
  });

  it('where it was cancelled', async () => {
    const world = worldOf(5000);
    const controller = new AbortController();
    let kept: AuditState | null = null;
    const cancelled = world.audit(null, {
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done >= 2000) controller.abort();
      },
      onState: (state) => {
        kept = state;
      },
    });
    await expect(cancelled).rejects.toThrow(refusal('cancelled'));
    const { audited } = kept as unknown as AuditState;
    expect(audited).toBe(2048);
    world.append(...activations(100));
    const resumed = await world.audit(kept);
    const whole = await world.audit();
    expect(resumed.report).toEqual({ ...whole.report, auditedBefore: audited });
    expect(inOrder(resumed.state)).toEqual(inOrder(whole.state));
    expect(resumed.read.filter((path) => path === 'log/tile/entries/007')).toEqual([]);
  });

  it('with the same findings until they are mended, since it keeps no state beyond them', async () => {
    const world = worldOf(5);
    const { state } = await world.audit();
    world.append(utf8ToBytes('no entry'), activation());
    for (const _ of [1, 2]) {
      const run = await world.audit(state);
      expect(run.report.findings).toMatchObject([{ rule: 'entry', index: 5 }]);
      expect(run.state).toBeNull();
    }
  });

  it('and says what it found where it is cancelled after that', async () => {
    const world = worldOf(1);
    world.append(utf8ToBytes('no entry'), ...activations(3000));
    const controller = new AbortController();
    const { report } = await world.audit(null, { signal: controller.signal, onProgress: () => controller.abort() });
    expect(report.findings).toMatchObject([{ rule: 'entry', index: 1 }]);
    expect(report.audited).toBeLessThan(3000);
  });

  it('not from the state of another registry, nor from what is none', async () => {
    const { state } = await worldOf(3).audit();
    const other = new AuditWorld({ origin: 'other.example' });
    await expect(other.audit(state)).rejects.toThrow(refusal('badInput', 'state'));
    const good = formatAuditState(state as AuditState);
    const bad = ['', '{}', good.replace('"audited":3', '"audited":-3'), good.replace('blindmark-audit-state-v1', 'v2')];
    for (const text of bad) {
      expect(() => parseAuditState('state.json', utf8ToBytes(text))).toThrow(refusal('badFile', 'state.json'));
    }
  });
});

describe('evidence', () => {
  it('proves its findings to whoever has the fingerprint', async () => {
    const world = worldOf(600);
    const index = world.append(utf8ToBytes('no entry'));
    const { report } = await world.audit();
    const evidence = JSON.parse(report.evidence as string) as {
      format: string;
      checkpoint: string;
      entries: { index: number; entry: string; proof: string[] }[];
      rosters: { roster: string }[];
    };
    expect(evidence.format).toBe('blindmark-audit-evidence-v1');
    const first = parseBase64url('roster', evidence.rosters[0]?.roster as string);
    expect(rosterHash(first)).toEqual(rosterHash(world.chain[0]?.roster as Uint8Array));
    const { size, root } = parseCheckpoint(evidence.checkpoint).checkpoint;
    const [shown] = evidence.entries;
    const entry = parseBase64url('entry', shown?.entry as string);
    expect(Buffer.from(entry).toString()).toBe('no entry');
    const proof = (shown?.proof ?? []).map((hash) => parseBase64url('hash', hash));
    verifyInclusion({ index, size, leafHash: leafHash(entry), proof, root });
  });
});

describe('what is no finding', () => {
  it('is a registry that cannot be reached', async () => {
    const fetch = async () => Promise.reject(new TypeError('fetch failed'));
    await expect(worldOf(3).audit(null, { fetch })).rejects.toThrow(refusal('unreachable'));
  });

  it('is another registry than the pinned one', async () => {
    await expect(worldOf(3).audit(null, { rosterFingerprint: randomBytes(32) })).rejects.toThrow(refusal('badRoster'));
  });

  it('is a service that cannot answer now', async () => {
    const world = worldOf(300);
    const fetch = world.fetch();
    const failing: typeof fetch = async (url, init) => {
      if (addressOf(url).includes('/tile/entries')) return Promise.resolve(new Response('', { status: 503 }));
      return fetch(url, init);
    };
    await expect(world.audit(null, { fetch: failing })).rejects.toThrow(refusal('unavailable'));
  });

  it('is an address without https', async () => {
    await expect(worldOf(3).audit(null, { url: 'http://registry.example' })).rejects.toThrow(
      refusal('badInput', 'url'),
    );
  });
});
