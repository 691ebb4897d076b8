/** Activation tokens of the fixture's issuer, for tests that pay without an owner's client. */
import { randomBytes } from '../../crypto/bytes.ts';
import { blind } from '../../crypto/oprf.ts';
import { createTokenRequest, finishToken } from '../../crypto/token-request.ts';
import { redemptionCommitment } from '../../crypto/token.ts';
import { BlindSigner } from '../../server/issuer/token-key.ts';
import type { Fixture } from './fixture.ts';

/** What these tokens are redeemed by. */
export const REDEMPTION_SECRET = new Uint8Array(32).fill(5);
export const REDEMPTION = redemptionCommitment(REDEMPTION_SECRET);

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
  const { origin = fixture.origin, issuerName = 'demo-issuer', key = fixture.tokenKey } = options;
  const { publicKey } = key;
  const { request, pending } = await createTokenRequest({
    origin,
    issuerName,
    publicKey,
    element,
    redemption: REDEMPTION,
  });
  const token = await finishToken(pending, new BlindSigner(key).sign(request.blindedMessage));
  elements.set(token, element);
  return token;
}
