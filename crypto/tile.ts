/**
 * The log's tree as tiles (C2SP tlog-tiles): paths, entry bundles, and proofs read from tiles.
 *
 * A tile holds up to 256 hashes of one level; a hash of level L is the root of 256^L entries. The bytes of a partial tile are
 * a prefix of the full one's. {@link ./tree-edge.ts} grows a tree.
 */
import { concatBytes, formatUint } from './bytes.ts';
import { badInput } from './errors.ts';
import { EMPTY_ROOT, HASH_LENGTH, nodeHash } from './merkle.ts';

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256;

/** The longest entry that a bundle can hold, in bytes: its length is a 16-bit number. */
export const MAX_BUNDLED_ENTRY = 65_535;

const TILE_HEIGHT = 8;
const MAX_LEVEL = 63;

/** Where a tile of hashes stands. */
export interface TilePosition {
  /** 0 for leaf hashes; at most 63. */
  readonly level: number;
  /** From 0, within the level. */
  readonly index: number;
  /** Hashes in it, 1 to 256. */
  readonly width: number;
}

/** Where a tile or a bundle of entries stands. */
export interface TilePath {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/**
 * Reads the bytes of a tile. It may give a wider tile than asked for: only the first `width` hashes count. Throws where there
 * is none. What it gives is not trusted: roots and proofs are to be checked against a checkpoint.
 */
export type TileReader = (tile: TilePosition) => Promise<Uint8Array>;

/** `tile/<L>/<N>[.p/<W>]` (C2SP tlog-tiles): `tile/0/x001/x234/067`, with `.p/17` behind it for a width below 256. */
export function formatTilePath({ level, index, width }: TilePath): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/gu) ?? [];
  const elements = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`));
  return `tile/${level}/${elements.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const TILE_PATH = /^tile\/(?<level>entries|\d{1,2})\/(?<index>(?:x\d{3}\/){0,5}\d{3})(?:\.p\/(?<width>\d{1,3}))?$/u;

/**
 * Reads a tile's path, without a slash before it. Each tile has one spelling; others are refused.
 *
 * @throws BlindmarkError `badInput`
 */
export function parseTilePath(text: string): TilePath {
  const { level, index, width } = TILE_PATH.exec(text)?.groups ?? {};
  if (level === undefined || index === undefined) throw badInput('path', 'tile/<level>/<index>[.p/<width>]');
  const path: TilePath = {
    level: level === 'entries' ? level : Number(level),
    index: Number(index.replaceAll(/[x/]/gu, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (path.level !== 'entries' && path.level > MAX_LEVEL) throw badInput('path', 'a level of at most 63');
  if (!Number.isSafeInteger(path.index)) throw badInput('path', 'an index that can be counted with');
  if (width !== undefined && (path.width < 1 || path.width >= TILE_WIDTH))
    throw badInput('path', 'a width of 1 to 255');
  if (formatTilePath(path) !== text) throw badInput('path', 'no zeros in front of a number');
  return path;
}

/**
 * Entries one behind the other, each behind its length as a 16-bit number (C2SP tlog-tiles, Log entries).
 *
 * @throws BlindmarkError `badInput` for an entry above 65,535 bytes
 */
export function formatBundle(entries: readonly Uint8Array[]): Uint8Array {
  for (const entry of entries) if (entry.length > MAX_BUNDLED_ENTRY) throw badInput('entry', 'at most 65,535 bytes');
  return concatBytes(...entries.flatMap((entry) => [formatUint(entry.length, 2), entry]));
}

/**
 * The entries of a bundle.
 *
 * @param width how many it must hold, 1 to 256
 * @throws BlindmarkError `badInput` if it holds fewer or more, or ends within one
 */
export function parseBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + 2 > bytes.length) throw badInput('bundle', 'whole entries: it ends within a length');
    const length = (bytes[offset] as number) * 256 + (bytes[offset + 1] as number);
    offset += 2;
    if (offset + length > bytes.length) throw badInput('bundle', 'whole entries: it ends within one');
    entries.push(bytes.subarray(offset, offset + length));
    offset += length;
    if (entries.length > width) break;
  }
  if (entries.length !== width) throw badInput('bundle', `${width} entries`);
  return entries;
}

/** 256^level as a number. Powers of two divide exactly in floating point, so sizes up to 2^53 are counted rightly. */
function span(level: number): number {
  return 2 ** (TILE_HEIGHT * level);
}

/** Hashes of a level in a tree of `size` entries. */
function hashesOfLevel(size: number, level: number): number {
  return Math.floor(size / span(level));
}

/** The partial tiles at the right edge of a tree of `size` entries, from level 0 upwards. They alone give its root. */
export function tilesOfSize(size: number): TilePosition[] {
  const tiles: TilePosition[] = [];
  for (let level = 0; span(level) <= size; level += 1) {
    const hashes = hashesOfLevel(size, level);
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / TILE_WIDTH), width });
  }
  return tiles;
}

/** A complete subtree: 2^height entries from `index * 2^height` on. */
interface Subtree {
  readonly height: number;
  readonly index: number;
}

/** The complete subtrees that entries `from` to `to` fall into, from the left: one per bit where `from` is aligned. */
function subtreesOf(from: number, to: number): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let start = from; start < to;) {
    const height = Math.floor(Math.log2(to - start));
    // Math.log2 rounds; near 2^53 it may round up to the next power.
    const fitting = 2 ** height > to - start ? height - 1 : height;
    subtrees.push({ height: fitting, index: start / 2 ** fitting });
    start += 2 ** fitting;
  }
  return subtrees;
}

/** The largest power of two below `size` (RFC 6962 section 2.1's k), for sizes above 1. */
function splitOf(size: number): number {
  const [first, second] = subtreesOf(0, size);
  return second === undefined ? size / 2 : 2 ** (first as Subtree).height;
}

type Range = readonly [from: number, to: number];

/** The ranges whose hashes are the audit path PATH(index, D[from:to]) of RFC 6962 section 2.1.1, from the leaf upwards. */
function inclusionRanges(index: number, from: number, to: number): Range[] {
  if (to - from === 1) return [];
  const middle = from + splitOf(to - from);
  if (index < middle) return [...inclusionRanges(index, from, middle), [middle, to]];
  return [...inclusionRanges(index, middle, to), [from, middle]];
}

/** The ranges of SUBPROOF(first - from, D[from:to], whole) of RFC 6962 section 2.1.2. */
function consistencyRanges(first: number, from: number, to: number, whole: boolean): Range[] {
  if (first === to) return whole ? [] : [[from, to]];
  const middle = from + splitOf(to - from);
  if (first <= middle) return [...consistencyRanges(first, from, middle, whole), [middle, to]];
  return [...consistencyRanges(first, middle, to, false), [from, middle]];
}

/** The hash of a range from those of its complete subtrees (RFC 6962 section 2.1): the right ones are joined first. */
export function joinSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** Inner nodes of one tile, hashed when first asked for. */
function tileNodes(hashes: Uint8Array): (height: number, index: number) => Uint8Array {
  const known = new Map<number, Uint8Array>();
  return function node(height, index): Uint8Array {
    if (height === 0) return hashes.subarray(index * HASH_LENGTH, (index + 1) * HASH_LENGTH);
    const key = height * TILE_WIDTH + index;
    const hash = known.get(key) ?? nodeHash(node(height - 1, index * 2), node(height - 1, index * 2 + 1));
    known.set(key, hash);
    return hash;
  };
}

/** The hash of a full tile of 8,192 bytes: that of the subtree over it, which stands in the tile above. */
export function tileHash(bytes: Uint8Array): Uint8Array {
  return tileNodes(bytes)(TILE_HEIGHT, 0);
}

/** Proofs of one tree. */
export interface Prover {
  /** The root hash. */
  root: () => Promise<Uint8Array>;
  /** The hashes of the peaks: the complete subtrees at the right edge, the largest first. */
  peaks: () => Promise<Uint8Array[]>;
  /** The audit path of the entry at `index` (RFC 6962 section 2.1.1). */
  inclusion: (index: number) => Promise<Uint8Array[]>;
  /** The proof that the tree of `first` entries is a prefix of this one (RFC 6962 section 2.1.2). */
  consistency: (first: number) => Promise<Uint8Array[]>;
}

/**
 * Reads proofs of the tree of `size` entries. Each tile is read and hashed once for all proofs of this prover, so a thousand
 * proofs of one checkpoint belong into one.
 *
 * @throws BlindmarkError `badInput` for an index or size beyond the tree, or a tile that is too short
 */
export function createProver(size: number, read: TileReader): Prover {
  if (!Number.isSafeInteger(size) || size < 0) throw badInput('size', 'a whole number that can be counted with');
  const tiles = new Map<string, Promise<ReturnType<typeof tileNodes>>>();

  async function readTile(level: number, index: number): Promise<ReturnType<typeof tileNodes>> {
    const width = Math.min(TILE_WIDTH, hashesOfLevel(size, level) - index * TILE_WIDTH);
    const bytes = await read({ level, index, width });
    if (bytes.length < width * HASH_LENGTH) {
      throw badInput(formatTilePath({ level, index, width }), `at least ${width} hashes of 32 bytes`);
    }
    return tileNodes(bytes);
  }

  async function subtreeHash({ height, index }: Subtree): Promise<Uint8Array> {
    const level = Math.floor(height / TILE_HEIGHT);
    const heightInTile = height % TILE_HEIGHT;
    const nodesInTile = TILE_WIDTH / 2 ** heightInTile;
    const tileIndex = Math.floor(index / nodesInTile);
    const key = `${level}/${tileIndex}`;
    const tile = tiles.get(key) ?? readTile(level, tileIndex);
    tiles.set(key, tile);
    return (await tile)(heightInTile, index % nodesInTile);
  }

  const peaksOf = async ([from, to]: Range) => Promise.all(subtreesOf(from, to).map(subtreeHash));
  const rangeHash = async (range: Range) => joinSubtrees(await peaksOf(range));

  return {
    root: async () => rangeHash([0, size]),
    peaks: async () => peaksOf([0, size]),
    inclusion: async (index) => {
      if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw badInput('index', 'an entry of the tree');
      return Promise.all(inclusionRanges(index, 0, size).map(rangeHash));
    },
    consistency: async (first) => {
      if (!Number.isSafeInteger(first) || first < 0 || first > size) throw badInput('first', 'a size up to the tree’s');
      return first === 0 ? [] : Promise.all(consistencyRanges(first, 0, size, true).map(rangeHash));
    },
  };
}

/** The root hash of the tree of `size` entries, from the tiles at its right edge. */
export async function readRoot(size: number, read: TileReader): Promise<Uint8Array> {
  return createProver(size, read).root();
}

/** The audit path of the entry at `index` in the tree of `size` entries. For many of one tree use {@link createProver}. */
export async function proveInclusion(index: number, size: number, read: TileReader): Promise<Uint8Array[]> {
  return createProver(size, read).inclusion(index);
}

/** The proof that the tree of `first` entries is a prefix of that of `second`; empty for sizes 0 and equal ones. */
export async function proveConsistency(first: number, second: number, read: TileReader): Promise<Uint8Array[]> {
  return createProver(second, read).consistency(first);
}
