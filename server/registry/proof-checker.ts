/** Guardians' proofs, verified on worker threads. */
import { ThreadPool } from '../threads/thread-pool.ts';

/** Elements that may wait to be checked: about two seconds of work for one thread. */
const MAX_QUEUED_ELEMENTS = 16_384;

/** One guardian's evaluations of the same elements, one for each epoch. */
export interface ProofJob {
  /** As they were sent: 1 to 64 valid elements. */
  readonly elements: readonly Uint8Array[];
  readonly evaluations: readonly {
    /** From the roster. */
    readonly publicShare: Uint8Array;
    readonly evaluated: readonly Uint8Array[];
    readonly proof: Uint8Array;
  }[];
}

/** Why the evaluations don't hold; null when they do. */
export type ProofOutcome = 'badProof' | 'badElement' | null;

/** Verifies evaluations (RFC 9497 section 2.2.2) off the event loop. */
export interface ProofChecker {
  /** @throws BlindmarkError `overloaded` or `unavailable`: nothing is known of the evaluations then */
  check(job: ProofJob): Promise<ProofOutcome>;
  close(): Promise<void>;
}

/** @param threads how many worker threads to keep */
export function createProofChecker(threads: number): ProofChecker {
  const pool = new ThreadPool<ProofJob, ProofOutcome>(new URL('./proof-worker.ts', import.meta.url), {
    threads,
    workerData: null,
    maxQueuedCost: MAX_QUEUED_ELEMENTS,
  });
  return {
    check: async (job) => pool.run(job, job.elements.length * job.evaluations.length),
    close: async () => pool.close(),
  };
}
