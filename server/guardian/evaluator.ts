/**
 * Multiplications by the guardian's shares, on worker threads. Which of an epoch's two keys is used follows from the method
 * that the code calls, never from anything in a request.
 */
import { availableParallelism } from 'node:os';
import type { PartialDecryption } from '../../crypto/decryption.ts';
import type { GuardianEvaluation } from '../../crypto/wire.ts';
import { ThreadPool } from '../threads/thread-pool.ts';

/** Elements that may wait: about two seconds of work for one thread. */
const MAX_QUEUED_ELEMENTS = 8192;

/** A share as the workers need it. */
export interface KeyShare {
  /** 32-byte scalar. */
  readonly secret: Uint8Array;
  /** 32-byte element: the secret times the generator. */
  readonly publicShare: Uint8Array;
}

/** The shares of one epoch's two threshold keys. */
export interface EpochShares {
  readonly epoch: number;
  readonly evaluation: KeyShare;
  readonly decryption: KeyShare;
}

/** What a worker is asked. */
export type ShareJob =
  | { readonly kind: 'evaluate'; readonly epoch: number; readonly elements: readonly Uint8Array[] }
  | { readonly kind: 'decrypt'; readonly epoch: number; readonly element: Uint8Array };

/** One epoch's evaluations with their proof. */
export type EpochEvaluation = GuardianEvaluation['evaluations'][number];

/** Evaluates blinded elements under a guardian's shares of the evaluation keys. */
export interface Evaluator {
  /**
   * @param epoch one that the evaluator has a share of
   * @param elements 1 to 64 valid elements, under one proof
   * @throws BlindmarkError `overloaded` when too much waits; `unavailable`
   */
  evaluate(epoch: number, elements: readonly Uint8Array[]): Promise<EpochEvaluation>;
}

/** Decrypts contact envelopes' elements under a guardian's shares of the decryption keys. */
export interface Decryptor {
  /**
   * @param epoch one that the decryptor has a share of
   * @param element a verified contact envelope's
   * @throws BlindmarkError `overloaded` when too much waits; `unavailable`
   */
  decrypt(epoch: number, element: Uint8Array): Promise<PartialDecryption>;
}

/** Both on worker threads, so that the event loop stays free. */
export class ThreadedEvaluator implements Evaluator, Decryptor {
  readonly #pool: ThreadPool<ShareJob, EpochEvaluation | PartialDecryption>;

  /** @param threads default: one a processor */
  constructor(shares: readonly EpochShares[], threads: number = availableParallelism()) {
    const pick = ({ secret, publicShare }: KeyShare): KeyShare => ({ secret, publicShare });
    this.#pool = new ThreadPool(new URL('./evaluation-worker.ts', import.meta.url), {
      threads,
      workerData: {
        shares: shares.map(({ epoch, evaluation, decryption }) => ({
          epoch,
          evaluation: pick(evaluation),
          decryption: pick(decryption),
        })),
      },
      maxQueuedCost: MAX_QUEUED_ELEMENTS,
    });
  }

  async evaluate(epoch: number, elements: readonly Uint8Array[]): Promise<EpochEvaluation> {
    return (await this.#pool.run({ kind: 'evaluate', epoch, elements }, elements.length)) as EpochEvaluation;
  }

  async decrypt(epoch: number, element: Uint8Array): Promise<PartialDecryption> {
    return (await this.#pool.run({ kind: 'decrypt', epoch, element }, 1)) as PartialDecryption;
  }

  async close(): Promise<void> {
    return this.#pool.close();
  }
}
