/**
 * Officers' and forces' credentials: JWTs (RFC 7519) signed with EdDSA (RFC 8037). The authority root certifies a force's
 * key; the force certifies, for at most twelve hours, an officer's key under a pseudonym that it changes daily.
 */
import { compactVerify, importJWK, SignJWT, type JWTPayload } from 'jose';
import { z } from 'zod';
import { formatBase64url, parseBase64url, parseJsonBytes } from './bytes.ts';
import { BlindmarkError, type ErrorCode } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, identifierField, parseMessage } from './message.ts';
import { originField, type Roster, type RosterForce } from './roster.ts';
import type { SigningKey } from './signature.ts';

/** The longest that an officer's credential is valid, in seconds. */
export const OFFICER_CREDENTIAL_SECONDS = 12 * 3600;

/** How far clocks may be apart, in seconds. */
export const CLOCK_TOLERANCE = 60;

const FORCE_TYPE = 'blindmark-force+jwt';
const OFFICER_TYPE = 'blindmark-officer+jwt';

const seconds = z
  .int()
  .min(0)
  .max(2 ** 40);
const confirmation = z.object({
  jwk: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: bytesField(32) }),
});
const common = { aud: originField, iat: seconds, exp: seconds, cnf: confirmation };
const forceClaims = z.object({ ...common, sub: identifierField });
const officerClaims = z.object({ ...common, iss: identifierField, sub: identifierField, roster: bytesField(32) });

/** A key as EdDSA over Ed25519 in JOSE (RFC 8037 section 2). */
export async function importSigningKey(key: SigningKey) {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: formatBase64url(key.publicKey), d: formatBase64url(key.seed) };
  return importJWK(jwk, 'EdDSA');
}

/** What a compact JWS says once its signature holds. */
export interface VerifiedJws {
  readonly payload: unknown;
}

/**
 * Verifies a compact JWS (RFC 7515) by an Ed25519 key: `alg` must be EdDSA, `typ` the expected one, and each segment in its
 * one canonical spelling, so that no two texts count as the same JWS.
 *
 * @throws BlindmarkError with `code`, naming `field`
 */
export async function verifyJws(
  text: string,
  publicKey: Uint8Array,
  type: string,
  field: string,
  code: ErrorCode,
): Promise<VerifiedJws> {
  try {
    const segments = text.split('.');
    if (segments.length !== 3) throw new Error('a compact JWS has three segments');
    for (const segment of segments) parseBase64url(field, segment);
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: formatBase64url(publicKey) }, 'EdDSA');
    const { payload, protectedHeader } = await compactVerify(text, key, { algorithms: ['EdDSA'] });
    if (protectedHeader.typ !== type) throw new Error('another typ');
    return { payload: parseJsonBytes(field, payload) };
  } catch (cause) {
    throw new BlindmarkError(code, `${field}: the signature does not verify`, { field, cause });
  }
}

function parseClaims<T extends z.ZodType>(schema: T, payload: unknown, field: string): z.output<T> {
  try {
    return parseMessage(schema, payload, field);
  } catch (cause) {
    throw new BlindmarkError('badCredential', `${field}: its claims are not those of such a credential`, {
      field,
      cause,
    });
  }
}

/** The payload of a JWS whose key is not known before it is read. Nothing in it counts until it is verified. */
function readUnverified<T extends z.ZodType>(text: string, schema: T, field: string): z.output<T> {
  let payload: unknown;
  try {
    payload = parseJsonBytes(field, parseBase64url(field, text.split('.')[1] ?? ''));
  } catch (cause) {
    throw new BlindmarkError('badCredential', `${field}: it does not parse`, { field, cause });
  }
  return parseClaims(schema, payload, field);
}

async function createCredential(type: string, signer: SigningKey, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(await importSigningKey(signer));
}

const jwkOf = (publicKey: Uint8Array) => ({ jwk: { kty: 'OKP', crv: 'Ed25519', x: formatBase64url(publicKey) } });

/**
 * The authority root's certificate of a force's key.
 *
 * @param options.validSeconds default: one year
 */
export async function createForceCredential(
  root: SigningKey,
  options: { origin: string; force: string; publicKey: Uint8Array; now: number; validSeconds?: number },
): Promise<string> {
  return createCredential(FORCE_TYPE, root, {
    aud: options.origin,
    sub: options.force,
    iat: options.now,
    exp: options.now + (options.validSeconds ?? 365 * 86_400),
    cnf: jwkOf(options.publicKey),
  });
}

/**
 * A force's certificate of an officer's key.
 *
 * @param options.pseudonym what the public log will show; the force changes it daily
 * @param options.validSeconds default and most: 12 hours
 */
export async function createOfficerCredential(
  forceKey: SigningKey,
  options: {
    origin: string;
    force: string;
    pseudonym: string;
    publicKey: Uint8Array;
    rosterFingerprint: string;
    now: number;
    validSeconds?: number;
  },
): Promise<string> {
  const validSeconds = Math.min(options.validSeconds ?? OFFICER_CREDENTIAL_SECONDS, OFFICER_CREDENTIAL_SECONDS);
  return createCredential(OFFICER_TYPE, forceKey, {
    iss: options.force,
    aud: options.origin,
    sub: options.pseudonym,
    roster: options.rosterFingerprint,
    iat: options.now,
    exp: options.now + validSeconds,
    cnf: jwkOf(options.publicKey),
  });
}

/**
 * Checks a period of validity against a clock.
 *
 * @throws BlindmarkError `credentialExpired`
 */
export function checkValidity(
  field: string,
  claims: { iat: number; exp: number },
  now: number,
  longest = Infinity,
): void {
  const refuse = (what: string, remedy: string): never => {
    throw new BlindmarkError('credentialExpired', `${field}: it ${what}`, { field, remedy });
  };
  if (claims.exp <= claims.iat || claims.exp - claims.iat > longest)
    refuse('is valid for longer than allowed', 'Have it issued anew.');
  if (now > claims.exp + CLOCK_TOLERANCE)
    refuse('has expired', 'Have it issued anew, and check this computer’s clock.');
  if (now < claims.iat - CLOCK_TOLERANCE) refuse('is not valid yet', 'Check this computer’s clock.');
}

/**
 * The fingerprint of the first roster that a force has put into an officer's credential, for the officer's own client to pin.
 * The credential is not verified: its holder trusts whoever handed it over, and services verify it.
 *
 * @returns 32 bytes
 * @throws BlindmarkError `badCredential`
 */
export function readPinnedFingerprint(officerCredential: string): Uint8Array {
  return readUnverified(officerCredential, officerClaims, 'officerCredential').roster;
}

/** Who asks, once the chain from the authority root down to the officer's key has been verified. */
export interface VerifiedOfficer {
  readonly force: RosterForce;
  readonly pseudonym: string;
  /** The officer's Ed25519 key. */
  readonly publicKey: Uint8Array;
  /** 32 bytes: identifies the officer's key without showing it. */
  readonly thumbprint: Uint8Array;
}

/**
 * Verifies an officer's credential up to an authority root of the roster.
 *
 * @param now epoch seconds
 * @throws BlindmarkError `unknownForce`, `badCredential`, `wrongOrigin` or `credentialExpired`
 */
export async function verifyOfficerCredential(
  credentials: { readonly officerCredential: string; readonly forceCredential: string },
  roster: Roster,
  now: number,
): Promise<VerifiedOfficer> {
  const claimedForce = readUnverified(credentials.forceCredential, forceClaims, 'forceCredential');
  const force = roster.forces.find((candidate) => candidate.id === claimedForce.sub);
  if (force === undefined) {
    throw new BlindmarkError('unknownForce', 'The force is not in the roster', { field: 'forceCredential' });
  }
  await verifyByAnyRoot(credentials.forceCredential, roster.authorityRoots);
  const { payload } = await verifyJws(
    credentials.officerCredential,
    claimedForce.cnf.jwk.x,
    OFFICER_TYPE,
    'officerCredential',
    'badCredential',
  );
  const officer = parseClaims(officerClaims, payload, 'officerCredential');
  if (officer.iss !== force.id) {
    throw new BlindmarkError('badCredential', 'The officer’s credential names another force than its signer', {
      field: 'officerCredential',
    });
  }
  for (const [field, claims] of [
    ['forceCredential', claimedForce],
    ['officerCredential', officer],
  ] as const) {
    if (claims.aud !== roster.origin) {
      throw new BlindmarkError('wrongOrigin', `${field}: it was issued for another registry`, { field });
    }
  }
  checkValidity('forceCredential', claimedForce, now);
  checkValidity('officerCredential', officer, now, OFFICER_CREDENTIAL_SECONDS);
  const publicKey = officer.cnf.jwk.x;
  return { force, pseudonym: officer.sub, publicKey, thumbprint: labelledHash('officer-key', publicKey) };
}

async function verifyByAnyRoot(credential: string, roots: readonly Uint8Array[]): Promise<void> {
  const attempts = await Promise.allSettled(
    roots.map(async (root) => verifyJws(credential, root, FORCE_TYPE, 'forceCredential', 'badCredential')),
  );
  const failure = attempts.find((attempt) => attempt.status === 'rejected');
  if (failure !== undefined && !attempts.some((attempt) => attempt.status === 'fulfilled')) throw failure.reason;
}
