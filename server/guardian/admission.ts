/** Who pays for what a guardian computes: tokens pay for elements, for ever; officers by quotas of the day (DESIGN 3.4). */
import { CLOCK_TOLERANCE, type VerifiedOfficer } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { OwnerEvaluation } from '../../crypto/evaluation.ts';
import type { LocalMaxima } from './config.ts';
import type { GuardianLedger } from './ledger.ts';

/** How a request was paid for; `again`: it was before, and costs nothing more. */
export type Admission = 'token' | 'officer' | 'again';

/** What admission needs. */
export interface AdmissionDependencies {
  /** What no roster exceeds. */
  readonly maxima: LocalMaxima;
  readonly ledger: Pick<GuardianLedger, 'acceptToken' | 'areAccepted' | 'chargeOfficer'>;
}

/**
 * An element is accepted for ever under the token that names it; then it needs none, in any live epoch.
 *
 * @param now epoch seconds
 * @throws BlindmarkError `tokenRequired`, `quotaExceeded`, `storageFailed`, `overloaded`
 */
export async function admitOwner(
  request: OwnerEvaluation,
  now: number,
  { ledger, maxima }: AdmissionDependencies,
): Promise<Admission> {
  const { issuer, nonces } = request;
  if (issuer === null) {
    if (ledger.areAccepted(nonces)) return 'again';
    throw new BlindmarkError('tokenRequired', 'The element was never accepted under a token here', {
      field: 'token',
      remedy: 'Send each element with its own activation token, once.',
    });
  }
  const limits = { issuerCodesPerDay: Math.min(issuer.codesPerDay, maxima.codesPerIssuerAndDay) };
  const [nonce] = nonces as [Uint8Array];
  const result = await ledger.acceptToken({ nonce, issuer: issuer.id, limits, now });
  return result === 'accepted' ? 'token' : 'again';
}

/**
 * An officer's request is charged to officer and force, once.
 *
 * @param request.hash 32 bytes: identifies the request
 * @param request.exp epoch seconds of its end; it is remembered for as long as it may be taken
 * @param request.codes how many are charged
 * @param now epoch seconds
 * @throws BlindmarkError `quotaExceeded`, `credentialExpired`, `storageFailed`, `overloaded`
 */
export async function admitOfficer(
  request: {
    readonly officer: VerifiedOfficer;
    readonly hash: Uint8Array;
    readonly exp: number;
    readonly codes: number;
  },
  now: number,
  { ledger, maxima }: AdmissionDependencies,
): Promise<Admission> {
  const { officer, hash, exp, codes } = request;
  const { force } = officer;
  const result = await ledger.chargeOfficer({
    requestHash: hash,
    // Verification takes a request up to the tolerance after its end.
    expiresAt: exp + CLOCK_TOLERANCE + 1,
    force: force.id,
    officer: officer.thumbprint,
    pseudonym: officer.pseudonym,
    codes,
    limits: {
      forceCodesPerDay: Math.min(force.codesPerDay, maxima.codesPerForceAndDay),
      officerCodesPerDay: Math.min(force.codesPerOfficerAndDay, maxima.codesPerOfficerAndDay),
    },
    now,
  });
  return result === 'charged' ? 'officer' : 'again';
}
