/**
 * Batch proofs of equal discrete logarithms (RFC 9497 section 2.2): that each evaluated element is its element times one
 * secret, the one whose public key is known. The context string separates one key's proofs from another's.
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, formatUint, randomBytes, utf8ToBytes, type RandomSource } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { sodiumGroup } from './group-sodium.ts';
import { badElement, checkElement, checkScalar, isScalar, type GroupBackend } from './group.ts';

/** Bytes of a proof: challenge and response. */
export const PROOF_BYTES = 64;

/** Most elements that one proof covers: the composites weaken with the size of a batch (generalised birthday). */
export const MAX_BATCH = 64;

/** A scalar other than zero from 64 random bytes, reduced: the bias is below 2^-252. */
export function randomScalar(random: RandomSource, group: GroupBackend): Uint8Array {
  return checkScalar('random', group.reduceScalar(random(64)));
}

/** Checks the number of elements of a batch; throws `badInput`. */
export function checkBatch(elements: readonly Uint8Array[]): void {
  if (elements.length < 1 || elements.length > MAX_BATCH) throw badInput('elements', `1 to ${MAX_BATCH} elements`);
}

const withLength = (bytes: Uint8Array): Uint8Array[] => [formatUint(bytes.length, 2), bytes];

/** The weights of RFC 9497 section 2.2.1: one for each pair, all bound to the public key and the pair. */
function compositeWeights(
  context: string,
  publicKey: Uint8Array,
  elements: readonly Uint8Array[],
  evaluated: readonly Uint8Array[],
  group: GroupBackend,
): Uint8Array[] {
  const seed = sha512(concatBytes(...withLength(publicKey), ...withLength(utf8ToBytes(`Seed-${context}`))));
  const [head, tail] = [concatBytes(...withLength(seed)), utf8ToBytes('Composite')];
  const domain = `HashToScalar-${context}`;
  return elements.map((element, i) => {
    const pair = [...withLength(element), ...withLength(evaluated[i] as Uint8Array)];
    return group.hashToScalar(concatBytes(head, formatUint(i, 2), ...pair, tail), domain);
  });
}

function weightedSum(
  weights: readonly Uint8Array[],
  elements: readonly Uint8Array[],
  field: string,
  group: GroupBackend,
): Uint8Array {
  return elements
    .map((element, i) => group.multiply(weights[i] as Uint8Array, element, `${field}[${i}]`))
    .reduce((sum, term) => group.add(sum, term));
}

function challenge(context: string, parts: readonly Uint8Array[], group: GroupBackend): Uint8Array {
  const transcript = concatBytes(...parts.flatMap(withLength), utf8ToBytes('Challenge'));
  return group.hashToScalar(transcript, `HashToScalar-${context}`);
}

/**
 * Proves that `evaluated[i] = secret * elements[i]` for each i, and `publicKey = secret * G` (RFC 9497 section 2.2.1).
 *
 * @param random 64 bytes, once
 * @returns 64 bytes: challenge, response
 */
export function generateProof(
  context: string,
  secret: Uint8Array,
  publicKey: Uint8Array,
  elements: readonly Uint8Array[],
  evaluated: readonly Uint8Array[],
  random: RandomSource = randomBytes,
  group: GroupBackend = sodiumGroup,
): Uint8Array {
  const weights = compositeWeights(context, publicKey, elements, evaluated, group);
  const m = weightedSum(weights, elements, 'elements', group);
  // ComputeCompositesFast: who has the secret needs no second sum.
  const z = group.multiply(secret, m);
  const r = randomScalar(random, group);
  const c = challenge(context, [publicKey, m, z, group.multiplyBase(r), group.multiply(r, m)], group);
  return concatBytes(c, group.subtractScalars(r, group.multiplyScalars(c, secret)));
}

/**
 * Verifies a proof (RFC 9497 section 2.2.2).
 *
 * @throws BlindmarkError `badElement` for an element that is not valid, `badProof` for whatever else does not fit; `badInput`
 *   for a batch that is empty or above {@link MAX_BATCH}
 */
export function verifyProof(
  context: string,
  publicKey: Uint8Array,
  elements: readonly Uint8Array[],
  evaluated: readonly Uint8Array[],
  proof: Uint8Array,
  group: GroupBackend = sodiumGroup,
): void {
  checkBatch(elements);
  const refuse = (what: string): BlindmarkError =>
    new BlindmarkError('badProof', `The proof does not verify: ${what}`, { field: 'proof' });
  if (evaluated.length !== elements.length) throw refuse('it is not for as many elements as were asked');
  checkElement('publicShare', publicKey);
  for (const [field, list] of [
    ['elements', elements],
    ['evaluatedElements', evaluated],
  ] as const) {
    const wrong = list.findIndex((element) => element.length !== 32);
    if (wrong >= 0) throw badElement(`${field}[${wrong}]`);
  }
  const [c, s] = [proof.subarray(0, 32), proof.subarray(32)];
  if (proof.length !== PROOF_BYTES || !isScalar(c) || !isScalar(s)) throw refuse('it is malformed');
  const weights = compositeWeights(context, publicKey, elements, evaluated, group);
  const m = weightedSum(weights, elements, 'elements', group);
  const z = weightedSum(weights, evaluated, 'evaluatedElements', group);
  const t2 = group.add(group.multiplyBase(s), group.multiply(c, publicKey));
  const t3 = group.add(group.multiply(s, m), group.multiply(c, z));
  if (!equalBytes(c, challenge(context, [publicKey, m, z, t2, t3], group))) {
    throw refuse('the elements were not evaluated under this share');
  }
}
