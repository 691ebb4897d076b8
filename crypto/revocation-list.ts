/** A force's signed list of revoked keys, credentials and pseudonyms, which each guardian fetches itself (DESIGN 3.4). */
import { CompactSign } from 'jose';
import { z } from 'zod';
import { equalBytes, formatBase64url, formatJsonBytes } from './bytes.ts';
import {
  CLOCK_TOLERANCE,
  importSigningKey,
  verifyForceCredential,
  verifyJws,
  type VerifiedOfficer,
} from './credential.ts';
import { badInput, BlindmarkError, type ErrorCode } from './errors.ts';
import { labelledHash } from './hash.ts';
import type { EntryOf } from './log-entry.ts';
import { bytesField, formatMessage, identifierField, parseMessage } from './message.ts';
import { originField, type Roster, type RosterForce } from './roster.ts';
import { isSignature, sign, type SigningKey } from './signature.ts';

/** How old a list may be, in seconds. Without a younger one, nobody answers the force's officers. */
export const MAX_REVOCATION_AGE = 900;

/** Most entries of a list. Credentials end after twelve hours, so what was revoked before that may be left out. */
export const MAX_REVOKED = 500;

const LIST_TYPE = 'blindmark-revocations+jws';

const claimsSchema = z.strictObject({
  aud: originField,
  sub: identifierField,
  iat: z
    .int()
    .min(0)
    .max(2 ** 40),
  /** Thumbprints of officers' keys, hashes of credentials and of pseudonyms; ascending. */
  revoked: z.array(bytesField(32)).max(MAX_REVOKED),
  /** By the force's key over {@link revocationListHash}: what the log shows. It is the same for as long as the list is. */
  setSignature: bytesField(64),
});

/** A list as it travels: a JWS by the force, and the certificate of the force's key. */
export const signedRevocationListSchema = z.strictObject({
  forceCredential: z.string().max(4096),
  list: z
    .string()
    .max(40_000)
    .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u),
});
export type SignedRevocationList = z.output<typeof signedRevocationListSchema>;

/** Every code with which {@link verifyRevocationList} refuses. */
export const REVOCATION_ERRORS = [
  'badCredential',
  'badSignature',
  'credentialExpired',
  'revocationsStale',
  'unknownForce',
  'wrongOrigin',
] as const satisfies readonly ErrorCode[];

/** What revokes every credential that a force has issued under a pseudonym. 32 bytes. */
export function pseudonymHash(force: string, pseudonym: string): Uint8Array {
  return labelledHash('officer-pseudonym', force, pseudonym);
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** In one order, each once: two lists of the same revocations are the same. */
function inOrder(revoked: readonly Uint8Array[]): Uint8Array[] {
  const byText = new Map(revoked.map((hash) => [formatBase64url(hash), hash]));
  return [...byText].sort(([a], [b]) => compare(a, b)).map(([, hash]) => hash);
}

/** Hash of what is revoked, whatever the time and the order. */
export function revocationListHash(origin: string, force: string, revoked: readonly Uint8Array[]): Uint8Array {
  return labelledHash('revocation-list', origin, force, ...inOrder(revoked));
}

/** What a force signs for the log. */
function signedHash(listHash: Uint8Array): Uint8Array {
  return labelledHash('revocation-signature', listHash);
}

/**
 * Signs a force's list.
 *
 * @param revoked 32 bytes each: `officerThumbprint`, `officerCredentialHash` or {@link pseudonymHash}
 * @param now epoch seconds: others take the list for {@link MAX_REVOCATION_AGE} from then
 * @throws BlindmarkError `badInput` for more than {@link MAX_REVOKED}
 */
export async function createRevocationList(
  force: { readonly key: SigningKey; readonly id: string; readonly origin: string; readonly forceCredential: string },
  revoked: readonly Uint8Array[],
  now: number,
): Promise<SignedRevocationList> {
  const set = inOrder(revoked);
  if (set.length > MAX_REVOKED) {
    throw badInput('revoked', `at most ${MAX_REVOKED}: leave out what was revoked more than a day ago`);
  }
  const setSignature = sign(force.key, signedHash(revocationListHash(force.origin, force.id, set)));
  const claims = { aud: force.origin, sub: force.id, iat: now, revoked: set, setSignature };
  const list = await new CompactSign(formatJsonBytes(formatMessage(claimsSchema, claims)))
    .setProtectedHeader({ alg: 'EdDSA', typ: LIST_TYPE })
    .sign(await importSigningKey(force.key));
  return { forceCredential: force.forceCredential, list };
}

/** A force's list that holds. */
export interface VerifiedRevocationList {
  readonly force: RosterForce;
  /** Epoch seconds. A list never gives way to one that was signed before it. */
  readonly issuedAt: number;
  /** {@link revocationListHash}. */
  readonly hash: Uint8Array;
  /** By the force over the hash: for the log's entry. */
  readonly signature: Uint8Array;
  /** Whether the officer's key, credential or pseudonym is in the list. The officer must be of this force. */
  readonly isRevoked: (officer: VerifiedOfficer) => boolean;
}

function checkAge(issuedAt: number, now: number): void {
  if (now - issuedAt <= MAX_REVOCATION_AGE && issuedAt - now <= CLOCK_TOLERANCE) return;
  throw new BlindmarkError('revocationsStale', 'The force’s list of revocations is too old, or from the future', {
    field: 'list',
    remedy: 'The force publishes a new one every few minutes: have it see to its publishing, and to its clock.',
    retryAfter: 60,
  });
}

/**
 * Verifies a force's list.
 *
 * @param force whose list it must be
 * @param now epoch seconds
 * @throws BlindmarkError `revocationsStale` for one older than {@link MAX_REVOCATION_AGE}; `badSignature`; `wrongOrigin`;
 *   `unknownForce`, `badCredential` or `credentialExpired` for the force's certificate
 */
export async function verifyRevocationList(
  signed: SignedRevocationList,
  roster: Roster,
  force: string,
  now: number,
): Promise<VerifiedRevocationList> {
  const verified = await verifyForceCredential(signed.forceCredential, roster, now);
  const refuse = (what: string): never => {
    throw new BlindmarkError('badSignature', `The list of revocations ${what}`, { field: 'list' });
  };
  if (verified.force.id !== force) refuse('is another force’s');
  const { payload } = await verifyJws(signed.list, verified.publicKey, LIST_TYPE, 'list', 'badSignature');
  const claims = parseMessage(claimsSchema, payload, 'list');
  if (claims.aud !== roster.origin) {
    throw new BlindmarkError('wrongOrigin', 'The list of revocations was signed for another registry', {
      field: 'list',
    });
  }
  if (claims.sub !== force) refuse('names another force than its signer');
  checkAge(claims.iat, now);
  const hash = revocationListHash(roster.origin, force, claims.revoked);
  if (!isSignature(verified.publicKey, signedHash(hash), claims.setSignature))
    refuse('has a bad signature for the log');
  const isListed = (value: Uint8Array): boolean => claims.revoked.some((revoked) => equalBytes(revoked, value));
  return {
    force: verified.force,
    issuedAt: claims.iat,
    hash,
    signature: claims.setSignature,
    isRevoked: ({ force: { id }, pseudonym, thumbprint, credentialHash }) =>
      id === force && [thumbprint, credentialHash, pseudonymHash(id, pseudonym)].some(isListed),
  };
}

/**
 * The refusal of a revoked officer.
 */
export function credentialRevoked(): BlindmarkError {
  return new BlindmarkError('credentialRevoked', 'The force has revoked this officer’s credential', {
    field: 'officerCredential',
    remedy: 'Ask the force for a new one.',
  });
}

/** The log's entry of a list. */
export function revocationEntry(
  list: Pick<VerifiedRevocationList, 'force' | 'hash' | 'signature'>,
  hour: number,
): EntryOf<'revocation'> {
  return { kind: 'revocation', hour, force: list.force.id, list: list.hash, signature: list.signature };
}
