/** What every storage engine of the log must do: one suite, run unchanged on each. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { leafHash } from '../../../crypto/merkle.ts';
import { appendLeaves, edgeRoot, EMPTY_EDGE, type TreeEdge } from '../../../crypto/tree-edge.ts';
import type { LogCommit, LogHead, LogStore, NewEntry } from '../../../server/store/log-store.ts';
import { refusal } from '../../support/refusal.ts';
import { namedBytes } from '../../support/rows.ts';

/** Where one test keeps its data: an empty file, or an empty database of a cluster. */
export interface LogPlace {
  /** Opens the store; again after it was closed. */
  readonly open: () => Promise<{ readonly store: LogStore; readonly close: () => Promise<void> }>;
  readonly destroy: () => Promise<void>;
}

const entry = (name: string): NewEntry => ({ key: namedBytes(`key ${name}`), bytes: namedBytes(`entry ${name}`) });
const entriesFrom = (first: number, count: number): NewEntry[] =>
  Array.from({ length: count }, (_, i) => entry(String(first + i)));

interface Grown {
  readonly commit: LogCommit;
  readonly edge: TreeEdge;
}

/** The commit that adds so many entries to a log. What a note says is nothing to a store. */
function grow(edge: TreeEdge, expected: LogHead | null, count: number): Grown {
  const entries = entriesFrom(edge.size, count);
  const grown = appendLeaves(
    edge,
    entries.map(({ bytes }) => leafHash(bytes)),
  );
  const { size } = grown.edge;
  const head: LogHead = { generation: 1, size, root: edgeRoot(grown.edge), checkpoint: `checkpoint ${size}\n` };
  return { commit: { expected, head, entries, tiles: grown.tiles }, edge: grown.edge };
}

/** Runs the suite on an engine. */
export function describeLogStore(engine: string, createPlace: () => Promise<LogPlace>): void {
  describe(`log store: ${engine}`, () => {
    let place: LogPlace;
    let store: LogStore;
    let close: () => Promise<void>;

    const open = async (): Promise<void> => {
      ({ store, close } = await place.open());
    };
    const reopen = async (): Promise<void> => {
      await close();
      await open();
    };

    beforeEach(async () => {
      place = await createPlace();
      await open();
    });

    afterEach(async () => {
      await close();
      await place.destroy();
    });

    /** Commits batches of these sizes, one after the other. */
    async function fill(...counts: number[]): Promise<{ head: LogHead; edge: TreeEdge }> {
      let [edge, head] = [EMPTY_EDGE, null as LogHead | null];
      for (const count of counts) {
        const grown = grow(edge, head, count);
        expect(await store.commit(grown.commit)).toBe('committed');
        ({ edge } = grown);
        ({ head } = grown.commit);
      }
      return { head: head as LogHead, edge };
    }

    /** Everything that is in the store, as far as a log of `size` entries can reach. */
    async function dump(size: number): Promise<unknown[]> {
      const tiles: unknown[] = [];
      for (const level of [0, 1, 2]) {
        for (let index = 0; index <= size / 256 ** (level + 1) + 1; index++)
          tiles.push(await store.readTile(level, index));
      }
      const keys = entriesFrom(0, size + 2).map(({ key }) => key);
      return [await store.load(), await store.readEntries(0, size + 10), await store.findKeys(keys), tiles];
    }

    describe('commit', () => {
      it('begins with nothing', async () => {
        expect(await store.load()).toBeNull();
        expect(await store.readEntries(0, 10)).toEqual([]);
        expect(await store.readTile(0, 0)).toBeNull();
        expect(await store.findKeys([randomBytes(32)])).toEqual([null]);
      });

      it('stores head, entries, keys and tiles, and has them after it is opened again', async () => {
        const { head } = await fill(0, 3, 300, 1);
        for (let turn = 0; turn < 2; turn++) {
          expect(await store.load()).toEqual({ head, cosigned: null });
          const entries = entriesFrom(0, 304);
          expect(await store.readEntries(0, 500)).toEqual(entries.map(({ bytes }) => bytes));
          expect(await store.readEntries(250, 10)).toEqual(entries.slice(250, 260).map(({ bytes }) => bytes));
          expect(await store.readEntries(303, 1)).toEqual([entries[303]?.bytes]);
          expect(await store.readEntries(304, 1)).toEqual([]);
          expect(await store.readEntries(5, 0)).toEqual([]);
          const keys = [entries[303], entries[0], entry('304'), entries[255]].map((each) => (each as NewEntry).key);
          expect(await store.findKeys(keys)).toEqual([303, 0, null, 255]);
          expect(await store.findKeys([])).toEqual([]);
          const leaves = Buffer.concat(entries.map(({ bytes }) => leafHash(bytes)));
          expect(Buffer.from((await store.readTile(0, 0)) as Uint8Array)).toEqual(leaves.subarray(0, 8192));
          expect(Buffer.from((await store.readTile(0, 1)) as Uint8Array)).toEqual(leaves.subarray(8192));
          expect(await store.readTile(1, 0)).toHaveLength(32);
          expect(await store.readTile(1, 1)).toBeNull();
          await reopen();
        }
      });

      it('stores nothing when the head is not the expected one', async () => {
        const { head, edge } = await fill(2, 3);
        const before = await dump(10);
        const { commit } = grow(edge, head, 2);
        const others: (LogHead | null)[] = [
          null,
          { ...head, size: 4 },
          { ...head, size: 6 },
          { ...head, root: randomBytes(32) },
          { ...head, generation: 2 },
        ];
        for (const expected of others) expect(await store.commit({ ...commit, expected })).toBe('conflict');
        expect(await dump(10)).toEqual(before);
        expect(await store.commit(commit)).toBe('committed');
        expect(await store.commit(commit)).toBe('conflict');
        expect((await store.load())?.head).toEqual(commit.head);
      });

      it('lets one of many at once through', async () => {
        const { head, edge } = await fill(1);
        const { commit } = grow(edge, head, 1);
        const commits = Array.from({ length: 8 }, (_, i) => ({
          ...commit,
          entries: [entry(`rival ${i}`)],
          head: { ...commit.head, checkpoint: `rival ${i}\n` },
        }));
        const results = await Promise.all(commits.map(async (rival) => store.commit(rival)));
        expect(results.filter((result) => result === 'committed')).toHaveLength(1);
        const winner = results.indexOf('committed');
        expect((await store.load())?.head.checkpoint).toBe(`rival ${winner}\n`);
        expect(await store.readEntries(1, 5)).toEqual([entry(`rival ${winner}`).bytes]);
        expect(await store.findKeys(commits.map(({ entries }) => (entries[0] as NewEntry).key))).toEqual(
          commits.map((_, i) => (i === winner ? 1 : null)),
        );
      });

      it('without entries confirms the head', async () => {
        const { head } = await fill(5);
        const before = await dump(5);
        expect(await store.commit({ expected: head, head, entries: [], tiles: [] })).toBe('committed');
        expect(await dump(5)).toEqual(before);
        const moved = { ...head, size: 4 };
        expect(await store.commit({ expected: moved, head: moved, entries: [], tiles: [] })).toBe('conflict');
      });

      it('stores nothing of what is malformed', async () => {
        const { head, edge } = await fill(5);
        const before = await dump(7);
        const { commit } = grow(edge, head, 2);
        const entries = [entry('5'), { ...entry('6'), key: new Uint8Array(31) }];
        await expect(store.commit({ ...commit, entries })).rejects.toThrow(refusal('badInput', 'key'));
        const short = { ...commit.head, root: new Uint8Array(31) };
        await expect(store.commit({ ...commit, head: short })).rejects.toThrow(refusal('badInput', 'root'));
        expect(await dump(7)).toEqual(before);
      });

      it('in whatever batches gives the same tree', async () => {
        const { edge } = grow(EMPTY_EDGE, null, 700);
        await fc.assert(
          fc.asyncProperty(fc.array(fc.nat(300), { minLength: 1, maxLength: 6 }), async (batches) => {
            const total = batches.reduce((sum, count) => sum + count, 0);
            await fill(...batches, Math.max(0, 700 - total));
            const size = Math.max(700, total);
            const expected = size === 700 ? edge : grow(EMPTY_EDGE, null, size).edge;
            expect((await store.load())?.head.root).toEqual(edgeRoot(expected));
            for (const [level, tile] of expected.partialTiles.entries()) {
              if (tile.length === 0) continue;
              expect(await store.readTile(level, Math.floor(size / 256 ** (level + 1)))).toEqual(tile);
            }
            await close();
            await place.destroy();
            place = await createPlace();
            await open();
          }),
          { numRuns: 8 },
        );
      });
    });

    describe('saveCosigned', () => {
      it('keeps the note of the largest size, and the last of one size', async () => {
        const { head } = await fill(5);
        await store.saveCosigned(1, { size: 3, note: 'three\n' });
        expect((await store.load())?.cosigned).toEqual({ size: 3, note: 'three\n' });
        await store.saveCosigned(1, { size: 5, note: 'five\n' });
        await store.saveCosigned(1, { size: 4, note: 'four\n' });
        expect((await store.load())?.cosigned).toEqual({ size: 5, note: 'five\n' });
        await store.saveCosigned(1, { size: 5, note: 'five again\n' });
        await reopen();
        expect(await store.load()).toEqual({ head, cosigned: { size: 5, note: 'five again\n' } });
      });

      it('outlasts commits, and is nothing to another generation', async () => {
        const { head, edge } = await fill(5);
        await store.saveCosigned(1, { size: 5, note: 'five\n' });
        await store.saveCosigned(2, { size: 6, note: 'six\n' });
        await store.saveCosigned(0, { size: 6, note: 'six\n' });
        const { commit } = grow(edge, head, 1);
        await store.commit(commit);
        expect(await store.load()).toEqual({ head: commit.head, cosigned: { size: 5, note: 'five\n' } });
      });

      it('before the first commit changes nothing', async () => {
        await store.saveCosigned(1, { size: 0, note: 'none\n' });
        expect(await store.load()).toBeNull();
      });
    });

    describe('restart', () => {
      it.each([0, 1, 255, 256, 257, 511, 512, 600])(
        'leaves the first %i entries of 600, and nothing else',
        async (size) => {
          const { head } = await fill(600);
          await store.saveCosigned(1, { size: 600, note: 'cosigned\n' });
          const { edge } = grow(EMPTY_EDGE, null, size);
          const tiles = edge.partialTiles.flatMap((bytes, level) =>
            bytes.length === 0 ? [] : [{ level, index: Math.floor(size / 256 ** (level + 1)), bytes }],
          );
          const next = { generation: 2, size, root: edgeRoot(edge), checkpoint: 'successor\n' };
          expect(await store.restart({ expected: { ...head, size: 599 }, head: next, tiles })).toBe('conflict');
          expect(await store.readEntries(0, 700)).toHaveLength(600);
          expect(await store.restart({ expected: head, head: next, tiles })).toBe('committed');
          expect(await store.restart({ expected: head, head: next, tiles })).toBe('conflict');
          await reopen();
          expect(await store.load()).toEqual({ head: next, cosigned: null });
          const restarted = await dump(600);

          // The same as a log that never was longer.
          await close();
          await place.destroy();
          place = await createPlace();
          await open();
          await fill(size);
          const [, entries, keys, alone] = await dump(600);
          expect(restarted.slice(1)).toEqual([entries, keys, alone]);
        },
      );

      it('can be grown again', async () => {
        const { head, edge } = await fill(300);
        const next = { ...head, generation: 2, checkpoint: 'successor\n' };
        const tiles = edge.partialTiles.map((bytes, level) => ({ level, index: level === 0 ? 1 : 0, bytes }));
        expect(await store.restart({ expected: head, head: next, tiles })).toBe('committed');
        const { commit } = grow(edge, next, 300);
        expect(await store.commit({ ...commit, head: { ...commit.head, generation: 2 } })).toBe('committed');
        expect(await store.findKeys([entry('0').key, entry('599').key])).toEqual([0, 599]);
      });
    });

    it('refuses everything once it is closed', async () => {
      const { head, edge } = await fill(3);
      await close();
      const { commit } = grow(edge, head, 1);
      const calls = [
        store.load(),
        store.commit(commit),
        store.saveCosigned(1, { size: 3, note: 'three\n' }),
        store.readTile(0, 0),
        store.readEntries(0, 1),
        store.findKeys([entry('0').key]),
      ];
      for (const call of calls) await expect(call).rejects.toThrow(refusal('storageFailed'));
      await open();
      expect((await store.load())?.head).toEqual(head);
    });
  });
}
