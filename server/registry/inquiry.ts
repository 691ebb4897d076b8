/** What guardians are asked: an evaluation or a decryption, each with the evidence that it is in the log. */
import type { z } from 'zod';
import type { LogEvidence } from '../../crypto/log-proof.ts';
import { formatMessage } from '../../crypto/message.ts';
import { EVALUATION_CONTEXT } from '../../crypto/oprf.ts';
import { findLiveEpoch, type Roster, type RosterGuardian } from '../../crypto/roster.ts';
import {
  guardianEvaluateSchema,
  guardianEvaluationSchema,
  type EvaluationRequest,
  type GuardianEvaluation,
} from '../../crypto/wire.ts';
import type { ProofJob } from './proof-checker.ts';

/** What every guardian's answer says. */
export interface GuardianAnswer {
  /** Which guardian's it is. */
  readonly guardian: string;
  /** Over the evidence's checkpoint, 72 bytes. */
  readonly cosignature: Uint8Array;
}

/** One request to all guardians. */
export interface Inquiry<Answer extends GuardianAnswer> {
  readonly path: '/v1/evaluate' | '/v1/decrypt';
  readonly reply: z.ZodType<Answer>;
  /** Without a consistency proof: a guardian that needs one says from which size. */
  readonly evidence: LogEvidence;
  /** The request with this evidence, as JSON. */
  readonly body: (log: LogEvidence) => string;
  /** Whether an answer has the form of one to this request. */
  readonly fits: (answer: Answer) => boolean;
  /** What is to be verified of an answer that fits. */
  readonly job: (answer: Answer, guardian: RosterGuardian) => ProofJob;
}

/** Asks guardians for the evaluations that a verified request is about. */
export function evaluationInquiry(
  request: EvaluationRequest,
  evidence: LogEvidence,
  roster: Roster,
): Inquiry<GuardianEvaluation> {
  const { epochs, elements: asked } = request;
  return {
    path: '/v1/evaluate',
    reply: guardianEvaluationSchema,
    evidence,
    body: (log) => JSON.stringify(formatMessage(guardianEvaluateSchema, { request, log })),
    fits: ({ evaluations }) =>
      evaluations.map(({ epoch }) => epoch).join() === epochs.join() &&
      evaluations.every(({ elements }) => elements.length === asked.length),
    job: ({ evaluations }, guardian) => ({
      context: EVALUATION_CONTEXT,
      elements: asked,
      evaluations: evaluations.map(({ epoch, elements, proof }) => ({
        publicShare: findLiveEpoch(roster, epoch).publicShares[guardian.index - 1] as Uint8Array,
        evaluated: elements,
        proof,
      })),
    }),
  };
}
