/** What ledger and witness share: one file, one connection, and its one writer. */
import type { DatabaseSync } from 'node:sqlite';
import type { GroupCommit } from '../database/group-commit.ts';

export interface GuardianHandle {
  readonly db: DatabaseSync;
  readonly group: GroupCommit;
}
