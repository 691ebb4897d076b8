/** A fixed set of worker threads that share one queue. */
import { Worker } from 'node:worker_threads';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { EpochEvaluation, EvaluationShare, Evaluator } from './share.ts';
import type { EvaluationJob, EvaluationOutcome } from './worker.ts';

/** Elements that may wait: about two seconds of work for one thread. */
const MAX_QUEUED_ELEMENTS = 8192;

interface Waiting {
  readonly job: EvaluationJob;
  readonly resolve: (evaluation: EpochEvaluation) => void;
  readonly reject: (error: unknown) => void;
}

/** An {@link Evaluator} on worker threads. A thread that dies is replaced, and its job fails as `unavailable`. */
export class WorkerPool implements Evaluator {
  readonly #shares: readonly EvaluationShare[];
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting>();
  readonly #queue: Waiting[] = [];
  #queuedElements = 0;
  #nextId = 0;
  #closed = false;

  /** @param threads how many worker threads to keep */
  constructor(shares: readonly EvaluationShare[], threads: number) {
    this.#shares = shares;
    for (let i = 0; i < threads; i++) this.#start();
  }

  async evaluate(epoch: number, elements: readonly Uint8Array[]): Promise<EpochEvaluation> {
    if (this.#closed || this.#queuedElements + elements.length > MAX_QUEUED_ELEMENTS) {
      throw new BlindmarkError('overloaded', 'The guardian has too much to do at present', { retryAfter: 2 });
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ job: { id: this.#nextId++, epoch, elements }, resolve, reject });
      this.#queuedElements += elements.length;
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#idle, ...this.#busy.keys()];
    for (const waiting of this.#queue.splice(0)) waiting.reject(stopped());
    await Promise.all(workers.map(async (worker) => worker.terminate()));
  }

  #start(): void {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { shares: this.#shares } });
    worker.on('message', (outcome: EvaluationOutcome) => {
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
      const worker = this.#idle.pop() as Worker;
      const waiting = this.#queue.shift() as Waiting;
      this.#queuedElements -= waiting.job.elements.length;
      this.#busy.set(worker, waiting);
      worker.postMessage(waiting.job);
    }
  }

  #finish(worker: Worker, outcome: EvaluationOutcome): void {
    const waiting = this.#busy.get(worker);
    this.#busy.delete(worker);
    this.#idle.push(worker);
    if (waiting !== undefined) {
      if ('failed' in outcome) waiting.reject(stopped());
      else waiting.resolve({ epoch: waiting.job.epoch, elements: [...outcome.elements], proof: outcome.proof });
    }
    this.#dispatch();
  }

  #replace(worker: Worker): void {
    this.#busy.get(worker)?.reject(stopped());
    this.#busy.delete(worker);
    const position = this.#idle.indexOf(worker);
    if (position >= 0) this.#idle.splice(position, 1);
    if (!this.#closed) this.#start();
  }
}

function stopped(): BlindmarkError {
  return new BlindmarkError('unavailable', 'The guardian could not evaluate', { retryAfter: 1 });
}
