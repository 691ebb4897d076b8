/** Officers' requests that were answered before: they are verified by the roster and the time that they were signed under. */
import { equalBytes } from '../crypto/bytes.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { readRequestClaims, type OfficerAuthorization } from '../crypto/officer-request.ts';
import type { VerifiedRoster } from '../crypto/roster.ts';

/** By what a request is verified. */
export interface SigningMoment {
  readonly roster: VerifiedRoster;
  /** Epoch seconds. */
  readonly now: number;
}

/**
 * The roster and the moment that a request names. Whoever signed it vouches for both, so they count once the request has been
 * verified by them.
 *
 * @param rosters all verified rosters of the registry
 * @throws BlindmarkError `badInput` for a malformed request; `wrongRoster` for a roster that is none of these
 */
export function signedUnder(authorization: OfficerAuthorization, rosters: readonly VerifiedRoster[]): SigningMoment {
  const claims = readRequestClaims(authorization);
  const roster = rosters.find(({ hash }) => equalBytes(hash, claims.roster));
  if (roster === undefined) {
    throw new BlindmarkError('wrongRoster', 'The request was signed under a roster that this registry never had', {
      field: 'request',
    });
  }
  return { roster, now: claims.iat };
}
