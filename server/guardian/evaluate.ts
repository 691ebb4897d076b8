/**
 * `POST /v1/evaluate`: who may have what evaluated, decided by this guardian alone (DESIGN 3.4). Everything is verified before
 * anything is charged, what was seen of the log is on disk before that, and the charge before anything is answered.
 */
import type { ErrorCode } from '../../crypto/errors.ts';
import { EVALUATION_ERRORS, evaluationEntry, verifyEvaluationRequest } from '../../crypto/evaluation.ts';
import { hourOf } from '../../crypto/log-entry.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import type { RsaVerifier } from '../../crypto/token.ts';
import type { GuardianEvaluateRequest, GuardianEvaluation } from '../../crypto/wire.ts';
import type { RevocationWatch } from '../revocations.ts';
import { admitOfficer, admitOwner, type Admission, type AdmissionDependencies } from './admission.ts';
import type { Evaluator } from './evaluator.ts';
import { EVIDENCE_ERRORS, witnessRequest } from './evidence.ts';
import type { Witness } from './witness.ts';

/** What every decision needs. */
export interface DecisionDependencies extends AdmissionDependencies {
  /** This guardian's identifier in the roster. */
  readonly guardian: string;
  readonly roster: VerifiedRoster;
  readonly witness: Pick<Witness, 'observe'>;
  readonly revocations: Pick<RevocationWatch, 'check'>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** What the decision on an evaluation needs. */
export interface EvaluationDependencies extends DecisionDependencies {
  readonly evaluator: Evaluator;
  readonly rsa: RsaVerifier;
}

/** Every code with which {@link evaluate} refuses. */
export const EVALUATE_ERRORS = [
  ...EVALUATION_ERRORS,
  ...EVIDENCE_ERRORS,
  'credentialRevoked',
  'revocationsStale',
  'tokenRequired',
  'quotaExceeded',
  'storageFailed',
  'unavailable',
] as const satisfies readonly ErrorCode[];

/**
 * Verifies, witnesses, charges, evaluates.
 *
 * @returns the evaluations under each epoch asked for, and how the request was paid for
 * @throws BlindmarkError those of {@link EVALUATE_ERRORS}, and `overloaded`. After that one, `storageFailed` and `unavailable`
 *   the same request may be sent again, and is not charged twice
 */
export async function evaluate(
  { request, log }: GuardianEvaluateRequest,
  dependencies: EvaluationDependencies,
): Promise<{ reply: GuardianEvaluation; admission: Admission }> {
  const { guardian, roster, revocations, evaluator, rsa } = dependencies;
  const now = dependencies.now();
  const verified = await verifyEvaluationRequest(request, roster, now, rsa);
  const entry = evaluationEntry(verified, request, hourOf(now));
  let cosignature: Uint8Array;
  let admission: Admission;
  if (verified.purpose === 'registration') {
    // An owner may come back after years, with the entry of then.
    cosignature = await witnessRequest(log, { entry, delayDays: 0, made: null }, dependencies);
    admission = await admitOwner(verified, now, dependencies);
  } else {
    const { officer, hash, claims } = verified;
    await revocations.check(officer, now);
    const { delayDays } = officer.force;
    cosignature = await witnessRequest(log, { entry, delayDays, made: { from: now, until: now } }, dependencies);
    await revocations.check(officer, now);
    // A code counts once, under however many live epochs it is evaluated.
    admission = await admitOfficer(
      { officer, hash, exp: claims.exp, codes: request.elements.length },
      now,
      dependencies,
    );
  }
  const evaluations = await Promise.all(
    request.epochs.map(async (epoch) => evaluator.evaluate(epoch, request.elements)),
  );
  return { reply: { guardian, evaluations, cosignature }, admission };
}
