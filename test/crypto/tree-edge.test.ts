import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import { EMPTY_ROOT, leafHash } from '../../crypto/merkle.ts';
import { readRoot, type TileReader, tilesOfSize } from '../../crypto/tile.ts';
import {
  appendLeaves,
  edgeRoot,
  EMPTY_EDGE,
  type FilledTile,
  readEdge,
  type TreeEdge,
} from '../../crypto/tree-edge.ts';
import { naiveRoot } from '../support/naive-tree.ts';
import { refusal } from '../support/refusal.ts';

const leaf = (i: number) => leafHash(utf8ToBytes(`entry ${i}`));
const leaves = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => leaf(from + i));

/** Tiles as a store keeps them: what grew replaces what was there. */
class TileStore {
  readonly tiles = new Map<string, Uint8Array>();

  save(changed: readonly FilledTile[]): void {
    for (const { level, index, bytes } of changed) {
      const old = this.tiles.get(`${level}/${index}`) ?? new Uint8Array(0);
      expect(bytes.length, 'a tile grows').toBeGreaterThan(old.length);
      expect(bytes.subarray(0, old.length), 'and keeps what it held').toEqual(old);
      this.tiles.set(`${level}/${index}`, bytes);
    }
  }

  readonly read: TileReader = ({ level, index }) => {
    const bytes = this.tiles.get(`${level}/${index}`);
    return bytes === undefined ? Promise.reject(new Error(`no tile ${level}/${index}`)) : Promise.resolve(bytes);
  };
}

describe('the edge of a tree', () => {
  it('starts empty', async () => {
    expect(edgeRoot(EMPTY_EDGE)).toEqual(EMPTY_ROOT);
    expect(await readEdge(0, () => Promise.reject(new Error('nothing is to be read')))).toEqual(EMPTY_EDGE);
    expect(appendLeaves(EMPTY_EDGE, [])).toEqual({ edge: EMPTY_EDGE, tiles: [] });
  });

  it('grows to the naive tree, in whatever batches, and is read back from its tiles', async () => {
    const batches = fc.array(fc.oneof(fc.nat(40), fc.constantFrom(1, 255, 256, 257)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(batches, async (counts) => {
        const store = new TileStore();
        let edge: TreeEdge = EMPTY_EDGE;
        for (const count of counts) {
          const grown = appendLeaves(edge, leaves(edge.size, edge.size + count));
          store.save(grown.tiles);
          ({ edge } = grown);
        }
        const entries = Array.from({ length: edge.size }, (_, i) => utf8ToBytes(`entry ${i}`));
        expect(edgeRoot(edge)).toEqual(naiveRoot(entries));
        expect(await readRoot(edge.size, store.read)).toEqual(naiveRoot(entries));
        const reread = await readEdge(edge.size, store.read);
        expect(reread.peaks).toEqual(edge.peaks);
        expect(edgeRoot(appendLeaves(reread, [leaf(edge.size)]).edge)).toEqual(
          edgeRoot(appendLeaves(edge, [leaf(edge.size)]).edge),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('gives the same tiles in one batch as one by one, at the edges of levels', async () => {
    const [single, whole] = [new TileStore(), new TileStore()];
    const size = 65_536 + 257;
    whole.save(appendLeaves(EMPTY_EDGE, leaves(0, size)).tiles);
    let edge: TreeEdge = EMPTY_EDGE;
    for (const count of [1, 254, 1, 1, 65_535 - 257, 1, 1, 255, 1]) {
      const grown = appendLeaves(edge, leaves(edge.size, edge.size + count));
      single.save(grown.tiles);
      ({ edge } = grown);
      for (const { level, index, width } of tilesOfSize(edge.size)) {
        expect(single.tiles.get(`${level}/${index}`)?.length, `size ${edge.size}`).toBe(width * 32);
      }
      expect(edgeRoot(edge)).toEqual(await readRoot(edge.size, single.read));
    }
    expect(edge.size).toBe(size);
    expect(single.tiles).toEqual(whole.tiles);
    expect(await readRoot(size, whole.read)).toEqual(edgeRoot(edge));
    expect([...whole.tiles.keys()].filter((key) => !key.startsWith('0/'))).toEqual(['1/0', '1/1', '2/0']);
  });

  it('leaves the edge that it grew from as it was', () => {
    const { edge } = appendLeaves(EMPTY_EDGE, leaves(0, 300));
    const before = structuredClone(edge);
    appendLeaves(edge, leaves(300, 600));
    expect(edge).toEqual(before);
  });

  it('refuses a tile that is too short', async () => {
    await expect(readEdge(3, () => Promise.resolve(new Uint8Array(64)))).rejects.toThrow(refusal('badInput'));
  });
});
