/** A worker thread: verifies guardians' answers, so that the event loop stays free. */
import { isCosignature } from '../../crypto/checkpoint.ts';
import { verifyProof } from '../../crypto/dleq.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { serveJobs } from '../threads/worker.ts';
import type { CheckJob, ProofOutcome } from './proof-checker.ts';

function check({ proofs, cosigned }: CheckJob): ProofOutcome {
  if (!isCosignature(cosigned.checkpoint, cosigned.witnessKey, cosigned.cosignature)) return 'badCheckpoint';
  try {
    for (const { publicShare, evaluated, proof } of proofs.evaluations) {
      verifyProof(proofs.context, publicShare, proofs.elements, evaluated, proof);
    }
    return null;
  } catch (error) {
    if (isBlindmarkError(error, 'badProof', 'badElement')) return error.code as ProofOutcome;
    throw error;
  }
}

serveJobs<CheckJob, ProofOutcome>(check);
