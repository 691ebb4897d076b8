/**
 * Officers' and forces' credentials: JWTs (RFC 7519) signed with EdDSA (RFC 8037). The authority root certifies a force's
 * key; the force certifies, for at most twelve hours, an officer's key under a pseudonym that it changes daily.
 */
import { importJWK, SignJWT, type JWTPayload } from 'jose';
import { z } from 'zod';
import { equalBytes, formatBase64url, formatUint, parseBase64url, parseJsonBytes, utf8ToBytes } from './bytes.ts';
import { badInput, BlindmarkError, type ErrorCode } from './errors.ts';
import { deriveKey, labelledHash } from './hash.ts';
import { bytesField, identifierField, parseMessage, textField } from './message.ts';
import { originField, type Roster, type RosterForce } from './roster.ts';
import { isSignature, type SigningKey } from './signature.ts';

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
const officerClaims = z.object({
  ...common,
  iss: identifierField,
  sub: identifierField,
  roster: bytesField(32),
  persons: z.array(bytesField(32)).min(1).max(2),
});

/** A key as EdDSA over Ed25519 in JOSE (RFC 8037 section 2). */
export async function importSigningKey(key: SigningKey) {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: formatBase64url(key.publicKey), d: formatBase64url(key.seed) };
  return importJWK(jwk, 'EdDSA');
}

/** What a compact JWS says once its signature holds. */
export interface VerifiedJws {
  readonly payload: unknown;
}

/** What a JWS's header must say. Whatever else stands in it is ignored, as RFC 7515 section 4 asks. */
const jwsHeader = z.looseObject({
  alg: z.literal('EdDSA'),
  typ: z.string(),
  /** Names what must be understood beside RFC 7515; nothing is (section 4.1.11). */
  crit: z.undefined().optional(),
});

/**
 * Verifies a compact JWS (RFC 7515) by an Ed25519 key: `alg` must be EdDSA, `typ` the expected one, and each segment in its
 * one canonical spelling, so that no two texts count as the same JWS. By {@link isSignature}, as every other signature: not
 * each browser's WebCrypto has Ed25519.
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
    const [header, payload, signature] = segments.map((segment) => parseBase64url(field, segment)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    if (jwsHeader.parse(parseJsonBytes(field, header)).typ !== type) throw new Error('another typ');
    const signed = utf8ToBytes(text.slice(0, text.lastIndexOf('.')));
    if (!isSignature(publicKey, signed, signature)) throw new Error('another signature');
    return { payload: parseJsonBytes(field, payload) };
  } catch (cause) {
    throw new BlindmarkError(code, `${field}: the signature does not verify`, { field, cause });
  }
}

/** Credentials whose signatures held lately, by key and text: an officer sends the same ones with each request. */
const verifiedCredentials = new Map<string, VerifiedJws>();
const REMEMBERED_CREDENTIALS = 256;

/** {@link verifyJws} of a credential, whose signature is computed once. Whether it is valid now is not remembered. */
async function verifyCredential(
  credential: string,
  publicKey: Uint8Array,
  type: string,
  field: string,
): Promise<VerifiedJws> {
  const name = `${type} ${formatBase64url(publicKey)} ${credential}`;
  const known = verifiedCredentials.get(name);
  if (known !== undefined) return known;
  const verified = await verifyJws(credential, publicKey, type, field, 'badCredential');
  const [oldest] = verifiedCredentials.keys();
  if (oldest !== undefined && verifiedCredentials.size >= REMEMBERED_CREDENTIALS) verifiedCredentials.delete(oldest);
  verifiedCredentials.set(name, verified);
  return verified;
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

/** The UTC days, counted from 1970, on which a credential may be taken, were clocks apart: one, or two around midnight. */
function daysOf({ iat, exp }: { readonly iat: number; readonly exp: number }): { first: number; count: number } {
  const first = Math.floor((iat - CLOCK_TOLERANCE) / 86_400);
  return { first, count: Math.floor((exp + CLOCK_TOLERANCE) / 86_400) - first + 1 };
}

const shiftSeconds = (validSeconds = OFFICER_CREDENTIAL_SECONDS): number =>
  Math.min(validSeconds, OFFICER_CREDENTIAL_SECONDS);

/**
 * Who an officer is, as one force tells it: the same values in all of a person's credentials for a day, whatever their keys and
 * pseudonyms, so that nobody can be two officers of one opening. Nobody else can compute them, or link a person's days.
 *
 * @param forceSeed 32 bytes: of the force's key
 * @param staffId the force's own name for the person: 1 to 100 characters, whose case and spaces don't count
 * @param options as for {@link createOfficerCredential}
 * @returns 32 bytes for each UTC day on which the credential may be taken: one, or two
 * @throws BlindmarkError `badInput`
 */
export function officerPersons(
  forceSeed: Uint8Array,
  staffId: string,
  options: { readonly now: number; readonly validSeconds?: number | undefined },
): Uint8Array[] {
  const name = parseMessage(textField(100), staffId, 'officer').normalize('NFKC').replaceAll(/\s/gu, '').toLowerCase();
  if (name === '') throw badInput('officer', 'the force’s own identifier of the person');
  const { first, count } = daysOf({ iat: options.now, exp: options.now + shiftSeconds(options.validSeconds) });
  return Array.from({ length: count }, (_, i) =>
    deriveKey(forceSeed, 32, new Uint8Array(0), 'officer-person', name, formatUint(first + i, 4)),
  );
}

/**
 * A force's certificate of an officer's key.
 *
 * @param options.persons {@link officerPersons} of who gets it
 * @param options.pseudonym what the public log will show; the force changes it daily
 * @param options.validSeconds default and most: 12 hours
 */
export async function createOfficerCredential(
  forceKey: SigningKey,
  options: {
    origin: string;
    force: string;
    pseudonym: string;
    persons: readonly Uint8Array[];
    publicKey: Uint8Array;
    rosterFingerprint: string;
    now: number;
    validSeconds?: number;
  },
): Promise<string> {
  return createCredential(OFFICER_TYPE, forceKey, {
    iss: options.force,
    aud: options.origin,
    sub: options.pseudonym,
    roster: options.rosterFingerprint,
    persons: options.persons.map(formatBase64url),
    iat: options.now,
    exp: options.now + shiftSeconds(options.validSeconds),
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

/** What an officer's credential says of itself. */
export interface OfficerCredentialClaims {
  /** 32 bytes: fingerprint of the first roster, put there by the force for the officer's own client to pin. */
  readonly rosterFingerprint: Uint8Array;
  /** Epoch seconds at which it ends. */
  readonly expiresAt: number;
}

/**
 * Reads an officer's credential. It is not verified: its holder trusts whoever handed it over, and services verify it.
 *
 * @throws BlindmarkError `badCredential`
 */
export function readOfficerCredential(officerCredential: string): OfficerCredentialClaims {
  const { roster, exp } = readUnverified(officerCredential, officerClaims, 'officerCredential');
  return { rosterFingerprint: roster, expiresAt: exp };
}

/** Who asks, once the chain from the authority root down to the officer's key has been verified. */
export interface VerifiedOfficer {
  readonly force: RosterForce;
  readonly pseudonym: string;
  /** 32 bytes for each UTC day of the credential: the same ones in whatever else the force gives this person that day. */
  readonly persons: readonly Uint8Array[];
  /** The officer's Ed25519 key. */
  readonly publicKey: Uint8Array;
  /** 32 bytes: identifies the officer's key without showing it. A force may revoke it. */
  readonly thumbprint: Uint8Array;
  /** 32 bytes: identifies this one credential of the officer. A force may revoke it. */
  readonly credentialHash: Uint8Array;
}

/** Whether two officers of one force are one person, or can't be told apart: by key, by pseudonym, or by what the force says. */
export function isSameOfficer(one: VerifiedOfficer, other: VerifiedOfficer): boolean {
  return (
    equalBytes(one.publicKey, other.publicKey) ||
    one.pseudonym === other.pseudonym ||
    one.persons.some((person) => other.persons.some((another) => equalBytes(person, another)))
  );
}

/** What identifies an officer's key where the key itself need not be shown. 32 bytes. */
export function officerThumbprint(publicKey: Uint8Array): Uint8Array {
  return labelledHash('officer-key', publicKey);
}

/** What identifies one credential of an officer. 32 bytes. */
export function officerCredentialHash(officerCredential: string): Uint8Array {
  return labelledHash('officer-credential', officerCredential);
}

/** A force with the key that an authority root of the roster has certified for it. */
export interface VerifiedForce {
  readonly force: RosterForce;
  /** The force's Ed25519 key. */
  readonly publicKey: Uint8Array;
}

/**
 * Verifies a force's credential up to an authority root of the roster.
 *
 * @param now epoch seconds
 * @throws BlindmarkError `unknownForce`, `badCredential`, `wrongOrigin` or `credentialExpired`
 */
export async function verifyForceCredential(credential: string, roster: Roster, now: number): Promise<VerifiedForce> {
  const claimed = await verifyForceSignature(credential, roster);
  checkOrigin('forceCredential', claimed.claims, roster);
  checkValidity('forceCredential', claimed.claims, now);
  return { force: claimed.force, publicKey: claimed.claims.cnf.jwk.x };
}

async function verifyForceSignature(credential: string, roster: Roster) {
  const claims = readUnverified(credential, forceClaims, 'forceCredential');
  const force = roster.forces.find((candidate) => candidate.id === claims.sub);
  if (force === undefined) {
    throw new BlindmarkError('unknownForce', 'The force is not in the roster', { field: 'forceCredential' });
  }
  await verifyByAnyRoot(credential, roster.authorityRoots);
  return { force, claims };
}

function checkOrigin(field: string, claims: { readonly aud: string }, roster: Roster): void {
  if (claims.aud === roster.origin) return;
  throw new BlindmarkError('wrongOrigin', `${field}: it was issued for another registry`, { field });
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
  const { force, claims: forceCertificate } = await verifyForceSignature(credentials.forceCredential, roster);
  const { payload } = await verifyCredential(
    credentials.officerCredential,
    forceCertificate.cnf.jwk.x,
    OFFICER_TYPE,
    'officerCredential',
  );
  const officer = parseClaims(officerClaims, payload, 'officerCredential');
  if (officer.iss !== force.id) {
    throw new BlindmarkError('badCredential', 'The officer’s credential names another force than its signer', {
      field: 'officerCredential',
    });
  }
  checkOrigin('forceCredential', forceCertificate, roster);
  checkOrigin('officerCredential', officer, roster);
  checkValidity('forceCredential', forceCertificate, now);
  checkValidity('officerCredential', officer, now, OFFICER_CREDENTIAL_SECONDS);
  if (officer.persons.length !== daysOf(officer).count) {
    throw new BlindmarkError('badCredential', 'The officer’s credential must say who it is for on each day of it', {
      field: 'officerCredential',
    });
  }
  const publicKey = officer.cnf.jwk.x;
  return {
    force,
    pseudonym: officer.sub,
    persons: officer.persons,
    publicKey,
    thumbprint: officerThumbprint(publicKey),
    credentialHash: officerCredentialHash(credentials.officerCredential),
  };
}

async function verifyByAnyRoot(credential: string, roots: readonly Uint8Array[]): Promise<void> {
  const attempts = await Promise.allSettled(
    roots.map(async (root) => verifyCredential(credential, root, FORCE_TYPE, 'forceCredential')),
  );
  const failure = attempts.find((attempt) => attempt.status === 'rejected');
  if (failure !== undefined && !attempts.some((attempt) => attempt.status === 'fulfilled')) throw failure.reason;
}
