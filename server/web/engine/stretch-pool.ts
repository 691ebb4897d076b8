/** Argon2id on threads of its own. */
import type { Argon2id, StretchParameters } from '../../../client-sdk/argon2id.ts';

/** What a thread is given. */
export interface StretchTask {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly parameters: StretchParameters;
  readonly length: number;
}

/** What it answers: to each task, in their order. */
export type StretchAnswer = { readonly isDone: true; readonly output: Uint8Array } | { readonly isDone: false };

/** Of a worker, what is used. */
export interface StretchThread {
  postMessage(message: StretchTask): void;
  terminate(): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: object) => void): void;
}

/** A thread with at most one task under way. */
class Stretcher {
  readonly #thread: StretchThread;
  #resolve: (answer: StretchAnswer | null) => void = () => undefined;

  constructor(thread: StretchThread) {
    this.#thread = thread;
    thread.addEventListener('message', ({ data }) => {
      this.#resolve(data as StretchAnswer);
    });
    for (const type of ['error', 'messageerror'] as const) {
      thread.addEventListener(type, () => {
        thread.terminate();
        this.#resolve(null);
      });
    }
  }

  /** Null where the thread can't go on. */
  async stretch(task: StretchTask): Promise<StretchAnswer | null> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#thread.postMessage(task);
    });
  }
}

/** Hands out threads, and waits where all are at work. */
class Stretchers {
  readonly #createThread: () => StretchThread;
  readonly #size: number;
  readonly #idle: Stretcher[] = [];
  readonly #waiting: ((stretcher: Stretcher | null) => void)[] = [];
  #started = 0;
  #isBroken = false;

  constructor(createThread: () => StretchThread, size: number) {
    this.#createThread = createThread;
    this.#size = size;
  }

  /** Null once a thread has failed: then there is no more of them. */
  async take(): Promise<Stretcher | null> {
    const free = this.#idle.pop();
    if (free !== undefined || this.#isBroken) return free ?? null;
    if (this.#started < this.#size) return this.#start();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  release(stretcher: Stretcher): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(stretcher);
    else next(stretcher);
  }

  giveUp(): void {
    this.#isBroken = true;
    for (const resolve of this.#waiting.splice(0)) resolve(null);
  }

  #start(): Stretcher | null {
    this.#started += 1;
    try {
      return new Stretcher(this.#createThread());
    } catch {
      this.giveUp();
      return null;
    }
  }
}

/**
 * Argon2id on so many threads, each started when it is first needed. What a thread fails at is computed by `instead`: in a
 * browser that starts none, or in which several find too little memory at once.
 *
 * @param instead Argon2id on this thread
 */
export function createStretchPool(createThread: () => StretchThread, size: number, instead: Argon2id): Argon2id {
  const stretchers = new Stretchers(createThread, size);
  return async (password, salt, parameters, length) => {
    const stretcher = await stretchers.take();
    const answer = (await stretcher?.stretch({ password, salt, parameters, length })) ?? null;
    if (stretcher !== null) {
      if (answer === null) stretchers.giveUp();
      else stretchers.release(stretcher);
    }
    return answer?.isDone === true ? answer.output : instead(password, salt, parameters, length);
  };
}
