/** The page's side of a call. */
import type { Calls, CallOptions, CallProgress, EngineFailure, Methods } from './calls.ts';
import { CANCELLED, INTERNAL, NOT_LOADED } from './failures.ts';
import type { OwnerApi } from './owner-api.ts';
import type { PoliceApi } from './police-api.ts';
import type { ProofsApi } from './proofs-api.ts';
import type { Answer, Ask, EngineName } from './protocol.ts';

/** Why a call failed: what the engine says, as an error. */
export class EngineError extends Error implements EngineFailure {
  readonly code: string;
  readonly kind: EngineFailure['kind'];
  readonly field: string | undefined;
  readonly remedy: string | undefined;
  readonly retryAfter: number | undefined;
  readonly guardians: readonly string[] | undefined;

  constructor(failure: EngineFailure) {
    super(failure.message);
    this.name = 'EngineError';
    this.code = failure.code;
    this.kind = failure.kind;
    this.field = failure.field;
    this.remedy = failure.remedy;
    this.retryAfter = failure.retryAfter;
    this.guardians = failure.guardians;
  }
}

/** Everything that pages may ask. */
export interface Engine {
  readonly owner: Calls<OwnerApi>;
  readonly police: Calls<PoliceApi>;
  readonly proofs: Calls<ProofsApi>;
  /**
   * Ends the worker, and with it all that it holds: an open vault is locked. Calls under way fail with `cancelled`. The next call
   * starts it anew.
   */
  stop(): void;
}

/** Of a worker, what is used. */
export interface EngineWorker {
  postMessage(message: Ask): void;
  terminate(): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: object) => void): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: EngineError) => void;
  readonly onProgress: ((progress: CallProgress) => void) | undefined;
}

/** One worker and the calls that it has not answered yet. */
class Running {
  readonly #worker: EngineWorker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** @param onLost is told when the worker can't go on */
  constructor(worker: EngineWorker, onLost: () => void) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }) => {
      const answer = data as Answer;
      this.#take(answer);
      if (answer.kind === 'failure' && answer.isLost) {
        this.end(NOT_LOADED);
        onLost();
      }
    });
    worker.addEventListener('error', (event) => {
      // A script that can't be fetched gives no message; a defect does.
      this.end('message' in event && event.message !== undefined ? INTERNAL : NOT_LOADED);
      onLost();
    });
    worker.addEventListener('messageerror', () => {
      this.end(INTERNAL);
      onLost();
    });
  }

  async call(engine: EngineName, method: string, args: unknown, options: CallOptions): Promise<unknown> {
    const { signal, onProgress } = options;
    if (signal?.aborted === true) throw new EngineError(CANCELLED);
    const id = this.#calls++;
    const onAbort = (): void => {
      this.#worker.postMessage({ kind: 'cancel', id });
    };
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject, onProgress });
        this.#worker.postMessage({ kind: 'call', id, engine, method, args });
        // The engine answers all the same: what was done before it heard of it counts.
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      this.#waiting.delete(id);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  end(failure: EngineFailure): void {
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new EngineError(failure));
    this.#waiting.clear();
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if (answer.kind === 'progress') waiting.onProgress?.(answer.progress);
    else if (answer.kind === 'value') waiting.resolve(answer.value);
    else waiting.reject(new EngineError(answer.failure));
  }
}

/** Calls after which the browser stores what its visitor would miss. */
const STORING: ReadonlySet<string> = new Set(['create', 'unlock', 'importVault', 'signIn']);

/**
 * An engine on workers.
 *
 * @param createWorker is called at the first call, and at the first one after the worker has ended
 * @param keepStorage is called when something is about to be stored for long: a worker can't ask the browser to keep it
 */
export function connectEngine(
  createWorker: () => EngineWorker,
  keepStorage: () => void = (): void => undefined,
): Engine {
  let running: Running | undefined;
  const call = async (engine: EngineName, method: string, args: unknown, options: CallOptions): Promise<unknown> => {
    if (STORING.has(method)) keepStorage();
    if (running === undefined) {
      const started = new Running(createWorker(), () => {
        if (running === started) running = undefined;
      });
      running = started;
    }
    return running.call(engine, method, args, options);
  };
  /** Whatever name is asked for is a method, save what would make the object a promise. */
  const callsOf = <Api extends Methods<Api>>(engine: EngineName): Calls<Api> =>
    new Proxy({} as Calls<Api>, {
      get: (_, name) =>
        typeof name === 'symbol' || name === 'then'
          ? undefined
          : async (args?: unknown, options: CallOptions = {}) => call(engine, name, args, options),
    });
  return {
    owner: callsOf<OwnerApi>('owner'),
    police: callsOf<PoliceApi>('police'),
    proofs: callsOf<ProofsApi>('proofs'),
    stop: () => {
      running?.end(CANCELLED);
      running = undefined;
    },
  };
}
