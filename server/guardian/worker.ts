/** A worker thread: multiplies by the guardian's shares, so that the event loop stays free. */
import { parentPort, workerData } from 'node:worker_threads';
import { blindEvaluate } from '../../crypto/oprf.ts';
import type { EvaluationShare } from './share.ts';

/** What the pool asks. */
export interface EvaluationJob {
  readonly id: number;
  readonly epoch: number;
  readonly elements: readonly Uint8Array[];
}

/** What the worker answers. A failure carries no message: it could only tell of secrets. */
export type EvaluationOutcome =
  | { readonly id: number; readonly elements: readonly Uint8Array[]; readonly proof: Uint8Array }
  | { readonly id: number; readonly failed: true };

const shares = new Map((workerData as { shares: EvaluationShare[] }).shares.map((share) => [share.epoch, share]));

function run(job: EvaluationJob): EvaluationOutcome {
  const share = shares.get(job.epoch);
  if (share === undefined) return { id: job.id, failed: true };
  const { evaluatedElements, proof } = blindEvaluate(share.secret, share.publicShare, job.elements);
  return { id: job.id, elements: evaluatedElements, proof };
}

parentPort?.on('message', (job: EvaluationJob) => {
  let outcome: EvaluationOutcome;
  try {
    outcome = run(job);
  } catch {
    outcome = { id: job.id, failed: true };
  }
  parentPort?.postMessage(outcome);
});
