/** One after the other: what is done to one registration in several steps, between which nothing else may be done to it. */
import { formatBase64url } from '../../crypto/bytes.ts';

/** Turns by key, in this process. Those of different keys don't wait for each other. */
export class Turns {
  /** The end of the last turn of each key that has one under way. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs an action once those of its key that came before have ended, however they ended. */
  async run<T>(key: Uint8Array, action: () => Promise<T>): Promise<T> {
    const name = formatBase64url(key);
    const before = this.#last.get(name) ?? Promise.resolve();
    const turn = before.then(action);
    const end = turn.catch(() => undefined);
    this.#last.set(name, end);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === end) this.#last.delete(name);
    }
  }
}
