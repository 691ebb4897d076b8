/** How a database in IndexedDB is opened, and opened again. Loads no cryptography. */
import { openDB, type DBSchema, type IDBPDatabase, type StoreNames } from 'idb';

/** One database of version 1, opened when it is first needed, and anew after the browser has closed it or did not open it. */
export class KeptDatabase<Schema extends DBSchema> {
  readonly #name: string;
  readonly #stores: readonly StoreNames<Schema>[];
  #database: Promise<IDBPDatabase<Schema>> | undefined;

  /** @param stores made with the database; their keys stand outside their values */
  constructor(name: string, stores: readonly StoreNames<Schema>[]) {
    this.#name = name;
    this.#stores = stores;
  }

  /** Rejects with what IndexedDB says: a DOMException. */
  async open(): Promise<IDBPDatabase<Schema>> {
    const forget = (): void => {
      this.#database = undefined;
    };
    this.#database ??= openDB<Schema>(this.#name, 1, {
      upgrade: (database) => {
        for (const store of this.#stores) database.createObjectStore(store);
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
