/** Registrations to be measured with: real rows, and tokens that the fixture's issuer signed. */
import { randomBytes } from '../../crypto/bytes.ts';
import { sealItemEnvelope } from '../../crypto/item-envelope.ts';
import { formatMessage } from '../../crypto/message.ts';
import { registrationCommitment, registrationIndex, signRow } from '../../crypto/registration.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { registrationRequestSchema, type RegistrationRequest } from '../../crypto/wire.ts';
import type { Fixture } from '../support/fixture.ts';
import { createTokenSigner, REDEMPTION, REDEMPTION_SECRET } from '../support/tokens.ts';

/** A first row of a tag that was drawn rather than evaluated, which a registry can't tell. Its envelope has 512 bytes. */
function createRegistration(fixture: Fixture, element: Uint8Array, token: Uint8Array): RegistrationRequest {
  const { origin, now } = fixture;
  const [lookupTag, salt, signingKey] = [randomBytes(32), randomBytes(32), createSigningKey()];
  const { publicKey: ownerPublicKey } = signingKey;
  const commitment = registrationCommitment(salt, lookupTag, ownerPublicKey);
  const content = { items: [{ category: 'Shotgun', make: 'AYA', model: 'No. 4' }], ownerPublicKey };
  const row = signRow(
    origin,
    {
      index: registrationIndex(origin, lookupTag),
      salt,
      commitment,
      itemEnvelope: sealItemEnvelope(content, randomBytes(32), commitment),
      contactEnvelope: null,
      status: 'withKeeper',
      version: 1,
      epoch: 1,
      registeredOn: new Date(now * 1000).toISOString().slice(0, 10),
    },
    signingKey,
  );
  return { lookupTag, ownerPublicKey, row, token, element, redemptionSecret: REDEMPTION_SECRET };
}

/** Bodies of `POST /v1/registrations`, each of another registration. */
export async function createBodies(fixture: Fixture, count: number): Promise<string[]> {
  const signToken = createTokenSigner(fixture);
  return Promise.all(
    Array.from({ length: count }, async () => {
      const element = randomBytes(32);
      const request = createRegistration(fixture, element, await signToken(element, REDEMPTION));
      return JSON.stringify(formatMessage(registrationRequestSchema, request));
    }),
  );
}
