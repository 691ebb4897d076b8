/**
 * How an owner obtains an activation token: blind, send, unblind (RFC 9578 section 6.1 to 6.3, RFC 9474
 * RSABSSA-SHA384-PSS-Deterministic). Runs on WebCrypto, in browsers and in Node.
 */
import { RSABSSA } from '@cloudflare/blindrsa-ts';
import { z } from 'zod';
import { checkBytes } from './bytes.ts';
import { BlindmarkError } from './errors.ts';
import { bytesField } from './message.ts';
import { MODULUS_BYTES, TOKEN_KEY_BYTES, toRsaEncryptionKey, tokenKeyId } from './token-key.ts';
import {
  activationNonce,
  challengeDigest,
  formatToken,
  formatTokenInput,
  type RsaVerifier,
  type TokenInput,
} from './token.ts';

const suite = RSABSSA.SHA384.PSS.Deterministic();
const SALT_BYTES = 48;

/** A token key as WebCrypto holds it. */
async function importTokenKey(publicKey: Uint8Array) {
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-384' };
  // Extractable, since blindrsa-ts reads the modulus out of it.
  return crypto.subtle.importKey('spki', toRsaEncryptionKey(publicKey).slice(), algorithm, true, ['verify']);
}

/** WebCrypto's RSASSA-PSS. */
export const webCryptoRsaVerifier: RsaVerifier = async (publicKey, message, signature) =>
  crypto.subtle.verify(
    { name: 'RSA-PSS', saltLength: SALT_BYTES },
    await importTokenKey(publicKey),
    signature.slice(),
    message.slice(),
  );

/**
 * A token on its way: what its owner keeps, durably, *before* the request is sent. An interrupted run sends the same request
 * again, which costs no second use, and finishes with the same token. `inverse` is secret: with it the issuer could link the
 * token to the request.
 */
export const pendingTokenSchema = z.strictObject({
  /** The token key, SPKI. */
  publicKey: bytesField(TOKEN_KEY_BYTES),
  nonce: bytesField(32),
  challengeDigest: bytesField(32),
  blindedMessage: bytesField(MODULUS_BYTES),
  /** The inverse of the blind. */
  inverse: bytesField(MODULUS_BYTES),
});
export type PendingToken = z.output<typeof pendingTokenSchema>;

/** What goes to the issuer beside the activation key. */
export interface TokenRequest {
  /** 32 bytes. */
  readonly tokenKeyId: Uint8Array;
  /** 256 bytes, uniformly random whatever token they lead to. */
  readonly blindedMessage: Uint8Array;
}

/** The request of a pending token: the same whenever it is asked for. */
export function tokenRequestOf(pending: PendingToken): TokenRequest {
  return { tokenKeyId: tokenKeyId(pending.publicKey), blindedMessage: pending.blindedMessage };
}

function tokenInputOf({ publicKey, nonce, challengeDigest }: PendingToken): TokenInput {
  return { nonce, challengeDigest, tokenKeyId: tokenKeyId(publicKey) };
}

/**
 * Starts a token that pays for the evaluation of one blinded element. Salt and blind are drawn by WebCrypto's
 * `getRandomValues`; blindrsa-ts takes no other source.
 *
 * @param options.issuerName the issuer's identifier in the roster
 * @param options.publicKey the issuer's token key of this quarter, SPKI
 * @param options.element 32 bytes
 * @param options.redemption 32 bytes: commitment to the secret that will redeem the token
 * @returns the request, and what to keep durably before it is sent
 * @throws BlindmarkError `badInput`
 */
export async function createTokenRequest(options: {
  readonly origin: string;
  readonly issuerName: string;
  readonly publicKey: Uint8Array;
  readonly element: Uint8Array;
  readonly redemption: Uint8Array;
}): Promise<{ readonly request: TokenRequest; readonly pending: PendingToken }> {
  const { origin, issuerName, publicKey, element, redemption } = options;
  const input: TokenInput = {
    nonce: activationNonce(origin, element, redemption),
    challengeDigest: challengeDigest({ issuerName, originInfo: origin }),
    tokenKeyId: tokenKeyId(publicKey),
  };
  const key = await importTokenKey(publicKey);
  const { blindedMsg, inv } = await suite.blind(key, suite.prepare(formatTokenInput(input)));
  const pending: PendingToken = {
    publicKey,
    nonce: input.nonce,
    challengeDigest: input.challengeDigest,
    blindedMessage: blindedMsg,
    inverse: inv,
  };
  return { request: tokenRequestOf(pending), pending };
}

/**
 * Makes the token out of the issuer's reply, and verifies it.
 *
 * @param blindSignature 256 bytes
 * @returns the token, 354 bytes
 * @throws BlindmarkError `badToken` when the issuer signed something else
 */
export async function finishToken(pending: PendingToken, blindSignature: Uint8Array): Promise<Uint8Array> {
  checkBytes('blindSignature', blindSignature, MODULUS_BYTES);
  const key = await importTokenKey(pending.publicKey);
  const input = tokenInputOf(pending);
  let authenticator: Uint8Array;
  try {
    // RFC 9474 section 4.4, which ends with a verification.
    authenticator = await suite.finalize(key, formatTokenInput(input), blindSignature, pending.inverse);
  } catch (cause) {
    throw new BlindmarkError('badToken', 'The issuer’s reply makes no valid activation token', {
      field: 'blindSignature',
      remedy: 'Send the same request again; if it fails again, tell the vendor.',
      cause,
    });
  }
  return formatToken({ ...input, authenticator });
}
