/** One worker thread that checks guardians' proofs for every registry of a test process: each of its own would cost a start. */
import { createProofChecker } from '../../server/registry/proof-checker.ts';

/** Never closed: its thread keeps no process alive. */
export const sharedProofs = createProofChecker(1);
