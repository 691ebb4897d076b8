/**
 * What the registry needs of a storage engine for registrations. Every operation touches one code's registrations and what is
 * remembered of them, one nonce or one evaluation, and is conditional, so that it works alike on one file and on a sharded
 * cluster (DESIGN section 6). A promise that resolves means: on disk.
 *
 * Any operation may reject with `storageFailed` (not written as far as the engine can tell: the same call may be made again,
 * and answers as though it were the first, or shows that the first was written after all: `again`, and for `replace` and
 * `erase` `versionConflict` and `notFound`) or `overloaded` (nothing was tried).
 */
import { MAX_CLAIMS, type RegistrationRow } from '../../crypto/registration.ts';
import { MAX_ELEMENTS } from '../../crypto/wire.ts';

/** Registrations that one lookup can show. */
export const MAX_MATCHES = MAX_ELEMENTS * MAX_CLAIMS;

/**
 * Names one registration. The commitment alone is unique, for it binds the lookup tag; the index says where it is kept, and
 * saves an engine a second search tree over random bytes. Whoever proves a right to a registration presents the lookup tag,
 * hence the index.
 */
export type RegistrationKey = Pick<RegistrationRow, 'index' | 'commitment'>;

/** An officer's evaluation that was verified, and under which one lookup may follow. */
export interface RecordedEvaluation {
  /** Hash of the officer's evaluation request, 32 bytes. */
  readonly hash: Uint8Array;
  /** Thumbprint of the officer's key, 32 bytes. */
  readonly officer: Uint8Array;
  /** Lookup tags that the one lookup may name. */
  readonly tagLimit: number;
  /** Index of the evaluation's entry in the log: what matches point to. */
  readonly entry: number;
  /** Epoch seconds from which on no lookup may name it. */
  readonly expiresAt: number;
}

/** A lookup, as far as it must be held against a recorded evaluation. */
export interface LookupClaim {
  /** Hash of the evaluation request that the lookup names, 32 bytes. */
  readonly evaluation: Uint8Array;
  readonly officer: Uint8Array;
  /** Number of lookup tags in the lookup. */
  readonly tags: number;
  /** Hash of the lookup request, 32 bytes. */
  readonly requestHash: Uint8Array;
  /** Epoch seconds. */
  readonly now: number;
}

/**
 * - `registered`: row stored and nonce spent, both or neither
 * - `again`: this very row, byte for byte, is stored; nothing was spent
 * - `alreadyRegistered`: the commitment is stored with another content; nothing was spent
 * - `tokenSpent`: the nonce made another registration, or one that is erased since
 * - `claimsFull`: `MAX_CLAIMS` registrations of the code exist; nothing was spent
 */
export type RegisterResult = 'registered' | 'again' | 'tokenSpent' | 'alreadyRegistered' | 'claimsFull';

/**
 * - `claimed`: the evaluation is used up by this lookup; `entry` is {@link RecordedEvaluation.entry}
 * - `again`: this very lookup used it before
 * - `evaluationRequired`: no such evaluation, not in time, not this officer's, or for fewer tags
 * - `replayed`: another lookup used it
 */
export type ClaimResult =
  | { readonly result: 'claimed' | 'again'; readonly entry: number }
  | { readonly result: 'evaluationRequired' | 'replayed' };

/** What a registration's owner is told of: how it began, what the owner did to it, and who was shown it. */
export const HISTORY_KINDS = ['registration', 'status', 'replace', 'match', 'opening'] as const;

/** Where the log tells of a registration. Stored before the entry is appended, so the log may not have it (yet). */
export interface HistoryRecord {
  /** The key under which the entry is appended, 32 bytes. */
  readonly key: Uint8Array;
  readonly kind: (typeof HISTORY_KINDS)[number];
  /** Whole hours since 1970-01-01 UTC: about when, to find the newest. */
  readonly hour: number;
}

export interface RegistryStore {
  /**
   * Stores a first version of a row and spends the activation token's nonce, atomically.
   *
   * @param tokenNonce 32 bytes. Kept for ever, and apart: nothing stored tells which row it made
   */
  register(row: RegistrationRow, tokenNonce: Uint8Array): Promise<RegisterResult>;

  /**
   * @param indexes at most 64, 32 bytes each
   * @returns for each index, in the order asked, its registrations in the order of registration: at most `MAX_CLAIMS`
   * @throws BlindmarkError `badInput` above 64
   */
  findByIndexes(indexes: readonly Uint8Array[]): Promise<RegistrationRow[][]>;

  findByCommitment(key: RegistrationKey): Promise<RegistrationRow | null>;

  /**
   * Puts `row` in the place of the row of the same key that has `expectedVersion`, and adds to its history. It keeps its place
   * among claims. A row that was never replaced needs no record of its registration: the key of that entry follows from it.
   */
  replace(
    row: RegistrationRow,
    expectedVersion: number,
    history: readonly HistoryRecord[],
  ): Promise<'replaced' | 'versionConflict' | 'notFound'>;

  /** Adds to a registration's history. `again`: there is a record of that key; `notFound`: there is no such registration. */
  addHistory(key: RegistrationKey, record: HistoryRecord): Promise<'added' | 'again' | 'notFound'>;

  /**
   * A registration's history: the record of the registration, then the record whose key is `first`, then the newest of the
   * others, where there are such; at most `limit`.
   */
  findHistory(key: RegistrationKey, first: Uint8Array, limit: number): Promise<HistoryRecord[]>;

  /** Erases the row that has `expectedVersion` with its history, leaving nothing of them behind. */
  erase(key: RegistrationKey, expectedVersion: number): Promise<'erased' | 'versionConflict' | 'notFound'>;

  /**
   * Remembers an evaluation until it expires. Idempotent: a second record of one hash changes nothing.
   *
   * @throws BlindmarkError `credentialExpired` when records of that time are purged already: the clock was set back
   */
  recordEvaluation(evaluation: RecordedEvaluation): Promise<void>;

  /** Uses an evaluation for one lookup. Purges what expired before `now`. */
  claimLookup(claim: LookupClaim): Promise<ClaimResult>;

  /**
   * Fixes which registrations a lookup shows, so that the lookup sent again shows no others. Writes to disk whether there are
   * any or not.
   *
   * @param evaluation hash of the evaluation that the lookup used
   * @param matches commitments, at most {@link MAX_MATCHES}
   * @returns what the first call for this evaluation gave; null when the evaluation has been purged
   */
  settleLookup(evaluation: Uint8Array, matches: readonly Uint8Array[]): Promise<Uint8Array[] | null>;

  /**
   * Remembers for ever that an element was evaluated under an activation token. Idempotent.
   *
   * @param nonce the token's nonce, 32 bytes: it names the element
   */
  acceptElement(nonce: Uint8Array): Promise<void>;

  /** Whether the element of this nonce was accepted. */
  isAccepted(nonce: Uint8Array): Promise<boolean>;

  /** Whether a write reaches the disk and can be read back. Never rejects. */
  isReady(): Promise<boolean>;

  /** Waits for what is under way, then closes. Operations after it reject with `storageFailed`. */
  close(): Promise<void>;
}
