import * as fc from 'fast-check';
import supertest, { type Response } from 'supertest';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../../crypto/checkpoint.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '../../../crypto/merkle.ts';
import {
  createProver,
  formatTilePath,
  parseBundle,
  tilesOfSize,
  type TilePath,
  type TileReader,
} from '../../../crypto/tile.ts';
import { logRoutes } from '../../../server/log/routes.ts';
import { naiveConsistency, naiveInclusion, naiveRoot } from '../../support/naive-tree.ts';
import { namedRequest } from '../../support/log-request.ts';
import { createTestService } from '../../support/service.ts';
import { createLogWorld, type LogWorld, type OpenedLog } from './world.ts';

interface Served extends OpenedLog {
  readonly world: LogWorld;
  readonly get: (path: string) => Promise<Response>;
}

async function serve(size: number): Promise<Served> {
  const world = await createLogWorld({ guardians: 2 });
  if (size > 0) await world.preload(size);
  const opened = await world.open();
  await opened.log.append([]);
  const { app } = createTestService(logRoutes({ log: opened.log, store: opened.store }));
  // Supertest gives the body of what it does not know as bytes.
  const get = async (path: string): Promise<Response> => supertest(app).get(path).buffer(true);
  return { ...opened, world, get };
}

const entriesTo = (size: number): Uint8Array[] =>
  Array.from({ length: size }, (_, i) => namedRequest(`preloaded ${i}`).entry);

async function fetchTile({ get }: Served, tile: TilePath): Promise<Uint8Array> {
  const response = await get(`/log/${formatTilePath(tile)}`);
  expect(response.status).toBe(200);
  return Uint8Array.from(response.body as Buffer);
}

describe('GET /log/checkpoint', () => {
  it('shows the latest cosigned checkpoint, for a few seconds', async () => {
    const { log, world, get } = await serve(3);
    const response = await get('/log/checkpoint');
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(response.headers['cache-control']).toBe('public, max-age=5');
    expect(response.text).toBe(log.latest());
    expect(parseCheckpoint(response.text).checkpoint.size).toBe(3);
    await world.append(log, ['a']);
    expect(parseCheckpoint((await get('/log/checkpoint')).text).checkpoint.size).toBe(4);
  });

  it('says that guardians are missing before there is one', async () => {
    const world = await createLogWorld();
    for (const witness of world.witnesses) witness.behaviour = 'resetting';
    const { log, store } = await world.open();
    const { app } = createTestService(logRoutes({ log, store }));
    for (const path of ['/log/checkpoint', '/log/tile/0/000.p/1']) {
      const response = await supertest(app).get(path);
      expect(response.status).toBe(503);
      expect(JSON.parse(response.text)).toMatchObject({ code: 'guardiansUnavailable' });
      expect(response.headers['cache-control']).toBe('no-store');
    }
  });
});

describe('GET /log/tile', () => {
  it('serves tiles and bundles for ever, as wide as asked for', async () => {
    const served = await serve(600);
    const response = await served.get('/log/tile/0/001');
    expect(response.headers['content-type']).toBe('application/octet-stream');
    expect(response.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const leaves = entriesTo(600).map(leafHash);
    const wide = await fetchTile(served, { level: 0, index: 2, width: 88 });
    expect(Buffer.from(wide)).toEqual(Buffer.concat(leaves.slice(512)));
    expect(await fetchTile(served, { level: 0, index: 2, width: 5 })).toEqual(wide.slice(0, 160));
    expect(await fetchTile(served, { level: 1, index: 0, width: 2 })).toHaveLength(64);
    const bundle = await fetchTile(served, { level: 'entries', index: 2, width: 88 });
    expect(parseBundle(bundle, 88)).toEqual(entriesTo(600).slice(512));
    expect(parseBundle(await fetchTile(served, { level: 'entries', index: 0, width: 256 }), 256)).toEqual(
      entriesTo(256),
    );
  });

  it.each([
    '0/002',
    '0/002.p/89',
    '0/003.p/1',
    '1/000.p/3',
    '1/000',
    '2/000.p/1',
    'entries/002.p/89',
    'entries/002',
    '0/001.p/256',
    '0/001.p/0',
    '0/1',
    '00/001',
    '64/000',
    '-1/000',
    'entries',
    '',
    '0/../0/001',
    '0/001/',
    'x/001',
    '0/001.p/',
    '0/x000/001',
  ])('has nothing at %s', async (path) => {
    const { get } = await serve(600);
    const response = await get(`/log/tile/${path}`);
    expect([response.status, (JSON.parse(response.text) as { code: string }).code]).toEqual([404, 'unknownRoute']);
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('shows nothing that is not cosigned yet', async () => {
    const { world, log, get } = await serve(3);
    for (const witness of world.witnesses) witness.behaviour = 'resetting';
    await log.append([namedRequest('hidden')]).catch(() => {});
    for (const path of ['0/000.p/4', 'entries/000.p/4']) {
      expect((await get(`/log/tile/${path}`)).status).toBe(404);
    }
    expect((await get('/log/tile/0/000.p/3')).status).toBe(200);
    for (const witness of world.witnesses) witness.behaviour = 'honest';
    await log.append([]);
    expect((await get('/log/tile/entries/000.p/4')).status).toBe(200);
  });

  it('serves what gives the naive tree’s root and proofs, at any size that was published', async () => {
    const served = await serve(700);
    const entries = entriesTo(700);
    const read: TileReader = async (tile) => fetchTile(served, tile);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 700 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1))),
        async ([size, index]) => {
          const prover = createProver(size, read);
          const root = naiveRoot(entries.slice(0, size));
          expect(await prover.root()).toEqual(root);
          const proof = await prover.inclusion(index);
          expect(proof).toEqual(naiveInclusion(index, entries.slice(0, size)));
          verifyInclusion({ index, size, leafHash: leafHash(entries[index] as Uint8Array), proof, root });
          const first = index + 1;
          const consistency = await prover.consistency(first);
          expect(consistency).toEqual(naiveConsistency(first, entries.slice(0, size)));
          const before = { size: first, root: naiveRoot(entries.slice(0, first)) };
          verifyConsistency({ first: before, second: { size, root }, proof: consistency });
          for (const tile of tilesOfSize(size)) expect(await fetchTile(served, tile)).toHaveLength(tile.width * 32);
        },
      ),
      { numRuns: 40 },
    );
  });
});
