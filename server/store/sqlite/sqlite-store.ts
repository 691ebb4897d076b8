/** The registry's storage in one SQLite file. */
import { randomInt } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { checkBytes, equalBytes } from '../../../crypto/bytes.ts';
import { badInput } from '../../../crypto/errors.ts';
import { MAX_CLAIMS, type RegistrationRow } from '../../../crypto/registration.ts';
import { MAX_ELEMENTS } from '../../../crypto/wire.ts';
import { openDatabase } from '../../database/database.ts';
import { Expiry, Facts } from '../../database/facts.ts';
import { GroupCommit, type GroupCommitOptions } from '../../database/group-commit.ts';
import type {
  ClaimResult,
  LookupClaim,
  RecordedEvaluation,
  RegisterResult,
  RegistrationKey,
  RegistryStore,
} from '../store.ts';
import { COLUMNS, firstPlace, formatColumns, isSameRow, parseStoredRow, type StoredRow } from './rows.ts';
import { REGISTRY_SCHEMA } from './schema.ts';

/** Milliseconds after an erasure until the file is written anew. */
const COMPACTION_DELAY = 3_600_000;

/** Bytes up to which the file is written anew by itself: about 150,000 registrations, and less than two seconds. */
const COMPACTION_LIMIT = 128 * 1024 * 1024;

const LAST_PLACE = BigInt(MAX_CLAIMS - 1);

interface StoredEvaluation {
  readonly officer: Uint8Array;
  readonly tag_limit: number;
  readonly lookup: Uint8Array | null;
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
    isSpent: db.prepare('SELECT 1 FROM spent_nonces WHERE nonce = ?'),
    spend: db.prepare('INSERT INTO spent_nonces VALUES (?)'),
    record: db.prepare('INSERT INTO evaluations VALUES (?, ?, ?, ?, NULL) ON CONFLICT (hash) DO NOTHING'),
    evaluation: db.prepare('SELECT officer, tag_limit, lookup FROM evaluations WHERE hash = ?'),
    use: db.prepare('UPDATE evaluations SET lookup = ? WHERE hash = ?'),
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
 * {@link RegistryStore} in one SQLite file, with group commit.
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

  private constructor(db: DatabaseSync, options: GroupCommitOptions) {
    this.#group = new GroupCommit(db, options);
    this.#statements = prepare(db);
    this.#expiry = new Expiry(db, 'evaluations');
    this.#facts = new Facts(db);
    if (this.#facts.get('uncompacted') !== 0) this.#scheduleCompaction();
  }

  /**
   * @param file path of the database; made when missing
   * @throws BlindmarkError as `openDatabase`
   */
  static open(file: string, options: GroupCommitOptions = {}): SqliteStore {
    return new SqliteStore(openDatabase(file, REGISTRY_SCHEMA), options);
  }

  async register(row: RegistrationRow, tokenNonce: Uint8Array): Promise<RegisterResult> {
    checkBytes('commitment', row.commitment, 32);
    checkBytes('tokenNonce', tokenNonce, 32);
    return this.#group.run(() => {
      const claims = this.#claims(row.index);
      const stored = claims.find((claim) => isKeyOf(row, claim));
      if (stored !== undefined) return isSameRow(parseStoredRow(stored), row) ? 'again' : 'alreadyRegistered';
      if (this.#statements.isSpent.get(tokenNonce) !== undefined) return 'tokenSpent';
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

  async replace(row: RegistrationRow, expectedVersion: number): Promise<'replaced' | 'versionConflict' | 'notFound'> {
    return this.#group.run(() => {
      const stored = this.#find(row);
      if (stored === undefined) return 'notFound';
      if (Number(stored.version) !== expectedVersion) return 'versionConflict';
      this.#statements.update.run(...formatColumns(row), stored.id);
      this.#markForCompaction();
      return 'replaced';
    });
  }

  async erase(key: RegistrationKey, expectedVersion: number): Promise<'erased' | 'versionConflict' | 'notFound'> {
    return this.#group.run(() => {
      const stored = this.#find(key);
      if (stored === undefined) return 'notFound';
      if (Number(stored.version) !== expectedVersion) return 'versionConflict';
      const later = this.#claims(key.index).filter((claim) => claim.id > stored.id);
      this.#statements.remove.run(stored.id);
      for (const { id } of later) this.#statements.move.run(id - 1n, id);
      this.#markForCompaction();
      return 'erased';
    });
  }

  async recordEvaluation(evaluation: RecordedEvaluation): Promise<void> {
    const { officer, tagLimit, expiresAt } = evaluation;
    const hash = checkBytes('hash', evaluation.hash, 32);
    await this.#group.run(() => {
      this.#expiry.check(expiresAt);
      this.#statements.record.run(hash, checkBytes('officer', officer, 32), tagLimit, expiresAt);
    });
  }

  async claimLookup(claim: LookupClaim): Promise<ClaimResult> {
    checkBytes('requestHash', claim.requestHash, 32);
    return this.#group.run(() => {
      this.#expiry.purge(claim.now);
      const evaluation = this.#statements.evaluation.get(claim.evaluation) as StoredEvaluation | undefined;
      if (evaluation === undefined || !equalBytes(evaluation.officer, claim.officer)) return 'evaluationRequired';
      if (claim.tags > evaluation.tag_limit) return 'evaluationRequired';
      if (evaluation.lookup !== null) return equalBytes(evaluation.lookup, claim.requestHash) ? 'again' : 'replayed';
      this.#statements.use.run(claim.requestHash, claim.evaluation);
      return 'claimed';
    });
  }

  isReady(): Promise<boolean> {
    return this.#group.isReady();
  }

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
