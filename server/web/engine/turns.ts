/** One thing after the other, where two at once would spoil each other. */
import { cancelled } from '../../../client-sdk/index.ts';

/** Resolves as `work` does; rejects with `cancelled` as soon as `signal` aborts, though the work goes on. */
export async function orCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = (): void => {
      reject(cancelled());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort as () => void);
  }
}

/** Lets work on one thing wait for the work on it that was begun before. */
export class Turns {
  readonly #last = new Map<string, Promise<undefined>>();

  /** @throws BlindmarkError `cancelled` when it is cancelled before its turn comes; whatever `work` throws */
  async take<T>(thing: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last.get(thing) ?? Promise.resolve(undefined);
    const mine = orCancelled(before, signal).then(work);
    // One that was cancelled while it waited lets nobody past who was before it.
    const settled = Promise.allSettled([before, mine]).then(() => undefined);
    this.#last.set(thing, settled);
    return mine;
  }
}
