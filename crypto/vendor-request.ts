/** Packs that a vendor adds at its issuer: a JWS by the vendor over hashes of activation keys. No code is in it. */
import { CompactSign } from 'jose';
import { z } from 'zod';
import { equalBytes, formatJsonBytes, parseBase64url, parseJsonBytes } from './bytes.ts';
import { checkValidity, importSigningKey, verifyJws } from './credential.ts';
import { BlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, formatMessage, identifierField, parseMessage } from './message.ts';
import type { SigningKey } from './signature.ts';
import type { packsRequestSchema } from './wire.ts';

export type PacksRequest = z.output<typeof packsRequestSchema>;

/** How long a vendor's request is valid, in seconds. Within it, repeating it adds nothing. */
export const VENDOR_REQUEST_SECONDS = 300;

const PACKS_TYPE = 'blindmark-packs+jws';
const FIELD = 'authorization';

const epochSeconds = z
  .int()
  .min(0)
  .max(2 ** 40);

const claimsSchema = z.strictObject({
  issuer: identifierField,
  vendor: identifierField,
  /** Hash of the activation keys' hashes, in their order. */
  content: bytesField(32),
  iat: epochSeconds,
  exp: epochSeconds,
});

function packsHash(keyHashes: readonly Uint8Array[]): Uint8Array {
  return labelledHash('packs', ...keyHashes);
}

/**
 * Signs a request to add packs.
 *
 * @param request.issuer identifier of the issuer that is to take it
 * @param request.vendor the vendor's identifier there
 * @param request.keyHashes hashes of activation keys, 32 bytes each, at most 1,000
 * @param request.now epoch seconds; the request is valid for {@link VENDOR_REQUEST_SECONDS} from then
 */
export async function signPacksRequest(
  key: SigningKey,
  request: {
    readonly issuer: string;
    readonly vendor: string;
    readonly keyHashes: readonly Uint8Array[];
    readonly now: number;
  },
): Promise<PacksRequest> {
  const { issuer, vendor, keyHashes, now } = request;
  const claims = { issuer, vendor, content: packsHash(keyHashes), iat: now, exp: now + VENDOR_REQUEST_SECONDS };
  const authorization = await new CompactSign(formatJsonBytes(formatMessage(claimsSchema, claims)))
    .setProtectedHeader({ alg: 'EdDSA', typ: PACKS_TYPE })
    .sign(await importSigningKey(key));
  return { authorization, keyHashes: [...keyHashes] };
}

function badSignature(what: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badSignature', `${FIELD}: ${what}`, {
    field: FIELD,
    remedy: 'Sign the request anew with the key of vendor.json.',
    cause,
  });
}

/** Which vendor a JWS says it is by. Nothing of it counts until it is verified. */
function claimedVendor(jws: string): string {
  try {
    const payload = parseJsonBytes(FIELD, parseBase64url(FIELD, jws.split('.')[1] ?? ''));
    return parseMessage(claimsSchema, payload, FIELD).vendor;
  } catch (cause) {
    throw badSignature('it is no signed request of a vendor', cause);
  }
}

/**
 * Verifies a request to add packs.
 *
 * @param expected.issuer this issuer's identifier
 * @param expected.vendors who may add packs here
 * @param expected.now epoch seconds
 * @returns identifier of the vendor that signed it
 * @throws BlindmarkError, each for its own reason: `unknownVendor`, `badSignature`, `wrongIssuer`, `credentialExpired`
 */
export async function verifyPacksRequest(
  request: PacksRequest,
  expected: {
    readonly issuer: string;
    readonly vendors: readonly { readonly id: string; readonly publicKey: Uint8Array }[];
    readonly now: number;
  },
): Promise<{ readonly vendor: string }> {
  const { authorization, keyHashes } = request;
  const id = claimedVendor(authorization);
  const vendor = expected.vendors.find((candidate) => candidate.id === id);
  if (vendor === undefined) {
    throw new BlindmarkError('unknownVendor', 'This issuer does not know the vendor', {
      field: FIELD,
      remedy: 'Ask the issuer’s operator to add the vendor’s identifier and public key.',
    });
  }
  const { payload } = await verifyJws(authorization, vendor.publicKey, PACKS_TYPE, FIELD, 'badSignature');
  const claims = parseMessage(claimsSchema, payload, FIELD);
  if (claims.issuer !== expected.issuer) {
    throw new BlindmarkError('wrongIssuer', 'The vendor signed the request for another issuer', {
      field: FIELD,
      remedy: 'Send it to the issuer that it was signed for, or sign it for this one.',
    });
  }
  if (!equalBytes(claims.content, packsHash(keyHashes))) throw badSignature('it was signed over other packs');
  checkValidity(FIELD, claims, expected.now, VENDOR_REQUEST_SECONDS);
  return { vendor: id };
}
