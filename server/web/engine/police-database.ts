/**
 * What the police pages keep in IndexedDB: the keys of whoever is signed in, which no script can read out of the browser, and
 * sealed records. Loads no cryptography.
 */
import type { DBSchema } from 'idb';
import { KeptDatabase } from './kept-database.ts';

const NAME = 'blindmark-police';

/** How long a session lasts that nobody uses, in seconds. */
const IDLE_SECONDS = 900;

/** Pages say only every so often that they are used: they end a session first, and this is for when no page is there. */
const IDLE_GRACE_SECONDS = 60;

/** Whether a session has not been used for too long. Nor may a clock that was set back make it last. */
export function isIdle(usedAt: number, now: number): boolean {
  return !(Math.abs(now - usedAt) <= IDLE_SECONDS + IDLE_GRACE_SECONDS);
}

/** Who is signed in. */
export interface KeptSession {
  /** Names the trays of this credential. */
  readonly owner: string;
  /** Ed25519: not extractable. */
  readonly signingKey: CryptoKey;
  /** AES-GCM: not extractable. Everything else here is sealed under it. */
  readonly trayKey: CryptoKey;
  /** Sealed: who the officer is. */
  readonly facts: Uint8Array<ArrayBuffer>;
  /** Epoch seconds: when a page was last used with it. */
  readonly usedAt: number;
}

/** What a record is of: a tray itself, one of its readings, what proves a reading's result, and so on. */
export type RecordKind = 'tray' | 'reading' | 'answer' | 'batch' | 'findings' | 'opening';

/** Owner, tray, kind, and the record's own name. */
export type RecordKey = readonly [owner: string, tray: string, kind: RecordKind, id: string];

/** A record as it is stored. */
export interface StoredRecord {
  readonly key: RecordKey;
  readonly box: Uint8Array<ArrayBuffer>;
}

/** Changes that are made together or not at all. */
export interface RecordChanges {
  readonly put: readonly StoredRecord[];
  readonly remove: readonly RecordKey[];
}

interface PoliceSchema extends DBSchema {
  session: { readonly key: 'current'; readonly value: KeptSession };
  /** Sealed, by {@link RecordKey}. */
  records: { readonly key: string[]; readonly value: Uint8Array<ArrayBuffer> };
  /** By owner: epoch seconds until when its trays are kept. */
  owners: { readonly key: string; readonly value: number };
}

/** Arrays come after all strings: a range of every key that begins so. */
const beginningWith = (...start: readonly string[]): IDBKeyRange => IDBKeyRange.bound(start, [...start, []]);

/** The tray of a change is gone: another tab has deleted it. */
export class TrayGone extends Error {
  constructor() {
    super('The tray is gone');
    this.name = 'TrayGone';
  }
}

/** Rejects with what IndexedDB says: a DOMException, `QuotaExceededError` among them. */
export class PoliceDatabase {
  readonly #database = new KeptDatabase<PoliceSchema>(NAME, ['session', 'records', 'owners']);

  /** The session, unless it was not used for too long: then it is removed. @param now epoch seconds */
  async readSession(now: number): Promise<KeptSession | undefined> {
    const session = await (await this.#database.open()).get('session', 'current');
    if (session === undefined || !isIdle(session.usedAt, now)) return session;
    await this.removeSession();
    return undefined;
  }

  /** Says that a page is used with the session, if there is one. @param now epoch seconds */
  async touchSession(now: number): Promise<void> {
    const { store, done } = (await this.#database.open()).transaction('session', 'readwrite');
    const session = await store.get('current');
    // One that was not used for too long has ended, though nobody has removed it yet.
    const isToChange = session !== undefined && !isIdle(session.usedAt, now);
    await Promise.all([isToChange ? store.put({ ...session, usedAt: now }, 'current') : undefined, done]);
  }

  async writeSession(session: KeptSession): Promise<void> {
    const { store, done } = (await this.#database.open()).transaction('session', 'readwrite', { durability: 'strict' });
    await Promise.all([store.put(session, 'current'), done]);
  }

  async removeSession(): Promise<void> {
    const { store, done } = (await this.#database.open()).transaction('session', 'readwrite', { durability: 'strict' });
    await Promise.all([store.delete('current'), done]);
  }

  /** Records whose keys begin so, in the order of their keys. */
  async read(...start: [owner: string, tray: string, kind: RecordKind]): Promise<StoredRecord[]> {
    const { store, done } = (await this.#database.open()).transaction('records');
    const range = beginningWith(...start);
    const [keys, boxes] = await Promise.all([store.getAllKeys(range), store.getAll(range), done]);
    return keys.map((key, i) => ({ key: key as unknown as RecordKey, box: boxes[i] as Uint8Array<ArrayBuffer> }));
  }

  /** One record of each of an owner's trays: the one that says what tray it is. */
  async readTrays(owner: string): Promise<StoredRecord[]> {
    const database = await this.#database.open();
    const keys = (await database.getAllKeys('records', beginningWith(owner))) as unknown as RecordKey[];
    const wanted = keys.filter(([, , kind]) => kind === 'tray');
    const boxes = await Promise.all(wanted.map(async (key) => database.get('records', [...key])));
    return wanted.flatMap((key, i) => {
      const box = boxes[i];
      return box === undefined ? [] : [{ key, box }];
    });
  }

  /**
   * Changes records of one tray; resolves once that is on disk.
   *
   * @param tray the record that must be there already; undefined to make a tray
   * @throws TrayGone
   */
  async change({ put, remove }: RecordChanges, tray: RecordKey | undefined): Promise<void> {
    const transaction = (await this.#database.open()).transaction('records', 'readwrite', { durability: 'strict' });
    const { store, done } = transaction;
    if (tray !== undefined && (await store.getKey([...tray])) === undefined) {
      transaction.abort();
      await done.catch(() => undefined);
      throw new TrayGone();
    }
    await Promise.all([
      ...put.map(async ({ key, box }) => store.put(box, [...key])),
      ...remove.map(async (key) => store.delete([...key])),
      done,
    ]);
  }

  /** Removes a whole tray. */
  async removeTray(owner: string, tray: string): Promise<void> {
    const { store, done } = (await this.#database.open()).transaction('records', 'readwrite', { durability: 'strict' });
    await Promise.all([store.delete(beginningWith(owner, tray)), done]);
  }

  /**
   * Says until when an owner's trays are kept, and removes those whose time is over.
   *
   * @param until epoch seconds, as `now`
   */
  async keepUntil(owner: string, until: number, now: number): Promise<void> {
    const transaction = (await this.#database.open()).transaction(['records', 'owners'], 'readwrite', {
      durability: 'strict',
    });
    const [records, owners] = [transaction.objectStore('records'), transaction.objectStore('owners')];
    const [keys, ends] = await Promise.all([owners.getAllKeys(), owners.getAll()]);
    const over = keys.filter((key, i) => key !== owner && (ends[i] as number) < now);
    await Promise.all([
      owners.put(until, owner),
      ...over.flatMap((key) => [owners.delete(key), records.delete(beginningWith(key))]),
      transaction.done,
    ]);
  }
}
