import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../../crypto/merkle.ts';
import {
  createProver,
  formatBundle,
  formatTilePath,
  parseBundle,
  parseTilePath,
  proveConsistency,
  proveInclusion,
  readRoot,
  tileHash,
  type TilePosition,
  type TileReader,
  tilesOfSize,
} from '../../crypto/tile.ts';
import { naiveConsistency, naiveInclusion, naiveRoot } from '../support/naive-tree.ts';
import { refusal } from '../support/refusal.ts';

const entries = Array.from({ length: 600 }, (_, i) => utf8ToBytes(`entry ${i}`));

/** Tiles straight from C2SP's definition: hash i of tile n at level l is the root of 256^l entries. */
function naiveTiles(size: number): TileReader {
  return ({ level, index, width }) => {
    const span = 256 ** level;
    const hashes = Array.from({ length: width }, (_, i) => {
      const start = (index * 256 + i) * span;
      if (start + span > size) throw new Error(`a hash beyond ${size} entries was asked for`);
      return naiveRoot(entries.slice(start, start + span));
    });
    return Promise.resolve(concatBytes(...hashes));
  };
}

describe('paths (C2SP tlog-tiles)', () => {
  it.each([
    // The specification's own: index 1234067 is x001/x234/067.
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 'entries', index: 0, width: 256 }, 'tile/entries/000'],
    [{ level: 63, index: 999, width: 1 }, 'tile/63/999.p/1'],
    [{ level: 'entries', index: 1000, width: 255 }, 'tile/entries/x001/000.p/255'],
    [{ level: 0, index: 2 ** 53 - 1, width: 256 }, 'tile/0/x009/x007/x199/x254/x740/991'],
  ] as const)('writes and reads %o', (path, text) => {
    expect(formatTilePath(path)).toBe(text);
    expect(parseTilePath(text)).toEqual(path);
  });

  it('reads back whatever it writes', () => {
    const level = fc.oneof(fc.nat(63), fc.constant('entries' as const));
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (tileLevel, index, width) => {
        const path = { level: tileLevel, index, width };
        expect(parseTilePath(formatTilePath(path))).toEqual(path);
      }),
    );
  });

  it.each([
    '',
    '/tile/0/000',
    'tile/0/000/',
    'tile/64/000',
    'tile/00/000',
    'tile/-1/000',
    'tile/entry/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/000',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x001/x000/x000/x000/x000/x000/000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/',
    'tile/0/000\n',
    'tile/0/٠٠٠',
  ])('refuses %j', (text) => {
    expect(() => parseTilePath(text)).toThrow(refusal('badInput', 'path'));
  });
});

describe('bundles', () => {
  it('hold entries in order, each behind its length', () => {
    const bundle = formatBundle([utf8ToBytes('ab'), new Uint8Array(0), utf8ToBytes('c')]);
    expect([...bundle]).toEqual([0, 2, 97, 98, 0, 0, 0, 1, 99]);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 256 }), (items) => {
        expect(parseBundle(formatBundle(items), items.length)).toEqual(items);
      }),
    );
  });

  it('take an entry of 65,535 bytes, and none above', () => {
    const longest = new Uint8Array(65_535).fill(1);
    expect(parseBundle(formatBundle([longest]), 1)).toEqual([longest]);
    expect(() => formatBundle([new Uint8Array(65_536)])).toThrow(refusal('badInput', 'entry'));
  });

  it.each([
    ['ends within a length', Uint8Array.of(0, 1, 7, 0), 2],
    ['ends within one', Uint8Array.of(0, 1, 7, 0, 2, 1), 2],
    ['3 entries', Uint8Array.of(0, 1, 7, 0, 0), 3],
    ['1 entries', Uint8Array.of(0, 1, 7, 0, 0), 1],
    ['1 entries', new Uint8Array(0), 1],
  ])('are refused: %s', (reason, bytes, width) => {
    expect(() => parseBundle(bytes, width)).toThrow(reason);
    expect(() => parseBundle(bytes, width)).toThrow(refusal('badInput', 'bundle'));
  });
});

describe('tile arithmetic', () => {
  it('is that of C2SP’s example: 70,000 entries', () => {
    // 273 full level 0 tiles, a partial one of 112; one full level 1 tile, a partial one of 17; a level 2 tile of 1.
    expect(tilesOfSize(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
  });

  it.each<[number, TilePosition[]]>([
    [0, []],
    [1, [{ level: 0, index: 0, width: 1 }]],
    [255, [{ level: 0, index: 0, width: 255 }]],
    [256, [{ level: 1, index: 0, width: 1 }]],
    [
      257,
      [
        { level: 0, index: 1, width: 1 },
        { level: 1, index: 0, width: 1 },
      ],
    ],
    [
      65_535,
      [
        { level: 0, index: 255, width: 255 },
        { level: 1, index: 0, width: 255 },
      ],
    ],
    [65_536, [{ level: 2, index: 0, width: 1 }]],
    [
      65_537,
      [
        { level: 0, index: 256, width: 1 },
        { level: 2, index: 0, width: 1 },
      ],
    ],
    [
      2 ** 53 - 1,
      Array.from({ length: 7 }, (_, level) => {
        return { level, index: Math.max(0, 2 ** (45 - 8 * level) - 1), width: level === 6 ? 31 : 255 };
      }),
    ],
  ])('gives the right edge of %i entries', (size, tiles) => {
    expect(tilesOfSize(size)).toEqual(tiles);
  });

  it('asks for one tile a level, of the width that the size has', async () => {
    const asked: TilePosition[] = [];
    const read: TileReader = (tile) => {
      asked.push(tile);
      return Promise.resolve(new Uint8Array(tile.width * 32));
    };
    await readRoot(70_000, read);
    expect(asked.toSorted((a, b) => a.level - b.level)).toEqual(tilesOfSize(70_000));
    asked.length = 0;
    await proveInclusion(65_535, 70_000, read);
    expect(asked).toEqual(
      expect.arrayContaining([
        { level: 0, index: 255, width: 256 },
        { level: 1, index: 0, width: 256 },
        ...tilesOfSize(70_000).filter(({ level }) => level < 2),
      ]),
    );
    expect(asked).toHaveLength(4);
  });
});

describe('proofs from tiles', () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom(1, 2, 255, 256, 257, 511, 512, 513));
  const pairs = sizes.chain((size) => fc.tuple(fc.nat(size - 1), fc.constant(size)));

  it('give the naive tree’s root', async () => {
    for (const size of [0, 1, 2, 3, 127, 128, 255, 256, 257, 511, 512, 513, 600]) {
      expect(await readRoot(size, naiveTiles(size)), `${size} entries`).toEqual(naiveRoot(entries.slice(0, size)));
    }
  });

  it('give the naive tree’s audit paths', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ([index, size]) => {
        const proof = await proveInclusion(index, size, naiveTiles(size));
        expect(proof).toEqual(naiveInclusion(index, entries.slice(0, size)));
      }),
      { numRuns: 40 },
    );
  });

  it('give the naive tree’s consistency proofs', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ([first, size]) => {
        const proof = await proveConsistency(first + 1, size, naiveTiles(size));
        expect(proof).toEqual(naiveConsistency(first + 1, entries.slice(0, size)));
        expect(await proveConsistency(0, size, naiveTiles(size))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  describe('of large trees', () => {
    const size = 65_536 + 256 + 3;
    // Leaf hashes alone; inner levels by the definition.
    const levels: Uint8Array[][] = [];

    function foldTile(hashes: readonly Uint8Array[]): Uint8Array {
      let row = [...hashes];
      while (row.length > 1) {
        row = Array.from({ length: row.length / 2 }, (_, i) => {
          return nodeHash(row[2 * i] as Uint8Array, row[2 * i + 1] as Uint8Array);
        });
      }
      return row[0] as Uint8Array;
    }

    beforeAll(() => {
      let row = Array.from({ length: size }, (_, i) => leafHash(utf8ToBytes(`entry ${i}`)));
      while (row.length > 0) {
        levels.push(row);
        const below = row;
        row = Array.from({ length: Math.floor(below.length / 256) }, (_, i) => {
          return foldTile(below.slice(i * 256, (i + 1) * 256));
        });
      }
    });

    const read: TileReader = ({ level, index, width }) => {
      return Promise.resolve(concatBytes(...(levels[level] ?? []).slice(index * 256, index * 256 + width)));
    };

    it('verify at the edges of tiles', async () => {
      const edges = [1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537, 65_791, 65_792, 65_793, size];
      const roots = new Map<number, Uint8Array>();
      for (const edge of edges) roots.set(edge, await readRoot(edge, read));
      for (const edge of edges) {
        const prover = createProver(edge, read);
        const root = roots.get(edge) as Uint8Array;
        for (const other of edges.filter((value) => value <= edge)) {
          const proof = await prover.inclusion(other - 1);
          const leaf = levels[0]?.[other - 1] as Uint8Array;
          verifyInclusion({ index: other - 1, size: edge, leafHash: leaf, proof, root });
          const first = { size: other, root: roots.get(other) as Uint8Array };
          verifyConsistency({ first, second: { size: edge, root }, proof: await prover.consistency(other) });
        }
      }
    });
  });

  it('hash a full tile to the hash that stands in the tile above', async () => {
    const read = naiveTiles(512);
    const above = await read({ level: 1, index: 0, width: 2 });
    expect(tileHash(await read({ level: 0, index: 0, width: 256 }))).toEqual(above.slice(0, 32));
    expect(tileHash(await read({ level: 0, index: 1, width: 256 }))).toEqual(above.slice(32));
  });

  it('share what was read and hashed', async () => {
    let reads = 0;
    const tiles = naiveTiles(600);
    const prover = createProver(600, async (tile) => {
      reads += 1;
      return tiles(tile);
    });
    const proofs = await Promise.all(entries.map(async (_, index) => prover.inclusion(index)));
    expect(proofs[599]).toEqual(naiveInclusion(599, entries));
    expect(reads).toBe(4);
  });

  it('take a wider tile for a partial one, and count its first hashes alone', async () => {
    const wide: TileReader = async (tile) => naiveTiles(600)({ ...tile, width: tile.level === 0 ? 256 : tile.width });
    expect(await readRoot(200, wide)).toEqual(naiveRoot(entries.slice(0, 200)));
  });

  it('name a tile that is too short, and pass on what its reader throws', async () => {
    await expect(readRoot(200, () => Promise.resolve(new Uint8Array(199 * 32)))).rejects.toThrow(
      refusal('badInput', 'tile/0/000.p/200'),
    );
    await expect(readRoot(200, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  });

  it('are refused beyond the tree', async () => {
    const read = naiveTiles(10);
    await expect(proveInclusion(10, 10, read)).rejects.toThrow(refusal('badInput', 'index'));
    await expect(proveInclusion(-1, 10, read)).rejects.toThrow(refusal('badInput', 'index'));
    await expect(proveConsistency(11, 10, read)).rejects.toThrow(refusal('badInput', 'first'));
    await expect(proveConsistency(0.5, 10, read)).rejects.toThrow(refusal('badInput', 'first'));
    expect(() => createProver(-1, read)).toThrow(refusal('badInput', 'size'));
    expect(() => createProver(2 ** 53, read)).toThrow(refusal('badInput', 'size'));
  });
});
