/** The second threshold key (DESIGN 3.3): partial decryptions of a contact envelope's element, and their combination. */
import { randomBytes, type RandomSource } from './bytes.ts';
import { generateProof, verifyProof } from './dleq.ts';
import { sodiumGroup } from './group-sodium.ts';
import { checkScalar, type GroupBackend } from './group.ts';
import { combineProved, type GuardianAnswer, type GuardianFault } from './threshold.ts';

/** The proofs' context: another one than evaluations have, so that neither proof serves as the other. */
export const DECRYPTION_CONTEXT = 'BLINDMARK-TDH2-v1-ristretto255-SHA512';

/** One share's part of a decryption. */
export interface PartialDecryption {
  /** 32 bytes. */
  readonly element: Uint8Array;
  /** 64 bytes. */
  readonly proof: Uint8Array;
}

/**
 * Multiplies a contact envelope's element by one share of the decryption key, with a proof. Whoever calls has verified the
 * envelope, the opening and its log entry: this alone keeps nothing secret.
 *
 * @param secret the share, 32 bytes
 * @param publicShare its public share; the caller has checked that both belong together
 * @param element the envelope's first element, 32 bytes
 * @throws BlindmarkError `badElement` naming `element`; `badInput`
 */
export function decryptShare(
  secret: Uint8Array,
  publicShare: Uint8Array,
  element: Uint8Array,
  random: RandomSource = randomBytes,
  group: GroupBackend = sodiumGroup,
): PartialDecryption {
  checkScalar('secret', secret);
  const decrypted = group.multiply(secret, element, 'element');
  const proof = generateProof(DECRYPTION_CONTEXT, secret, publicShare, [element], [decrypted], random, group);
  return { element: decrypted, proof };
}

/**
 * Verifies one guardian's partial decryption under its public share.
 *
 * @throws BlindmarkError `badProof`; `badElement` naming the element
 */
export function verifyDecryption(
  publicShare: Uint8Array,
  element: Uint8Array,
  partial: PartialDecryption,
  group: GroupBackend = sodiumGroup,
): void {
  verifyProof(DECRYPTION_CONTEXT, publicShare, [element], [partial.element], partial.proof, group);
}

/** A guardian's partial decryption, with what the roster says of the guardian. */
export interface GuardianPartialDecryption extends PartialDecryption {
  readonly guardian: string;
  /** Position in the threshold key, from 1. */
  readonly index: number;
  /** From the roster, never from the answer. */
  readonly publicShare: Uint8Array;
}

/**
 * Verifies each guardian's partial decryption and combines the good ones, as {@link combineProved} does.
 *
 * @param element the envelope's first element
 * @returns the shared element: what the envelope's key is made from, together with the code's key
 * @throws BlindmarkError those of {@link combineProved}
 */
export function combineDecryptions(
  element: Uint8Array,
  partials: readonly GuardianPartialDecryption[],
  threshold: number,
  groupKey: Uint8Array,
  group: GroupBackend = sodiumGroup,
): { shared: Uint8Array; faults: GuardianFault[] } {
  const answers = partials.map(({ element: evaluated, ...rest }): GuardianAnswer => ({
    ...rest,
    evaluatedElements: [evaluated],
  }));
  const { combined, faults } = combineProved(DECRYPTION_CONTEXT, [element], answers, threshold, groupKey, group);
  return { shared: combined[0] as Uint8Array, faults };
}
