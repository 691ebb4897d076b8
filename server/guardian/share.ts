/** A guardian's share of one threshold key, and where the multiplications by it happen. */
import type { GuardianEvaluation } from '../../crypto/wire.ts';

/** A share of an epoch's evaluation key. */
export interface EvaluationShare {
  readonly epoch: number;
  /** 32-byte scalar. Never leaves the guardian. */
  readonly secret: Uint8Array;
  /** 32-byte element: the secret times the generator. */
  readonly publicShare: Uint8Array;
}

/** One epoch's evaluations with their proof. */
export type EpochEvaluation = GuardianEvaluation['evaluations'][number];

/** Evaluates blinded elements under a share. */
export interface Evaluator {
  /**
   * @param elements 1 to 64 valid elements
   * @throws BlindmarkError `overloaded` when too much is queued
   */
  evaluate(epoch: number, elements: readonly Uint8Array[]): Promise<EpochEvaluation>;
  close(): Promise<void>;
}
