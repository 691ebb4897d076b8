/** All that a page's origin has stored in a browser, as one text. */
import type { Page } from 'playwright-core';

/** Databases record by record, bytes as Latin-1; local and session storage; names of caches. */
export async function readStorage(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const done = async <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result));
        request.addEventListener('error', () => reject(request.error ?? new Error('a database could not be read')));
      });
    const words = (value: unknown): string => {
      if (value instanceof ArrayBuffer) return words(new Uint8Array(value));
      if (ArrayBuffer.isView(value)) {
        const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
        return Array.from(bytes, (byte) => String.fromCodePoint(byte)).join('');
      }
      if (value instanceof CryptoKey) return `CryptoKey extractable=${String(value.extractable)}`;
      if (value instanceof Map || value instanceof Set) return [...value].map(words).join('\n');
      if (typeof value === 'object' && value !== null) {
        return Object.entries(value)
          .map(([name, inner]) => `${name}: ${words(inner)}`)
          .join('\n');
      }
      return String(value);
    };
    const found: string[] = [
      words(Object.entries(localStorage)),
      words(Object.entries(sessionStorage)),
      (await caches.keys()).join('\n'),
    ];
    for (const { name, version } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name as string, version));
      for (const storeName of database.objectStoreNames) {
        const store = database.transaction(storeName).objectStore(storeName);
        const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
        found.push(`${name ?? ''} ${storeName}`, ...keys.map(words), ...values.map(words));
      }
      database.close();
    }
    return found.join('\n');
  });
}
