/** Opens the registry's SQLite file: several stores over one connection and one group commit. */
import { openDatabase } from '../../database/database.ts';
import { GroupCommit, type GroupCommitOptions } from '../../database/group-commit.ts';
import { REGISTRY_SCHEMA } from './schema.ts';
import { SqliteLogStore } from './sqlite-log-store.ts';
import { SqliteOpeningStore } from './sqlite-opening-store.ts';
import { SqliteStore } from './sqlite-store.ts';

/** The registry's stores in one file. */
export interface SqliteStores {
  readonly registrations: SqliteStore;
  readonly log: SqliteLogStore;
  readonly openings: SqliteOpeningStore;
  /** Whether a write reaches the disk and can be read back. Never rejects. */
  readonly isReady: () => Promise<boolean>;
  /** Waits for what is under way, then closes the file for all of them. */
  readonly close: () => Promise<void>;
}

/**
 * @param file path of the database; made when missing
 * @throws BlindmarkError as `openDatabase`
 */
export function openSqliteStores(file: string, options: GroupCommitOptions = {}): SqliteStores {
  const db = openDatabase(file, REGISTRY_SCHEMA);
  const handle = { db, group: new GroupCommit(db, options) };
  const registrations = new SqliteStore(handle);
  return {
    registrations,
    log: new SqliteLogStore(handle),
    openings: new SqliteOpeningStore(handle),
    isReady: () => handle.group.isReady(),
    close: () => registrations.close(),
  };
}
