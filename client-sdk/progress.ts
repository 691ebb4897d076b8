/** Long work: how far it is, and how much of it runs at once. */
import { checkCancelled } from './http.ts';

/** What a long call reports. */
export interface Progress {
  /** What is being done: `stretch` (of a lookup), `register` (of many) or `mint`; of one registration, its phase. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** Options that every long call takes. */
export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Turns at one thing that several want: what is called later begins once what was called earlier has ended, well or not. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/**
 * Runs `work` for each item, at most `limit` at once, and yields the results in the order of the items.
 *
 * @throws BlindmarkError `cancelled`; whatever `work` rejects with, once its turn in the order comes
 */
export async function* mapInOrder<Item, Result>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  const iterator = items[Symbol.iterator]();
  let next = iterator.next();
  while (next.done !== true || running.length > 0) {
    while (next.done !== true && running.length < limit) {
      checkCancelled(signal);
      const started = work(next.value);
      // It is awaited below, maybe after a rejection of an earlier one; until then it must not count as unhandled.
      started.catch(() => undefined);
      running.push(started);
      next = iterator.next();
    }
    yield await (running.shift() as Promise<Result>);
  }
}
