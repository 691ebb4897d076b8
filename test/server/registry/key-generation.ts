/** The public outcome of a key generation, for tests of rosters: its shares are drawn by one hand. */
import { randomBytes } from '../../../crypto/bytes.ts';
import { ceremonyHash, signedConfirmation, type KeyGeneration, type KeyPurpose } from '../../../crypto/dkg-messages.ts';
import { sign, type SigningKey } from '../../../crypto/signature.ts';
import type { Fixture } from '../../support/fixture.ts';
import { splitKey } from '../../support/split-key.ts';

/** A key generation that all of the fixture's operators confirm. */
export function generateKey(
  from: Pick<Fixture, 'origin' | 'operators' | 'witnesses'>,
  epoch: number,
  operators = from.operators,
  threshold = 2,
  purpose: KeyPurpose = 'evaluation',
): KeyGeneration {
  const { groupKey, shares } = splitKey(threshold, operators.length);
  const generation: KeyGeneration = {
    format: 'blindmark-key-generation-v1',
    purpose,
    origin: from.origin,
    epoch,
    threshold,
    guardians: operators.map(({ publicKey }, i) => ({
      format: 'blindmark-guardian-card-v1',
      id: `g${i + 1}`,
      name: `Guardian ${i + 1}`,
      operatorKey: publicKey,
      exchangeKey: randomBytes(32),
      witnessKey: (from.witnesses[i] as SigningKey).publicKey,
    })),
    transcript: randomBytes(32),
    groupKey,
    publicShares: shares.map(({ publicShare }) => publicShare),
    confirmations: [],
  };
  const ceremony = ceremonyHash(generation);
  const { transcript, publicShares } = generation;
  const confirmations = operators.map((operator, i) => ({
    guardian: `g${i + 1}`,
    signature: sign(operator, signedConfirmation({ ceremony, transcript, groupKey, publicShares })),
  }));
  return { ...generation, confirmations };
}

/** The outcomes of both key generations of one epoch, by the fixture's operators. */
export function generateKeys(from: Parameters<typeof generateKey>[0], epoch: number) {
  return {
    keyGeneration: generateKey(from, epoch),
    decryptionKeyGeneration: generateKey(from, epoch, from.operators, 2, 'decryption'),
  };
}
