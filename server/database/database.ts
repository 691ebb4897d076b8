/** Opens the SQLite files of registry, guardian and issuer: one program a file, one schema a version, all of it durable. */
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { BlindmarkError } from '../../crypto/errors.ts';

/** Milliseconds for which a statement waits while another process holds the file. The event loop waits with it. */
const BUSY_TIMEOUT = 2_000;

/** Milliseconds between two attempts to open a file that another process holds. */
const BUSY_PAUSE = 20;

/** Bytes up to which a file is read through when it is opened, to find damage: about a millisecond for each MiB. */
const CHECKED_SIZE = 256 * 1024 * 1024;

/** What a file holds. */
export interface DatabaseSchema {
  /** Names the program in errors: `Blindmark registry`. */
  readonly program: string;
  /** SQLite's `application_id`, a positive 31-bit number of this program alone. */
  readonly applicationId: number;
  /** Bytes; counts for a new file alone. */
  readonly pageSize: 4096 | 8192 | 16384;
  /** SQL by version: the file's `user_version` is the number of those that ran. Never changed, only added to. */
  readonly migrations: readonly string[];
}

/** SQLite's primary result codes that are told apart. https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** Whether SQLite threw `error`. */
export function isSqliteError(error: unknown): boolean {
  return resultCode(error) !== null;
}

/** Whether `error` says that the file can no longer be trusted to take what is written to it. */
export function isFatalSqliteError(error: unknown): boolean {
  return [SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB].includes(resultCode(error) ?? 0);
}

/** A {@link BlindmarkError} `storageFailed`. What was asked may be asked again. */
export function storageFailed(message: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('storageFailed', message, {
    remedy: 'Ask again in a moment; if it goes on, the operator looks at the disk and restarts the service',
    retryAfter: 5,
    cause,
  });
}

function badFile(file: string, what: string, remedy: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badFile', `${file}: ${what}`, { field: file, remedy, cause });
}

function damaged(file: string, cause?: unknown): BlindmarkError {
  return badFile(file, 'not a database, or a damaged one', 'Name another file, or restore a backup', cause);
}

function readNumber(db: DatabaseSync, sql: string): number {
  return Object.values(db.prepare(sql).get() ?? {})[0] as number;
}

/** Refuses what is not this program's file, before anything is written to it. Returns the version, 0 for a new file. */
function checkOwner(db: DatabaseSync, file: string, schema: DatabaseSchema): number {
  const applicationId = readNumber(db, 'PRAGMA application_id');
  const version = readNumber(db, 'PRAGMA user_version');
  // Counted in any case: it reads the whole schema, and so finds a damaged one before anything is made of it.
  const tables = readNumber(db, 'SELECT count(*) FROM sqlite_schema');
  const isNew = applicationId === 0 && version === 0 && tables === 0;
  if (!isNew && applicationId !== schema.applicationId) {
    throw badFile(file, `not a file of the ${schema.program}`, 'Name another file; this one was left as it is');
  }
  if (version > schema.migrations.length) {
    throw badFile(
      file,
      `written by a newer ${schema.program}`,
      'Run that version or a newer one; the file was left as it is',
    );
  }
  return version;
}

/** Refuses a file whose pages do not fit together, as a torn copy's. A larger one's damage is found where it is met. */
function checkPages(db: DatabaseSync, file: string): void {
  if (readNumber(db, 'PRAGMA page_count') * readNumber(db, 'PRAGMA page_size') > CHECKED_SIZE) return;
  const found = Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (found !== 'ok') throw damaged(file);
}

function configure(db: DatabaseSync, file: string, schema: DatabaseSchema): void {
  db.exec(`PRAGMA page_size = ${schema.pageSize}`);
  if (Object.values(db.prepare('PRAGMA journal_mode = WAL').get() ?? {})[0] !== 'wal') {
    throw badFile(file, 'its file system takes no write-ahead log', 'Keep the file on a local disk');
  }
  // FULL: a commit returns when the log is on disk. MEMORY: nothing is written beside the database and its log.
  db.exec(
    'PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF',
  );
}

function migrate(db: DatabaseSync, file: string, schema: DatabaseSchema): void {
  db.exec('BEGIN IMMEDIATE');
  // Looked at again under the lock: two processes may have started at once.
  const version = checkOwner(db, file, schema);
  for (const sql of schema.migrations.slice(version)) db.exec(sql);
  db.exec(`PRAGMA application_id = ${schema.applicationId}`);
  db.exec(`PRAGMA user_version = ${schema.migrations.length}`);
  db.exec('COMMIT');
}

/**
 * Runs `work` again while another process holds the file: a change of the journal mode, and the end of the last connection to
 * a write-ahead log, are not waited for by SQLite's own time-out.
 */
function retryWhileBusy(db: DatabaseSync, work: () => void): void {
  const end = Date.now() + BUSY_TIMEOUT;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (resultCode(error) !== SQLITE_BUSY || Date.now() >= end) throw error;
      if (db.isTransaction) db.exec('ROLLBACK');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE);
    }
  }
}

/**
 * Makes the file if it is not there, readable by its owner alone. A file that is there is not opened here: closing it again
 * would drop the locks that another connection of this process holds on it. https://sqlite.org/howtocorrupt.html section 2.2
 */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    accessSync(file, constants.R_OK | constants.W_OK);
  }
}

/**
 * Opens or makes a database file, readable by its owner alone, and brings its schema up to date.
 *
 * Write-ahead log, `synchronous=FULL`, `secure_delete=ON`. SQLite's own leave: secure deletion overwrites what a statement
 * removes, but not the copies that moving rows between pages leaves in unused parts of pages; only `VACUUM` does.
 *
 * @param file path; its folder exists
 * @throws BlindmarkError `badFile` for another program's file, a newer version's, a damaged one, or no access;
 *   `storageFailed` when it cannot be written
 */
export function openDatabase(file: string, schema: DatabaseSchema): DatabaseSync {
  let db: DatabaseSync;
  try {
    makeFile(file);
    db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT, allowExtension: false });
  } catch (cause) {
    throw badFile(
      file,
      'cannot be opened for writing',
      'See that its folder exists and that this user may write there',
      cause,
    );
  }
  try {
    retryWhileBusy(db, () => {
      // One state of the file: another process may be making it.
      db.exec('BEGIN');
      const version = checkOwner(db, file, schema);
      db.exec('COMMIT');
      checkPages(db, file);
      configure(db, file, schema);
      if (version < schema.migrations.length) migrate(db, file, schema);
    });
    return db;
  } catch (error) {
    db.close();
    if (!isSqliteError(error)) throw error;
    if ([SQLITE_NOTADB, SQLITE_CORRUPT].includes(resultCode(error) ?? 0)) {
      throw damaged(file, error);
    }
    throw storageFailed(`${file} could not be read or written`, error);
  }
}
