/**
 * What the registry keeps for openings, beside the registrations: log entries that are still hidden, openings with their
 * approvals and results, messages for owners, and the forces' revocation lists. Every operation is conditional and may be
 * repeated; a promise that resolves means: on disk.
 *
 * Any operation may reject with `storageFailed` (the same call may be made again) or `overloaded` (nothing was tried).
 */
/** What stands behind a `delayed` entry of the log, until it is revealed. */
export interface HiddenEntry {
  /** What the log shows of it at once, 32 bytes. Names the record. */
  readonly commitment: Uint8Array;
  /** The entry's append key, 32 bytes. Several records may have one key: the log holds one of them, or none. */
  readonly key: Uint8Array;
  /** Hours since 1970 by which it must be revealed. */
  readonly revealBy: number;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** The entry as it will be revealed, at most 1,024 bytes. */
  readonly plain: Uint8Array;
}

/** An opening that the first officer asked for. */
export interface NewOpening {
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** Where the registration is found, as in `RegistrationKey`. */
  readonly index: Uint8Array;
  readonly commitment: Uint8Array;
  /** What was asked, with the first officer's authorization; text whose form is the registry's. */
  readonly ask: string;
  /** Epoch seconds from which on nothing remains of it. */
  readonly keptUntil: number;
}

export interface StoredOpening extends NewOpening {
  /** The second officer's authorization; null while the opening is pending. */
  readonly approval: string | null;
  /** What the guardians answered; null until they have. */
  readonly result: string | null;
}

/** A sealed message for an owner, whose opening led to nobody who could be reached otherwise. */
export interface StoredMessage {
  /** 32 bytes: names the message, so that it is stored once. */
  readonly id: Uint8Array;
  /** The opening's id, 32 bytes. */
  readonly opening: Uint8Array;
  readonly commitment: Uint8Array;
  /** `YYYY-MM-DD`. */
  readonly receivedOn: string;
  /** The officer's authorization; text whose form is the registry's. */
  readonly authorization: string;
  readonly box: Uint8Array;
}

/** The revocation list of a force that is in force. */
export interface StoredRevocations {
  readonly force: string;
  /** Epoch seconds. */
  readonly issuedAt: number;
  /** Hash of what is revoked, 32 bytes. */
  readonly hash: Uint8Array;
  /** `issuedAt` of the first list of those in a row that revoke just this. */
  readonly since: number;
  readonly forceCredential: string;
  readonly list: string;
}

/**
 * - `approved`: the opening has its second officer
 * - `again`: this very approval was stored before
 * - `taken`: another approval was
 * - `notFound`: no such opening, or it is gone
 */
export type ApproveResult = 'approved' | 'again' | 'taken' | 'notFound';

/**
 * - `added`: it waits for the owner
 * - `again`: it was added before, and waits or was acknowledged
 * - `full`: `MAX_MESSAGES` wait already, or `MAX_MESSAGES_OF_OPENING` of this opening
 * - `notOpened`: no such opening of this registration has a result
 */
export type MessageResult = 'added' | 'again' | 'full' | 'notOpened';

export interface OpeningStore {
  /**
   * Keeps what entries hide, all or none. A record of the same commitment is kept as it is. Writes to disk whether there are
   * any or not, so that a lookup without a match takes as long as one with.
   */
  addHidden(entries: readonly HiddenEntry[]): Promise<void>;

  /** The records of an append key, those to be revealed last first. */
  findHiddenByKey(key: Uint8Array): Promise<HiddenEntry[]>;

  findHidden(commitment: Uint8Array): Promise<HiddenEntry | null>;

  /**
   * Records that are not revealed, in the order of `revealBy`, then of the commitment.
   *
   * @param until highest `revealBy`
   * @param after the record before the first one wanted; null for the first
   */
  listHidden(until: number, after: HiddenEntry | null, limit: number): Promise<HiddenEntry[]>;

  /** Says of records that their entries' plain text is in the log. They are kept until {@link purge} removes them. */
  markRevealed(commitments: readonly Uint8Array[]): Promise<void>;

  removeHidden(commitments: readonly Uint8Array[]): Promise<void>;

  /** Keeps an opening. One of the same id is kept as it is. */
  addOpening(opening: NewOpening): Promise<'added' | 'again'>;

  findOpening(id: Uint8Array): Promise<StoredOpening | null>;

  /** Stores the approval of an opening that has none. */
  approve(id: Uint8Array, approval: string): Promise<ApproveResult>;

  /**
   * Stores what came of an approved opening, unless a result is stored already.
   *
   * @returns the result that is stored now; null when the opening is gone or not approved
   */
  saveResult(id: Uint8Array, result: string): Promise<string | null>;

  /** Keeps a message of an opening that has a result. */
  addMessage(message: StoredMessage): Promise<MessageResult>;

  /** The messages that wait for a registration's owner, oldest first: at most `MAX_MESSAGES`. */
  listMessages(commitment: Uint8Array): Promise<StoredMessage[]>;

  /** Erases messages of this registration. That they were there is remembered as long as their opening is. */
  acknowledgeMessages(commitment: Uint8Array, ids: readonly Uint8Array[]): Promise<void>;

  /** Erases the openings and messages of a registration. */
  eraseRegistration(commitment: Uint8Array): Promise<void>;

  /**
   * Puts a force's list in the place of the one before it.
   *
   * @returns `taken`, or `again` for a list that is not younger than the stored one, which stays; and what is stored now
   */
  saveRevocations(
    list: Omit<StoredRevocations, 'since'>,
  ): Promise<{ readonly result: 'taken' | 'again'; readonly stored: StoredRevocations }>;

  findRevocations(force: string): Promise<StoredRevocations | null>;

  /**
   * Removes what need not be kept any more.
   *
   * @param limits.openings epoch seconds: openings with a `keptUntil` up to it, and what is remembered of their acknowledged
   *   messages
   * @param limits.revealed hours since 1970: revealed entries with a `revealBy` up to it
   * @param limits.unused hours since 1970: entries that were never revealed with a `revealBy` up to it
   */
  purge(limits: { readonly openings: number; readonly revealed: number; readonly unused: number }): Promise<void>;
}
