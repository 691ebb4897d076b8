/** Going on by itself once the connection, or a service, is there again. */
import { cancelled, isBlindmarkError, type BlindmarkError, type ErrorCode } from '../../../client-sdk/index.ts';

/** How patient work is. */
export interface PatienceOptions {
  /** Milliseconds before the second try, doubled for each further one, with a random part; default 2,000. */
  readonly firstDelayMs?: number | undefined;
  /** The longest single pause in milliseconds; default 60,000. */
  readonly longestDelayMs?: number | undefined;
  /** Tries while a service answers that it can't; default 6. While nothing answers at all, there is no limit. */
  readonly tries?: number | undefined;
}

/** No answer at all: the connection is down. */
const NO_ANSWER = ['unreachable', 'timedOut'] as const satisfies readonly ErrorCode[];

/** Waits; ends early when one of the signals aborts, or the browser says that it is online again. */
async function waitFor(milliseconds: number, signals: readonly AbortSignal[]): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
    for (const one of signals) one.addEventListener('abort', wake, { signal });
    if (signals.some(({ aborted }) => aborted)) wake();
    // A worker's global scope has the event; Node's has no events at all.
    if ('addEventListener' in globalThis) globalThis.addEventListener('online', wake, { signal });
  });
  over.abort();
}

/** Repeats work that fails since something does not answer. */
export class Patience {
  readonly #options: PatienceOptions;

  constructor(options: PatienceOptions = {}) {
    this.#options = options;
  }

  /**
   * Runs work that may be repeated until it succeeds.
   *
   * @param options.stop no further try is made once it aborts; one under way comes to its end
   * @param options.onWaiting called with true before each pause and with false after it
   * @throws BlindmarkError `cancelled`; whatever `work` throws that waiting does not mend
   */
  async insist<T>(
    work: () => Promise<T>,
    options: {
      readonly signal: AbortSignal;
      readonly stop?: AbortSignal | undefined;
      readonly onWaiting?: ((isWaiting: boolean) => void) | undefined;
    },
  ): Promise<T> {
    const { signal, stop, onWaiting } = options;
    const { tries = 6 } = this.#options;
    const isStopped = (): boolean => stop?.aborted === true;
    let answered = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isBlindmarkError(error) || error.kind !== 'unavailable' || error.code === 'cancelled') throw error;
        if (!isBlindmarkError(error, ...NO_ANSWER)) answered += 1;
        if (answered >= tries || isStopped()) throw error;
        onWaiting?.(true);
        await waitFor(this.#delayAfter(error, attempt), stop === undefined ? [signal] : [signal, stop]);
        onWaiting?.(false);
        if (signal.aborted) throw cancelled();
        if (isStopped()) throw error;
      }
    }
  }

  #delayAfter(error: BlindmarkError, attempt: number): number {
    const { firstDelayMs = 2000, longestDelayMs = 60_000 } = this.#options;
    const backoff = Math.max(firstDelayMs * 2 ** Math.min(attempt - 1, 16), (error.retryAfter ?? 0) * 1000);
    return Math.min(longestDelayMs, backoff) * (0.75 + Math.random() / 2);
  }
}
