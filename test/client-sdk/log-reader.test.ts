import { describe, expect, it } from 'vitest';
import type { Fetch } from '../../client-sdk/http.ts';
import { createLogReader, VerifiedTree } from '../../client-sdk/log-reader.ts';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '../../crypto/merkle.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { addressOf } from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { createServedLog, type ServedLog } from '../support/served-log.ts';

const entry = (i: number) => utf8ToBytes(`entry ${i}`);

function createLog(size: number): ServedLog {
  const log = createServedLog({ name: 'registry.example/log', key: createSigningKey(), witnesses: [] });
  log.append(Array.from({ length: size }, (_, i) => entry(i)));
  return log;
}

/** A reader of a log in memory, and the paths that it reads. */
function readerOf(log: ServedLog, status = 404): { reader: ReturnType<typeof createLogReader>; read: string[] } {
  const read: string[] = [];
  const fetch: Fetch = async (input) => {
    const path = addressOf(input).slice('https://registry.example/'.length);
    read.push(path);
    const bytes = log.get(path) as Uint8Array<ArrayBuffer> | null;
    return Promise.resolve(new Response(bytes, { status: bytes === null ? status : 200 }));
  };
  return { reader: createLogReader('https://registry.example/', { fetch, retry: { attempts: 1 } }), read };
}

describe('what a log serves', () => {
  it('is read by its paths', async () => {
    const log = createLog(300);
    const note = log.publish(1);
    const { reader, read } = readerOf(log);
    expect(await reader.checkpoint()).toBe(note);
    expect(await reader.tile({ level: 0, index: 1, width: 44 })).toEqual(log.get('log/tile/0/001.p/44'));
    expect((await reader.bundle({ index: 1, width: 44 }))[43]).toEqual(entry(299));
    expect(await reader.raw('tile/1/000.p/1')).toEqual(log.get('log/tile/1/000.p/1'));
    expect(await reader.raw('tile/1/000.p/2')).toBeNull();
    expect(read).toEqual([
      'log/checkpoint',
      'log/tile/0/001.p/44',
      'log/tile/entries/001.p/44',
      'log/tile/1/000.p/1',
      'log/tile/1/000.p/2',
    ]);
  });

  it.each([404, 410])('is cut from the full tile where the partial one is gone (%i)', async (status) => {
    const log = createLog(512);
    for (const path of ['log/tile/0/001.p/44', 'log/tile/entries/001.p/44']) log.falsify(path, () => null);
    const { reader } = readerOf(log, status);
    const full = log.get('log/tile/0/001') as Uint8Array;
    expect(await reader.tile({ level: 0, index: 1, width: 44 })).toEqual(full.slice(0, 44 * 32));
    expect(await reader.bundle({ index: 1, width: 44 })).toEqual(Array.from({ length: 44 }, (_, i) => entry(256 + i)));
  });

  it('is refused by its path where it is missing or malformed', async () => {
    const log = createLog(300);
    const { reader } = readerOf(log);
    await expect(reader.checkpoint()).rejects.toThrow(refusal('badReply', 'checkpoint'));
    await expect(reader.tile({ level: 0, index: 2, width: 1 })).rejects.toThrow(refusal('badReply', 'tile/0/002.p/1'));
    log.falsify('log/tile/0/000', () => new Uint8Array(8191));
    log.falsify('log/tile/entries/000', () => new Uint8Array(3));
    await expect(reader.tile({ level: 0, index: 0, width: 256 })).rejects.toThrow(refusal('badReply', 'tile/0/000'));
    await expect(reader.bundle({ index: 0, width: 256 })).rejects.toThrow(refusal('badReply', 'tile/entries/000'));
  });

  it('is asked for again while the service cannot answer, and then refused as unavailable', async () => {
    const statuses = [503, 500, 200];
    const fetch: Fetch = async () => Promise.resolve(new Response('note', { status: statuses.shift() ?? 503 }));
    const retry = { attempts: 3, firstDelayMs: 1 };
    const reader = createLogReader('https://registry.example', { fetch, retry });
    expect(await reader.checkpoint()).toBe('note');
    await expect(reader.checkpoint()).rejects.toThrow(refusal('unavailable'));
  });

  it('is not read beyond what a reply may be', async () => {
    const fetch: Fetch = async () => Promise.resolve(new Response(new Uint8Array(8 * 1024 * 1024 + 1)));
    const reader = createLogReader('https://registry.example', { fetch, retry: { attempts: 1 } });
    await expect(reader.raw('tile/0/000')).rejects.toThrow(refusal('badReply'));
  });
});

describe('a verified tree', () => {
  it('gives entries from any index on, and reads each tile once', async () => {
    const log = createLog(1000);
    const { reader, read } = readerOf(log);
    const tree = await VerifiedTree.open(reader, log.head());
    const runs = [];
    for await (const run of tree.entries(300)) runs.push(run);
    expect(runs.map(({ first, entries }) => [first, entries.length])).toEqual([
      [300, 212],
      [512, 256],
      [768, 232],
    ]);
    expect(runs.flatMap(({ entries }) => entries)).toEqual(Array.from({ length: 700 }, (_, i) => entry(300 + i)));
    expect(new Set(read).size).toBe(read.length);
    expect(await tree.entry(299)).toEqual(entry(299));
  });

  it('gives proofs that verify, of itself and of its prefixes', async () => {
    const log = createLog(300);
    const first = log.head();
    log.append(Array.from({ length: 400 }, (_, i) => entry(300 + i)));
    const { size, root } = log.head();
    const tree = await VerifiedTree.open(readerOf(log).reader, { size, root });
    expect(await tree.prover(300).root()).toEqual(first.root);
    verifyConsistency({ first, second: { size, root }, proof: await tree.prover().consistency(300) });
    const proof = await tree.prover().inclusion(511);
    verifyInclusion({ index: 511, size, leafHash: leafHash(entry(511)), proof, root });
  });

  it('is the empty one too', async () => {
    const log = createLog(0);
    const { reader, read } = readerOf(log);
    const tree = await VerifiedTree.open(reader, log.head());
    expect(await tree.entries(0).next()).toEqual({ done: true, value: undefined });
    expect(read).toEqual([]);
  });

  it.each(['tile/0/258.p/32', 'tile/1/001.p/2', 'tile/2/000.p/1'])(
    'is not opened where %s, at its right edge, is false: which is named',
    async (path) => {
      const log = createLog(65_536 + 2 * 256 + 32);
      log.falsify(`log/${path}`, (honest) => honest.with(5, (honest[5] as number) ^ 4));
      await expect(VerifiedTree.open(readerOf(log).reader, log.head())).rejects.toThrow(refusal('badProof', path));
    },
  );

  it('names a full tile of a higher level that is false', async () => {
    const log = createLog(65_536 + 1);
    log.falsify('log/tile/1/000', (honest) => honest.with(40, (honest[40] as number) ^ 4));
    const tree = await VerifiedTree.open(readerOf(log).reader, log.head());
    await expect(tree.bundle(7)).rejects.toThrow(refusal('badProof', 'tile/1/000'));
  });
});
