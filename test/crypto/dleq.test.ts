import { describe, expect, it } from 'vitest';
import { concatBytes, hexToBytes } from '../../crypto/bytes.ts';
import { generateProof, MAX_BATCH, PROOF_BYTES, verifyProof } from '../../crypto/dleq.ts';
import { nobleGroup } from '../../crypto/group-noble.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { blindEvaluate, EVALUATION_CONTEXT, verifyEvaluation } from '../../crypto/oprf.ts';
import { refusal } from '../support/refusal.ts';
import { drawScalar } from '../support/split-key.ts';

const secret = drawScalar();
const publicKey = sodiumGroup.multiplyBase(secret);
const draw = (count: number): Uint8Array[] =>
  Array.from({ length: count }, () => sodiumGroup.multiplyBase(drawScalar()));
const elements = draw(3);
const { evaluatedElements, proof } = blindEvaluate(secret, publicKey, elements);
const order = hexToBytes('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
const identity = new Uint8Array(32);
const noElement = hexToBytes('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');

const rotate = <T>(list: readonly T[]): T[] => [...list.slice(1), list[0] as T];
const replace = (list: readonly Uint8Array[], at: number, bytes: Uint8Array): Uint8Array[] => list.with(at, bytes);

function verify(changed: {
  context?: string;
  publicKey?: Uint8Array;
  elements?: Uint8Array[];
  evaluated?: Uint8Array[];
  proof?: Uint8Array;
}) {
  return () => {
    for (const group of [nobleGroup, sodiumGroup]) {
      verifyProof(
        changed.context ?? EVALUATION_CONTEXT,
        changed.publicKey ?? publicKey,
        changed.elements ?? elements,
        changed.evaluated ?? evaluatedElements,
        changed.proof ?? proof,
        group,
      );
    }
  };
}

describe('a proof', () => {
  it('verifies under the key, elements and context that it was made for', () => {
    expect(verify({})).not.toThrow();
    expect(proof).toHaveLength(PROOF_BYTES);
  });

  it('is another each time, and tells nothing apart', () => {
    const again = blindEvaluate(secret, publicKey, elements).proof;
    expect(again).not.toEqual(proof);
    expect(verify({ proof: again })).not.toThrow();
  });

  it('holds for rotated pairs only where its weights say so', () => {
    // Both lists rotated alike: each pair is right, but the proof binds the order (RFC 9497 section 2.2.1, I2OSP(i, 2)).
    expect(verify({ elements: rotate(elements), evaluated: rotate(evaluatedElements) })).toThrow(refusal('badProof'));
  });

  it.each([
    ['another context', { context: `${EVALUATION_CONTEXT}2` }],
    ['another key', { publicKey: sodiumGroup.multiplyBase(drawScalar()) }],
    ['rotated evaluations', { evaluated: rotate(evaluatedElements) }],
    ['rotated elements', { elements: rotate(elements) }],
    ['one evaluation under another share', { evaluated: replace(evaluatedElements, 1, draw(1)[0] as Uint8Array) }],
    ['another element', { elements: replace(elements, 2, draw(1)[0] as Uint8Array) }],
    ['evaluations that are the elements', { evaluated: elements }],
    ['too few evaluations', { evaluated: evaluatedElements.slice(1) }],
    ['too many evaluations', { evaluated: [...evaluatedElements, ...draw(1)] }],
    ['no evaluations', { evaluated: [] }],
    ['a zero proof', { proof: new Uint8Array(64) }],
    ['a zero challenge', { proof: concatBytes(new Uint8Array(32), proof.subarray(32)) }],
    ['a zero response', { proof: concatBytes(proof.subarray(0, 32), new Uint8Array(32)) }],
    ['a challenge that is not reduced', { proof: concatBytes(order, proof.subarray(32)) }],
    ['a response that is not reduced', { proof: concatBytes(proof.subarray(0, 32), order) }],
    ['challenge and response swapped', { proof: concatBytes(proof.subarray(32), proof.subarray(0, 32)) }],
    ['a truncated proof', { proof: proof.subarray(0, 63) }],
    ['half a proof', { proof: proof.subarray(0, 32) }],
    ['a longer proof', { proof: concatBytes(proof, new Uint8Array(1)) }],
    ['no proof', { proof: new Uint8Array() }],
  ])('is refused with %s', (_, changed) => {
    expect(verify(changed)).toThrow(refusal('badProof', 'proof'));
  });

  it('is refused with any byte changed', () => {
    for (let i = 0; i < PROOF_BYTES; i++) {
      const changed = proof.with(i, (proof[i] as number) ^ 1);
      expect(() => verifyEvaluation(publicKey, elements, evaluatedElements, changed)).toThrow(refusal('badProof'));
    }
  });

  it.each([
    ['the identity as an evaluation', { evaluated: replace(evaluatedElements, 0, identity) }, 'evaluatedElements[0]'],
    ['a non-canonical evaluation', { evaluated: replace(evaluatedElements, 2, noElement) }, 'evaluatedElements[2]'],
    [
      'an evaluation too short',
      { evaluated: replace(evaluatedElements, 1, new Uint8Array(31)) },
      'evaluatedElements[1]',
    ],
    ['the identity as an element', { elements: replace(elements, 0, identity) }, 'elements[0]'],
    ['a non-canonical element', { elements: replace(elements, 1, noElement) }, 'elements[1]'],
    ['an element too long', { elements: replace(elements, 1, new Uint8Array(33)) }, 'elements[1]'],
    ['the identity as key', { publicKey: identity }, 'publicShare'],
    ['a non-canonical key', { publicKey: noElement }, 'publicShare'],
  ])('is refused with %s', (_, changed, field) => {
    expect(verify(changed)).toThrow(refusal('badElement', field));
  });

  it('made without the secret is refused', () => {
    const forged = generateProof(EVALUATION_CONTEXT, drawScalar(), publicKey, elements, evaluatedElements);
    expect(verify({ proof: forged })).toThrow(refusal('badProof'));
  });

  it('of the key zero is no proof: evaluations that are all the identity', () => {
    const evaluated = elements.map(() => identity);
    expect(verify({ publicKey: identity, evaluated })).toThrow(refusal('badElement', 'publicShare'));
    expect(verify({ evaluated })).toThrow(refusal('badElement', 'evaluatedElements[0]'));
  });
});

describe('a batch', () => {
  it(`has up to ${MAX_BATCH} elements, on both sides`, () => {
    const batch = draw(MAX_BATCH);
    const full = blindEvaluate(secret, publicKey, batch);
    expect(full.evaluatedElements).toHaveLength(MAX_BATCH);
    verifyEvaluation(publicKey, batch, full.evaluatedElements, full.proof);
  });

  it.each([0, MAX_BATCH + 1])('of %d is refused by both sides, also where its proof would hold', (size) => {
    const batch = draw(size);
    const evaluated = batch.map((element) => sodiumGroup.multiply(secret, element));
    expect(() => blindEvaluate(secret, publicKey, batch)).toThrow(refusal('badInput', 'elements'));
    expect(() => verifyEvaluation(publicKey, batch, evaluated, proof)).toThrow(refusal('badInput', 'elements'));
  });

  it('may hold one element twice', () => {
    const [element] = elements as [Uint8Array];
    const { evaluatedElements: twice, proof: both } = blindEvaluate(secret, publicKey, [element, element]);
    expect(twice[0]).toEqual(twice[1]);
    verifyEvaluation(publicKey, [element, element], twice, both);
  });

  it('is refused by the guardian for one bad element, which it names', () => {
    expect(() => blindEvaluate(secret, publicKey, replace(elements, 1, identity))).toThrow(
      refusal('badElement', 'elements[1]'),
    );
    expect(() => blindEvaluate(secret, publicKey, replace(elements, 2, noElement))).toThrow(
      refusal('badElement', 'elements[2]'),
    );
  });

  it('is evaluated under no secret that is no scalar', () => {
    expect(() => blindEvaluate(new Uint8Array(32), publicKey, elements)).toThrow(refusal('badInput', 'secret'));
    expect(() => blindEvaluate(order, publicKey, elements)).toThrow(refusal('badInput', 'secret'));
  });
});
