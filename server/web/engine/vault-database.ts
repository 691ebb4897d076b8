/** A vault's sealed lines in IndexedDB: each under its number, from 0. Loads no cryptography. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

const NAME = 'blindmark-vault';

interface VaultSchema extends DBSchema {
  lines: { readonly key: number; readonly value: string };
}

/** The lines are not those that were written: somebody else has changed or removed them. */
export class LinesChanged extends Error {
  constructor() {
    super('The stored lines are not those that were written');
    this.name = 'LinesChanged';
  }
}

/** Rejects with what IndexedDB says: a DOMException, `QuotaExceededError` among them. */
export class VaultDatabase {
  #database: Promise<IDBPDatabase<VaultSchema>> | undefined;

  async isEmpty(): Promise<boolean> {
    const database = await this.#open();
    return (await database.count('lines')) === 0;
  }

  /** All lines in their order. @throws LinesChanged where one is missing */
  async readLines(): Promise<string[]> {
    const database = await this.#open();
    const { store, done } = database.transaction('lines');
    const [keys, lines] = await Promise.all([store.getAllKeys(), store.getAll(), done]);
    if (keys.some((key, i) => key !== i)) throw new LinesChanged();
    return lines;
  }

  /**
   * Adds lines, all of them or none; resolves once they are on disk.
   *
   * @param position how many lines there must be
   * @throws LinesChanged where there are others
   */
  async add(lines: readonly string[], position: number): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction('lines', 'readwrite', { durability: 'strict' });
    const { store, done } = transaction;
    if ((await store.count()) !== position) {
      transaction.abort();
      await done.catch(() => undefined);
      throw new LinesChanged();
    }
    await Promise.all([...lines.map(async (line, i) => store.add(line, position + i)), done]);
  }

  async clear(): Promise<void> {
    const database = await this.#open();
    const { store, done } = database.transaction('lines', 'readwrite', { durability: 'strict' });
    await Promise.all([store.clear(), done]);
  }

  async #open(): Promise<IDBPDatabase<VaultSchema>> {
    const forget = (): void => {
      this.#database = undefined;
    };
    this.#database ??= openDB<VaultSchema>(NAME, 1, {
      upgrade: (database) => {
        database.createObjectStore('lines');
      },
      // The browser is to remove it, as when site data is cleared: an open connection would hinder that.
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        forget();
      },
      terminated: forget,
    }).catch((error: unknown) => {
      forget();
      throw error;
    });
    return this.#database;
  }
}
