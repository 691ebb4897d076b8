/**
 * The entries of a registration: under which key each is appended, with which salt, and how one that a crash left out is made
 * up for. The key of a row's entry follows from the row, which is stored first; so whoever comes next finds that the log lacks
 * it, and appends it.
 */
import { equalBytes, formatUint } from '../../crypto/bytes.ts';
import { BlindmarkError, isBlindmarkError, type ErrorCode } from '../../crypto/errors.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { hourOf, markHash, type Action, type LogEntry } from '../../crypto/log-entry.ts';
import type { Receipt } from '../../crypto/receipt.ts';
import { rowHash, withdrawalEntryHash, type RegistrationRow } from '../../crypto/registration.ts';
import type { FoundEntry, Log } from '../log/log.ts';
import type { HistoryRecord, RegistryStore } from '../store/store.ts';
import type { AppendedEntry, DelayedEntries, EntryRequest } from './delayed-entries.ts';
import { formatLogged } from './evidence.ts';
import { entrySalt } from './log-key.ts';

/** Codes of problem documents where the log can't take an entry, or enough guardians don't cosign it. */
export const LOG_ERRORS = [
  'storageFailed',
  'guardiansUnavailable',
  'logBehind',
  'logForked',
  'overloaded',
] as const satisfies readonly ErrorCode[];

/** What a stored row came about by. */
export type RowKind = 'registration' | Exclude<Action, 'withdraw'>;

/** The append key of the entry of a row as it stands. */
export function rowEntryKey(origin: string, row: RegistrationRow): Uint8Array {
  return labelledHash('row-entry', rowHash(origin, row));
}

/** The append key of the entry that says that a lookup was shown a registration. */
export function matchEntryKey(lookup: number, commitment: Uint8Array): Uint8Array {
  return labelledHash('match-entry', formatUint(lookup, 6), commitment);
}

/**
 * Waits for the log once something is stored.
 *
 * @param what is stored, as a clause: `The registration is stored`
 * @throws BlindmarkError what the log said, with what is stored and that the same request completes it
 */
export async function afterStoring<T>(what: string, logged: Promise<T>): Promise<T> {
  try {
    return await logged;
  } catch (error) {
    if (!isBlindmarkError(error)) throw error;
    const { guardians, retryAfter } = error;
    throw new BlindmarkError(error.code, `${what}; its entry in the log is not confirmed. ${error.message}`, {
      remedy: 'Send the same request again: it adds what is missing, and nothing twice.',
      ...(guardians === undefined ? {} : { guardians }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      cause: error,
    });
  }
}

export interface RegistrationEntriesDependencies {
  readonly origin: string;
  readonly store: Pick<RegistryStore, 'findHistory'>;
  readonly publicLog: Log;
  readonly delayed: DelayedEntries;
  /** 32 bytes, from `log-key.json`. */
  readonly saltKey: Uint8Array;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Makes, finds and completes registrations' entries. */
export class RegistrationEntries {
  readonly #dependencies: RegistrationEntriesDependencies;

  constructor(dependencies: RegistrationEntriesDependencies) {
    this.#dependencies = dependencies;
  }

  /** The salt of the mark in the entry of this append key. 32 bytes. */
  salt(key: Uint8Array): Uint8Array {
    return entrySalt(this.#dependencies.saltKey, key);
  }

  /** The record of a row's entry. */
  record(row: RegistrationRow, kind: RowKind): HistoryRecord {
    const { origin, now } = this.#dependencies;
    return { key: rowEntryKey(origin, row), kind, hour: hourOf(now()) };
  }

  /** What appends the entry that a lookup was shown a registration. `lookup`: index of the lookup's entry. */
  matchRequest(lookup: number, commitment: Uint8Array, delayDays: number): EntryRequest {
    const key = matchEntryKey(lookup, commitment);
    const mark = markHash(this.salt(key), commitment);
    const entry: LogEntry = { kind: 'match', hour: hourOf(this.#dependencies.now()), mark, lookup };
    return { key, entry, delayDays };
  }

  /**
   * The receipt of a stored row: its entry is found, or appended.
   *
   * @throws BlindmarkError as `Log.append`
   */
  async receipt(row: RegistrationRow): Promise<Receipt> {
    return this.#append(await this.#rowRequest(row));
  }

  /** The receipt of a withdrawal, which is appended before the row is erased. Throws as `Log.append`. */
  async withdrawalReceipt(commitment: Uint8Array, withdrawal: Uint8Array): Promise<Receipt> {
    const salt = this.salt(withdrawal);
    const mark = markHash(salt, commitment);
    const hour = hourOf(this.#dependencies.now());
    const row = withdrawalEntryHash(salt, withdrawal);
    const entry: LogEntry = { kind: 'action', hour, mark, action: 'withdraw', row };
    return this.#append({ key: withdrawal, entry, delayDays: 0 });
  }

  /** Whether the log has a withdrawal's entry; `withdrawal`: what the owner signed. Its row may not be erased yet. */
  async isWithdrawn(withdrawal: Uint8Array): Promise<boolean> {
    return this.#dependencies.publicLog.has(withdrawal);
  }

  /** Appends the entry of a stored row where the log lacks it. Throws as `Log.append`. */
  async complete(row: RegistrationRow): Promise<void> {
    const { origin, publicLog, delayed } = this.#dependencies;
    if ((await publicLog.find(rowEntryKey(origin, row))) === null) await delayed.append([await this.#rowRequest(row)]);
  }

  /**
   * The entry of the registration that a row belongs to; null when the log lacks it. Then {@link complete} appends the entry
   * of a first row, and of a later one its own, which is what is found from then on.
   */
  async findRegistered(row: RegistrationRow): Promise<{ key: Uint8Array; found: FoundEntry | null }> {
    const { publicLog } = this.#dependencies;
    const current = this.record(row, 'registration').key;
    const keys = row.version === 1 ? [] : await this.#registrationKeys(row);
    for (const key of [...keys, current]) {
      const found = await publicLog.find(key);
      if (found !== null) return { key, found };
    }
    return { key: current, found: null };
  }

  async #registrationKeys(row: RegistrationRow): Promise<Uint8Array[]> {
    const records = await this.#dependencies.store.findHistory(row, this.record(row, 'registration').key, 1);
    return records.filter(({ kind }) => kind === 'registration').map(({ key }) => key);
  }

  async #rowRequest(row: RegistrationRow): Promise<EntryRequest> {
    const { origin, now } = this.#dependencies;
    const key = rowEntryKey(origin, row);
    const kind = await this.#kindOf(row, key);
    const fields = { hour: hourOf(now()), mark: markHash(this.salt(key), row.commitment), row: rowHash(origin, row) };
    const entry: LogEntry =
      kind === 'registration' ? { kind, ...fields, epoch: row.epoch } : { kind: 'action', ...fields, action: kind };
    return { key, entry, delayDays: 0 };
  }

  async #kindOf(row: RegistrationRow, key: Uint8Array): Promise<RowKind> {
    if (row.version === 1) return 'registration';
    const records = await this.#dependencies.store.findHistory(row, key, 2);
    const kind = records.find((record) => equalBytes(record.key, key))?.kind;
    if (kind === 'status' || kind === 'replace') return kind;
    // Somebody replaced or erased the row since it was read.
    throw new BlindmarkError('versionConflict', 'The registration has changed in the meantime', {
      remedy: 'Send the same request again.',
    });
  }

  async #append(request: EntryRequest): Promise<Receipt> {
    const { checkpoint, entries } = await this.#dependencies.delayed.append([request]);
    const [logged] = entries as [AppendedEntry];
    return { checkpoint, logged: formatLogged(logged), salt: this.salt(request.key) };
  }
}
