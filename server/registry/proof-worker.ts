/** A worker thread: verifies guardians' proofs, so that the event loop stays free. */
import { isBlindmarkError } from '../../crypto/errors.ts';
import { verifyEvaluation } from '../../crypto/oprf.ts';
import { serveJobs } from '../threads/worker.ts';
import type { ProofJob, ProofOutcome } from './proof-checker.ts';

function check(job: ProofJob): ProofOutcome {
  try {
    for (const { publicShare, evaluated, proof } of job.evaluations) {
      verifyEvaluation(publicShare, job.elements, evaluated, proof);
    }
    return null;
  } catch (error) {
    if (isBlindmarkError(error, 'badProof', 'badElement')) return error.code as ProofOutcome;
    throw error;
  }
}

serveJobs<ProofJob, ProofOutcome>(check);
