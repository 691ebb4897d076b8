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
 * `spent_nonces` holds nonces and nothing else, sorted by themselves. That a registration is asked for again is known by its
 * row alone, which is there byte for byte, so no nonce needs to say which row it made.
 *
 * What remains: among rows that share a page, and as long as the page is not rewritten, their position in it shows their
 * order; and the write-ahead log shows what was written together, until it is emptied (group-commit.ts).
 */
import { FACTS_TABLE } from '../../database/facts.ts';
import type { DatabaseSchema } from '../../database/database.ts';

export const REGISTRY_SCHEMA: DatabaseSchema = {
  program: 'Blindmark registry',
  applicationId: 0x424d7267,
  pageSize: 16384,
  migrations: [
    `
    CREATE TABLE registrations (
      id INTEGER PRIMARY KEY,
      status INTEGER NOT NULL,
      version INTEGER NOT NULL,
      epoch INTEGER NOT NULL,
      registered_on INTEGER NOT NULL,
      index_hash BLOB NOT NULL,
      salt BLOB NOT NULL,
      commitment BLOB NOT NULL,
      row_signature BLOB NOT NULL,
      item_envelope BLOB NOT NULL,
      contact_envelope BLOB
    ) STRICT;
    CREATE TABLE spent_nonces (nonce BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE evaluations (
      hash BLOB PRIMARY KEY,
      officer BLOB NOT NULL,
      tag_limit INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      lookup BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX evaluations_by_end ON evaluations (expires_at);
    ${FACTS_TABLE}
    `,
  ],
};
