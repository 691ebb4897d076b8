/** Requests that an officer signs: a JWS over what is asked, why, of whom and when (DESIGN 3.4 "Lookup and opening"). */
import { z } from 'zod';
import {
  checkBytes,
  equalBytes,
  formatBase64url,
  formatJsonBytes,
  parseBase64url,
  parseJsonBytes,
  randomBytes,
  utf8ToBytes,
  type RandomSource,
} from './bytes.ts';
import { checkValidity, verifyJws, verifyOfficerCredential, type VerifiedOfficer } from './credential.ts';
import { BlindmarkError, type ErrorCode } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, formatMessage, parseMessage } from './message.ts';
import { originField, type VerifiedRoster } from './roster.ts';
import type { Signer } from './signature.ts';

/**
 * How long a signed request is valid, in seconds, unless it asks for an opening. Within it, a byte-identical request is answered
 * again, uncharged.
 */
export const REQUEST_SECONDS = 300;

/** The longest case reference, in UTF-16 units. */
export const MAX_CASE_REFERENCE = 64;

/** How long a request for an opening is valid unless its officer says otherwise: so long another officer may approve it. */
export const OPENING_SECONDS = 4 * 3600;

/** The longest that a request for an opening may be valid, in seconds. */
export const MAX_OPENING_SECONDS = 24 * 3600;

const REQUEST_TYPE = 'blindmark-request+jws';

/**
 * What an officer asks for: an evaluation by the guardians, the registrations of tags at the registry, the opening of a
 * contact envelope, its approval as a second officer, or a message to the keeper.
 */
export const PURPOSES = ['evaluation', 'lookup', 'opening', 'approval', 'message'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The longest validity of a request, by its purpose. */
const LONGEST_SECONDS: Readonly<Record<Purpose, number>> = {
  evaluation: REQUEST_SECONDS,
  lookup: REQUEST_SECONDS,
  opening: MAX_OPENING_SECONDS,
  // As long as the opening, so that guardians who did not answer may be asked again.
  approval: MAX_OPENING_SECONDS,
  message: REQUEST_SECONDS,
};

const epochSeconds = z
  .int()
  .min(0)
  .max(2 ** 40);

const claimsSchema = z.strictObject({
  purpose: z.enum(PURPOSES),
  /** Hash of what the request carries: blinded elements, tags, or what is to be opened or approved. */
  content: bytesField(32),
  /** How many byte strings that is: elements, or the evaluation's hash and the tags. */
  count: z.int().min(1).max(65),
  caseCommitment: bytesField(32),
  origin: originField,
  roster: bytesField(32),
  epochs: z.array(z.int().min(1)).min(1).max(16),
  iat: epochSeconds,
  exp: epochSeconds,
  nonce: bytesField(16),
});
export type OfficerClaims = z.output<typeof claimsSchema>;

const jwsField = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u);

/** A signed request with the chain that says who signed it. */
export const officerAuthorizationSchema = z.strictObject({
  request: jwsField,
  officerCredential: jwsField,
  forceCredential: jwsField,
});
export type OfficerAuthorization = z.output<typeof officerAuthorizationSchema>;

/** Hash of the byte strings that a request carries. */
export function contentHash(purpose: Purpose, content: readonly Uint8Array[]): Uint8Array {
  return labelledHash('request-content', purpose, ...content);
}

/**
 * The commitment to a case reference that guardians and the log see. The salt stays with the officer, who can show later
 * which case a lookup was for.
 *
 * @param salt 32 random bytes: case references are guessable without it
 */
export function caseCommitment(salt: Uint8Array, caseReference: string): Uint8Array {
  return labelledHash('case', checkBytes('salt', salt, 32), caseReference.normalize('NFC'));
}

/** Identifies a signed request to the byte. */
export function authorizationHash(authorization: OfficerAuthorization): Uint8Array {
  return labelledHash(
    'officer-request',
    authorization.request,
    authorization.officerCredential,
    authorization.forceCredential,
  );
}

/** What an officer signs with. */
export interface OfficerSigner {
  readonly key: Signer;
  readonly officerCredential: string;
  readonly forceCredential: string;
}

/**
 * Signs a request.
 *
 * @param request.now epoch seconds
 * @param request.validSeconds how long the request is valid from then; default: {@link OPENING_SECONDS} for an opening, which
 *   may have up to {@link MAX_OPENING_SECONDS}, and {@link REQUEST_SECONDS}, the most, for anything else
 */
export async function signOfficerRequest(
  signer: OfficerSigner,
  request: {
    readonly purpose: Purpose;
    readonly content: readonly Uint8Array[];
    readonly caseCommitment: Uint8Array;
    readonly roster: VerifiedRoster;
    readonly epochs: readonly number[];
    readonly now: number;
    readonly validSeconds?: number;
  },
  random: RandomSource = randomBytes,
): Promise<OfficerAuthorization> {
  const usual = request.purpose === 'opening' ? OPENING_SECONDS : REQUEST_SECONDS;
  const claims: OfficerClaims = {
    purpose: request.purpose,
    content: contentHash(request.purpose, request.content),
    count: request.content.length,
    caseCommitment: request.caseCommitment,
    origin: request.roster.roster.origin,
    roster: request.roster.hash,
    epochs: [...request.epochs],
    iat: request.now,
    exp: request.now + (request.validSeconds ?? usual),
    nonce: random(16),
  };
  // RFC 7515 section 7.1; RFC 8037 section 3.1.
  const signed = [{ alg: 'EdDSA', typ: REQUEST_TYPE }, formatMessage(claimsSchema, claims)]
    .map((part) => formatBase64url(formatJsonBytes(part)))
    .join('.');
  const signature = await signer.key.sign(utf8ToBytes(signed));
  const jws = `${signed}.${formatBase64url(checkBytes('signature', signature, 64))}`;
  return { request: jws, officerCredential: signer.officerCredential, forceCredential: signer.forceCredential };
}

/** Every code with which {@link verifyOfficerRequest} refuses. */
export const OFFICER_REQUEST_ERRORS = [
  'badCredential',
  'badSignature',
  'credentialExpired',
  'unknownForce',
  'wrongOrigin',
  'wrongRoster',
] as const satisfies readonly ErrorCode[];

/** A request whose chain, signature, content and time have been verified. */
export interface VerifiedOfficerRequest {
  readonly officer: VerifiedOfficer;
  readonly claims: OfficerClaims;
  /** 32 bytes: identifies the request to the byte. */
  readonly hash: Uint8Array;
}

/**
 * Verifies an officer's request: the chain of credentials, the signature, and that it is about this content, for this
 * registry, roster and purpose, now.
 *
 * @param now epoch seconds
 * @throws BlindmarkError, each for its own reason: `unknownForce`, `badCredential`, `credentialExpired`, `badSignature`,
 *   `wrongOrigin`, `wrongRoster`; `badInput` for claims that are signed but malformed
 */
export async function verifyOfficerRequest(
  authorization: OfficerAuthorization,
  expected: {
    readonly purpose: Purpose;
    readonly content: readonly Uint8Array[];
    readonly roster: VerifiedRoster;
    readonly now: number;
  },
): Promise<VerifiedOfficerRequest> {
  const { roster, now } = expected;
  const officer = await verifyOfficerCredential(authorization, roster.roster, now);
  const { payload } = await verifyJws(
    authorization.request,
    officer.publicKey,
    REQUEST_TYPE,
    'request',
    'badSignature',
  );
  const claims = parseMessage(claimsSchema, payload, 'request');
  const mismatch = (what: string): never => {
    throw new BlindmarkError('badSignature', `The officer signed another ${what} than this request has`, {
      field: 'request',
    });
  };
  if (claims.purpose !== expected.purpose) mismatch('purpose');
  if (claims.count !== expected.content.length) mismatch('number of elements');
  if (!equalBytes(claims.content, contentHash(expected.purpose, expected.content))) mismatch('content');
  if (claims.origin !== roster.roster.origin) {
    throw new BlindmarkError('wrongOrigin', 'The request was signed for another registry', { field: 'request' });
  }
  if (!equalBytes(claims.roster, roster.hash)) throw wrongRoster();
  checkValidity('request', claims, now, LONGEST_SECONDS[claims.purpose]);
  return { officer, claims, hash: authorizationHash(authorization) };
}

/**
 * What a request says of itself, before anything of it is verified: under which roster and when it was signed, so that it can
 * be verified by them later.
 *
 * @throws BlindmarkError `badInput`
 */
export function readRequestClaims({ request }: OfficerAuthorization): OfficerClaims {
  const payload = parseBase64url('request', request.split('.')[1] ?? '');
  return parseMessage(claimsSchema, parseJsonBytes('request', payload), 'request');
}

/** The refusal of a request that was made under another roster than the one that counts here. */
export function wrongRoster(): BlindmarkError {
  return new BlindmarkError('wrongRoster', 'The request was made under another roster', {
    field: 'roster',
    remedy: 'Fetch the roster again, verify it, and repeat the request.',
  });
}
