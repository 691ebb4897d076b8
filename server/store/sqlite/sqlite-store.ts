/** The registrations in the registry's SQLite file. */
import { randomInt } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { checkBytes, concatBytes, equalBytes } from '../../../crypto/bytes.ts';
import { badInput } from '../../../crypto/errors.ts';
import { MAX_CLAIMS, type RegistrationRow } from '../../../crypto/registration.ts';
import { MAX_ELEMENTS } from '../../../crypto/wire.ts';
import { Expiry, Facts } from '../../database/facts.ts';
import type { GroupCommit } from '../../database/group-commit.ts';
import {
  HISTORY_KINDS,
  MAX_MATCHES,
  type ClaimResult,
  type HistoryRecord,
  type LookupClaim,
  type RecordedEvaluation,
  type RegisterResult,
  type RegistrationKey,
  type RegistryStore,
} from '../store.ts';
import type { SqliteHandle } from './handle.ts';
import { COLUMNS, firstPlace, formatColumns, isSameRow, parseStoredRow, type StoredRow } from './rows.ts';

/** Why these tables have this form: schema.ts. */
export const REGISTRATION_TABLES = `
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
    CREATE TABLE history (
      commitment BLOB NOT NULL,
      entry_key BLOB NOT NULL,
      kind INTEGER NOT NULL,
      hour INTEGER NOT NULL,
      PRIMARY KEY (commitment, entry_key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE nonces (nonce BLOB PRIMARY KEY, is_spent INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE evaluations (
      hash BLOB PRIMARY KEY,
      officer BLOB NOT NULL,
      tag_limit INTEGER NOT NULL,
      entry INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      lookup BLOB,
      matches BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX evaluations_by_end ON evaluations (expires_at);
`;

/** Milliseconds after an erasure until the file is written anew. */
const COMPACTION_DELAY = 3_600_000;

/** Bytes up to which the file is written anew by itself: about 80,000 registrations with their log, and less than two seconds. */
const COMPACTION_LIMIT = 128 * 1024 * 1024;

const LAST_PLACE = BigInt(MAX_CLAIMS - 1);

interface StoredEvaluation {
  readonly officer: Uint8Array;
  readonly tag_limit: number;
  readonly entry: number;
  readonly lookup: Uint8Array | null;
}

interface StoredRecord {
  readonly entry_key: Uint8Array;
  readonly kind: number;
  readonly hour: number;
}

function prepare(db: DatabaseSync) {
  const bigints = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  };
  const settings = COLUMNS.map((column) => `${column} = ?`).join(', ');
  return {
    claims: bigints('SELECT * FROM registrations WHERE id BETWEEN ? AND ? ORDER BY id'),
    insert: db.prepare(
      `INSERT INTO registrations (id, ${COLUMNS.join(', ')}) VALUES (${'?, '.repeat(COLUMNS.length)}?)`,
    ),
    update: db.prepare(`UPDATE registrations SET ${settings} WHERE id = ?`),
    remove: db.prepare('DELETE FROM registrations WHERE id = ?'),
    move: db.prepare('UPDATE registrations SET id = ? WHERE id = ?'),
    addRecord: db.prepare('INSERT INTO history VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    records: db.prepare(
      `SELECT entry_key, kind, hour FROM history WHERE commitment = ?
       ORDER BY kind = ${HISTORY_KINDS.indexOf('registration')} DESC, entry_key = ? DESC, hour DESC, entry_key LIMIT ?`,
    ),
    removeRecords: db.prepare('DELETE FROM history WHERE commitment = ?'),
    nonce: db.prepare('SELECT is_spent FROM nonces WHERE nonce = ?'),
    accept: db.prepare('INSERT INTO nonces VALUES (?, 0) ON CONFLICT DO NOTHING'),
    spend: db.prepare('INSERT INTO nonces VALUES (?, 1) ON CONFLICT DO UPDATE SET is_spent = 1'),
    record: db.prepare('INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT DO NOTHING'),
    evaluation: db.prepare('SELECT officer, tag_limit, entry, lookup FROM evaluations WHERE hash = ?'),
    use: db.prepare('UPDATE evaluations SET lookup = ? WHERE hash = ?'),
    settle: db.prepare('UPDATE evaluations SET matches = coalesce(matches, ?) WHERE hash = ? RETURNING matches'),
  };
}

function isKeyOf(key: RegistrationKey, stored: StoredRow): boolean {
  return equalBytes(stored.index_hash, key.index) && equalBytes(stored.commitment, key.commitment);
}

/** Bytes of the file, what is in the write-ahead log included. */
function fileSize(db: DatabaseSync): number {
  const sql = 'SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size';
  return (db.prepare(sql).get() as { size: number }).size;
}

/**
 * {@link RegistryStore} in tables of a shared SQLite file.
 *
 * An erasure overwrites the row in the file and shifts later claims of the code, so that no gap tells of it. Two copies may
 * outlast it: older pages in the write-ahead log, for some seconds; and what SQLite left in unused parts of pages when it
 * moved the row, until the file is written anew. That is done an hour after an erasure or replacement, and on closing, for
 * files up to 128 MiB; with a larger one the operator runs `VACUUM` while the registry is stopped.
 */
export class SqliteStore implements RegistryStore {
  readonly #group: GroupCommit;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #expiry: Expiry;
  /** `uncompacted` is 0, or a number drawn anew by each erasure and replacement. */
  readonly #facts: Facts<'uncompacted'>;
  #compactionTimer: NodeJS.Timeout | undefined;

  constructor({ db, group }: SqliteHandle) {
    this.#group = group;
    this.#statements = prepare(db);
    this.#expiry = new Expiry(db, 'evaluations');
    this.#facts = new Facts(db);
    if (this.#facts.get('uncompacted') !== 0) this.#scheduleCompaction();
  }

  async register(row: RegistrationRow, tokenNonce: Uint8Array): Promise<RegisterResult> {
    checkBytes('commitment', row.commitment, 32);
    checkBytes('tokenNonce', tokenNonce, 32);
    return this.#group.run(() => {
      const claims = this.#claims(row.index);
      const stored = claims.find((claim) => isKeyOf(row, claim));
      if (stored !== undefined) return isSameRow(parseStoredRow(stored), row) ? 'again' : 'alreadyRegistered';
      if (this.#isSpent(tokenNonce)) return 'tokenSpent';
      if (claims.length >= MAX_CLAIMS) return 'claimsFull';
      this.#statements.insert.run(firstPlace(row.index) + BigInt(claims.length), ...formatColumns(row));
      this.#statements.spend.run(tokenNonce);
      return 'registered';
    });
  }

  async findByIndexes(indexes: readonly Uint8Array[]): Promise<RegistrationRow[][]> {
    if (indexes.length > MAX_ELEMENTS) throw badInput('indexes', `at most ${MAX_ELEMENTS} indexes`);
    return this.#group.read(() =>
      indexes.map((index) =>
        this.#claims(index)
          .filter((claim) => equalBytes(claim.index_hash, index))
          .map(parseStoredRow),
      ),
    );
  }

  async findByCommitment(key: RegistrationKey): Promise<RegistrationRow | null> {
    const stored = this.#group.read(() => this.#find(key));
    return stored === undefined ? null : parseStoredRow(stored);
  }

  async replace(
    row: RegistrationRow,
    expectedVersion: number,
    history: readonly HistoryRecord[],
  ): Promise<'replaced' | 'versionConflict' | 'notFound'> {
    return this.#group.run(() => {
      const stored = this.#find(row);
      if (stored === undefined) return 'notFound';
      if (Number(stored.version) !== expectedVersion) return 'versionConflict';
      this.#statements.update.run(...formatColumns(row), stored.id);
      for (const record of history) this.#addRecord(row.commitment, record);
      this.#markForCompaction();
      return 'replaced';
    });
  }

  async addHistory(key: RegistrationKey, record: HistoryRecord): Promise<'added' | 'again' | 'notFound'> {
    return this.#group.run(() => {
      if (this.#find(key) === undefined) return 'notFound';
      return this.#addRecord(key.commitment, record) ? 'added' : 'again';
    });
  }

  async findHistory({ commitment }: RegistrationKey, first: Uint8Array, limit: number): Promise<HistoryRecord[]> {
    const stored = this.#group.read(() => this.#statements.records.all(commitment, first, limit));
    return (stored as unknown as StoredRecord[]).map(({ entry_key: key, kind, hour }) => ({
      key,
      kind: HISTORY_KINDS[kind] as HistoryRecord['kind'],
      hour,
    }));
  }

  async erase(key: RegistrationKey, expectedVersion: number): Promise<'erased' | 'versionConflict' | 'notFound'> {
    return this.#group.run(() => {
      const stored = this.#find(key);
      if (stored === undefined) return 'notFound';
      if (Number(stored.version) !== expectedVersion) return 'versionConflict';
      const later = this.#claims(key.index).filter((claim) => claim.id > stored.id);
      this.#statements.remove.run(stored.id);
      this.#statements.removeRecords.run(key.commitment);
      for (const { id } of later) this.#statements.move.run(id - 1n, id);
      this.#markForCompaction();
      return 'erased';
    });
  }

  async recordEvaluation(evaluation: RecordedEvaluation): Promise<void> {
    const { officer, tagLimit, entry, expiresAt } = evaluation;
    const hash = checkBytes('hash', evaluation.hash, 32);
    await this.#group.run(() => {
      this.#expiry.check(expiresAt);
      this.#statements.record.run(hash, checkBytes('officer', officer, 32), tagLimit, entry, expiresAt);
    });
  }

  async claimLookup(claim: LookupClaim): Promise<ClaimResult> {
    checkBytes('requestHash', claim.requestHash, 32);
    return this.#group.run(() => {
      this.#expiry.purge(claim.now);
      const evaluation = this.#statements.evaluation.get(claim.evaluation) as StoredEvaluation | undefined;
      const isCovered = evaluation !== undefined && equalBytes(evaluation.officer, claim.officer);
      if (!isCovered || claim.tags > evaluation.tag_limit) return { result: 'evaluationRequired' };
      const { lookup, entry } = evaluation;
      if (lookup !== null) {
        return equalBytes(lookup, claim.requestHash) ? { result: 'again', entry } : { result: 'replayed' };
      }
      this.#statements.use.run(claim.requestHash, claim.evaluation);
      return { result: 'claimed', entry };
    });
  }

  async settleLookup(evaluation: Uint8Array, matches: readonly Uint8Array[]): Promise<Uint8Array[] | null> {
    if (matches.length > MAX_MATCHES) throw badInput('matches', `at most ${MAX_MATCHES} commitments`);
    const given = concatBytes(...matches.map((commitment) => checkBytes('matches', commitment, 32)));
    const settled = await this.#group.run(() => this.#statements.settle.get(given, evaluation));
    if (settled === undefined) return null;
    const { matches: kept } = settled as { matches: Uint8Array };
    return Array.from({ length: kept.length / 32 }, (_, i) => kept.slice(32 * i, 32 * (i + 1)));
  }

  async acceptElement(nonce: Uint8Array): Promise<void> {
    checkBytes('nonce', nonce, 32);
    await this.#group.run(() => this.#statements.accept.run(nonce));
  }

  async isAccepted(nonce: Uint8Array): Promise<boolean> {
    return this.#group.read(() => this.#statements.nonce.get(checkBytes('nonce', nonce, 32)) !== undefined);
  }

  isReady(): Promise<boolean> {
    return this.#group.isReady();
  }

  /** Closes the file, for the other stores in it too. */
  async close(): Promise<void> {
    this.#group.flush();
    clearTimeout(this.#compactionTimer);
    await this.#compact();
    await this.#group.close();
  }

  /** Whatever is kept in the four places of an index: its claims, in order of registration. */
  #claims(index: Uint8Array): StoredRow[] {
    const first = firstPlace(checkBytes('index', index, 32));
    return this.#statements.claims.all(first, first + LAST_PLACE) as unknown as StoredRow[];
  }

  #find(key: RegistrationKey): StoredRow | undefined {
    checkBytes('commitment', key.commitment, 32);
    return this.#claims(key.index).find((claim) => isKeyOf(key, claim));
  }

  #isSpent(nonce: Uint8Array): boolean {
    return (this.#statements.nonce.get(nonce) as { is_spent: number } | undefined)?.is_spent === 1;
  }

  /** Whether it was not there. */
  #addRecord(commitment: Uint8Array, { key, kind, hour }: HistoryRecord): boolean {
    checkBytes('key', key, 32);
    return this.#statements.addRecord.run(commitment, key, HISTORY_KINDS.indexOf(kind), hour).changes === 1;
  }

  #markForCompaction(): void {
    this.#facts.set('uncompacted', randomInt(1, 2 ** 48 - 1));
    this.#scheduleCompaction();
  }

  #scheduleCompaction(): void {
    this.#compactionTimer ??= setTimeout(() => {
      this.#compactionTimer = undefined;
      void this.#compact();
    }, COMPACTION_DELAY).unref();
  }

  async #compact(): Promise<void> {
    try {
      const mark = this.#group.read(() => this.#facts.get('uncompacted'));
      if (mark === 0 || this.#group.read(fileSize) > COMPACTION_LIMIT) return;
      this.#group.vacuum();
      await this.#group.run(() => {
        // Another mark: something was erased since.
        if (this.#facts.get('uncompacted') === mark) this.#facts.set('uncompacted', 0);
      });
    } catch {
      // A full disk, or another process reads: the file is as good as before, and the mark stays for the next time.
    }
  }
}
