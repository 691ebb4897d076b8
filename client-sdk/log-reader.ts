/**
 * Reads a registry's log (C2SP tlog-tiles): its checkpoint, and, once a checkpoint is believed, every tile and entry under it,
 * each verified against the checkpoint's root before it is given out.
 */
import { concatBytes, equalBytes, parseUtf8 } from '../crypto/bytes.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { HASH_LENGTH, leafHash, type TreeHead } from '../crypto/merkle.ts';
import {
  createProver,
  formatTilePath,
  parseBundle,
  type Prover,
  readRoot,
  TILE_WIDTH,
  tileHash,
  type TilePath,
  type TilePosition,
  tilesOfSize,
} from '../crypto/tile.ts';
import { checkAddress, type Fetch, JsonClient, type RetryPolicy } from './http.ts';
import { mapInOrder } from './progress.ts';

/** Bundles and tiles that are read at once. */
const PARALLEL_READS = 8;

/** Tiles above level 0 that are kept: their children are read one after the other. */
const KEPT_TILES = 16;

/** Reads what a log serves, as it comes: nothing is verified but its form. */
export interface LogReader {
  /** The bytes at a path below the log's address, such as `tile/0/000`; null where there is nothing. */
  readonly raw: (path: string) => Promise<Uint8Array | null>;
  /**
   * The latest checkpoint's note.
   *
   * @throws BlindmarkError those of {@link JsonClient.get}; `badReply` where there is none
   */
  readonly checkpoint: () => Promise<string>;
  /**
   * The hashes of a tile. Where the log no longer serves a partial tile, they are taken from the full one.
   *
   * @throws BlindmarkError those of {@link JsonClient.get}; `badReply` with the tile's path as `field`
   */
  readonly tile: (tile: TilePosition) => Promise<Uint8Array>;
  /** The entries of a bundle; as {@link tile}. */
  readonly bundle: (bundle: { readonly index: number; readonly width: number }) => Promise<Uint8Array[]>;
}

export interface LogReaderOptions {
  /** In the place of `fetch` and `retry`. */
  readonly http?: JsonClient | undefined;
  readonly fetch?: Fetch | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly signal?: AbortSignal | undefined;
}

function notServed(path: string, reason: string): BlindmarkError {
  return new BlindmarkError('badReply', `The log does not serve ${path} as it should: ${reason}`, { field: path });
}

/**
 * A reader of the log of the registry at `url`.
 *
 * @throws BlindmarkError `badInput` for an address without https
 */
export function createLogReader(url: string, options: LogReaderOptions = {}): LogReader {
  const { fetch, retry, signal } = options;
  const prefix = `${checkAddress(url)}/log`;
  const http = options.http ?? new JsonClient({ fetch, retry });
  const raw = async (path: string) => http.get(`${prefix}/${path}`, signal);

  /** What is served at a path, or at the path of the full tile where a partial one is gone; `parse` gives `width` things. */
  async function read<T>(path: TilePath, parse: (bytes: Uint8Array, width: number) => T[]): Promise<T[]> {
    for (const width of path.width === TILE_WIDTH ? [TILE_WIDTH] : [path.width, TILE_WIDTH]) {
      const text = formatTilePath({ ...path, width });
      const bytes = await raw(text);
      if (bytes === null) continue;
      try {
        return parse(bytes, width).slice(0, path.width);
      } catch (error) {
        if (isBlindmarkError(error, 'badInput')) throw notServed(text, error.message);
        throw error;
      }
    }
    throw notServed(formatTilePath(path), 'there is nothing');
  }

  return {
    raw,
    checkpoint: async () => {
      const bytes = await raw('checkpoint');
      if (bytes === null) throw notServed('checkpoint', 'there is none');
      return parseUtf8('checkpoint', bytes);
    },
    tile: async (tile) => {
      const hashes = await read(tile, (bytes, width) => {
        if (bytes.length !== width * HASH_LENGTH) throw notServed(formatTilePath({ ...tile, width }), 'its length');
        return Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH));
      });
      return concatBytes(...hashes);
    },
    bundle: async ({ index, width }) => read({ level: 'entries', index, width }, parseBundle),
  };
}

function refuse(path: string, reason: string): BlindmarkError {
  return new BlindmarkError('badProof', `${path}: ${reason}`, { field: path });
}

/** Entries one behind the other, from index `first` on. */
export interface EntryRun {
  readonly first: number;
  readonly entries: readonly Uint8Array[];
}

/** The tree of one checkpoint. Whatever it gives is what the checkpoint's root stands for. */
export class VerifiedTree {
  readonly head: TreeHead;
  readonly #reader: LogReader;
  /** The partial tiles at the right edge, by level. */
  readonly #edge: ReadonlyMap<number, Uint8Array>;
  /** Full tiles above level 0 that were verified lately. */
  readonly #kept = new Map<string, Promise<Uint8Array>>();

  private constructor(reader: LogReader, head: TreeHead, edge: ReadonlyMap<number, Uint8Array>) {
    this.#reader = reader;
    this.head = head;
    this.#edge = edge;
  }

  /**
   * Reads the tiles at the tree's right edge, and verifies them against its root.
   *
   * @param head of a checkpoint that was verified
   * @throws BlindmarkError `badProof`, with the path of the wrong tile as `field`, or `checkpoint` where the whole tree is
   *   another one; those of {@link LogReader}
   */
  static async open(reader: LogReader, head: TreeHead): Promise<VerifiedTree> {
    const positions = tilesOfSize(head.size);
    const tiles = await Promise.all(positions.map(reader.tile));
    const edge = new Map(positions.map(({ level }, i) => [level, tiles[i] as Uint8Array]));
    if (equalBytes(await edgeRootOf(head.size, edge), head.root)) return new VerifiedTree(reader, head, edge);
    throw await findWrongEdge(reader, head, edge);
  }

  /** Hashes of a level in this tree. */
  #hashesOf(level: number): number {
    return Math.floor(this.head.size / TILE_WIDTH ** level);
  }

  /** The verified hashes of a tile, as many as there are in this tree. @throws BlindmarkError as {@link open} */
  async tile(level: number, index: number): Promise<Uint8Array> {
    if (index === Math.floor(this.#hashesOf(level) / TILE_WIDTH)) return this.#edge.get(level) ?? new Uint8Array(0);
    if (level === 0) return this.#readTile(level, index);
    const key = `${level}/${index}`;
    const kept = this.#kept.get(key) ?? this.#readTile(level, index);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_TILES) break;
      this.#kept.delete(oldest);
    }
    return kept;
  }

  async #readTile(level: number, index: number): Promise<Uint8Array> {
    const [parent, bytes] = await Promise.all([
      this.tile(level + 1, Math.floor(index / TILE_WIDTH)),
      this.#reader.tile({ level, index, width: TILE_WIDTH }),
    ]);
    const start = (index % TILE_WIDTH) * HASH_LENGTH;
    if (equalBytes(tileHash(bytes), parent.subarray(start, start + HASH_LENGTH))) return bytes;
    throw refuse(formatTilePath({ level, index, width: TILE_WIDTH }), 'it is not the tile of this tree');
  }

  /** Proofs of this tree, or of a smaller one that is its prefix. */
  prover(size = this.head.size): Prover {
    return createProver(size, async ({ level, index }) => this.tile(level, index));
  }

  /** The verified entries of one bundle. @throws BlindmarkError as {@link open} */
  async bundle(index: number): Promise<EntryRun> {
    const first = index * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, this.head.size - first);
    const [hashes, entries] = await Promise.all([this.tile(0, index), this.#reader.bundle({ index, width })]);
    for (const [i, entry] of entries.entries()) {
      if (equalBytes(leafHash(entry), hashes.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH))) continue;
      const path = formatTilePath({ level: 'entries', index, width });
      throw refuse(path, `entry ${first + i} is not the one that was logged`);
    }
    return { first, entries };
  }

  /** The verified entry at an index. @throws BlindmarkError as {@link open} */
  async entry(index: number): Promise<Uint8Array> {
    const { entries } = await this.bundle(Math.floor(index / TILE_WIDTH));
    return entries[index % TILE_WIDTH] as Uint8Array;
  }

  /**
   * All entries from index `from` on, verified, in order.
   *
   * @throws BlindmarkError as {@link open}; `cancelled`
   */
  async *entries(from: number, signal?: AbortSignal): AsyncGenerator<EntryRun, void, undefined> {
    const start = Math.floor(from / TILE_WIDTH);
    const bundles = Array.from({ length: Math.ceil(this.head.size / TILE_WIDTH) - start }, (_, i) => start + i);
    for await (const run of mapInOrder(bundles, PARALLEL_READS, async (index) => this.bundle(index), signal)) {
      const skipped = Math.max(0, from - run.first);
      yield skipped === 0 ? run : { first: from, entries: run.entries.slice(skipped) };
    }
  }
}

async function edgeRootOf(size: number, edge: ReadonlyMap<number, Uint8Array>): Promise<Uint8Array> {
  return readRoot(size, async ({ level }) => Promise.resolve(edge.get(level) as Uint8Array));
}

/** The hashes of a tile as the tiles below it, or the entries, make them. */
async function readBelow(reader: LogReader, { level, index, width }: TilePosition): Promise<Uint8Array> {
  if (level === 0) return concatBytes(...(await reader.bundle({ index, width })).map(leafHash));
  const hashes: Uint8Array[] = [];
  const children = Array.from({ length: width }, (_, i) => index * TILE_WIDTH + i);
  const read = async (child: number) => reader.tile({ level: level - 1, index: child, width: TILE_WIDTH });
  for await (const bytes of mapInOrder(children, PARALLEL_READS, read)) hashes.push(tileHash(bytes));
  return concatBytes(...hashes);
}

/**
 * The tiles at the right edge do not lead to the root. Says which one is wrong: the one with which they do once it is made
 * anew from what lies below it.
 */
async function findWrongEdge(
  reader: LogReader,
  { size, root }: TreeHead,
  edge: ReadonlyMap<number, Uint8Array>,
): Promise<BlindmarkError> {
  for (const position of tilesOfSize(size)) {
    const mended = new Map([...edge, [position.level, await readBelow(reader, position)] as const]);
    if (equalBytes(await edgeRootOf(size, mended), root)) {
      return refuse(formatTilePath(position), 'it is not the tile of this tree');
    }
  }
  return refuse('checkpoint', `the ${size} entries that the log serves have another root`);
}
