/** Group commit: the writes of many requests share one transaction, and one wait for the disk. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BlindmarkError } from '../../crypto/errors.ts';
import { isFatalSqliteError, isSqliteError, storageFailed } from './database.ts';

/** Milliseconds after a commit until the write-ahead log is emptied. */
const CHECKPOINT_DELAY = 10_000;

/** Where tests break a commit: whatever a hook throws makes the batch fail at that point. */
export interface CommitHooks {
  /** Throws: nothing of the batch is stored. Runs inside the transaction. */
  readonly beforeCommit?: (db: DatabaseSync) => void;
  /** Throws: the batch is stored, and its callers hear that it failed. */
  readonly afterCommit?: () => void;
}

export interface GroupCommitOptions {
  /** Pieces of work in one transaction; default 128. */
  readonly maxBatch?: number;
  /** Pieces of work that wait; above it they are refused as `overloaded`; default 4,096. */
  readonly maxQueue?: number;
  readonly hooks?: CommitHooks;
}

interface Job {
  readonly work: (db: DatabaseSync) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one writer of a database. It owns the connection: reads may use it between batches, where no transaction is open.
 *
 * The write-ahead log holds recent pages as they were, in order of writing: which rows and nonces came in one batch, and
 * what was erased since. It is therefore emptied some seconds after a commit, and on closing.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #maxBatch: number;
  readonly #maxQueue: number;
  readonly #hooks: CommitHooks;
  readonly #statements: Record<'begin' | 'commit' | 'rollback' | 'save' | 'release' | 'undo', StatementSync>;
  #queue: Job[] = [];
  #isScheduled = false;
  #checkpointTimer: NodeJS.Timeout | undefined;
  /** Why nothing is written any more. */
  #refusal: BlindmarkError | null = null;

  constructor(db: DatabaseSync, options: GroupCommitOptions = {}) {
    this.#db = db;
    this.#maxBatch = options.maxBatch ?? 128;
    this.#maxQueue = options.maxQueue ?? 4_096;
    this.#hooks = options.hooks ?? {};
    this.#statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
      save: db.prepare('SAVEPOINT work'),
      release: db.prepare('RELEASE work'),
      undo: db.prepare('ROLLBACK TO work'),
    };
  }

  /**
   * Runs `work` inside a transaction that other work shares, in the order of the calls; each sees what those before it did.
   *
   * @param work synchronous; what it throws undoes its own writes alone
   * @returns what `work` returned, once it is on disk
   * @throws BlindmarkError `storageFailed` when the batch could not be written: none of it counts, though after a failing
   *   disk it may turn out to be stored. After an I/O error everything is refused until the file is opened anew, for what
   *   the operating system holds and what the disk holds may differ from then on. `overloaded` when too much waits.
   */
  run<T>(work: (db: DatabaseSync) => T): Promise<T> {
    if (this.#refusal !== null) return Promise.reject(this.#refusal);
    if (this.#queue.length >= this.#maxQueue) {
      return Promise.reject(
        new BlindmarkError('overloaded', 'Too many writes wait; nothing was changed', { retryAfter: 1 }),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /**
   * Runs `work` outside any transaction; it sees what is committed.
   *
   * @param work synchronous; reads alone
   * @throws BlindmarkError `storageFailed` when the file cannot be read, or is closed
   */
  read<T>(work: (db: DatabaseSync) => T): T {
    if (!this.#db.isOpen) throw storageFailed('The database is closed');
    try {
      return work(this.#db);
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      throw storageFailed('The database could not be read', error);
    }
  }

  /** Whether a write reaches the disk now. Never rejects. */
  async isReady(): Promise<boolean> {
    try {
      await this.run((db) => {
        const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
        // Writes the header again as it is: a commit of one page.
        db.exec(`PRAGMA user_version = ${version}`);
      });
      return true;
    } catch {
      return false;
    }
  }

  /** Writes at once what waits. */
  flush(): void {
    while (this.#queue.length > 0) this.#flushBatch();
  }

  /** Finishes what waits, empties the write-ahead log and closes the connection. Later work is refused. */
  close(): Promise<void> {
    if (!this.#db.isOpen) return Promise.resolve();
    this.flush();
    this.#refusal ??= storageFailed('The database is closed; nothing was changed');
    this.checkpoint();
    clearTimeout(this.#checkpointTimer);
    this.#db.close();
    return Promise.resolve();
  }

  /** Moves the write-ahead log into the database and empties it. Tried again later while another process reads, or after a
   * failure. */
  checkpoint(): void {
    clearTimeout(this.#checkpointTimer);
    this.#checkpointTimer = undefined;
    if (!this.#db.isOpen) return;
    try {
      if (!this.#emptyLog()) this.#scheduleCheckpoint();
    } catch (error) {
      this.#failure(error);
      if (this.#refusal === null) this.#scheduleCheckpoint();
    }
  }

  /**
   * Writes the file anew, which leaves nothing of what was erased, and empties the write-ahead log. Nothing else runs meanwhile.
   *
   * @throws BlindmarkError `storageFailed`: the file is as it was
   */
  vacuum(): void {
    this.flush();
    if (this.#refusal !== null) throw this.#refusal;
    try {
      this.#db.exec('VACUUM');
    } catch (error) {
      throw this.#failure(error);
    }
    this.checkpoint();
  }

  /** Whether the log is empty now. */
  #emptyLog(): boolean {
    const { timeout } = this.#db.prepare('PRAGMA busy_timeout').get() as { timeout: number };
    // A reader elsewhere must not hold up the event loop.
    this.#db.exec('PRAGMA busy_timeout = 0');
    try {
      const { busy } = this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
      return busy === 0;
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${timeout}`);
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flushBatch();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #scheduleCheckpoint(): void {
    this.#checkpointTimer ??= setTimeout(() => this.checkpoint(), CHECKPOINT_DELAY).unref();
  }

  #flushBatch(): void {
    const batch = this.#queue.splice(0, this.#maxBatch);
    if (batch.length === 0) return;
    this.#scheduleCheckpoint();
    let settle: (() => void)[];
    try {
      settle = this.#commit(batch);
    } catch (cause) {
      const error = this.#failure(cause);
      for (const job of batch) job.reject(error);
      return;
    }
    for (const done of settle) done();
  }

  #commit(batch: readonly Job[]): (() => void)[] {
    if (this.#refusal !== null) throw this.#refusal;
    this.#statements.begin.run();
    const settle = batch.map((job) => this.#attempt(job));
    this.#hooks.beforeCommit?.(this.#db);
    this.#statements.commit.run();
    this.#hooks.afterCommit?.();
    return settle;
  }

  #attempt(job: Job): () => void {
    this.#statements.save.run();
    try {
      const value = job.work(this.#db);
      this.#statements.release.run();
      return () => job.resolve(value);
    } catch (error) {
      // SQLite ends the whole transaction by itself after some errors, a full disk among them.
      if (!this.#db.isTransaction || isFatalSqliteError(error)) throw error;
      this.#statements.undo.run();
      this.#statements.release.run();
      return () => job.reject(isSqliteError(error) ? storageFailed('The change could not be written', error) : error);
    }
  }

  /** Leaves the connection without a transaction, or refuses all further work. */
  #failure(cause: unknown): BlindmarkError {
    const error =
      this.#refusal !== null && cause === this.#refusal
        ? this.#refusal
        : storageFailed('The database could not be written; nothing is confirmed', cause);
    try {
      if (this.#db.isTransaction) this.#statements.rollback.run();
    } catch {
      this.#refusal = error;
    }
    if (isFatalSqliteError(cause)) this.#refusal = error;
    return error;
  }
}
