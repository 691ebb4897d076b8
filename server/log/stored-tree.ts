/**
 * The log's tree as it lies in the store. It is checked when it is opened, before anything is signed: a small log wholly,
 * entry by entry, a large one at its right edge, from which all that is signed later grows.
 */
import { equalBytes } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { HASH_LENGTH, leafHash, nodeHash } from '../../crypto/merkle.ts';
import { formatTilePath, TILE_WIDTH, tilesOfSize, type TileReader } from '../../crypto/tile.ts';
import {
  appendLeaves,
  edgeRoot,
  EMPTY_EDGE,
  readEdge,
  type FilledTile,
  type TreeEdge,
} from '../../crypto/tree-edge.ts';
import type { LogHead, LogStore } from '../store/log-store.ts';

/** Entries up to which a log is checked wholly when it is opened: less than a second. */
export const WHOLLY_CHECKED = 65_536;

/** A {@link BlindmarkError} `badFile` that names the place of the damage. */
export function damagedLog(place: string, what: string): BlindmarkError {
  return new BlindmarkError('badFile', `The log's database is damaged: ${place} ${what}. Nothing was signed.`, {
    field: place,
    remedy:
      'Restore the newest undamaged copy of the database. If guardians have cosigned more than it holds, the registry then says how a successor log is made.',
  });
}

/** Reads tiles of a store. A tile that is missing or too short is damage. */
export function createTileReader(store: LogStore): TileReader {
  return async (tile) => {
    const bytes = await store.readTile(tile.level, tile.index);
    const isWhole = bytes !== null && bytes.length >= tile.width * HASH_LENGTH && bytes.length % HASH_LENGTH === 0;
    if (!isWhole) throw damagedLog(formatTilePath(tile), 'is missing or too short');
    return bytes;
  };
}

/** Entries that must be there. */
export async function readEntries(store: LogStore, first: number, count: number): Promise<Uint8Array[]> {
  const entries = await store.readEntries(first, count);
  if (entries.length < count) throw damagedLog(`entry ${first + entries.length}`, 'is missing');
  return entries;
}

/** Where the stored tile is not what it should be: the first hash that differs. -1: nowhere. */
async function findDifference(store: LogStore, { level, index, bytes }: FilledTile): Promise<number> {
  const stored = (await store.readTile(level, index)) ?? new Uint8Array();
  for (let at = 0; at < bytes.length; at += HASH_LENGTH) {
    if (!equalBytes(stored.subarray(at, at + HASH_LENGTH), bytes.subarray(at, at + HASH_LENGTH))) {
      return at / HASH_LENGTH;
    }
  }
  return -1;
}

/** A tile of the tree of `size` entries by its path. */
function formatTileOf(size: number, level: number, index: number): string {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return formatTilePath({ level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) });
}

/** The hash that stands for a full tile in the level above. */
function hashTile(tile: Uint8Array): Uint8Array {
  let hashes = Array.from({ length: TILE_WIDTH }, (_, i) => tile.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH));
  while (hashes.length > 1) {
    const below = hashes;
    hashes = below.flatMap((left, i) => (i % 2 === 0 ? [nodeHash(left, below[i + 1] as Uint8Array)] : []));
  }
  return hashes[0] as Uint8Array;
}

/** Rebuilds the tree from its entries. */
async function checkWhole(store: LogStore, head: LogHead): Promise<TreeEdge> {
  let edge = EMPTY_EDGE;
  let badTile: string | null = null;
  let badEntry: number | null = null;
  for (let first = 0; first < head.size; first += TILE_WIDTH) {
    const entries = await readEntries(store, first, Math.min(TILE_WIDTH, head.size - first));
    const grown = appendLeaves(edge, entries.map(leafHash));
    edge = grown.edge;
    for (const tile of grown.tiles) {
      const difference = await findDifference(store, tile);
      if (difference < 0) continue;
      badTile ??= formatTileOf(head.size, tile.level, tile.index);
      if (tile.level === 0) badEntry ??= first + difference;
    }
  }
  // The checkpoint is signed: it says which of two that differ is right.
  if (equalBytes(edgeRoot(edge), head.root)) {
    if (badTile !== null) throw damagedLog(badTile, 'does not hold the hashes of what is below it');
    return edge;
  }
  if (badEntry !== null) throw damagedLog(`entry ${badEntry}`, 'is not the one that was logged');
  throw damagedLog(badTile ?? 'the checkpoint', 'does not fit the entries');
}

/** The entries that are in no full bundle, against the partial tile of their hashes. */
async function checkLastBundle(store: LogStore, size: number, edge: TreeEdge): Promise<void> {
  const hashes = edge.partialTiles[0] ?? new Uint8Array();
  const first = size - hashes.length / HASH_LENGTH;
  for (const [i, entry] of (await readEntries(store, first, size - first)).entries()) {
    if (equalBytes(leafHash(entry), hashes.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH))) continue;
    const tile = formatTileOf(size, 0, Math.floor(size / TILE_WIDTH));
    throw damagedLog(`entry ${first + i}`, `does not have the hash that is in ${tile}`);
  }
}

/** Which tile of a right edge that leads to another root does not hold the hashes of the full tiles below it. */
async function findBadTile(head: LogHead, read: TileReader): Promise<string> {
  for (const tile of tilesOfSize(head.size).filter(({ level }) => level > 0)) {
    const stored = await read(tile);
    for (let i = 0; i < tile.width; i++) {
      const below = await read({ level: tile.level - 1, index: tile.index * TILE_WIDTH + i, width: TILE_WIDTH });
      const hash = stored.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH);
      if (!equalBytes(hashTile(below), hash)) return formatTilePath(tile);
    }
  }
  return 'the checkpoint';
}

async function checkEdge(store: LogStore, head: LogHead): Promise<TreeEdge> {
  const read = createTileReader(store);
  const edge = await readEdge(head.size, read);
  const isRight = equalBytes(edgeRoot(edge), head.root);
  await checkLastBundle(store, head.size, edge);
  if (isRight) return edge;
  throw damagedLog(await findBadTile(head, read), 'does not lead to the root of the checkpoint');
}

/**
 * Reads the right edge of the tree of `head`, and checks that it leads to its root.
 *
 * @param options.whole every entry and tile of a log of at most {@link WHOLLY_CHECKED} entries; default: the edge alone
 * @throws BlindmarkError `badFile` naming the tile or the entry at fault; `storageFailed`
 */
export async function readCheckedEdge(
  store: LogStore,
  head: LogHead,
  options: { readonly whole?: boolean } = {},
): Promise<TreeEdge> {
  return options.whole === true && head.size <= WHOLLY_CHECKED ? checkWhole(store, head) : checkEdge(store, head);
}
