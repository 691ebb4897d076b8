/** The end of a key generation: every guardian confirms the key, and anyone can verify that every one did. */
import { equalBytes } from './bytes.ts';
import {
  badTranscript,
  ceremonyHash,
  checkCeremony,
  signedConfirmation,
  verifyAuthor,
  type Ceremony,
  type Confirmation,
  type GuardianCard,
  type KeyGeneration,
} from './dkg-messages.ts';
import type { DkgParty, DkgResult } from './dkg.ts';
import { badInput } from './errors.ts';
import { checkElement } from './group.ts';
import { isSignature, sign } from './signature.ts';
import { verifyPublicShares } from './threshold.ts';

/** Confirms, for all others, the key that came out and that this guardian holds its share of it. The same each time. */
export function createConfirmation(party: DkgParty, result: DkgResult): Confirmation {
  const content = {
    ceremony: ceremonyHash(party.ceremony),
    transcript: result.transcript,
    groupKey: result.groupKey,
    publicShares: [...result.publicShares],
  };
  const signature = sign(party.operator, signedConfirmation(content));
  return { format: 'blindmark-dkg-confirmation-v1', guardian: party.guardian, ...content, signature };
}

/**
 * Verifies that all guardians confirmed one and the same key. Only then may it be used.
 *
 * @param own what this guardian computed: whoever confirmed something else is at fault
 * @returns the public outcome
 * @throws BlindmarkError `badTranscript` naming whose confirmation is missing, wrongly signed, for another ceremony or another key
 */
export function verifyConfirmations(
  ceremony: Ceremony,
  own: Pick<DkgResult, 'transcript' | 'groupKey' | 'publicShares'>,
  confirmations: readonly Confirmation[],
): KeyGeneration {
  const expected = ceremonyHash(ceremony);
  const signatures = new Map<string, Uint8Array>();
  for (const confirmation of confirmations) {
    verifyAuthor(ceremony, expected, confirmation, signedConfirmation(confirmation));
    const agrees =
      equalBytes(confirmation.transcript, own.transcript) &&
      equalBytes(confirmation.groupKey, own.groupKey) &&
      confirmation.publicShares.length === own.publicShares.length &&
      own.publicShares.every((share, i) => equalBytes(share, confirmation.publicShares[i] as Uint8Array));
    if (!agrees) throw badTranscript('a guardian confirmed another key', [confirmation.guardian]);
    signatures.set(confirmation.guardian, confirmation.signature);
  }
  const { purpose, origin, epoch, threshold, guardians } = ceremony;
  const generation: KeyGeneration = {
    format: 'blindmark-key-generation-v1',
    purpose,
    origin,
    epoch,
    threshold,
    guardians,
    transcript: own.transcript,
    groupKey: own.groupKey,
    publicShares: [...own.publicShares],
    confirmations: guardians.flatMap(({ id }) => {
      const signature = signatures.get(id);
      return signature === undefined ? [] : [{ guardian: id, signature }];
    }),
  };
  verifyKeyGeneration(generation);
  return generation;
}

/**
 * Verifies a key generation's public outcome: the shares make up the key, and every guardian's operator confirmed it. Whoever
 * drafts or signs a roster calls it.
 *
 * @throws BlindmarkError `badTranscript` naming whose confirmation is missing or wrong; `badInput`; `badRoster` for shares that
 *   do not make up the key
 */
export function verifyKeyGeneration(generation: KeyGeneration): void {
  checkCeremony(generation);
  const { groupKey, publicShares, transcript, confirmations, guardians } = generation;
  if (publicShares.length !== guardians.length) throw badInput('publicShares', 'one for each guardian');
  checkElement('groupKey', groupKey);
  verifyPublicShares(groupKey, publicShares, generation.threshold);
  const signed = signedConfirmation({ ceremony: ceremonyHash(generation), transcript, groupKey, publicShares });
  const isConfirmed = (card: GuardianCard): boolean =>
    confirmations.some(
      ({ guardian, signature }) => guardian === card.id && isSignature(card.operatorKey, signed, signature),
    );
  const missing = guardians.filter((card) => !isConfirmed(card)).map((card) => card.id);
  if (missing.length > 0) throw badTranscript('not every guardian confirmed the key', missing);
}
