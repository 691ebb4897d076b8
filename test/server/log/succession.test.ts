/** Restored old databases, and successor logs (DESIGN 3.5). */
import { copyFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint, verifyCheckpoint } from '../../../crypto/checkpoint.ts';
import { leafHash, verifyInclusion, type TreeHead } from '../../../crypto/merkle.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { appendLeaves, edgeRoot, EMPTY_EDGE } from '../../../crypto/tree-edge.ts';
import { createFailingLogStore } from '../../support/failing-log-store.ts';
import { naiveRoot } from '../../support/naive-tree.ts';
import { namedRequest } from '../../support/log-request.ts';
import { refusal } from '../../support/refusal.ts';
import { startWitness, type TestWitness } from '../../support/witness.ts';
import { createLogWorld, eventually, type LogWorld, type OpenedLog } from './world.ts';

const headOf = (note: string | null): TreeHead => parseCheckpoint(note as string).checkpoint;

describe('a restored old database', () => {
  /** A log of three entries, whose file was copied when it had `copied`. */
  async function restore(copied: 1 | 2): Promise<{ world: LogWorld; old: string }> {
    const world = await createLogWorld();
    const names = ['a', 'b', 'c'];
    const before = await world.open();
    await world.append(before.log, names.slice(0, copied));
    await before.close();
    const old = `${world.file}.old`;
    copyFileSync(world.file, old);
    const after = await world.open();
    await world.append(after.log, names.slice(copied));
    await after.close();
    return { world, old };
  }

  it('signs nothing below a size that a guardian has cosigned, and says how a successor is made', async () => {
    const { world, old } = await restore(2);
    const { log } = await world.open({ file: old });
    for (const requests of [[namedRequest('d')], []]) {
      await expect(log.append(requests)).rejects.toThrow(refusal('logBehind'));
    }
    const obstacle = log.obstacle();
    expect(obstacle).toMatchObject({ code: 'logBehind', size: 3 });
    expect(obstacle?.message).toContain('has 2 entries');
    expect(obstacle?.remedy).toMatch(/generation is one higher.*starting at 2 entries.*\(3 entries\)/u);
    // What it had published before is still shown.
    expect(headOf(log.latest()).size).toBe(2);
  });

  it('does so if a single guardian knows better, however late it answers first', async () => {
    const { world, old } = await restore(1);
    const [first, second, third] = world.witnesses as [TestWitness, TestWitness, TestWitness];
    // Two guardians were restored too.
    const restored = await Promise.all(
      [first, second].map(async ({ id, name, key }) =>
        startWitness({ id, name, key, log: { origin: world.name, publicKey: world.key.publicKey } }),
      ),
    );
    third.behaviour = 'held';
    const { log } = await world.open({ file: old, witnesses: [...restored, third] });
    const refused = expect(log.append([namedRequest('d')])).rejects.toThrow(refusal('logBehind'));
    await eventually(() => {
      expect(restored.every(({ requests }) => requests.length === 2)).toBe(true);
    });
    third.behaviour = 'honest';
    third.release();
    await refused;
    expect(log.obstacle()).toMatchObject({ guardians: ['g3'] });
    await Promise.all(restored.map(async (witness) => witness.close()));
  });
});

describe('a successor log', () => {
  const successorKey = createSigningKey();
  const successorName = 'registry.test/log-2';

  /** The world's guardians under a roster of the next generation: they know the successor's start. */
  async function succeedingWitnesses(world: LogWorld): Promise<TestWitness[]> {
    return Promise.all(
      world.witnesses.map(async ({ id, name, key }) =>
        startWitness({ id, name, key, log: { origin: successorName, publicKey: successorKey.publicKey } }),
      ),
    );
  }

  async function openSuccessor(
    world: LogWorld,
    start: TreeHead,
    options: { wrap?: Parameters<LogWorld['open']>[0] } = {},
  ): Promise<OpenedLog & { witnesses: TestWitness[] }> {
    const witnesses = await succeedingWitnesses(world);
    const opened = await world.open({
      ...options.wrap,
      name: successorName,
      key: successorKey,
      generation: 2,
      start,
      witnesses,
    });
    return Object.assign(opened, { witnesses });
  }

  async function createFirst(names: readonly string[]): Promise<{ world: LogWorld; heads: TreeHead[] }> {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    const heads: TreeHead[] = [];
    for (const name of names) {
      await world.append(log, [name]);
      heads.push(headOf(log.latest()));
    }
    await close();
    return { world, heads };
  }

  it.each([1, 3, 4])('starts with the first %i of four entries, under its own name and key', async (size) => {
    const names = ['a', 'b', 'c', 'd'];
    const { world, heads } = await createFirst(names);
    const start = heads[size - 1] as TreeHead;
    const { log, store, close, witnesses } = await openSuccessor(world, start);
    const requests = [...names, 'e'].map(namedRequest);
    const result = await log.append(requests);
    const checkpoint = verifyCheckpoint(result.checkpoint, {
      origin: successorName,
      publicKey: successorKey.publicKey,
    });
    // What the old log held beyond the start has a new place, after it; what was before keeps its own.
    expect(result.entries.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    for (const [i, { index, entry, proof }] of result.entries.entries()) {
      expect(entry).toEqual(requests[i]?.entry);
      verifyInclusion({ ...checkpoint, index, leafHash: leafHash(entry), proof });
    }
    expect(naiveRoot(await store.readEntries(0, 10))).toEqual(checkpoint.root);
    await close();
    // And it goes on as any log does.
    const again = await world.open({ name: successorName, key: successorKey, generation: 2, start, witnesses });
    expect((await again.log.append([namedRequest('f')])).entries[0]?.index).toBe(5);
    await Promise.all(witnesses.map(async (witness) => witness.close()));
  });

  it.each([255, 256, 257, 65_536, 65_537])('cuts tiles at %i entries', async (size) => {
    const world = await createLogWorld();
    await world.preload(size + 300);
    const names = Array.from({ length: size }, (_, i) => `preloaded ${i}`);
    const leaves = [...names, 'new'].map((name) => leafHash(namedRequest(name).entry));
    const start = { size, root: edgeRoot(appendLeaves(EMPTY_EDGE, leaves.slice(0, size)).edge) };
    const { tiles } = appendLeaves(EMPTY_EDGE, leaves);
    const { log, store, close, witnesses } = await openSuccessor(world, start);
    expect((await log.append([namedRequest('new')])).entries[0]?.index).toBe(size);
    for (const { level, index, bytes } of tiles) expect(await store.readTile(level, index)).toEqual(bytes);
    for (const level of [0, 1, 2, 3]) {
      const last = Math.max(-1, ...tiles.filter((tile) => tile.level === level).map(({ index }) => index));
      expect(await store.readTile(level, last + 1)).toBeNull();
    }
    expect(await store.readEntries(size, 10)).toEqual([namedRequest('new').entry]);
    expect(await store.findKeys([namedRequest(`preloaded ${size}`).key])).toEqual([null]);
    await close();
    await Promise.all(witnesses.map(async (witness) => witness.close()));
  });

  it('is not begun where the database lacks what it starts with, or has it otherwise', async () => {
    const { world, heads } = await createFirst(['a', 'b']);
    const [first, second] = heads as [TreeHead, TreeHead];
    const start = { ...first, size: 3 };
    await expect(openSuccessor(world, start)).rejects.toThrow(refusal('badFile', 'log.start'));
    await expect(openSuccessor(world, { ...second, root: first.root })).rejects.toThrow(
      refusal('badFile', 'log.start'),
    );
    await expect(world.open({ name: successorName, key: successorKey, generation: 2, start: null })).rejects.toThrow(
      refusal('badFile', 'log.start'),
    );
    const empty = { file: `${world.file}.empty` };
    await expect(openSuccessor(world, first, { wrap: empty })).rejects.toThrow(refusal('badFile', 'log.start'));
    // Nothing was changed by any of it.
    const { log } = await world.open();
    expect(await world.append(log, ['c'])).toEqual([2]);
  });

  it('is not gone back on', async () => {
    const { world, heads } = await createFirst(['a', 'b']);
    const { close } = await openSuccessor(world, heads[1] as TreeHead);
    await close();
    await expect(world.open()).rejects.toThrow(refusal('badFile', 'log.generation'));
  });

  it.each(['failed', 'persisted'] as const)('begins once, also if that is broken: %s', async (failure) => {
    const { world, heads } = await createFirst(['a', 'b', 'c']);
    const start = heads[1] as TreeHead;
    const plan = (operation: string) => (operation === 'restart' ? failure : null);
    await expect(
      openSuccessor(world, start, { wrap: { wrap: (inner) => createFailingLogStore(inner, plan) } }),
    ).rejects.toThrow(refusal('storageFailed'));
    const { log } = await openSuccessor(world, start);
    const result = await log.append([namedRequest('c')]);
    expect(result.entries[0]?.index).toBe(2);
    expect(result.size).toBe(3);
  });
});

describe('another log’s database', () => {
  it('is not opened under this key or name', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    await world.append(log, ['a']);
    await close();
    await expect(world.open({ key: createSigningKey() })).rejects.toThrow(refusal('badFile', 'the checkpoint'));
    await expect(world.open({ name: 'another.test/log' })).rejects.toThrow(refusal('badFile', 'the checkpoint'));
  });
});
