/** The worker thread of `evaluator.ts`: does jobs under shares that come with them. */
import type { PartialDecryption } from '../../crypto/decryption.ts';
import type { EpochEvaluation, EpochShares, ShareJob } from '../../server/guardian/evaluator.ts';
import { doShareJob } from '../../server/guardian/share-job.ts';
import { serveJobs } from '../../server/threads/worker.ts';

/** A guardian's job, with its shares of the job's epoch. */
export interface SharedJob {
  readonly share: EpochShares;
  readonly job: ShareJob;
}

serveJobs<SharedJob, EpochEvaluation | PartialDecryption>(({ share, job }) => doShareJob(share, job));
