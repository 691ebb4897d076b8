/** The guardian's SQLite file, `guardian.db`: its ledger and what it has witnessed. */
import { openDatabase, type DatabaseSchema } from '../database/database.ts';
import { FACTS_TABLE } from '../database/facts.ts';
import { GroupCommit, type GroupCommitOptions } from '../database/group-commit.ts';
import type { GuardianHandle } from './handle.ts';
import { LEDGER_TABLES } from './ledger.ts';
import { WITNESS_TABLES } from './witness-store.ts';

const GUARDIAN_SCHEMA: DatabaseSchema = {
  program: 'Blindmark guardian',
  applicationId: 0x424d6764,
  pageSize: 4096,
  migrations: [`${LEDGER_TABLES}${WITNESS_TABLES}${FACTS_TABLE}`],
};

/**
 * @param file path of the database; made when missing
 * @throws BlindmarkError as `openDatabase`
 */
export function openGuardianDatabase(file: string, options: GroupCommitOptions = {}): GuardianHandle {
  const db = openDatabase(file, GUARDIAN_SCHEMA);
  return { db, group: new GroupCommit(db, options) };
}
