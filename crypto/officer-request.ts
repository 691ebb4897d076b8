/** Requests that an officer signs: a JWS over what is asked, why, of whom and when (DESIGN 3.4 "Lookup and opening"). */
import { CompactSign } from 'jose';
import { z } from 'zod';
import { checkBytes, equalBytes, formatJsonBytes, randomBytes, type RandomSource } from './bytes.ts';
import {
  checkValidity,
  importSigningKey,
  verifyJws,
  verifyOfficerCredential,
  type VerifiedOfficer,
} from './credential.ts';
import { BlindmarkError, type ErrorCode } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, formatMessage, parseMessage } from './message.ts';
import { originField, type VerifiedRoster } from './roster.ts';
import type { SigningKey } from './signature.ts';

/** How long a signed request may be valid, in seconds. Within it, a byte-identical request is answered again, uncharged. */
export const REQUEST_SECONDS = 300;

/** The longest case reference, in UTF-16 units. */
export const MAX_CASE_REFERENCE = 64;

const REQUEST_TYPE = 'blindmark-request+jws';

/** What an officer asks for: an evaluation by the guardians, or the registrations of tags at the registry. */
export const PURPOSES = ['evaluation', 'lookup'] as const;
export type Purpose = (typeof PURPOSES)[number];

const epochSeconds = z
  .int()
  .min(0)
  .max(2 ** 40);

const claimsSchema = z.strictObject({
  purpose: z.enum(PURPOSES),
  /** Hash of what the request carries: blinded elements or tags. */
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
  readonly key: SigningKey;
  readonly officerCredential: string;
  readonly forceCredential: string;
}

/**
 * Signs a request.
 *
 * @param now epoch seconds; the request is valid for {@link REQUEST_SECONDS} from then
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
  },
  random: RandomSource = randomBytes,
): Promise<OfficerAuthorization> {
  const claims: OfficerClaims = {
    purpose: request.purpose,
    content: contentHash(request.purpose, request.content),
    count: request.content.length,
    caseCommitment: request.caseCommitment,
    origin: request.roster.roster.origin,
    roster: request.roster.hash,
    epochs: [...request.epochs],
    iat: request.now,
    exp: request.now + REQUEST_SECONDS,
    nonce: random(16),
  };
  const jws = await new CompactSign(formatJsonBytes(formatMessage(claimsSchema, claims)))
    .setProtectedHeader({ alg: 'EdDSA', typ: REQUEST_TYPE })
    .sign(await importSigningKey(signer.key));
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
  checkValidity('request', claims, now, REQUEST_SECONDS);
  return { officer, claims, hash: authorizationHash(authorization) };
}

/** The refusal of a request that was made under another roster than the one that counts here. */
export function wrongRoster(): BlindmarkError {
  return new BlindmarkError('wrongRoster', 'The request was made under another roster', {
    field: 'roster',
    remedy: 'Fetch the roster again, verify it, and repeat the request.',
  });
}
