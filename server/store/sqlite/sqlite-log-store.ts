/** The log in the registry's SQLite file. */
import type { DatabaseSync } from 'node:sqlite';
import { checkBytes, equalBytes } from '../../../crypto/bytes.ts';
import type { CosignedNote, LogCommit, LogHead, LogRestart, LogStore, StoredLog, StoredTile } from '../log-store.ts';
import type { SqliteHandle } from './handle.ts';

/**
 * `log_tiles.id` is the level times 2^48 and the index. An entry's number is its place in the public log: here order of
 * arrival is what is published.
 *
 * Keys are hashes, so among a million each new one falls on a page of its own, and a batch of a thousand would write the most
 * of the table anew. New ones are therefore kept in `log_recent_keys`, and moved on from there in the order of the keys, many
 * to a page: `settled_keys` says how many are in `log_keys` by now. Measured, a batch of 1,000 at 10^6 entries: 266 us an entry
 * with one table, about 30 us with two.
 */
export const LOG_TABLES = `
    CREATE TABLE log_head (
      id INTEGER PRIMARY KEY CHECK (id = 0),
      generation INTEGER NOT NULL,
      size INTEGER NOT NULL,
      root BLOB NOT NULL,
      checkpoint TEXT NOT NULL,
      settled_keys INTEGER NOT NULL,
      cosigned_size INTEGER,
      cosigned TEXT
    ) STRICT;
    CREATE TABLE log_entries (id INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
    CREATE TABLE log_recent_keys (key BLOB PRIMARY KEY, entry INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE log_keys (key BLOB PRIMARY KEY, entry INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE log_tiles (id INTEGER PRIMARY KEY, tile BLOB NOT NULL) STRICT;
`;

interface HeadRow {
  readonly generation: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly checkpoint: string;
  readonly settled_keys: number;
  readonly cosigned_size: number | null;
  readonly cosigned: string | null;
}

/** Keys in `log_recent_keys`, above which they are moved on. */
const RECENT_KEYS = 16_384;

const FIRST_KEY = new Uint8Array(32);
const LAST_KEY = new Uint8Array(32).fill(255);

const LEVEL_FACTOR = 2 ** 48;

function tileId(level: number, index: number): number {
  return level * LEVEL_FACTOR + index;
}

/** Number of hashes at a level of a tree of this size that stand in tiles. */
function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / 256 ** level);
}

function prepare(db: DatabaseSync) {
  return {
    head: db.prepare('SELECT * FROM log_head'),
    setHead: db.prepare(
      `INSERT INTO log_head VALUES (0, ?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT (id) DO UPDATE SET
        generation = excluded.generation, size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint,
        settled_keys = excluded.settled_keys`,
    ),
    setCosigned: db.prepare(
      `UPDATE log_head SET cosigned_size = ?, cosigned = ?
        WHERE generation = ? AND (cosigned_size IS NULL OR cosigned_size <= ?)`,
    ),
    clearCosigned: db.prepare('UPDATE log_head SET cosigned_size = NULL, cosigned = NULL'),
    addEntry: db.prepare('INSERT INTO log_entries VALUES (?, ?)'),
    addKey: db.prepare('INSERT INTO log_recent_keys VALUES (?, ?)'),
    recentAfter: db.prepare('SELECT key FROM log_recent_keys WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?'),
    removeRecent: db.prepare('DELETE FROM log_recent_keys WHERE key BETWEEN ? AND ?'),
    settleKeys: db.prepare('INSERT INTO log_keys SELECT key, entry FROM log_recent_keys WHERE key BETWEEN ? AND ?'),
    countSettled: db.prepare('SELECT count(*) AS count FROM log_keys'),
    setTile: db.prepare('INSERT INTO log_tiles VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET tile = excluded.tile'),
    tile: db.prepare('SELECT tile FROM log_tiles WHERE id = ?'),
    entries: db.prepare('SELECT id, entry FROM log_entries WHERE id >= ? AND id < ? ORDER BY id'),
    recentKey: db.prepare('SELECT entry FROM log_recent_keys WHERE key = ?'),
    key: db.prepare('SELECT entry FROM log_keys WHERE key = ?'),
    cutEntries: db.prepare('DELETE FROM log_entries WHERE id >= ?'),
    cutRecentKeys: db.prepare('DELETE FROM log_recent_keys WHERE entry >= ?'),
    cutKeys: db.prepare('DELETE FROM log_keys WHERE entry >= ?'),
    cutTiles: db.prepare('DELETE FROM log_tiles WHERE id >= ? AND id < ?'),
  };
}

function isHead(stored: HeadRow | undefined, expected: LogHead | null): boolean {
  if (stored === undefined || expected === null) return stored === undefined && expected === null;
  const { generation, size, root } = stored;
  return generation === expected.generation && size === expected.size && equalBytes(root, expected.root);
}

/** {@link LogStore} in tables of a shared SQLite file. */
export class SqliteLogStore implements LogStore {
  readonly #handle: SqliteHandle;
  readonly #statements: ReturnType<typeof prepare>;
  /** Up to which key recent ones were moved on; the next are those from here. */
  #settledTo: Uint8Array = FIRST_KEY;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.#statements = prepare(handle.db);
  }

  async load(): Promise<StoredLog | null> {
    const row = this.#handle.group.read(() => this.#head());
    if (row === undefined) return null;
    const { generation, size, root, checkpoint, cosigned_size: cosignedSize, cosigned } = row;
    return {
      head: { generation, size, root, checkpoint },
      cosigned: cosignedSize === null || cosigned === null ? null : { size: cosignedSize, note: cosigned },
    };
  }

  async commit({ expected, head, entries, tiles }: LogCommit): Promise<'committed' | 'conflict'> {
    return this.#handle.group.run(() => {
      const stored = this.#head();
      if (!isHead(stored, expected)) return 'conflict';
      const first = expected?.size ?? 0;
      for (const [i, { key, bytes }] of entries.entries()) {
        this.#statements.addEntry.run(first + i, bytes);
        this.#statements.addKey.run(checkBytes('key', key, 32), first + i);
      }
      this.#setTiles(tiles);
      this.#setHead(head, this.#settleKeys(head.size, stored?.settled_keys ?? 0, entries.length));
      return 'committed';
    });
  }

  async restart({ expected, head, tiles }: LogRestart): Promise<'committed' | 'conflict'> {
    return this.#handle.group.run(() => {
      if (!isHead(this.#head(), expected)) return 'conflict';
      this.#statements.cutEntries.run(head.size);
      this.#statements.cutRecentKeys.run(head.size);
      this.#statements.cutKeys.run(head.size);
      for (let level = 0; level < 8; level++) {
        const full = Math.floor(hashesAtLevel(level, head.size) / 256);
        this.#statements.cutTiles.run(tileId(level, full), tileId(level + 1, 0));
      }
      this.#setTiles(tiles);
      this.#setHead(head, (this.#statements.countSettled.get() as { count: number }).count);
      this.#statements.clearCosigned.run();
      return 'committed';
    });
  }

  async saveCosigned(generation: number, { size, note }: CosignedNote): Promise<void> {
    await this.#handle.group.run(() => this.#statements.setCosigned.run(size, note, generation, size));
  }

  async readTile(level: number, index: number): Promise<Uint8Array | null> {
    return this.#handle.group.read(() => {
      const row = this.#statements.tile.get(tileId(level, index)) as { tile: Uint8Array } | undefined;
      return row?.tile ?? null;
    });
  }

  async readEntries(first: number, count: number): Promise<Uint8Array[]> {
    return this.#handle.group.read(() => {
      const rows = this.#statements.entries.all(first, first + count) as unknown as { id: number; entry: Uint8Array }[];
      // A gap would be damage: what is behind it is not what was asked for.
      const gap = rows.findIndex(({ id }, i) => id !== first + i);
      return (gap === -1 ? rows : rows.slice(0, gap)).map(({ entry }) => entry);
    });
  }

  async findKeys(keys: readonly Uint8Array[]): Promise<(number | null)[]> {
    return this.#handle.group.read(() =>
      keys.map((key) => {
        const row = this.#statements.recentKey.get(checkBytes('key', key, 32)) ?? this.#statements.key.get(key);
        return (row as { entry: number } | undefined)?.entry ?? null;
      }),
    );
  }

  #head(): HeadRow | undefined {
    return this.#statements.head.get() as unknown as HeadRow | undefined;
  }

  /**
   * Moves recent keys on if there are too many: twice as many as were added, in the order of the keys.
   *
   * @returns how many are settled now
   */
  #settleKeys(total: number, settled: number, added: number): number {
    if (total - settled <= RECENT_KEYS) return settled;
    const last = this.#statements.recentAfter.get(this.#settledTo, 2 * added) as { key: Uint8Array } | undefined;
    // Behind the last key it begins again with the first.
    const to = last?.key ?? LAST_KEY;
    const { changes } = this.#statements.settleKeys.run(this.#settledTo, to);
    this.#statements.removeRecent.run(this.#settledTo, to);
    this.#settledTo = last?.key ?? FIRST_KEY;
    return settled + Number(changes);
  }

  #setHead({ generation, size, root, checkpoint }: LogHead, settled: number): void {
    this.#statements.setHead.run(generation, size, checkBytes('root', root, 32), checkpoint, settled);
  }

  #setTiles(tiles: readonly StoredTile[]): void {
    for (const { level, index, bytes } of tiles) this.#statements.setTile.run(tileId(level, index), bytes);
  }
}
