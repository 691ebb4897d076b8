/** What the stores in one SQLite file share: one connection, and its one writer. */
import type { DatabaseSync } from 'node:sqlite';
import type { GroupCommit } from '../../database/group-commit.ts';

export interface SqliteHandle {
  readonly db: DatabaseSync;
  readonly group: GroupCommit;
}
