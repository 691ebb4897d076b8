/**
 * Trays, one for each case of a shift: every record of them sealed under the officer's tray key. What is written is on disk before
 * it counts. Two tabs may have one tray open: whoever changes it reads it first, while the other waits.
 */
import {
  BlindmarkError,
  cancelled,
  formatBase64url,
  isBlindmarkError,
  randomBytes,
  type BatchFindings,
  type LookupBatch,
  type LookupResult,
  type SignedRoster,
} from '../../../client-sdk/index.ts';
import {
  TrayGone,
  type PoliceDatabase,
  type RecordKey,
  type RecordKind,
  type StoredRecord,
} from './police-database.ts';
import type { ContactView, OpeningView, Problem, ResultView } from './police-api.ts';
import { openValue, sealValue } from './sealing.ts';
import { storageFailed } from './storage-failed.ts';

/** What is known of a tray without its readings. */
export interface TrayHeader {
  readonly caseReference: string;
  /** ISO time. */
  readonly changedAt: string;
  /** How many. */
  readonly readings: number;
  readonly waiting: number;
  readonly hits: number;
  /** A run that has not come to its end. */
  readonly run: {
    /** Opens the case commitments of all its requests. */
    readonly caseSalt: Uint8Array;
    /** Whether it goes on by itself. */
    readonly isOn: boolean;
  } | null;
  /** The registry's rosters as of the last run: by them its proofs are verified. */
  readonly chain: readonly SignedRoster[];
}

/** A reading on a tray. */
export interface StoredReading {
  /** Its place. */
  readonly order: number;
  readonly label: string;
  readonly reading: string;
  readonly scheme: string | null;
  readonly leadingZerosLost: boolean;
  readonly candidates: number;
  readonly omitted: number;
  readonly problem: Problem | null;
  readonly result: ResultView | null;
}

/** All that proves a result, and what openings need of it. */
export interface StoredAnswer {
  readonly result: Omit<LookupResult, 'id' | 'refusals'>;
  readonly refusals: readonly { readonly code: string; readonly message: string }[];
}

/** An opening that was asked for. */
export interface StoredOpening extends Omit<OpeningView, 'contact'> {
  readonly order: number;
  readonly reason: string;
  /** What was opened; with what messages are sealed to. */
  readonly contact: StoredContact | null;
  /** Pseudonyms of both officers. */
  readonly officers: readonly string[];
}

export type StoredContact =
  Extract<ContactView, { readonly kind: 'details' }> | { readonly kind: 'relay'; readonly exchangeKey: Uint8Array };

/** The values of each kind of record. */
export interface RecordValues {
  readonly tray: TrayHeader;
  readonly reading: StoredReading;
  readonly answer: StoredAnswer;
  readonly batch: LookupBatch;
  readonly findings: BatchFindings;
  readonly opening: StoredOpening;
}

/** A tray as it was read: each map by the records' names, in their order. */
export interface Tray {
  readonly id: string;
  readonly header: TrayHeader;
  readonly readings: ReadonlyMap<string, StoredReading>;
  readonly openings: ReadonlyMap<string, StoredOpening>;
}

/** A tray that is being changed. */
export interface TrayChange {
  readonly tray: Tray;
  readonly put: <Kind extends Exclude<RecordKind, 'tray'>>(kind: Kind, id: string, value: RecordValues[Kind]) => void;
  readonly remove: (kind: Exclude<RecordKind, 'tray'>, id: string) => void;
  readonly setHeader: (change: Partial<Pick<TrayHeader, 'run' | 'chain'>>) => void;
}

/** Most readings of one tray: a day's quota of a few officers. */
export const MAX_READINGS = 2000;

/** The version of what is sealed: part of each record's name. */
const FORMAT = 'blindmark-tray-v1';
/** The one record of its kind. */
const HEADER_ID = 'header';

/** A new name: it says nothing of what it names. */
export const createId = (): string => formatBase64url(randomBytes(12));

export const isWaiting = ({ problem, result }: StoredReading): boolean => problem === null && result === null;

/** The error of a browser that does not store, or no longer; or of a tray that is gone. */
export function trayFailure(cause: unknown): BlindmarkError {
  if (isBlindmarkError(cause)) return cause;
  if (cause instanceof TrayGone) return trayNotFound();
  return storageFailed(cause, 'tray');
}

function trayNotFound(): BlindmarkError {
  return new BlindmarkError('notFound', 'There is no such tray of this credential', {
    field: 'tray',
    remedy: 'Open the case again.',
  });
}

const byOrder = <Value extends { readonly order: number }>(map: ReadonlyMap<string, Value>): Map<string, Value> =>
  new Map([...map].sort(([, a], [, b]) => a.order - b.order));

/** The trays of one credential. */
export class TrayStore {
  readonly #database: PoliceDatabase;
  readonly #owner: string;
  readonly #key: CryptoKey;
  readonly #locks: Pick<LockManager, 'request'>;

  constructor(database: PoliceDatabase, owner: string, key: CryptoKey, locks: Pick<LockManager, 'request'>) {
    this.#database = database;
    this.#owner = owner;
    this.#key = key;
    this.#locks = locks;
  }

  /** Every tray, the one that was changed last first. One that was altered is left out; its readings are nowhere else. */
  async list(): Promise<{ readonly id: string; readonly header: TrayHeader }[]> {
    const records = await this.#stored(async () => this.#database.readTrays(this.#owner));
    const opened = await Promise.all(
      records.map(async (record) => {
        const header = await this.#open<'tray'>(record).catch(() => null);
        return header === null ? [] : [{ id: record.key[1], header }];
      }),
    );
    return opened.flat().sort((a, b) => (a.header.changedAt < b.header.changedAt ? 1 : -1));
  }

  /** The tray of a case; a new one where there is none. @param now ISO time */
  async openCase(caseReference: string, now: string): Promise<string> {
    return this.#locked(`cases ${this.#owner}`, async () => {
      const known = (await this.list()).find(({ header }) => header.caseReference === caseReference);
      if (known !== undefined) return known.id;
      const id = createId();
      const counts = { readings: 0, waiting: 0, hits: 0 };
      const header: TrayHeader = { caseReference, changedAt: now, ...counts, run: null, chain: [] };
      const record = await this.#seal(this.#keyOf(id, 'tray', HEADER_ID), header);
      await this.#stored(async () => this.#database.change({ put: [record], remove: [] }, undefined));
      return id;
    });
  }

  /** @throws BlindmarkError `notFound`; `badFile` where it was altered */
  async load(id: string): Promise<Tray> {
    const [header, readings, openings] = await Promise.all([
      this.read(id, 'tray'),
      this.read(id, 'reading'),
      this.read(id, 'opening'),
    ]);
    const only = header.get(HEADER_ID);
    if (only === undefined) throw trayNotFound();
    return { id, header: only, readings: byOrder(readings), openings: byOrder(openings) };
  }

  /** All records of one kind. */
  async read<Kind extends RecordKind>(id: string, kind: Kind): Promise<Map<string, RecordValues[Kind]>> {
    const records = await this.#stored(async () => this.#database.read(this.#owner, id, kind));
    return new Map(
      await Promise.all(
        records.map(async (record): Promise<[string, RecordValues[Kind]]> => [
          record.key[3],
          await this.#open<Kind>(record),
        ]),
      ),
    );
  }

  /**
   * Changes a tray; resolves once that is on disk.
   *
   * @param change is given the tray as it is now
   * @param now ISO time
   * @returns the tray as it is then
   */
  async change(id: string, now: string, change: (changing: TrayChange) => void): Promise<Tray> {
    return this.#locked(`tray ${id}`, async () => {
      const tray = await this.load(id);
      const [readings, openings] = [new Map(tray.readings), new Map(tray.openings)];
      const put = new Map<string, readonly [RecordKey, unknown]>();
      const remove = new Map<string, RecordKey>();
      let { header } = tray;
      change({
        tray: { id, header, readings, openings },
        put: (kind, name, value) => {
          if (kind === 'reading') readings.set(name, value as StoredReading);
          if (kind === 'opening') openings.set(name, value as StoredOpening);
          put.set(`${kind} ${name}`, [this.#keyOf(id, kind, name), value]);
          remove.delete(`${kind} ${name}`);
        },
        remove: (kind, name) => {
          if (kind === 'reading') readings.delete(name);
          if (kind === 'opening') openings.delete(name);
          remove.set(`${kind} ${name}`, this.#keyOf(id, kind, name));
          put.delete(`${kind} ${name}`);
        },
        setHeader: (changes) => {
          header = { ...header, ...changes };
        },
      });
      const all = [...readings.values()];
      header = {
        ...header,
        changedAt: now,
        readings: all.length,
        waiting: all.filter(isWaiting).length,
        hits: all.filter(({ result }) => result !== null && result.registrations.length > 0).length,
      };
      const headerKey = this.#keyOf(id, 'tray', HEADER_ID);
      const sealed = await Promise.all(
        [...put.values(), [headerKey, header] as const].map(async ([key, value]) => this.#seal(key, value)),
      );
      await this.#stored(async () => this.#database.change({ put: sealed, remove: [...remove.values()] }, headerKey));
      return { id, header, readings: byOrder(readings), openings: byOrder(openings) };
    });
  }

  /** Keeps a batch of a tray's run as it is now; resolves once that is on disk. */
  async keepBatch(id: string, name: string, batch: LookupBatch): Promise<void> {
    const record = await this.#seal(this.#keyOf(id, 'batch', name), batch);
    const headerKey = this.#keyOf(id, 'tray', HEADER_ID);
    await this.#stored(async () => this.#database.change({ put: [record], remove: [] }, headerKey));
  }

  async remove(id: string): Promise<void> {
    await this.#locked(`tray ${id}`, async () => this.#stored(async () => this.#database.removeTray(this.#owner, id)));
  }

  /**
   * Runs `work` once no other tab runs the same tray.
   *
   * @throws BlindmarkError `cancelled` when it is cancelled before its turn comes
   */
  async whileRunning<T>(id: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#locked(`run ${id}`, work, signal);
  }

  async #locked<T>(thing: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let hasBegun = false;
    try {
      return await this.#locks.request(
        `blindmark-police ${thing}`,
        signal === undefined ? {} : { signal },
        async () => {
          hasBegun = true;
          return work();
        },
      );
    } catch (error) {
      if (!hasBegun && signal?.aborted === true) throw cancelled();
      throw error;
    }
  }

  #keyOf(tray: string, kind: RecordKind, id: string): RecordKey {
    return [this.#owner, tray, kind, id];
  }

  async #seal(key: RecordKey, value: unknown): Promise<StoredRecord> {
    return { key, box: await sealValue(this.#key, [FORMAT, ...key], value) };
  }

  async #open<Kind extends RecordKind>({ key, box }: StoredRecord): Promise<RecordValues[Kind]> {
    return (await openValue(this.#key, [FORMAT, ...key], box)) as RecordValues[Kind];
  }

  async #stored<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw trayFailure(error);
    }
  }
}
