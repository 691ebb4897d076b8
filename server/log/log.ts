/** What the registry needs of its log: append, find, prove. How it is done: sequencer.ts. */
import type { BlindmarkError } from '../../crypto/errors.ts';
import type { LoggedEntry } from '../../crypto/log-proof.ts';

/** An entry to append, under the key that names it for ever. */
export interface AppendRequest {
  /** 32 bytes. Who appends again under it, now or years later, is given the first entry: whatever `entry` says then. */
  readonly key: Uint8Array;
  /** An entry in canonical form (crypto/log-entry.ts), at most 1,024 bytes. */
  readonly entry: Uint8Array;
}

/** Entries with their inclusion proofs, all under one checkpoint. */
export interface LoggedEntries {
  /** A signed note with at least t cosignatures. */
  readonly checkpoint: string;
  readonly size: number;
  /** In the order asked. */
  readonly entries: LoggedEntry[];
}

export interface FoundEntry {
  readonly index: number;
  readonly entry: Uint8Array;
}

/** The registry's log. Whatever it answers is durable, and in a checkpoint that at least t witnesses have cosigned. */
export interface Log {
  /**
   * Appends, or finds again, and waits until all of it is in a checkpoint with at least t cosignatures. A checkpoint's
   * cosignatures are less than an hour old.
   *
   * @param requests at most 256; none at all takes the same way and time, and answers the latest checkpoint
   * @throws BlindmarkError, after which the same call may be made again, and appends nothing twice: `overloaded` (nothing
   *   was tried), `storageFailed`, `guardiansUnavailable` (the entry may be in the log), `logBehind`, `logForked`
   */
  append(requests: readonly AppendRequest[]): Promise<LoggedEntries>;

  /**
   * The entry that was appended under a key, if it is within the latest cosigned checkpoint.
   *
   * @throws BlindmarkError `storageFailed`
   */
  find(key: Uint8Array): Promise<FoundEntry | null>;

  /**
   * Whether an entry was appended under a key, cosigned yet or not: from then on, the log can't do without it.
   *
   * @throws BlindmarkError `storageFailed`
   */
  has(key: Uint8Array): Promise<boolean>;

  /**
   * Proofs under the latest cosigned checkpoint. Where that is old, so that fewer than t of its cosignatures are of the last
   * hour, it is first cosigned anew; while guardians do not do so, the proofs are under the old one.
   *
   * @param indexes none asks for the checkpoint alone
   * @throws BlindmarkError `guardiansUnavailable` before the first cosigned checkpoint; `badInput` for an index beyond it;
   *   `storageFailed`
   */
  prove(indexes: readonly number[]): Promise<LoggedEntries>;

  /**
   * @param first a size from 1 (or 0: an empty proof)
   * @param second a size from `first` to the latest one
   * @throws BlindmarkError `badInput`, `storageFailed`
   */
  proveConsistency(first: number, second: number): Promise<Uint8Array[]>;

  /**
   * The latest cosigned checkpoint with all the cosignatures so far, however old they are; null before the first.
   */
  latest(): string | null;

  /** Why nothing can be appended at present; null when it can. */
  obstacle(): BlindmarkError | null;

  /** Ends what waits with `unavailable`, and the witnesses' connections. The store stays open. */
  close(): Promise<void>;
}
