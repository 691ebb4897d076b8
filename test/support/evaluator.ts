/**
 * One worker thread that evaluates and decrypts for every guardian of a test process: each of their own would cost a start,
 * which is most of what a guardian costs. It does the same work by the same code; only the shares come with each job.
 * Guardians with threads of their own are tested in test/server/guardian/, and as processes.
 */
import type { PartialDecryption } from '../../crypto/decryption.ts';
import type { Decryptor, EpochEvaluation, EpochShares, Evaluator, ShareJob } from '../../server/guardian/evaluator.ts';
import { ThreadPool } from '../../server/threads/thread-pool.ts';
import type { SharedJob } from './evaluation-worker.ts';

/** Never closed: its thread keeps no process alive. */
const pool = new ThreadPool<SharedJob, EpochEvaluation | PartialDecryption>(
  new URL('./evaluation-worker.ts', import.meta.url),
  { threads: 1, workerData: null, maxQueuedCost: 100_000 },
);

/** Stands in the place of a guardian's own worker threads. */
export function shareEvaluator(keys: readonly EpochShares[]): Evaluator & Decryptor {
  const run = async (job: ShareJob, cost: number): Promise<EpochEvaluation | PartialDecryption> => {
    const share = keys.find(({ epoch }) => epoch === job.epoch);
    if (share === undefined) throw new Error('no shares of this epoch');
    return pool.run({ share, job }, cost);
  };
  return {
    evaluate: async (epoch, elements) =>
      (await run({ kind: 'evaluate', epoch, elements }, elements.length)) as EpochEvaluation,
    decrypt: async (epoch, element) => (await run({ kind: 'decrypt', epoch, element }, 1)) as PartialDecryption,
  };
}
