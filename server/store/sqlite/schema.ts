/**
 * The registry's tables in SQLite, and what their form tells a thief of the file.
 *
 * `registrations.id` is the first 62 bits of the index, then the place (0 to 3) among the registrations that share it. So
 * the file is sorted by a hash: a row number in order of arrival would show which registrations came one after the other,
 * as those of one household do. Only the order among the claims of one code is kept, which police need. The bits of the
 * index serve as its search tree, and the commitment is found by its index, so a row costs no second tree over random
 * bytes: it is what keeps a row within its envelopes and 400 bytes. (Two codes whose indexes share 62 bits share four
 * places; nobody can look for such a pair without 2^31 evaluations.) Measured with 16 KiB pages, envelopes of 512 bytes and
 * the nonce: about 855 bytes a row; with a row number in order of arrival and two trees, about 860.
 *
 * `nonces` holds the nonces of activation tokens, sorted by themselves, and whether each has made a registration. That a
 * registration is asked for again is known by its row alone, which is there byte for byte, so no nonce needs to say which row
 * it made.
 *
 * `history` says under which keys the log has entries of a registration: a thief of the file learns which entries those are,
 * as the registry itself knows, and nothing that tests a guess. A registration that was neither changed nor shown has no
 * record, which keeps the bound on its bytes.
 *
 * The log is kept in the order that it publishes. The entry of a registration names the hash of its row, so a thief of the file
 * can tell in which order, and in which hour, the registrations that he holds were logged; who has the public log alone can't.
 *
 * What remains: among rows that share a page, and as long as the page is not rewritten, their position in it shows their
 * order; and the write-ahead log shows what was written together, until it is emptied (group-commit.ts).
 */
import { FACTS_TABLE } from '../../database/facts.ts';
import type { DatabaseSchema } from '../../database/database.ts';
import { LOG_TABLES } from './sqlite-log-store.ts';
import { OPENING_TABLES } from './sqlite-opening-store.ts';
import { REGISTRATION_TABLES } from './sqlite-store.ts';

export const REGISTRY_SCHEMA: DatabaseSchema = {
  program: 'Blindmark registry',
  applicationId: 0x424d7267,
  pageSize: 16384,
  migrations: [`${REGISTRATION_TABLES}${LOG_TABLES}${OPENING_TABLES}${FACTS_TABLE}`],
};
