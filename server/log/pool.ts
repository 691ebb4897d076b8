/** What waits to be appended: bounded, first come, first served. */
import { checkBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { MAX_ENTRY_BYTES } from '../../crypto/log-entry.ts';
import type { AppendRequest, LoggedEntries } from './log.ts';

/** Most entries of one call. */
export const MAX_REQUESTS = 256;

/** One call of `append`, which goes into one batch as a whole. */
export interface PendingAppend {
  readonly requests: readonly AppendRequest[];
  readonly resolve: (result: LoggedEntries) => void;
  readonly reject: (error: unknown) => void;
}

/** A call without entries takes room too. */
const weigh = ({ requests }: Pick<PendingAppend, 'requests'>): number => Math.max(1, requests.length);

/** Calls that wait. */
export class AppendPool {
  readonly #limit: number;
  #pending: PendingAppend[] = [];
  #weight = 0;

  /** @param limit entries, above which calls are refused */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /**
   * Waits for its turn, and for what comes of it.
   *
   * @throws BlindmarkError `badInput`, or `overloaded` when too much waits already: nothing was tried
   */
  add(requests: readonly AppendRequest[]): Promise<LoggedEntries> {
    if (requests.length > MAX_REQUESTS) throw badInput('requests', `at most ${MAX_REQUESTS} entries`);
    for (const { key, entry } of requests) {
      checkBytes('key', key, 32);
      if (checkBytes('entry', entry).length > MAX_ENTRY_BYTES) {
        throw badInput('entry', `at most ${MAX_ENTRY_BYTES} bytes`);
      }
    }
    if (this.#weight + weigh({ requests }) > this.#limit) {
      throw new BlindmarkError('overloaded', 'Too much waits to be logged; nothing was changed', { retryAfter: 1 });
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ requests, resolve, reject });
      this.#weight += weigh({ requests });
    });
  }

  /** Takes whole calls off the front, up to `maxEntries` in all, and at least one. */
  take(maxEntries: number): PendingAppend[] {
    let weight = 0;
    const end = this.#pending.findIndex((pending, i) => {
      weight += weigh(pending);
      return weight > maxEntries && i > 0;
    });
    const taken = this.#pending.splice(0, end === -1 ? this.#pending.length : end);
    for (const pending of taken) this.#weight -= weigh(pending);
    return taken;
  }

  /** Refuses all that waits. */
  refuse(error: unknown): void {
    for (const { reject } of this.take(Infinity)) reject(error);
  }
}
