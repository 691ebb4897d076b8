/** The VOPRF ristretto255-SHA512 (RFC 9497 mode 1), one share of the key at a time; {@link threshold.ts} combines shares. */
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, formatUint, randomBytes, utf8ToBytes, type RandomSource } from './bytes.ts';
import { checkBatch, generateProof, randomScalar, verifyProof } from './dleq.ts';
import { sodiumGroup } from './group-sodium.ts';
import { checkScalar, type GroupBackend } from './group.ts';
import { labelledHash } from './hash.ts';

/** RFC 9497 section 3.1: `"OPRFV1-" || I2OSP(mode, 1) || "-" || identifier`, mode 1. */
export const EVALUATION_CONTEXT = 'OPRFV1-\u0001-ristretto255-SHA512';

/**
 * The OPRF's input for a code (DESIGN 3.1 step 2): neither registry nor guardian ever sees it.
 *
 * @param canonical the code in its scheme's canonical form
 * @returns 32 bytes
 */
export function codeInput(origin: string, scheme: string, canonical: string): Uint8Array {
  return labelledHash('code', origin, scheme, canonical);
}

/** A blinded input. The element goes to the guardians; the blind stays. */
export interface Blinded {
  /** 32 bytes. */
  readonly element: Uint8Array;
  /** 32 bytes: secret. */
  readonly blind: Uint8Array;
}

/**
 * Blinds an input (RFC 9497 section 3.3.2 Blind).
 *
 * @param input the labelled hash of a code
 * @param random asked once for 64 bytes, which are reduced modulo the order of the group: the same bytes give the same blind
 */
export function blind(
  input: Uint8Array,
  random: RandomSource = randomBytes,
  group: GroupBackend = sodiumGroup,
): Blinded {
  const scalar = randomScalar(random, group);
  return { element: blindBy(scalar, input, group), blind: scalar };
}

/**
 * The blinded element of an input under a blind that is known already: shows that an element was made of this input.
 *
 * @param blindScalar what {@link blind} returned
 * @returns 32 bytes
 * @throws BlindmarkError `badInput`
 */
export function blindBy(blindScalar: Uint8Array, input: Uint8Array, group: GroupBackend = sodiumGroup): Uint8Array {
  const inputElement = group.hashToElement(input, `HashToGroup-${EVALUATION_CONTEXT}`);
  return group.multiply(checkScalar('blind', blindScalar), inputElement, 'input');
}

/**
 * Evaluates blinded elements under one share, with one proof for all (RFC 9497 section 3.3.2 BlindEvaluate).
 *
 * @param secret the share, 32 bytes
 * @param publicShare its public share; the caller has checked that both belong together
 * @param elements 1 to 64
 * @returns as many evaluated elements of 32 bytes, in the same order, and a proof of 64 bytes
 * @throws BlindmarkError `badElement` naming `elements[i]`; `badInput`
 */
export function blindEvaluate(
  secret: Uint8Array,
  publicShare: Uint8Array,
  elements: readonly Uint8Array[],
  random: RandomSource = randomBytes,
  group: GroupBackend = sodiumGroup,
): { evaluatedElements: Uint8Array[]; proof: Uint8Array } {
  checkScalar('secret', secret);
  checkBatch(elements);
  const evaluatedElements = elements.map((element, i) => group.multiply(secret, element, `elements[${i}]`));
  const proof = generateProof(EVALUATION_CONTEXT, secret, publicShare, elements, evaluatedElements, random, group);
  return { evaluatedElements, proof };
}

/**
 * Verifies one guardian's evaluation under its public share.
 *
 * @throws BlindmarkError `badProof`; `badElement` naming the element; `badInput` for a batch that is empty or above 64
 */
export function verifyEvaluation(
  publicShare: Uint8Array,
  elements: readonly Uint8Array[],
  evaluatedElements: readonly Uint8Array[],
  proof: Uint8Array,
  group: GroupBackend = sodiumGroup,
): void {
  verifyProof(EVALUATION_CONTEXT, publicShare, elements, evaluatedElements, proof, group);
}

/**
 * Unblinds the combined evaluation and hashes it with the input (RFC 9497 section 3.3.2 Finalize).
 *
 * @param blindScalar what {@link blind} returned
 * @param combinedElement the evaluation under the whole key
 * @returns 64 bytes, equal to RFC 9497's output under the whole key
 * @throws BlindmarkError `badElement`, `badInput`
 */
export function finalize(
  input: Uint8Array,
  blindScalar: Uint8Array,
  combinedElement: Uint8Array,
  group: GroupBackend = sodiumGroup,
): Uint8Array {
  const unblinded = group.multiply(group.invertScalar(blindScalar), combinedElement, 'combinedElement');
  return sha512(
    concatBytes(
      formatUint(input.length, 2),
      input,
      formatUint(unblinded.length, 2),
      unblinded,
      utf8ToBytes('Finalize'),
    ),
  );
}
