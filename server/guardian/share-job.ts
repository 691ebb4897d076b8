/** The one place where a guardian's shares are multiplied with: what its worker threads do with a job. */
import { decryptShare, type PartialDecryption } from '../../crypto/decryption.ts';
import { blindEvaluate } from '../../crypto/oprf.ts';
import type { EpochEvaluation, EpochShares, ShareJob } from './evaluator.ts';

/** Does a job under the shares of its epoch. Synchronous: about 0.2 ms an element. */
export function doShareJob(share: EpochShares, job: ShareJob): EpochEvaluation | PartialDecryption {
  const { epoch } = job;
  if (job.kind === 'decrypt') {
    const { secret, publicShare } = share.decryption;
    return decryptShare(secret, publicShare, job.element);
  }
  const { secret, publicShare } = share.evaluation;
  const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, job.elements);
  return { epoch, elements: evaluatedElements, proof };
}
