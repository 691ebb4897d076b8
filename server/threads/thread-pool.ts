/** Work that would hold up the event loop, done on worker threads that share one queue. */
import { Worker } from 'node:worker_threads';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { PoolMessage, PoolOutcome } from './worker.ts';

/** Milliseconds before a thread that died is replaced, so that one that can't start does not fill the machine with attempts. */
const RESTART_DELAY = 250;

/** Milliseconds that a thread has to end by itself, once asked. */
const STOP_DELAY = 5000;

export interface ThreadPoolOptions {
  /** How many threads to keep; at least 1. */
  readonly threads: number;
  /** What each thread's module finds as `workerData`. Copied: secrets in it then are in each thread's memory. */
  readonly workerData: unknown;
  /** Cost of the jobs that may wait, beside those that run. Above it jobs are refused as `overloaded`. */
  readonly maxQueuedCost: number;
  /** Milliseconds after which a thread that was asked to end, and has not, is terminated. Default 5000. */
  readonly stopDelay?: number;
}

interface Waiting<Job, Outcome> {
  readonly job: Job;
  readonly cost: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: BlindmarkError) => void;
}

function failed(): BlindmarkError {
  return new BlindmarkError('unavailable', 'The work failed; nothing was answered', { retryAfter: 1 });
}

/** Asks a thread to end, and waits until it has. One that still starts ends when it is ready, a busy one after its job. */
async function stop(worker: Worker, delay: number): Promise<void> {
  await new Promise<void>((resolve) => {
    // Not at once: to terminate a thread that still starts can crash the process (seen with Node 24.21).
    const timer = setTimeout(() => void worker.terminate(), delay);
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    worker.ref();
    const message: PoolMessage<never> = { stop: true };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker thread has no origin.
    worker.postMessage(message);
  });
}

/**
 * A fixed number of threads that run one worker module, which calls `serveJobs`. Jobs and outcomes are copied between threads
 * (structured clone). A thread that dies is replaced, and its job fails as `unavailable`. The threads alone do not keep the
 * process alive.
 */
export class ThreadPool<Job, Outcome> {
  readonly #workerUrl: URL;
  readonly #options: ThreadPoolOptions;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting<Job, Outcome>>();
  readonly #threads = new Set<Worker>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #queue: Waiting<Job, Outcome>[] = [];
  #queuedCost = 0;
  #closing: Promise<void> | undefined;

  /** @param workerUrl the worker's module */
  constructor(workerUrl: URL, options: ThreadPoolOptions) {
    this.#workerUrl = workerUrl;
    this.#options = options;
    for (let i = 0; i < options.threads; i++) this.#start();
  }

  /**
   * Runs a job on the next free thread, in the order of the calls.
   *
   * @param cost how much of `maxQueuedCost` the job takes while it waits. A job that costs more than all of it still runs
   *   when nothing waits before it
   * @throws BlindmarkError `overloaded` when too much waits, `unavailable` when the job or its thread failed or the pool is closed
   */
  async run(job: Job, cost: number): Promise<Outcome> {
    if (this.#closing !== undefined) throw failed();
    const mustWait = this.#queue.length > 0 || this.#idle.length === 0;
    if (mustWait && this.#queuedCost + cost > this.#options.maxQueuedCost) {
      throw new BlindmarkError('overloaded', 'Too much work waits; this was not begun', { retryAfter: 2 });
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, cost, resolve, reject });
      this.#queuedCost += cost;
      this.#dispatch();
    });
  }

  /** Stops the threads, and waits until they have ended. What waits or runs fails as `unavailable` at once. */
  async close(): Promise<void> {
    this.#closing ??= this.#stopAll();
    return this.#closing;
  }

  async #stopAll(): Promise<void> {
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const waiting of [...this.#queue.splice(0), ...this.#busy.values()]) waiting.reject(failed());
    this.#queuedCost = 0;
    const { stopDelay = STOP_DELAY } = this.#options;
    await Promise.all([...this.#threads].map(async (worker) => stop(worker, stopDelay)));
  }

  #start(): void {
    const worker = new Worker(this.#workerUrl, { workerData: this.#options.workerData });
    this.#threads.add(worker);
    worker.unref();
    worker.on('message', (outcome: PoolOutcome<Outcome>) => {
      this.#finish(worker, outcome);
    });
    worker.on('error', () => {
      // 'exit' follows and replaces the thread; without this listener the process would end.
    });
    worker.on('exit', () => {
      this.#replace(worker);
    });
    this.#idle.push(worker);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.shift() as Worker;
      const waiting = this.#queue.shift() as Waiting<Job, Outcome>;
      this.#queuedCost -= waiting.cost;
      this.#busy.set(worker, waiting);
      // While a job runs, its thread keeps the process alive.
      worker.ref();
      const message: PoolMessage<Job> = { job: waiting.job };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker thread has no origin.
      worker.postMessage(message);
    }
  }

  #finish(worker: Worker, outcome: PoolOutcome<Outcome>): void {
    // Its job has failed already, and the thread must keep the process alive until it has ended.
    if (this.#closing !== undefined) return;
    const waiting = this.#busy.get(worker);
    this.#busy.delete(worker);
    worker.unref();
    this.#idle.push(worker);
    if ('failed' in outcome) waiting?.reject(failed());
    else waiting?.resolve(outcome.outcome);
    this.#dispatch();
  }

  #replace(worker: Worker): void {
    this.#threads.delete(worker);
    this.#busy.get(worker)?.reject(failed());
    this.#busy.delete(worker);
    const position = this.#idle.indexOf(worker);
    if (position >= 0) this.#idle.splice(position, 1);
    if (this.#closing !== undefined) return;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#start();
    }, RESTART_DELAY);
    this.#restarts.add(timer);
  }
}
