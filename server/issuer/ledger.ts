/** An issuer's durable memory: which activation keys exist, and how often each was used. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { checkBytes, concatBytes, equalBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { type DatabaseSchema, openDatabase } from '../database/database.ts';
import { GroupCommit, type GroupCommitOptions } from '../database/group-commit.ts';

/** Tokens that one activation key is good for, so that a mistyped code can be corrected. */
export const ACTIVATION_KEY_USES = 3;

const HASH_BYTES = 32;

/**
 * `requests` holds 32 bytes for each use, so the number of uses is its length. They are hashes of blinded messages, which
 * are uniformly random whatever token they lead to (RFC 9474 section 7.1): they recognise a request that is made again, and
 * tell nobody, the issuer included, which token, code or registration it led to. No time is kept. Sorted by hash, the table
 * shows no order of minting or activation.
 */
const ISSUER_SCHEMA: DatabaseSchema = {
  program: 'Blindmark issuer',
  applicationId: 0x424d6973,
  pageSize: 4096,
  migrations: [
    `CREATE TABLE activation_keys (
      hash BLOB PRIMARY KEY,
      vendor TEXT NOT NULL,
      requests BLOB NOT NULL DEFAULT x''
    ) STRICT, WITHOUT ROWID;`,
  ],
};

/** What a vendor may know of its packs. */
export interface PackCounts {
  /** Activation keys added. */
  readonly keys: number;
  /** Of these, used at least once. */
  readonly activated: number;
}

/**
 * The issuer's ledger in one SQLite file, with group commit: a promise that resolves means on disk. Every operation may
 * reject with `storageFailed` or `overloaded`; the same call may then be made again.
 */
export class IssuerLedger {
  readonly #group: GroupCommit;
  readonly #statements: Record<'add' | 'find' | 'use' | 'count', StatementSync>;

  private constructor(db: DatabaseSync, options: GroupCommitOptions) {
    this.#group = new GroupCommit(db, options);
    this.#statements = {
      add: db.prepare('INSERT INTO activation_keys (hash, vendor) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING'),
      find: db.prepare('SELECT requests FROM activation_keys WHERE hash = ?'),
      use: db.prepare('UPDATE activation_keys SET requests = ? WHERE hash = ?'),
      count: db.prepare(
        'SELECT count(*) AS keys, count(nullif(length(requests), 0)) AS activated FROM activation_keys WHERE vendor = ?',
      ),
    };
  }

  /**
   * @param file path of the database; made when missing
   * @throws BlindmarkError as `openDatabase`
   */
  static open(file: string, options: GroupCommitOptions = {}): IssuerLedger {
    return new IssuerLedger(openDatabase(file, ISSUER_SCHEMA), options);
  }

  /**
   * Adds activation keys, all or none.
   *
   * @param keyHashes hashes of activation keys, 32 bytes each
   * @param vendor identifier of the vendor that minted them
   * @returns how many were new, and how many were there already, which stay as they are
   */
  async addKeys(keyHashes: readonly Uint8Array[], vendor: string): Promise<{ added: number; known: number }> {
    keyHashes.forEach((hash, i) => checkBytes(`keyHashes[${i}]`, hash, HASH_BYTES));
    if (vendor === '') throw badInput('vendor', 'an identifier');
    return this.#group.run(() => {
      let added = 0;
      for (const hash of keyHashes) added += Number(this.#statements.add.run(hash, vendor).changes);
      return { added, known: keyHashes.length - added };
    });
  }

  /**
   * Uses an activation key once. The caller signs after it resolves: blind RSA signing is deterministic, so a request that
   * is made again, by whoever lost the reply, gets the same bytes without any answer being kept.
   *
   * @param keyHash hash of the activation key, 32 bytes
   * @param requestHash hash of token key id and blinded message, 32 bytes
   * @returns `again` when this very request used this key before: no use is counted
   * @throws BlindmarkError `activationKeyUnknown`, or `activationKeyUsedUp` after {@link ACTIVATION_KEY_USES} uses
   */
  async use(keyHash: Uint8Array, requestHash: Uint8Array): Promise<'used' | 'again'> {
    checkBytes('keyHash', keyHash, HASH_BYTES);
    checkBytes('requestHash', requestHash, HASH_BYTES);
    return this.#group.run(() => {
      const stored = this.#statements.find.get(keyHash) as { requests: Uint8Array } | undefined;
      if (stored === undefined) {
        throw new BlindmarkError('activationKeyUnknown', 'This issuer does not know the activation key', {
          field: 'activationKey',
          remedy: 'Compare the key with the pack; the pack may be of another vendor',
        });
      }
      const { requests } = stored;
      for (let at = 0; at < requests.length; at += HASH_BYTES) {
        if (equalBytes(requests.subarray(at, at + HASH_BYTES), requestHash)) return 'again';
      }
      if (requests.length >= ACTIVATION_KEY_USES * HASH_BYTES) {
        throw new BlindmarkError('activationKeyUsedUp', `The activation key was used ${ACTIVATION_KEY_USES} times`, {
          field: 'activationKey',
          remedy: 'Use the key of another pack, or ask the vendor',
        });
      }
      this.#statements.use.run(concatBytes(requests, requestHash), keyHash);
      return 'used';
    });
  }

  /**
   * Counts the packs of a vendor.
   *
   * @throws BlindmarkError `storageFailed` when the file cannot be read
   */
  counts(vendor: string): PackCounts {
    const { keys, activated } = this.#group.read(() => this.#statements.count.get(vendor)) as unknown as PackCounts;
    return { keys, activated };
  }

  /** Whether a write reaches the disk now. Never rejects. */
  isReady(): Promise<boolean> {
    return this.#group.isReady();
  }

  /** Finishes what waits, then closes. */
  close(): Promise<void> {
    return this.#group.close();
  }
}
