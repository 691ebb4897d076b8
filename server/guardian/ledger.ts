/**
 * A guardian's durable memory: the elements that it accepted under a token, the requests that it answered, and how many
 * codes it evaluated today for whom (DESIGN 3.4). Its loss or rollback is what a quota does not survive.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { checkBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { Expiry, Facts } from '../database/facts.ts';
import type { GroupCommit } from '../database/group-commit.ts';
import type { GuardianHandle } from './handle.ts';

const SECONDS_A_DAY = 86_400;

/** SQL of the ledger's tables. Sorted by hashes, without row numbers: no order of arrival is kept beside what a table says. */
export const LEDGER_TABLES = `
  CREATE TABLE accepted_elements (nonce BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE requests (hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX requests_by_end ON requests (expires_at);
  CREATE TABLE charges (payer BLOB PRIMARY KEY, codes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** An element to accept under an activation token. */
export interface TokenAcceptance {
  /** The token's nonce, 32 bytes: the hash of the blinded element, so that accepted elements and spent nonces are one set. */
  readonly nonce: Uint8Array;
  /** Identifier of the issuer in the roster. */
  readonly issuer: string;
  readonly limits: { readonly issuerCodesPerDay: number };
  /** Epoch seconds. */
  readonly now: number;
}

/** An officer's verified request to charge. */
export interface OfficerCharge {
  /** Hash of the whole request, 32 bytes: whether it is byte-identical to another. */
  readonly requestHash: Uint8Array;
  /** Epoch seconds from which on the request is not taken any more. */
  readonly expiresAt: number;
  /** Identifier of the force in the roster. */
  readonly force: string;
  /** Thumbprint of the officer's key, 32 bytes. */
  readonly officer: Uint8Array;
  /** What the force's credential calls the officer. */
  readonly pseudonym: string;
  /** Codes to evaluate. */
  readonly codes: number;
  readonly limits: { readonly forceCodesPerDay: number; readonly officerCodesPerDay: number };
  /** Epoch seconds. */
  readonly now: number;
}

/** Who is charged, up to how many codes a day, and what to call them in an error. */
interface Payer {
  readonly id: Uint8Array;
  readonly limit: number;
  readonly name: string;
}

/** A payer is kept as a hash, so that a file in a thief's hands spells out no pseudonyms. */
function payer(limit: number, name: string, ...parts: (Uint8Array | string)[]): Payer {
  return { id: labelledHash('quota', name, ...parts), limit, name };
}

/**
 * The guardian's ledger in `guardian.db`, with group commit: a promise that resolves means on disk.
 *
 * The day of a charge is the UTC day, but never one before the last day that was charged: a clock that is set back goes on
 * filling that day's quotas. So does a clock that once ran ahead: quotas then do not renew until that day is over. This fails
 * closed, and on purpose needs the operator, who sets the fact `day` right with the guardian stopped. Any number of
 * processes may use the file: everything is decided inside its transactions.
 *
 * Every operation may reject with `storageFailed` or `overloaded`. After `storageFailed` the same call may be made again; if
 * the first was stored after all, it answers `again` and charges nothing.
 */
export class GuardianLedger {
  readonly #db: DatabaseSync;
  readonly #group: GroupCommit;
  readonly #facts: Facts<'day'>;
  readonly #expiry: Expiry;
  readonly #statements: Record<
    'isAccepted' | 'accept' | 'isKnown' | 'remember' | 'charged' | 'charge' | 'clear',
    StatementSync
  >;

  constructor({ db, group }: GuardianHandle) {
    this.#db = db;
    this.#group = group;
    this.#facts = new Facts(db);
    this.#expiry = new Expiry(db, 'requests');
    this.#statements = {
      isAccepted: db.prepare('SELECT 1 FROM accepted_elements WHERE nonce = ?'),
      accept: db.prepare('INSERT INTO accepted_elements VALUES (?)'),
      isKnown: db.prepare('SELECT 1 FROM requests WHERE hash = ?'),
      remember: db.prepare('INSERT INTO requests VALUES (?, ?)'),
      charged: db.prepare('SELECT codes FROM charges WHERE payer = ?'),
      charge: db.prepare(
        'INSERT INTO charges VALUES (?, ?) ON CONFLICT (payer) DO UPDATE SET codes = codes + excluded.codes',
      ),
      clear: db.prepare('DELETE FROM charges'),
    };
  }

  /**
   * Accepts an element for ever and charges one code to the issuer.
   *
   * @returns `again` when it was accepted before: nothing is charged, whatever the quota
   * @throws BlindmarkError `quotaExceeded`, with `retryAfter` seconds until the next day; nothing is stored then
   */
  async acceptToken(acceptance: TokenAcceptance): Promise<'accepted' | 'again'> {
    const nonce = checkBytes('nonce', acceptance.nonce, 32);
    return this.#group.run(() => {
      if (this.#statements.isAccepted.get(nonce) !== undefined) return 'again';
      const { limits, issuer, now } = acceptance;
      this.#charge([payer(limits.issuerCodesPerDay, 'issuer', issuer)], 1, now);
      this.#statements.accept.run(nonce);
      return 'accepted';
    });
  }

  /**
   * Whether every one of these nonces was accepted under a token. True of none at all.
   *
   * @throws BlindmarkError `storageFailed` when the file cannot be read
   */
  areAccepted(nonces: readonly Uint8Array[]): boolean {
    return this.#group.read(() =>
      nonces.every((nonce) => this.#statements.isAccepted.get(checkBytes('nonce', nonce, 32)) !== undefined),
    );
  }

  /**
   * Charges an officer's request to the force, to the officer's pseudonym and to the officer's key: all or none. A force may
   * issue many keys for one pseudonym, or many pseudonyms for one key; the fuller of both refuses, and the force's quota
   * bounds what many of both obtain.
   *
   * @returns `again` when this very request was charged before: nothing is charged, whatever the quotas
   * @throws BlindmarkError `quotaExceeded`, with `retryAfter` seconds until the next day; `credentialExpired` when the
   *   request has ended, or may be one that was forgotten after its end (the clock was set back); nothing is stored then
   */
  async chargeOfficer(charge: OfficerCharge): Promise<'charged' | 'again'> {
    const { force, pseudonym, codes, limits, expiresAt, now } = charge;
    const hash = checkBytes('requestHash', charge.requestHash, 32);
    const officer = checkBytes('officer', charge.officer, 32);
    if (!Number.isSafeInteger(codes) || codes < 1) throw badInput('codes', 'a whole number from 1');
    const payers = [
      payer(limits.forceCodesPerDay, 'force', force),
      payer(limits.officerCodesPerDay, 'officer', force, pseudonym),
      payer(limits.officerCodesPerDay, 'officer key', officer),
    ];
    return this.#group.run(() => {
      this.#expiry.purge(now);
      this.#expiry.check(expiresAt);
      if (expiresAt <= now) throw new BlindmarkError('credentialExpired', 'The request has ended; nothing was charged');
      if (this.#statements.isKnown.get(hash) !== undefined) return 'again';
      this.#charge(payers, codes, now);
      this.#statements.remember.run(hash, expiresAt);
      return 'charged';
    });
  }

  /** The day that charges count for, in days since 1970-01-01 UTC: the highest ever charged; 0 before the first. */
  day(): number {
    return this.#group.read(() => this.#facts.get('day'));
  }

  /** Whether a write reaches the disk now. Never rejects. */
  isReady(): Promise<boolean> {
    return this.#group.isReady();
  }

  /** Finishes what waits, then closes the file, for the witness too. */
  close(): Promise<void> {
    return this.#group.close();
  }

  /** Inside a transaction: charges each payer or, by throwing, none. */
  #charge(payers: readonly Payer[], codes: number, now: number): void {
    const today = Math.floor(now / SECONDS_A_DAY);
    const last = this.#facts.get('day');
    if (today > last) {
      this.#statements.clear.run();
      this.#facts.set('day', today);
    }
    for (const { id, limit, name } of payers) {
      const charged = (this.#statements.charged.get(id) as { codes: number } | undefined)?.codes ?? 0;
      // Written so that a limit that is not a number refuses.
      if (charged + codes <= limit) continue;
      throw new BlindmarkError('quotaExceeded', `The day's quota of this ${name} is used up; nothing was charged`, {
        remedy: 'Ask again after midnight UTC, or for fewer codes',
        retryAfter: Math.ceil((Math.max(today, last) + 1) * SECONDS_A_DAY - now),
      });
    }
    for (const { id } of payers) this.#statements.charge.run(id, codes);
  }

  /** Whether the file is open. */
  get isOpen(): boolean {
    return this.#db.isOpen;
  }
}
