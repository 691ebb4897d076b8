/**
 * What may be evaluated: the checks on an evaluation request that registry and guardian make alike, each on its own
 * (DESIGN 3.4). A guardian adds what only it knows: its accepted elements and quotas.
 */
import { equalBytes } from './bytes.ts';
import { badInput, BlindmarkError, type ErrorCode } from './errors.ts';
import {
  OFFICER_REQUEST_ERRORS,
  verifyOfficerRequest,
  wrongRoster,
  type VerifiedOfficerRequest,
} from './officer-request.ts';
import { checkElement } from './group.ts';
import { currentTokenKeys, findLiveEpoch, type RosterIssuer, type VerifiedRoster } from './roster.ts';
import { activationNonce, verifyToken, type RsaVerifier } from './token.ts';
import type { EvaluationRequest } from './wire.ts';

/** Every code with which {@link verifyEvaluationRequest} refuses. */
export const EVALUATION_ERRORS = [
  ...OFFICER_REQUEST_ERRORS,
  'badElement',
  'badToken',
  'tokenForAnotherElement',
  'unknownIssuer',
  'wrongEpoch',
] as const satisfies readonly ErrorCode[];

/** A verified request on behalf of an owner. */
export interface OwnerEvaluation {
  readonly purpose: 'registration';
  /** For each element, the hash that identifies it: the nonce of the token that it was or is accepted under. */
  readonly nonces: readonly Uint8Array[];
  /** Whose token came with it; null where the elements must have been accepted before. */
  readonly issuer: RosterIssuer | null;
}

/** A verified request on behalf of an officer. */
export interface OfficerEvaluation extends VerifiedOfficerRequest {
  readonly purpose: 'lookup';
}

export type VerifiedEvaluation = OwnerEvaluation | OfficerEvaluation;

function checkEpochs(request: EvaluationRequest, roster: VerifiedRoster): void {
  if (new Set(request.epochs).size !== request.epochs.length) throw badInput('epochs', 'distinct epochs');
  for (const epoch of request.epochs) findLiveEpoch(roster.roster, epoch);
}

/**
 * Verifies an evaluation request as far as it can be verified without a memory.
 *
 * @param now epoch seconds
 * @throws BlindmarkError, each for its own reason: `badInput`, `badElement`, `wrongEpoch`, `wrongRoster`, those of
 *   {@link verifyOfficerRequest} and those of {@link verifyToken}
 */
export async function verifyEvaluationRequest(
  request: EvaluationRequest,
  roster: VerifiedRoster,
  now: number,
  rsa: RsaVerifier,
): Promise<VerifiedEvaluation> {
  checkEpochs(request, roster);
  request.elements.forEach((element, i) => checkElement(`elements[${i}]`, element));
  if (request.purpose === 'lookup') {
    const verified = await verifyOfficerRequest(request.authorization, {
      purpose: 'evaluation',
      content: request.elements,
      roster,
      now,
    });
    if (verified.claims.epochs.join() !== request.epochs.join()) {
      throw new BlindmarkError('badSignature', 'The officer signed other epochs than this request has', {
        field: 'epochs',
      });
    }
    return { ...verified, purpose: 'lookup' };
  }
  if (!equalBytes(request.roster, roster.hash)) throw wrongRoster();
  const { elements, redemptions } = request;
  if (redemptions.length !== elements.length) throw badInput('redemptions', 'one for each element');
  const nonces = elements.map((element, i) =>
    activationNonce(roster.roster.origin, element, redemptions[i] as Uint8Array),
  );
  if (request.token === null) return { purpose: 'registration', nonces, issuer: null };
  if (nonces.length !== 1) throw badInput('elements', 'one element for one token');
  const issuer = await verifyRosterToken(request.token, nonces[0] as Uint8Array, roster, now, rsa);
  return { purpose: 'registration', nonces, issuer };
}

/**
 * Verifies an activation token under the token keys that the roster has for now.
 *
 * @param nonce the nonce that the token must have
 * @returns the issuer whose token it is
 */
export async function verifyRosterToken(
  token: Uint8Array,
  nonce: Uint8Array,
  roster: VerifiedRoster,
  now: number,
  rsa: RsaVerifier,
): Promise<RosterIssuer> {
  const { origin, issuers } = roster.roster;
  const keys = issuers.flatMap((issuer) =>
    currentTokenKeys(issuer, now).map((key) => ({ issuerName: issuer.id, publicKey: key.publicKey })),
  );
  const { issuerName } = await verifyToken(token, { origin, nonce, keys, rsa });
  return issuers.find((issuer) => issuer.id === issuerName) as RosterIssuer;
}
