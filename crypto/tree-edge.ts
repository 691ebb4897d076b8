/** Growing a tree (RFC 6962, C2SP tlog-tiles): from its right edge alone, at one or two hashes an entry whatever its size. */
import { concatBytes } from './bytes.ts';
import { HASH_LENGTH, nodeHash } from './merkle.ts';
import { createProver, joinSubtrees, TILE_WIDTH, type TileReader, tilesOfSize } from './tile.ts';

/** What must be known of a tree to append to it. A value: appending makes another. */
export interface TreeEdge {
  readonly size: number;
  /** The complete subtrees' hashes, the largest first: one for each bit of `size`. */
  readonly peaks: readonly Uint8Array[];
  /** The partial tile of each level, of 0 to 255 hashes. */
  readonly partialTiles: readonly Uint8Array[];
}

/** A tile as far as it is filled: a partial one, or a full one of 8,192 bytes. */
export interface FilledTile {
  readonly level: number;
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** The edge of the tree with no entry. */
export const EMPTY_EDGE: TreeEdge = { size: 0, peaks: [], partialTiles: [] };

/**
 * The edge of the tree of `size` entries, from its tiles. Check {@link edgeRoot} against a checkpoint before you build on it.
 *
 * @throws BlindmarkError `badInput` for a tile that is too short
 */
export async function readEdge(size: number, read: TileReader): Promise<TreeEdge> {
  const partialTiles: Uint8Array[] = [];
  const positions = tilesOfSize(size);
  const bytes = await Promise.all(positions.map(read));
  for (const [i, { level, width }] of positions.entries()) {
    while (partialTiles.length < level) partialTiles.push(new Uint8Array(0));
    partialTiles.push((bytes[i] as Uint8Array).slice(0, width * HASH_LENGTH));
  }
  const prover = createProver(size, ({ level }) => Promise.resolve(partialTiles[level] as Uint8Array));
  return { size, peaks: await prover.peaks(), partialTiles };
}

/** The root hash of the tree. */
export function edgeRoot(edge: TreeEdge): Uint8Array {
  return joinSubtrees(edge.peaks);
}

/** One level's tiles while leaves are appended: the hashes since the last full tile, and the tiles that became full. */
interface GrowingLevel {
  hashes: Uint8Array[];
  width: number;
  full: Uint8Array[];
  changed: boolean;
}

/**
 * Appends entries to a tree.
 *
 * @param leafHashes {@link leafHash} of each new entry, in order
 * @returns the new edge, and each tile that changed, as far as it is filled now. A tile that became full is among them; an
 * empty one that follows it is not.
 */
export function appendLeaves(
  edge: TreeEdge,
  leafHashes: readonly Uint8Array[],
): { readonly edge: TreeEdge; readonly tiles: FilledTile[] } {
  const levels: GrowingLevel[] = edge.partialTiles.map((tile) => ({
    hashes: [tile],
    width: tile.length / HASH_LENGTH,
    full: [],
    changed: false,
  }));

  function addToTile(level: number, hash: Uint8Array): void {
    const growing = (levels[level] ??= { hashes: [], width: 0, full: [], changed: false });
    growing.hashes.push(hash);
    growing.width += 1;
    growing.changed = true;
    if (growing.width < TILE_WIDTH) return;
    growing.full.push(concatBytes(...growing.hashes));
    Object.assign(growing, { hashes: [], width: 0 });
  }

  const peaks = [...edge.peaks];
  let { size } = edge;
  for (const leaf of leafHashes) {
    let hash = leaf;
    addToTile(0, leaf);
    // A peak stands for each bit of the size; adding an entry carries like adding one. RFC 6962 section 2.1.
    for (let height = 1; size % 2 ** height >= 2 ** (height - 1); height += 1) {
      hash = nodeHash(peaks.pop() as Uint8Array, hash);
      // Every eighth level of the tree stands in tiles: the root of 256^L entries is a hash of level L.
      if (height % 8 === 0) addToTile(height / 8, hash);
    }
    peaks.push(hash);
    size += 1;
  }

  const tiles: FilledTile[] = [];
  const partialTiles: Uint8Array[] = [];
  for (const [level, { hashes, width, full, changed }] of levels.entries()) {
    const bytes = concatBytes(...hashes);
    partialTiles.push(bytes);
    const firstIndex = Math.floor(edge.size / 2 ** (8 * (level + 1)));
    for (const [i, tile] of full.entries()) tiles.push({ level, index: firstIndex + i, bytes: tile });
    if (changed && width > 0) tiles.push({ level, index: firstIndex + full.length, bytes });
  }
  return { edge: { size, peaks, partialTiles }, tiles };
}
