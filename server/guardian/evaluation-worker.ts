/** A worker thread: evaluates under the guardian's shares. */
import { workerData } from 'node:worker_threads';
import { blindEvaluate } from '../../crypto/oprf.ts';
import { serveJobs } from '../threads/worker.ts';
import type { EpochEvaluation, EvaluationJob, EvaluationShare } from './evaluator.ts';

const shares = new Map((workerData as { shares: EvaluationShare[] }).shares.map((share) => [share.epoch, share]));

serveJobs<EvaluationJob, EpochEvaluation>(({ epoch, elements }) => {
  const share = shares.get(epoch);
  if (share === undefined) throw new Error('no share of this epoch');
  const { evaluatedElements, proof } = blindEvaluate(share.secret, share.publicShare, elements);
  return { epoch, elements: evaluatedElements, proof };
});
