/** What a guardian has witnessed of the log, in `guardian.db`: heads with their cosignatures, and evidence against the log. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TreeHead } from '../../crypto/merkle.ts';

/** Heads that are kept of one log. */
export const KEPT_HEADS = 1000;

/** Unexplained checkpoints that are kept of one log: whoever can send any must not fill the disk. */
const KEPT_UNEXPLAINED = 100;

/** SQL of the witness's tables. `generation` is that of the log: nothing is forgotten when a successor takes its place. */
export const WITNESS_TABLES = `
  CREATE TABLE witnessed (
    generation INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    checkpoint TEXT NOT NULL,
    cosignature BLOB NOT NULL,
    observed_at INTEGER NOT NULL,
    PRIMARY KEY (generation, size)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE forks (
    generation INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    known TEXT NOT NULL,
    other TEXT NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE unexplained (
    id INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    checkpoint TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    UNIQUE (generation, checkpoint)
  ) STRICT;
`;

/** A head that this guardian has verified and cosigned. */
export interface WitnessedHead extends TreeHead {
  /** The checkpoint as the log signed it. */
  readonly checkpoint: string;
  /** 72 bytes. */
  readonly cosignature: Uint8Array;
  /** Epoch seconds of the first cosignature. */
  readonly observedAt: number;
}

/** Two checkpoints of one size, both signed by the log. */
export interface Fork {
  readonly size: number;
  /** What this guardian had verified, with its cosignature. */
  readonly known: string;
  readonly other: string;
  /** Epoch seconds. */
  readonly seenAt: number;
}

interface HeadRow {
  readonly size: number;
  readonly root: Uint8Array;
  readonly checkpoint: string;
  readonly cosignature: Uint8Array;
  readonly observed_at: number;
}

function parseRow(row: unknown): WitnessedHead | undefined {
  if (row === undefined) return undefined;
  const { observed_at: observedAt, ...head } = row as HeadRow;
  return { ...head, observedAt };
}

const HEAD = 'SELECT size, root, checkpoint, cosignature, observed_at FROM witnessed WHERE generation = ?';

function prepare(db: DatabaseSync) {
  return {
    find: db.prepare(`${HEAD} AND size = ?`),
    largest: db.prepare(`${HEAD} ORDER BY size DESC LIMIT 1`),
    nextLarger: db.prepare(`${HEAD} AND size > ? ORDER BY size LIMIT 1`),
    put: db.prepare(
      `INSERT INTO witnessed VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (generation, size) DO UPDATE SET cosignature = excluded.cosignature`,
    ),
    prune: db.prepare(
      `DELETE FROM witnessed WHERE generation = ? AND size <
        (SELECT size FROM witnessed WHERE generation = ? ORDER BY size DESC LIMIT 1 OFFSET ?)`,
    ),
    fork: db.prepare('SELECT size, known, other, seen_at AS seenAt FROM forks WHERE generation = ?'),
    setFork: db.prepare('INSERT OR IGNORE INTO forks VALUES (?, ?, ?, ?, ?)'),
    unexplained: db.prepare('SELECT checkpoint FROM unexplained WHERE generation = ? ORDER BY id'),
    addUnexplained: db.prepare('INSERT OR IGNORE INTO unexplained (generation, checkpoint, seen_at) VALUES (?, ?, ?)'),
    pruneUnexplained: db.prepare(
      `DELETE FROM unexplained WHERE generation = ? AND id <=
        (SELECT id FROM unexplained WHERE generation = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ),
  } satisfies Record<string, StatementSync>;
}

/** One generation of the log. Every method is synchronous; those that write run inside a transaction. */
export class WitnessStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #generation: number;

  constructor(db: DatabaseSync, generation: number) {
    this.#statements = prepare(db);
    this.#generation = generation;
  }

  find(size: number): WitnessedHead | undefined {
    return parseRow(this.#statements.find.get(this.#generation, size));
  }

  largest(): WitnessedHead | undefined {
    return parseRow(this.#statements.largest.get(this.#generation));
  }

  /** The smallest head above a size. */
  nextLarger(size: number): WitnessedHead | undefined {
    return parseRow(this.#statements.nextLarger.get(this.#generation, size));
  }

  /** Adds a head, or renews its cosignature; then keeps the largest {@link KEPT_HEADS} alone. */
  put({ size, root, checkpoint, cosignature, observedAt }: WitnessedHead): void {
    this.#statements.put.run(this.#generation, size, root, checkpoint, cosignature, observedAt);
    this.#statements.prune.run(this.#generation, this.#generation, KEPT_HEADS - 1);
  }

  fork(): Fork | undefined {
    return this.#statements.fork.get(this.#generation) as Fork | undefined;
  }

  /** Kept for ever; the first one counts. */
  setFork({ size, known, other, seenAt }: Fork): void {
    this.#statements.setFork.run(this.#generation, size, known, other, seenAt);
  }

  /** Checkpoints that the log signed and whose proof did not hold, oldest first. */
  unexplained(): string[] {
    return this.#statements.unexplained.all(this.#generation).map((row) => (row as { checkpoint: string }).checkpoint);
  }

  /** @returns whether it is a new one */
  addUnexplained(checkpoint: string, seenAt: number): boolean {
    const { changes } = this.#statements.addUnexplained.run(this.#generation, checkpoint, seenAt);
    if (changes === 0) return false;
    this.#statements.pruneUnexplained.run(this.#generation, this.#generation, KEPT_UNEXPLAINED);
    return true;
  }
}
