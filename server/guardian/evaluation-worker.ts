/** A worker thread: evaluates and decrypts under the guardian's shares. */
import { workerData } from 'node:worker_threads';
import { decryptShare, type PartialDecryption } from '../../crypto/decryption.ts';
import { blindEvaluate } from '../../crypto/oprf.ts';
import { serveJobs } from '../threads/worker.ts';
import type { EpochEvaluation, EpochShares, ShareJob } from './evaluator.ts';

const shares = new Map((workerData as { shares: EpochShares[] }).shares.map((share) => [share.epoch, share]));

serveJobs<ShareJob, EpochEvaluation | PartialDecryption>((job) => {
  const { epoch } = job;
  const share = shares.get(epoch);
  if (share === undefined) throw new Error('no shares of this epoch');
  if (job.kind === 'decrypt') {
    const { secret, publicShare } = share.decryption;
    return decryptShare(secret, publicShare, job.element);
  }
  const { secret, publicShare } = share.evaluation;
  const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, job.elements);
  return { epoch, elements: evaluatedElements, proof };
});
