/** The newest entries of a log, verified by whoever asks: what holds, and that nothing which does not is taken. */
import { describe, expect, it } from 'vitest';
import type { Fetch } from '../../client-sdk/http.ts';
import type { Progress } from '../../client-sdk/progress.ts';
import { readRecent, type RecentLog } from '../../client-sdk/recent-log.ts';
import { Registry } from '../../client-sdk/registry.ts';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import { formatLogEntry, parseLogEntry } from '../../crypto/log-entry.ts';
import { formatMessage } from '../../crypto/message.ts';
import { rosterHash } from '../../crypto/roster.ts';
import { createProver, formatTilePath } from '../../crypto/tile.ts';
import { rosterReplySchema, type RosterReply } from '../../crypto/wire.ts';
import { activation, activations, addressOf, signersOf, worldOf, type AuditWorld } from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { createServedLog } from '../support/served-log.ts';
import { NOON } from '../support/small-roster.ts';

/** What `GET /v1/roster` answers of a log as it is now. */
async function rosterReply(world: AuditWorld): Promise<RosterReply> {
  const checkpoint = world.log.publish(world.now);
  const read = async (tile: Parameters<typeof formatTilePath>[0]) =>
    Promise.resolve(world.log.get(`log/${formatTilePath(tile)}`) as Uint8Array);
  const proof = await createProver(world.log.size, read).inclusion(0);
  const entry = formatLogEntry(world.rosterEntry());
  return { chain: [...world.chain], log: { checkpoint, logged: { index: 0, entry, proof } } };
}

interface Connected {
  readonly registry: Registry;
  /** Whatever is served at a path from now on, in the place of what the world serves. */
  readonly instead: Map<string, () => Uint8Array | null>;
  readonly read: string[];
}

/** A connection to the world as it is now. What it serves may change afterwards. */
async function connect(world: AuditWorld): Promise<Connected> {
  const instead = new Map<string, () => Uint8Array | null>();
  const read: string[] = [];
  const reply = JSON.stringify(formatMessage(rosterReplySchema, await rosterReply(world)));
  const inner = world.fetch(read);
  const fetch: Fetch = async (input, init) => {
    const path = new URL(addressOf(input)).pathname.slice(1);
    if (path === 'v1/roster') return new Response(reply);
    const made = instead.get(path);
    if (made === undefined) return inner(input, init);
    const bytes = made();
    return new Response(bytes as Uint8Array<ArrayBuffer> | null, { status: bytes === null ? 404 : 200 });
  };
  const registry = await Registry.connect('https://registry.example', {
    rosterFingerprint: rosterHash(world.chain[0]?.roster as Uint8Array),
    fetch,
    retry: { attempts: 1 },
    now: () => world.now,
  });
  return { registry, instead, read };
}

const indexesOf = ({ entries }: RecentLog): number[] => entries.map(({ index }) => index);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('the newest entries of a log', () => {
  it.each([
    [1, 100, 0],
    [300, 1, 299],
    [300, 100, 200],
    [600, 256, 344],
    [600, 600, 0],
  ])('of %i entries: %i of them verify', async (size, count, from) => {
    const world = worldOf(size);
    const { registry } = await connect(world);
    const progress: Progress[] = [];
    const recent = await readRecent(registry, { count, onProgress: (step) => progress.push(step) });
    expect(recent).toMatchObject({ origin: 'registry.example', size, from });
    expect(indexesOf(recent)).toEqual(range(from, size));
    expect(recent.entries.at(-1)?.entry.kind).toBe(size === 1 ? 'roster' : 'activation');
    expect([...recent.cosignedAt]).toEqual(['g1', 'g2', 'g3'].map((id) => [id, NOON]));
    expect(progress.at(-1)).toEqual({ phase: 'verify', done: size - from, total: size - from });
  });

  it('are read without the older ones', async () => {
    const { registry, read } = await connect(worldOf(600));
    await readRecent(registry, { count: 20 });
    expect(read.filter((path) => path.startsWith('log/tile/entries'))).toEqual(['log/tile/entries/002.p/88']);
  });

  it('are those of now, when the log has grown since', async () => {
    const world = worldOf(10);
    const { registry } = await connect(world);
    expect(await readRecent(registry, { count: 3 })).toMatchObject({ size: 10, from: 7 });
    world.append(...activations(300));
    world.log.publish(world.now);
    expect(await readRecent(registry, { count: 3 })).toMatchObject({ size: 310, from: 307 });
  });

  it('name the guardians that cosigned them in the last day, and no others', async () => {
    const world = worldOf(10);
    const { registry } = await connect(world);
    world.now += 20 * 3600;
    const [first, ...others] = signersOf(world.roster).witnesses;
    world.append(activation());
    world.log.publish(NOON - 3600 * 5, [first as (typeof others)[number]]);
    const old = world.log.get('log/checkpoint') as Uint8Array;
    world.log.publish(world.now, others);
    const line = new TextDecoder().decode(old).split('\n').at(-2) as string;
    const note = `${new TextDecoder().decode(world.log.get('log/checkpoint') ?? undefined)}${line}\n`;
    world.log.falsify('log/checkpoint', () => utf8ToBytes(note));
    const recent = await readRecent(registry, { count: 1 });
    expect([...recent.cosignedAt.keys()]).toEqual(['g2', 'g3']);
  });

  it('are not read on once it is cancelled', async () => {
    const { registry } = await connect(worldOf(600));
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    const reading = readRecent(registry, { count: 600, signal: controller.signal, onProgress });
    await expect(reading).rejects.toThrow(refusal('cancelled'));
  });
});

const flipped = (bytes: Uint8Array, at = 40): Uint8Array => bytes.with(at, (bytes[at] as number) ^ 1);

describe('is not taken:', () => {
  it.each(['tile/0/002.p/88', 'tile/1/000.p/2', 'tile/entries/002.p/88', 'tile/0/001', 'tile/entries/001'])(
    'an altered tile, which is named: %s',
    async (path) => {
      const world = worldOf(600);
      const { registry } = await connect(world);
      world.log.falsify(`log/${path}`, (honest) => flipped(honest));
      await expect(readRecent(registry, { count: 200 })).rejects.toThrow(refusal('badProof', path));
    },
  );

  it('a tile that is not served', async () => {
    const world = worldOf(300);
    const { registry } = await connect(world);
    world.log.falsify('log/tile/entries/001.p/44', () => null);
    await expect(readRecent(registry, { count: 10 })).rejects.toThrow(refusal('badReply', 'tile/entries/001.p/44'));
  });

  it('a checkpoint that the log did not sign', async () => {
    const world = worldOf(10);
    const { registry } = await connect(world);
    const other = createServedLog({
      ...signersOf(world.roster),
      key: signersOf(world.roster).witnesses[0]?.key as never,
    });
    other.append([formatLogEntry(activation())]);
    world.log.falsify('log/checkpoint', () => utf8ToBytes(other.publish(world.now)));
    await expect(readRecent(registry, { count: 10 })).rejects.toThrow(refusal('badCheckpoint'));
  });

  it('one that too few guardians cosigned, or a day ago', async () => {
    const world = worldOf(10);
    const { registry } = await connect(world);
    world.append(activation());
    world.log.publish(world.now, signersOf(world.roster).witnesses.slice(0, 1));
    await expect(readRecent(registry, { count: 10 })).rejects.toThrow(refusal('badCheckpoint'));
    world.log.publish(world.now);
    world.now += 25 * 3600;
    await expect(readRecent(registry, { count: 10 })).rejects.toThrow(refusal('badCheckpoint'));
  });

  it('a smaller log than was seen', async () => {
    const world = worldOf(10);
    const { registry } = await connect(world);
    const [before, now] = [worldOf(9), world.log];
    world.log = before.log;
    before.log.publish(world.now);
    await expect(readRecent(registry, { count: 10 })).rejects.toThrow(refusal('logBehind'));
    world.log = now;
    await expect(readRecent(registry, { count: 10 })).resolves.toMatchObject({ size: 10 });
  });

  it.each([10, 20])('another log of %i entries, whose beginning is not what was seen', async (size) => {
    const world = worldOf(10);
    const { registry } = await connect(world);
    world.log = worldOf(size).log;
    world.log.publish(world.now);
    await expect(readRecent(registry, { count: 5 })).rejects.toThrow(refusal('logForked'));
  });

  it('an entry that is none', async () => {
    const world = worldOf(10);
    const { registry } = await connect(world);
    world.append(utf8ToBytes('no entry'));
    world.log.publish(world.now);
    await expect(readRecent(registry, { count: 5 })).rejects.toThrow(refusal('notLogged', 'log'));
    world.append(activation());
    world.log.publish(world.now);
    const { entries } = await readRecent(registry, { count: 1 });
    expect(entries.map(({ entry }) => parseLogEntry(formatLogEntry(entry)))).toEqual(entries.map(({ entry }) => entry));
  });
});
