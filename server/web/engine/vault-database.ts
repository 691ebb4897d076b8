/** A vault's sealed lines in IndexedDB: each under its number, from 0. Loads no cryptography. */
import type { DBSchema } from 'idb';
import { KeptDatabase } from './kept-database.ts';

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
  readonly #database = new KeptDatabase<VaultSchema>(NAME, ['lines']);

  async isEmpty(): Promise<boolean> {
    const database = await this.#database.open();
    return (await database.count('lines')) === 0;
  }

  /** All lines in their order. @throws LinesChanged where one is missing */
  async readLines(): Promise<string[]> {
    const database = await this.#database.open();
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
    const database = await this.#database.open();
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
    const database = await this.#database.open();
    const { store, done } = database.transaction('lines', 'readwrite', { durability: 'strict' });
    await Promise.all([store.clear(), done]);
  }
}
