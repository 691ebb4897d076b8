/**
 * Activation tokens: RFC 9578 type 0x0002 (blind RSA, 2,048 bits). A token's nonce is the hash of the blinded element that
 * it pays for, so that whoever relays it can't spend it on another (DESIGN 3.4). Owners make them with `token-request.ts`.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { checkBytes, concatBytes, equalBytes, formatUint, utf8ToBytes } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';
import { isTokenKey, tokenKeyId } from './token-key.ts';
import { TOKEN_BYTES } from './wire.ts';

/** RFC 9578 section 8.2.2: Blind RSA, publicly verifiable. */
export const TOKEN_TYPE = 0x0002;

/** Bytes of a token that its authenticator signs: type, nonce, challenge digest, token key id. */
export const TOKEN_INPUT_BYTES = 2 + 32 + 32 + 32;

/**
 * What a token's nonce holds of its owner. Guardians see the token; only whoever knows the secret behind it can make the
 * registration that it pays for.
 *
 * @param redemptionSecret 32 bytes
 * @returns 32 bytes
 */
export function redemptionCommitment(redemptionSecret: Uint8Array): Uint8Array {
  return labelledHash('redemption', checkBytes('redemptionSecret', redemptionSecret, 32));
}

/**
 * The nonce of the token that pays for the evaluation of an element; also what names the element once it is accepted.
 *
 * @param element 32 bytes: the blinded element
 * @param redemption 32 bytes: {@link redemptionCommitment}
 * @returns 32 bytes
 */
export function activationNonce(origin: string, element: Uint8Array, redemption: Uint8Array): Uint8Array {
  checkBytes('element', element, 32);
  return labelledHash('activation-nonce', origin, element, checkBytes('redemption', redemption, 32));
}

/** What a token answers (RFC 9577 section 2.1). */
export interface TokenChallenge {
  /** ASCII, not empty. In Blindmark: the issuer's identifier in the roster. */
  readonly issuerName: string;
  /** Empty, or 32 bytes. Empty in Blindmark: a token may be made long before it is used. */
  readonly redemptionContext?: Uint8Array;
  /** ASCII; may be empty. In Blindmark: the registry's origin. */
  readonly originInfo: string;
}

function opaque(field: string, bytes: Uint8Array, lengthBytes: 1 | 2): Uint8Array {
  if (bytes.length >= 256 ** lengthBytes) throw badInput(field, `fewer than ${256 ** lengthBytes} bytes`);
  return concatBytes(formatUint(bytes.length, lengthBytes), bytes);
}

/**
 * A TokenChallenge structure (RFC 9577 section 2.1).
 *
 * @throws BlindmarkError `badInput`
 */
export function formatTokenChallenge(challenge: TokenChallenge): Uint8Array {
  const { issuerName, redemptionContext = new Uint8Array(), originInfo } = challenge;
  if (issuerName === '') throw badInput('issuerName', 'a name');
  if (![0, 32].includes(redemptionContext.length)) throw badInput('redemptionContext', 'nothing, or 32 bytes');
  return concatBytes(
    formatUint(TOKEN_TYPE, 2),
    opaque('issuerName', utf8ToBytes(issuerName), 2),
    opaque('redemptionContext', redemptionContext, 1),
    opaque('originInfo', utf8ToBytes(originInfo), 2),
  );
}

/** SHA-256 of a TokenChallenge structure. 32 bytes. */
export function challengeDigest(challenge: TokenChallenge): Uint8Array {
  return sha256(formatTokenChallenge(challenge));
}

/** What of a token is signed (RFC 9578 section 6.1 `token_input`). */
export interface TokenInput {
  /** 32 bytes. */
  readonly nonce: Uint8Array;
  /** 32 bytes. */
  readonly challengeDigest: Uint8Array;
  /** 32 bytes. */
  readonly tokenKeyId: Uint8Array;
}

/** A Token structure of type 0x0002 (RFC 9577 section 2.2). */
export interface Token extends TokenInput {
  /** 256 bytes: RSASSA-PSS over the token's input. */
  readonly authenticator: Uint8Array;
}

/** The bytes that a token's authenticator signs. {@link TOKEN_INPUT_BYTES} bytes. */
export function formatTokenInput(input: TokenInput): Uint8Array {
  return concatBytes(
    formatUint(TOKEN_TYPE, 2),
    checkBytes('nonce', input.nonce, 32),
    checkBytes('challengeDigest', input.challengeDigest, 32),
    checkBytes('tokenKeyId', input.tokenKeyId, 32),
  );
}

/** A token's bytes. */
export function formatToken(token: Token): Uint8Array {
  return concatBytes(formatTokenInput(token), checkBytes('authenticator', token.authenticator, 256));
}

function badToken(reason: string): BlindmarkError {
  return new BlindmarkError('badToken', `The activation token does not verify: ${reason}`, {
    field: 'token',
    remedy: 'Exchange an activation key for another token.',
  });
}

/**
 * Reads a token. Its authenticator is {@link verifyToken}'s work.
 *
 * @throws BlindmarkError `badToken`
 */
export function parseToken(bytes: Uint8Array): Token {
  if (bytes.length !== TOKEN_BYTES) throw badToken(`it has ${bytes.length} bytes, not ${TOKEN_BYTES}`);
  if (!equalBytes(bytes.subarray(0, 2), formatUint(TOKEN_TYPE, 2))) throw badToken('it is not of type 0x0002');
  return {
    nonce: bytes.slice(2, 34),
    challengeDigest: bytes.slice(34, 66),
    tokenKeyId: bytes.slice(66, 98),
    authenticator: bytes.slice(98),
  };
}

/**
 * Whether `signature` is RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes over `message` (RFC 8017 section
 * 8.1.2; RFC 9578 section 6.4). A browser's is in `token-request.ts`, node:crypto's in `server/rsa.ts`.
 *
 * @param publicKey a token key as {@link isTokenKey} has it
 */
export type RsaVerifier = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean> | boolean;

/** A token key, and whose it is. */
export interface IssuerKey {
  readonly issuerName: string;
  /** SPKI. What {@link isTokenKey} refuses counts as no key. */
  readonly publicKey: Uint8Array;
}

/**
 * Verifies an activation token.
 *
 * @param expected.nonce 32 bytes: the {@link activationNonce} of the element that the token is to pay for
 * @param expected.keys the token keys that count now
 * @returns whose token it is
 * @throws BlindmarkError `badToken` for what is no token of this registry or is signed by nobody; `tokenForAnotherElement`
 *   when its nonce is another; `unknownIssuer` when it is under none of the keys
 */
export async function verifyToken(
  bytes: Uint8Array,
  expected: {
    readonly origin: string;
    readonly nonce: Uint8Array;
    readonly keys: readonly IssuerKey[];
    readonly rsa: RsaVerifier;
  },
): Promise<{ readonly issuerName: string }> {
  const token = parseToken(bytes);
  if (!equalBytes(token.nonce, expected.nonce)) {
    throw new BlindmarkError('tokenForAnotherElement', 'The activation token was made for another element', {
      field: 'token',
      remedy: 'Send the token with the blinded element that it was made for, at the registry that it was made for.',
    });
  }
  const named = expected.keys.filter(
    ({ publicKey }) => isTokenKey(publicKey) && equalBytes(tokenKeyId(publicKey), token.tokenKeyId),
  );
  if (named.length === 0) {
    throw new BlindmarkError('unknownIssuer', 'The activation token is under no token key that counts now', {
      field: 'token',
      remedy: 'Fetch the roster again, and exchange an activation key for a token under a key that is in it.',
    });
  }
  const { origin } = expected;
  const issuer = named.find(({ issuerName }) =>
    equalBytes(challengeDigest({ issuerName, originInfo: origin }), token.challengeDigest),
  );
  if (issuer === undefined) throw badToken('it answers another challenge');
  if (!(await expected.rsa(issuer.publicKey, formatTokenInput(token), token.authenticator))) {
    throw badToken('the issuer did not sign it');
  }
  return { issuerName: issuer.issuerName };
}
