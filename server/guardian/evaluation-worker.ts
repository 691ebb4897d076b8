/** A worker thread: evaluates and decrypts under the guardian's shares. */
import { workerData } from 'node:worker_threads';
import type { PartialDecryption } from '../../crypto/decryption.ts';
import { serveJobs } from '../threads/worker.ts';
import type { EpochEvaluation, EpochShares, ShareJob } from './evaluator.ts';
import { doShareJob } from './share-job.ts';

const shares = new Map((workerData as { shares: EpochShares[] }).shares.map((share) => [share.epoch, share]));

serveJobs<ShareJob, EpochEvaluation | PartialDecryption>((job) => {
  const share = shares.get(job.epoch);
  if (share === undefined) throw new Error('no shares of this epoch');
  return doShareJob(share, job);
});
