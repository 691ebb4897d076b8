/**
 * What may be evaluated: the checks on an evaluation request that registry and guardian make alike, each on its own
 * (DESIGN 3.4). A guardian adds what only it knows: its accepted elements and quotas.
 */
import { concatBytes, equalBytes, formatUint } from './bytes.ts';
import { badInput, BlindmarkError, type ErrorCode } from './errors.ts';
import {
  OFFICER_REQUEST_ERRORS,
  verifyOfficerRequest,
  wrongRoster,
  type VerifiedOfficerRequest,
} from './officer-request.ts';
import { checkElement } from './group.ts';
import { labelledHash } from './hash.ts';
import { sizeClassOf, type EntryOf } from './log-entry.ts';
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
  /** 32 bytes: {@link registrationEvaluationHash}. */
  readonly hash: Uint8Array;
}

/** A verified request on behalf of an officer. */
export interface OfficerEvaluation extends VerifiedOfficerRequest {
  readonly purpose: 'lookup';
}

export type VerifiedEvaluation = OwnerEvaluation | OfficerEvaluation;

type RegistrationEvaluationRequest = Extract<EvaluationRequest, { readonly purpose: 'registration' }>;

/** Identifies an owner's evaluation request to the byte. An officer's has {@link authorizationHash}. */
export function registrationEvaluationHash(request: RegistrationEvaluationRequest): Uint8Array {
  return labelledHash(
    'evaluation-request',
    request.roster,
    concatBytes(...request.epochs.map((epoch) => formatUint(epoch, 4))),
    concatBytes(...request.elements),
    concatBytes(...request.redemptions),
    request.token ?? new Uint8Array(),
  );
}

/**
 * The entry that an owner's evaluation request must have in the log before a guardian answers.
 *
 * @param hour whole hours since 1970-01-01 UTC; where it is only compared, any
 */
export function activationEntry(request: RegistrationEvaluationRequest, hour: number): EntryOf<'activation'> {
  return { kind: 'activation', hour, request: registrationEvaluationHash(request) };
}

/**
 * The entry that an officer's evaluation request must have in the log before a guardian answers.
 *
 * @param codes how many elements it carries
 */
export function lookupEntry(
  { officer, claims, hash }: VerifiedOfficerRequest,
  codes: number,
  hour: number,
): EntryOf<'lookup'> {
  const { force, pseudonym } = officer;
  const { caseCommitment } = claims;
  return {
    kind: 'lookup',
    hour,
    request: hash,
    force: force.id,
    officer: pseudonym,
    caseCommitment,
    codes: sizeClassOf(codes),
  };
}

/** {@link activationEntry} or {@link lookupEntry}, by who asks. */
export function evaluationEntry(
  verified: VerifiedEvaluation,
  request: EvaluationRequest,
  hour: number,
): EntryOf<'activation'> | EntryOf<'lookup'> {
  if (verified.purpose === 'lookup') return lookupEntry(verified, request.elements.length, hour);
  return { kind: 'activation', hour, request: verified.hash };
}

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
  if (nonces.length !== 1) throw badInput('elements', 'one element');
  const hash = registrationEvaluationHash(request);
  if (request.token === null) return { purpose: 'registration', nonces, issuer: null, hash };
  const issuer = await verifyRosterToken(request.token, nonces[0] as Uint8Array, roster, now, rsa);
  return { purpose: 'registration', nonces, issuer, hash };
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
