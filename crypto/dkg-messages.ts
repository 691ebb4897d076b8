/**
 * The messages of the distributed key generation (DESIGN 3.1 step 2): what each says, how it is bound to its ceremony and
 * signed by its guardian's operator. {@link dkg.ts} computes what is in them.
 */
import { z } from 'zod';
import { equalBytes, formatBase64url, formatUint } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, identifierField, textField } from './message.ts';
import { originField } from './roster.ts';
import { isSignature } from './signature.ts';
import { MAX_SHARES } from './threshold.ts';

/**
 * What threshold keys are for: codes become tags under one, contact envelopes open under the other. Keys of two purposes never
 * share a ceremony, hence never a share.
 */
export const KEY_PURPOSES = ['evaluation', 'decryption'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/** `card.json`: a guardian's public keys, which its operator hands to whoever prepares a ceremony. */
export const guardianCardSchema = z.strictObject({
  format: z.literal('blindmark-guardian-card-v1'),
  id: identifierField,
  name: textField(100),
  /** Ed25519: signs rosters and key generation. */
  operatorKey: bytesField(32),
  /** X25519: shares travel sealed to it. */
  exchangeKey: bytesField(32),
  /** Ed25519: cosigns the log's checkpoints. Another key than the operator's, since it is in use all the time. */
  witnessKey: bytesField(32),
});
export type GuardianCard = z.output<typeof guardianCardSchema>;

const ceremonyFields = {
  purpose: z.enum(KEY_PURPOSES),
  origin: originField,
  epoch: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  threshold: z.int().min(2).max(MAX_SHARES),
  /** In the order of their indexes: the first has index 1. */
  guardians: z.array(guardianCardSchema).min(2).max(MAX_SHARES),
};

/** `ceremony.json`: what all guardians agree on before they make a key. */
export const ceremonySchema = z.strictObject({ format: z.literal('blindmark-ceremony-v1'), ...ceremonyFields });
export type Ceremony = z.output<typeof ceremonySchema>;

/** `key-generation.json`: the public outcome, which anyone can verify. */
export const keyGenerationSchema = z.strictObject({
  format: z.literal('blindmark-key-generation-v1'),
  ...ceremonyFields,
  /** Hash of all round-1 messages. */
  transcript: bytesField(32),
  groupKey: bytesField(32),
  /** In the order of the guardians' indexes. */
  publicShares: z.array(bytesField(32)).min(2).max(MAX_SHARES),
  confirmations: z.array(z.strictObject({ guardian: identifierField, signature: bytesField(64) })).max(MAX_SHARES),
});
export type KeyGeneration = z.output<typeof keyGenerationSchema>;

const envelope = { ceremony: bytesField(32), guardian: identifierField, signature: bytesField(64) };

/** Round 1, to all: commitment to a polynomial, with proof that its sender knows the value at 0. */
export const round1Schema = z.strictObject({
  format: z.literal('blindmark-dkg-round1-v1'),
  ...envelope,
  commitment: z.array(bytesField(32)).min(2).max(MAX_SHARES),
  proofOfKnowledge: bytesField(64),
});
export type Round1Message = z.output<typeof round1Schema>;

/** Round 2, to one: the polynomial's value at the recipient's index, sealed; and which round-1 messages its sender saw. */
export const round2Schema = z.strictObject({
  format: z.literal('blindmark-dkg-round2-v1'),
  ...envelope,
  recipient: identifierField,
  /**
   * Hash and signature of each guardian's round-1 message, in the order of their indexes. Where they differ from what the
   * recipient saw, the signatures prove who signed two.
   */
  seen: z.array(z.strictObject({ hash: bytesField(32), signature: bytesField(64) })).max(MAX_SHARES),
  box: bytesField(32 + 24 + 32 + 16),
});
export type Round2Message = z.output<typeof round2Schema>;

/** The end, to all: the key that came out, signed by who holds a good share of it. */
export const confirmationSchema = z.strictObject({
  format: z.literal('blindmark-dkg-confirmation-v1'),
  ...envelope,
  transcript: bytesField(32),
  groupKey: bytesField(32),
  publicShares: z.array(bytesField(32)).max(MAX_SHARES),
});
export type Confirmation = z.output<typeof confirmationSchema>;

/** The refusal of a key generation, naming the guardians at fault. */
export function badTranscript(message: string, guardians: readonly string[] = [], cause?: unknown): BlindmarkError {
  return new BlindmarkError('badTranscript', `The key generation does not hold: ${message}`, {
    guardians,
    remedy:
      'Keep all its messages as evidence, settle with the guardians named, and begin a new ceremony with another epoch.',
    cause,
  });
}

/**
 * Checks what no schema can say of a ceremony.
 *
 * @throws BlindmarkError `badInput`
 */
export function checkCeremony(ceremony: Omit<Ceremony, 'format'>): void {
  const { guardians, threshold } = ceremony;
  const distinct = (field: string, values: string[]): void => {
    if (new Set(values).size !== values.length) throw badInput(`guardians.${field}`, 'another one for each guardian');
  };
  distinct(
    'id',
    guardians.map((card) => card.id),
  );
  distinct(
    'operatorKey',
    guardians.map((card) => formatBase64url(card.operatorKey)),
  );
  distinct(
    'exchangeKey',
    guardians.map((card) => formatBase64url(card.exchangeKey)),
  );
  // An operator's key that witnesses too would let one kind of signature be taken for the other.
  distinct(
    'witnessKey',
    guardians.flatMap((card) => [card.operatorKey, card.witnessKey].map(formatBase64url)),
  );
  if (threshold > guardians.length || 2 * threshold <= guardians.length) {
    throw badInput('threshold', 'more than half of the guardians, and not more than there are');
  }
}

/** Identifies a ceremony: purpose, origin, epoch, threshold and every guardian's card, in order. 32 bytes. */
export function ceremonyHash(ceremony: Omit<Ceremony, 'format'>): Uint8Array {
  const cards = ceremony.guardians.map((card) =>
    labelledHash('guardian-card', card.id, card.name, card.operatorKey, card.exchangeKey, card.witnessKey),
  );
  const { purpose, origin, epoch, threshold } = ceremony;
  return labelledHash('dkg-ceremony', purpose, origin, formatUint(epoch, 4), formatUint(threshold, 1), ...cards);
}

/** Hash of what a round-1 message says. Two of one guardian and ceremony that differ are an equivocation. */
export function round1Hash(message: Omit<Round1Message, 'signature' | 'format'>): Uint8Array {
  const { ceremony, guardian, commitment, proofOfKnowledge } = message;
  return labelledHash('dkg-round1', ceremony, guardian, proofOfKnowledge, ...commitment);
}

/** Hash of all round-1 messages, from their hashes in the order of the guardians' indexes. */
export function transcriptHash(ceremony: Uint8Array, hashes: readonly Uint8Array[]): Uint8Array {
  return labelledHash('dkg-transcript', ceremony, ...hashes);
}

/** What a sealed share is bound to. */
export function shareContext(ceremony: Uint8Array, sender: string, recipient: string): Uint8Array {
  return labelledHash('dkg-share', ceremony, sender, recipient);
}

/** What is signed of a round-1 message: its hash, so that hash and signature alone are evidence of what was said. */
export function signedRound1(ceremony: Uint8Array, guardian: string, hash: Uint8Array): Uint8Array {
  return labelledHash('dkg-round1-signature', ceremony, guardian, hash);
}

/** What is signed of a round-2 message: among the rest, the hash of the round-1 transcript that its sender saw. */
export function signedRound2(message: Omit<Round2Message, 'signature' | 'format'>): Uint8Array {
  const { ceremony, guardian, recipient, seen, box } = message;
  const transcript = transcriptHash(
    ceremony,
    seen.map((entry) => entry.hash),
  );
  const signatures = labelledHash('dkg-seen', ...seen.map((entry) => entry.signature));
  return labelledHash('dkg-round2', ceremony, guardian, recipient, transcript, signatures, box);
}

/** What is signed of a confirmation. */
export function signedConfirmation(
  content: Pick<Confirmation, 'ceremony' | 'transcript' | 'groupKey' | 'publicShares'>,
): Uint8Array {
  const { ceremony, transcript, groupKey, publicShares } = content;
  return labelledHash('dkg-confirmation', ceremony, transcript, groupKey, ...publicShares);
}

/** A guardian of a ceremony with its index. */
export function findCard(ceremony: Ceremony, guardian: string): { card: GuardianCard; index: number } {
  const position = ceremony.guardians.findIndex((card) => card.id === guardian);
  const card = ceremony.guardians[position];
  if (card === undefined) throw badTranscript('a message is by nobody in the ceremony');
  return { card, index: position + 1 };
}

/**
 * Verifies that a message was made in this ceremony by the guardian that it names.
 *
 * @param expected the ceremony's hash
 * @param signed what its signature covers
 * @throws BlindmarkError `badTranscript` naming that guardian
 */
export function verifyAuthor(
  ceremony: Ceremony,
  expected: Uint8Array,
  message: Pick<Round1Message, 'ceremony' | 'guardian' | 'signature'>,
  signed: Uint8Array,
): void {
  const { card } = findCard(ceremony, message.guardian);
  if (!equalBytes(message.ceremony, expected))
    throw badTranscript('a message was made for another ceremony', [card.id]);
  if (!isSignature(card.operatorKey, signed, message.signature)) {
    throw badTranscript('the operator’s signature on a message does not verify', [card.id]);
  }
}
