/** Guardians' proofs and cosignatures, verified on worker threads. */
import type { Checkpoint } from '../../crypto/checkpoint.ts';
import { ThreadPool } from '../threads/thread-pool.ts';

/** Elements that may wait to be checked: about two seconds of work for one thread. */
const MAX_QUEUED_ELEMENTS = 16_384;

/** What one guardian made of the same elements, once for each of its keys that was asked for. */
export interface ProofJob {
  /** The proofs' context string: what kind of key it is. */
  readonly context: string;
  /** As they were sent: 1 to 64 valid elements. */
  readonly elements: readonly Uint8Array[];
  readonly evaluations: readonly {
    /** From the roster. */
    readonly publicShare: Uint8Array;
    readonly evaluated: readonly Uint8Array[];
    readonly proof: Uint8Array;
  }[];
}

/** A guardian's cosignature of the checkpoint that the evidence leads to. */
export interface CosignatureJob {
  readonly checkpoint: Checkpoint;
  /** From the roster. */
  readonly witnessKey: Uint8Array;
  /** 72 bytes. */
  readonly cosignature: Uint8Array;
}

/** Why an answer doesn't hold; null when it does. */
export type ProofOutcome = 'badProof' | 'badElement' | 'badCheckpoint' | null;

/** Verifies proofs (RFC 9497 section 2.2.2) and a cosignature off the event loop. */
export interface ProofChecker {
  /** @throws BlindmarkError `overloaded` or `unavailable`: nothing is known of the answer then */
  check(proofs: ProofJob, cosigned: CosignatureJob): Promise<ProofOutcome>;
  close(): Promise<void>;
}

/** What goes to a worker thread. */
export interface CheckJob {
  readonly proofs: ProofJob;
  readonly cosigned: CosignatureJob;
}

/** @param threads how many worker threads to keep */
export function createProofChecker(threads: number): ProofChecker {
  const pool = new ThreadPool<CheckJob, ProofOutcome>(new URL('./proof-worker.ts', import.meta.url), {
    threads,
    workerData: null,
    maxQueuedCost: MAX_QUEUED_ELEMENTS,
  });
  return {
    check: async (proofs, cosigned) =>
      pool.run({ proofs, cosigned }, proofs.elements.length * proofs.evaluations.length),
    close: async () => pool.close(),
  };
}
