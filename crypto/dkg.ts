/**
 * Distributed key generation: FROST's DKG (Komlo and Goldberg 2020, figure 1) over ristretto255, without a dealer. The key
 * never is in one place; each guardian ends with one share, which is an OPRF key for `blindEvaluate`.
 *
 * All that a guardian says in a ceremony follows from its 64-byte seed, the ceremony and the round-1 messages that it
 * accepted. So a program that stops and goes on says the same again, and can't sign two round-1 messages for one ceremony
 * unless its seed changes. Who completes a ceremony forgets the seed. The arithmetic is noble's, on BigInt: it happens once,
 * on the guardian's own machine; the share is used with libsodium from then on.
 *
 * A share that does not fit its sender's commitment is named by its recipient alone: nobody else can tell who of the two
 * lies. The ceremony ends there, as FROST's DKG does, and the operators settle it.
 */
import { ristretto255_FROST } from '@noble/curves/ed25519.js';
import { checkBytes, equalBytes, formatUint, type RandomSource } from './bytes.ts';
import {
  badTranscript,
  ceremonyHash,
  checkCeremony,
  findCard,
  round1Hash,
  shareContext,
  signedRound1,
  signedRound2,
  transcriptHash,
  verifyAuthor,
  type Ceremony,
  type Round1Message,
  type Round2Message,
} from './dkg-messages.ts';
import { badInput } from './errors.ts';
import { sodiumGroup } from './group-sodium.ts';
import { deriveKey } from './hash.ts';
import { openSealed, sealTo, type ExchangeKey } from './seal.ts';
import { isSignature, sign, type SigningKey } from './signature.ts';
import { verifyPublicShares } from './threshold.ts';

const { DKG, Identifier } = ristretto255_FROST;

/** Bytes of the secret that a guardian's part in a ceremony follows from. */
export const DKG_SEED_BYTES = 64;

/** One guardian in a ceremony. */
export interface DkgParty {
  readonly ceremony: Ceremony;
  /** This guardian's identifier in the ceremony. */
  readonly guardian: string;
  readonly operator: SigningKey;
  readonly exchange: ExchangeKey;
  /** {@link DKG_SEED_BYTES} random bytes, drawn for this ceremony alone and stored before round 1 is sent. */
  readonly seed: Uint8Array;
}

/** A guardian's share, and what all guardians know of the key. */
export interface DkgResult {
  /** Position in the threshold key, from 1. */
  readonly index: number;
  /** The share: 32-byte scalar. */
  readonly secret: Uint8Array;
  /** 32 bytes each, in the order of the indexes. */
  readonly publicShares: readonly Uint8Array[];
  readonly groupKey: Uint8Array;
  readonly transcript: Uint8Array;
}

const identifierOf = (index: number): string => Identifier.fromNumber(index);

const signersOf = (ceremony: Ceremony) => ({ min: ceremony.threshold, max: ceremony.guardians.length });

/** Checks that the ceremony is sound and that the party is the guardian that its card says. */
function checkParty(party: DkgParty): { index: number } {
  checkCeremony(party.ceremony);
  checkBytes('seed', party.seed, DKG_SEED_BYTES);
  const { card, index } = findCard(party.ceremony, party.guardian);
  if (
    !equalBytes(card.operatorKey, party.operator.publicKey) ||
    !equalBytes(card.exchangeKey, party.exchange.publicKey)
  ) {
    throw badInput('guardians', 'this guardian’s own card, as its init wrote it');
  }
  return { index };
}

/** Random bytes that follow from the seed, the ceremony and what they are for. */
function seededRandom(party: DkgParty, ...use: (Uint8Array | string)[]): RandomSource {
  let calls = 0;
  return (length) =>
    deriveKey(party.seed, length, ceremonyHash(party.ceremony), 'dkg-random', formatUint(calls++, 4), ...use);
}

/** noble's own state after round 1, made anew each time: noble consumes it. */
function startRound1(party: DkgParty, index: number) {
  const random = seededRandom(party, 'round1');
  return DKG.round1(identifierOf(index), signersOf(party.ceremony), undefined, (length = 32) => random(length));
}

/**
 * Round 1: this guardian's commitment and proof of knowledge, for all others. The same each time.
 *
 * @throws BlindmarkError `badInput` when the ceremony is not sound or the party's card is not its own
 */
export function createRound1(party: DkgParty): Round1Message {
  const { index } = checkParty(party);
  const { public: broadcast, secret } = startRound1(party, index);
  DKG.clean(secret);
  const ceremony = ceremonyHash(party.ceremony);
  const { commitment, proofOfKnowledge } = broadcast;
  const content = { ceremony, guardian: party.guardian, commitment, proofOfKnowledge };
  const signature = sign(party.operator, signedRound1(ceremony, party.guardian, round1Hash(content)));
  return { format: 'blindmark-dkg-round1-v1', ...content, signature };
}

/** A guardian's message in noble's form. */
const toNoble = (message: Round1Message, index: number) => ({
  identifier: identifierOf(index),
  commitment: [...message.commitment],
  proofOfKnowledge: message.proofOfKnowledge,
});

/** Whether noble, as some other guardian made for this check, takes these round-1 messages. It does not tell which it refuses. */
function takesRound1(ceremony: Ceremony, probe: number, others: readonly ReturnType<typeof toNoble>[]): boolean {
  const { secret } = DKG.round1(identifierOf(probe), signersOf(ceremony));
  try {
    DKG.round2(secret, [...others]);
    return true;
  } catch {
    return false;
  }
}

/** Who sent a commitment or proof of knowledge that does not verify. */
function findWrongRound1(ceremony: Ceremony, ordered: readonly Round1Message[]): string[] {
  const broadcasts = ordered.map((message, i) => toNoble(message, i + 1));
  const without = <T>(list: readonly T[], position: number): T[] => list.filter((_, i) => i !== position);
  if ([0, 1].every((probe) => takesRound1(ceremony, probe + 1, without(broadcasts, probe)))) return [];
  // Each one alone, among messages that are good.
  const good = broadcasts.map((_, i) => DKG.round1(identifierOf(i + 1), signersOf(ceremony)).public);
  const isWrong = (position: number): boolean => {
    const probe = position === 0 ? 1 : 0;
    const mixed = good.map((message, i) => (i === position ? (broadcasts[position] as typeof message) : message));
    return !takesRound1(ceremony, probe + 1, without(mixed, probe));
  };
  return ordered.filter((_, i) => isWrong(i)).map((message) => message.guardian);
}

/**
 * Verifies the round-1 messages of all guardians.
 *
 * @param messages one of each guardian, in any order; more of one guardian count as evidence if they differ
 * @returns one a guardian, in the order of the indexes
 * @throws BlindmarkError `badTranscript` naming who equivocates, whose signature, commitment or proof of knowledge is wrong,
 *   who spoke in another ceremony, or who has not spoken
 */
export function verifyRound1(ceremony: Ceremony, messages: readonly Round1Message[]): Round1Message[] {
  checkCeremony(ceremony);
  const expected = ceremonyHash(ceremony);
  const found = new Map<string, Round1Message>();
  for (const message of messages) {
    verifyAuthor(ceremony, expected, message, signedRound1(expected, message.guardian, round1Hash(message)));
    const other = found.get(message.guardian);
    if (other !== undefined && !equalBytes(round1Hash(other), round1Hash(message))) {
      throw badTranscript('an operator signed two different round-1 messages', [message.guardian]);
    }
    found.set(message.guardian, other ?? message);
  }
  const missing = ceremony.guardians.filter((card) => !found.has(card.id)).map((card) => card.id);
  if (missing.length > 0) throw badTranscript('round-1 messages are missing', missing);
  const ordered = ceremony.guardians.map((card) => found.get(card.id) as Round1Message);
  const wrong = findWrongRound1(ceremony, ordered);
  if (wrong.length > 0) throw badTranscript('a commitment or its proof of knowledge does not verify', wrong);
  return ordered;
}

/** The transcript of verified round-1 messages. */
function seenOf(round1: readonly Round1Message[]): Round2Message['seen'] {
  return round1.map((message) => ({ hash: round1Hash(message), signature: message.signature }));
}

/** Verified round-1 messages with this guardian's own among them, unchanged. */
function acceptRound1(party: DkgParty, messages: readonly Round1Message[]) {
  const { index } = checkParty(party);
  const round1 = verifyRound1(party.ceremony, messages);
  const started = startRound1(party, index);
  const own = createRound1(party);
  if (!equalBytes(round1Hash(own), round1Hash(round1[index - 1] as Round1Message))) {
    throw badTranscript('this guardian’s own round-1 message does not come from its seed', [party.guardian]);
  }
  const others = round1.map((message, i) => toNoble(message, i + 1)).filter((_, i) => i !== index - 1);
  return { index, round1, others, secret: started.secret };
}

/**
 * Round 2: for each other guardian its value of this guardian's polynomial, sealed. The same each time.
 *
 * @param messages the round-1 messages of all guardians. The caller stores them first, and comes with the same ones again
 * @throws BlindmarkError as {@link verifyRound1}
 */
export function createRound2(party: DkgParty, messages: readonly Round1Message[]): Round2Message[] {
  const { index, round1, others, secret } = acceptRound1(party, messages);
  const packages = DKG.round2(secret, others);
  const ceremony = ceremonyHash(party.ceremony);
  const seen = seenOf(round1);
  const transcript = transcriptHash(
    ceremony,
    seen.map((entry) => entry.hash),
  );
  const result = party.ceremony.guardians.flatMap((card, i) => {
    if (i === index - 1) return [];
    const share = packages[identifierOf(i + 1)]?.signingShare as Uint8Array;
    const context = shareContext(ceremony, party.guardian, card.id);
    const box = sealTo(card.exchangeKey, share, context, seededRandom(party, 'round2', transcript, card.id));
    const content = { ceremony, guardian: party.guardian, recipient: card.id, seen, box };
    const signature = sign(party.operator, signedRound2(content));
    return [{ format: 'blindmark-dkg-round2-v1' as const, ...content, signature }];
  });
  DKG.clean(secret);
  return result;
}

/** Compares what a sender saw in round 1 with what was seen here, and says who told two stories. */
function checkSeen(ceremony: Ceremony, message: Round2Message, seen: Round2Message['seen']): void {
  const sender = [message.guardian];
  if (message.seen.length !== seen.length)
    throw badTranscript('a round-2 message names too few round-1 messages', sender);
  const differing = ceremony.guardians.filter(
    (_, i) => !equalBytes(message.seen[i]?.hash as Uint8Array, seen[i]?.hash as Uint8Array),
  );
  if (differing.length === 0) return;
  const equivocating = differing.filter((card) => {
    const { hash, signature } = message.seen[ceremony.guardians.indexOf(card)] as Round2Message['seen'][number];
    return isSignature(card.operatorKey, signedRound1(message.ceremony, card.id, hash), signature);
  });
  if (equivocating.length < differing.length) {
    throw badTranscript('a guardian claims a round-1 message that its author did not sign', sender);
  }
  throw badTranscript(
    'an operator signed two different round-1 messages',
    equivocating.map((card) => card.id),
  );
}

function openShare(party: DkgParty, message: Round2Message, round1: Round1Message, index: number): Uint8Array {
  let share: Uint8Array;
  try {
    share = openSealed(party.exchange, message.box, shareContext(message.ceremony, message.guardian, party.guardian));
  } catch (cause) {
    throw badTranscript('a sealed share does not open', [message.guardian], cause);
  }
  try {
    ristretto255_FROST.validateSecret(
      { identifier: identifierOf(index), signingShare: share },
      { signers: signersOf(party.ceremony), commitments: [...round1.commitment], verifyingShares: {} },
    );
    return share;
  } catch (cause) {
    throw badTranscript('a share does not fit its sender’s commitment', [message.guardian], cause);
  }
}

/** One verified round-2 message of each other guardian to this one. */
function acceptRound2(
  party: DkgParty,
  messages: readonly Round2Message[],
  seen: Round2Message['seen'],
): Map<string, Round2Message> {
  const expected = ceremonyHash(party.ceremony);
  const found = new Map<string, Round2Message>();
  for (const message of messages) {
    verifyAuthor(party.ceremony, expected, message, signedRound2(message));
    const { guardian } = message;
    if (message.recipient !== party.guardian || guardian === party.guardian) {
      throw badTranscript('a round-2 message is for another recipient', [guardian]);
    }
    checkSeen(party.ceremony, message, seen);
    const other = found.get(guardian);
    if (other !== undefined && !equalBytes(other.box, message.box)) {
      throw badTranscript('an operator signed two different round-2 messages to one recipient', [guardian]);
    }
    found.set(guardian, message);
  }
  const missing = party.ceremony.guardians
    .filter((card) => card.id !== party.guardian && !found.has(card.id))
    .map((card) => card.id);
  if (missing.length > 0) throw badTranscript('round-2 messages are missing', missing);
  return found;
}

/**
 * Round 3: opens and verifies the shares of all others, and adds them up. What comes out counts only once all guardians
 * have confirmed it (dkg-outcome.ts).
 *
 * @param round1Messages those that {@link createRound2} was given
 * @param round2Messages the other guardians' messages to this one
 * @throws BlindmarkError `badTranscript` naming who sent a wrong share, spoke to another recipient or in another ceremony, or
 *   told others another round-1 message
 */
export function finishDkg(
  party: DkgParty,
  round1Messages: readonly Round1Message[],
  round2Messages: readonly Round2Message[],
): DkgResult {
  const { index, round1, others, secret } = acceptRound1(party, round1Messages);
  const seen = seenOf(round1);
  const round2 = acceptRound2(party, round2Messages, seen);
  const shares = round1.flatMap((message, i) => {
    const received = round2.get(message.guardian);
    if (received === undefined) return [];
    return [{ identifier: identifierOf(i + 1), signingShare: openShare(party, received, message, index) }];
  });
  DKG.round2(secret, others);
  const key = DKG.round3(secret, others, shares);
  const publicShares = round1.map((_, i) => key.public.verifyingShares[identifierOf(i + 1)] as Uint8Array);
  const groupKey = key.public.commitments[0] as Uint8Array;
  const share = key.secret.signingShare;
  verifyPublicShares(groupKey, publicShares, party.ceremony.threshold);
  if (!equalBytes(sodiumGroup.multiplyBase(share), publicShares[index - 1] as Uint8Array)) {
    throw badTranscript('this guardian’s share does not fit its public share');
  }
  const transcript = transcriptHash(
    ceremonyHash(party.ceremony),
    seen.map((entry) => entry.hash),
  );
  return { index, secret: share, publicShares, groupKey, transcript };
}
