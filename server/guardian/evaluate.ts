/**
 * `POST /v1/evaluate`: who may have what evaluated, decided by this guardian alone (DESIGN 3.4). Everything is verified before
 * anything is charged, and a charge is on disk before anything is answered.
 */
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { verifyEvaluationRequest, type OfficerEvaluation, type OwnerEvaluation } from '../../crypto/evaluation.ts';
import type { RosterForce, RosterIssuer, VerifiedRoster } from '../../crypto/roster.ts';
import type { RsaVerifier } from '../../crypto/token.ts';
import type { EvaluationRequest, GuardianEvaluation } from '../../crypto/wire.ts';
import type { LocalMaxima } from './config.ts';
import type { Evaluator } from './evaluator.ts';
import type { GuardianLedger } from './ledger.ts';

/** What the decision needs. */
export interface EvaluationDependencies {
  /** This guardian's identifier in the roster. */
  readonly guardian: string;
  readonly roster: VerifiedRoster;
  /** What no roster exceeds. */
  readonly maxima: LocalMaxima;
  readonly ledger: Pick<GuardianLedger, 'acceptToken' | 'areAccepted' | 'chargeOfficer'>;
  readonly evaluator: Evaluator;
  readonly rsa: RsaVerifier;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** How a request was paid for; `again`: it was before, and costs nothing more. */
export type Admission = 'token' | 'officer' | 'again';

const issuerLimit = (issuer: RosterIssuer, maxima: LocalMaxima): number =>
  Math.min(issuer.codesPerDay, maxima.codesPerIssuerAndDay);

const officerLimits = (force: RosterForce, maxima: LocalMaxima) => ({
  forceCodesPerDay: Math.min(force.codesPerDay, maxima.codesPerForceAndDay),
  officerCodesPerDay: Math.min(force.codesPerOfficerAndDay, maxima.codesPerOfficerAndDay),
});

/** An element is accepted for ever under the token that names it; then it needs none, in any live epoch. */
async function admitOwner(
  request: OwnerEvaluation,
  now: number,
  dependencies: EvaluationDependencies,
): Promise<Admission> {
  const { ledger, maxima } = dependencies;
  const { issuer, nonces } = request;
  if (issuer === null) {
    if (ledger.areAccepted(nonces)) return 'again';
    throw new BlindmarkError('tokenRequired', 'An element was never accepted under a token here', {
      field: 'token',
      remedy: 'Send each element with its own activation token, once.',
    });
  }
  const limits = { issuerCodesPerDay: issuerLimit(issuer, maxima) };
  const [nonce] = nonces as [Uint8Array];
  const result = await ledger.acceptToken({ nonce, issuer: issuer.id, limits, now });
  return result === 'accepted' ? 'token' : 'again';
}

async function admitOfficer(
  request: OfficerEvaluation,
  codes: number,
  now: number,
  dependencies: EvaluationDependencies,
): Promise<Admission> {
  const { officer, claims, hash } = request;
  const result = await dependencies.ledger.chargeOfficer({
    requestHash: hash,
    // Verification takes a request up to the tolerance after its end; it is remembered for as long.
    expiresAt: claims.exp + CLOCK_TOLERANCE + 1,
    force: officer.force.id,
    officer: officer.thumbprint,
    pseudonym: officer.pseudonym,
    // A code counts once, under however many live epochs it is evaluated.
    codes,
    limits: officerLimits(officer.force, dependencies.maxima),
    now,
  });
  return result === 'charged' ? 'officer' : 'again';
}

/**
 * Verifies, charges, evaluates.
 *
 * @returns the evaluations under each epoch asked for, and how the request was paid for
 * @throws BlindmarkError those of `verifyEvaluationRequest`; `tokenRequired`, `quotaExceeded`, `storageFailed`, `overloaded`,
 *   `unavailable`. After the last three the same request may be sent again, and is not charged twice
 */
export async function evaluate(
  request: EvaluationRequest,
  dependencies: EvaluationDependencies,
): Promise<{ reply: GuardianEvaluation; admission: Admission }> {
  const { guardian, roster, evaluator, rsa } = dependencies;
  const now = dependencies.now();
  const verified = await verifyEvaluationRequest(request, roster, now, rsa);
  const admission =
    verified.purpose === 'registration'
      ? await admitOwner(verified, now, dependencies)
      : await admitOfficer(verified, request.elements.length, now, dependencies);
  const evaluations = await Promise.all(
    request.epochs.map(async (epoch) => evaluator.evaluate(epoch, request.elements)),
  );
  return { reply: { guardian, evaluations }, admission };
}
