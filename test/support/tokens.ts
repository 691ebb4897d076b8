/** Activation tokens of the fixture's issuer, for tests that pay without an owner's client. */
import { constants, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { randomBytes } from '../../crypto/bytes.ts';
import { blind } from '../../crypto/oprf.ts';
import { tokenKeyId } from '../../crypto/token-key.ts';
import {
  activationNonce,
  challengeDigest,
  formatToken,
  formatTokenInput,
  redemptionCommitment,
} from '../../crypto/token.ts';
import type { Fixture } from './fixture.ts';

/** What these tokens are redeemed by. */
export const REDEMPTION_SECRET = new Uint8Array(32).fill(5);
export const REDEMPTION = redemptionCommitment(REDEMPTION_SECRET);

const signAsync = promisify(
  (key: KeyObject, message: Uint8Array, done: (error: Error | null, signature: Uint8Array) => void) => {
    sign('sha384', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 }, done);
  },
);

/** Makes the token that pays for an element and is redeemed by what is behind a commitment. */
export type TokenSigner = (element: Uint8Array, redemption: Uint8Array) => Promise<Uint8Array>;

/**
 * Signs tokens as the fixture's issuer, without the blinding, which leaves no trace in a token and takes thirty times as long.
 * Tests of tokens themselves, and of owners, go the whole way.
 */
export function createTokenSigner(
  { origin, tokenKey }: Pick<Fixture, 'origin' | 'tokenKey'>,
  issuerName = 'demo-issuer',
): TokenSigner {
  const { publicKey, privateKey } = tokenKey;
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  const [id, digest] = [tokenKeyId(publicKey), challengeDigest({ issuerName, originInfo: origin })];
  return async (element, redemption) => {
    const input = { nonce: activationNonce(origin, element, redemption), challengeDigest: digest, tokenKeyId: id };
    return formatToken({ ...input, authenticator: new Uint8Array(await signAsync(key, formatTokenInput(input))) });
  };
}

const elements = new WeakMap<Uint8Array, Uint8Array>();

export function randomElement(): Uint8Array {
  return blind(randomBytes(32)).element;
}

/** The element that a token of {@link createToken} was made for; a random one of any other. */
export function elementOf(token: Uint8Array): Uint8Array {
  return elements.get(token) ?? randomElement();
}

/** A token for an element. */
export async function createToken(
  fixture: Pick<Fixture, 'origin' | 'tokenKey'>,
  element: Uint8Array = randomElement(),
  options: { origin?: string; issuerName?: string; key?: Fixture['tokenKey'] } = {},
): Promise<Uint8Array> {
  const { origin = fixture.origin, issuerName, key = fixture.tokenKey } = options;
  const token = await createTokenSigner({ origin, tokenKey: key }, issuerName)(element, REDEMPTION);
  elements.set(token, element);
  return token;
}
