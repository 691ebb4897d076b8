/** Multiplications by the guardian's shares, on worker threads. */
import { availableParallelism } from 'node:os';
import type { GuardianEvaluation } from '../../crypto/wire.ts';
import { ThreadPool } from '../threads/thread-pool.ts';

/** Elements that may wait: about two seconds of work for one thread. */
const MAX_QUEUED_ELEMENTS = 8192;

/** A share as the workers need it. */
export interface EvaluationShare {
  readonly epoch: number;
  /** 32-byte scalar. */
  readonly secret: Uint8Array;
  /** 32-byte element: the secret times the generator. */
  readonly publicShare: Uint8Array;
}

/** What a worker is asked. */
export interface EvaluationJob {
  readonly epoch: number;
  readonly elements: readonly Uint8Array[];
}

/** One epoch's evaluations with their proof. */
export type EpochEvaluation = GuardianEvaluation['evaluations'][number];

/** Evaluates blinded elements under a guardian's shares. */
export interface Evaluator {
  /**
   * @param epoch one that the evaluator has a share of
   * @param elements 1 to 64 valid elements, under one proof
   * @throws BlindmarkError `overloaded` when too much waits; `unavailable`
   */
  evaluate(epoch: number, elements: readonly Uint8Array[]): Promise<EpochEvaluation>;
}

/** An {@link Evaluator} on worker threads, so that the event loop stays free. */
export class ThreadedEvaluator implements Evaluator {
  readonly #pool: ThreadPool<EvaluationJob, EpochEvaluation>;

  /** @param threads default: one a processor */
  constructor(shares: readonly EvaluationShare[], threads: number = availableParallelism()) {
    this.#pool = new ThreadPool(new URL('./evaluation-worker.ts', import.meta.url), {
      threads,
      workerData: { shares: shares.map(({ epoch, secret, publicShare }) => ({ epoch, secret, publicShare })) },
      maxQueuedCost: MAX_QUEUED_ELEMENTS,
    });
  }

  async evaluate(epoch: number, elements: readonly Uint8Array[]): Promise<EpochEvaluation> {
    return this.#pool.run({ epoch, elements }, elements.length);
  }

  async close(): Promise<void> {
    return this.#pool.close();
  }
}
