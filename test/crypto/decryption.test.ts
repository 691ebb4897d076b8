import { ristretto255 } from '@noble/curves/ed25519.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineDecryptions, DECRYPTION_CONTEXT, decryptShare, verifyDecryption } from '../../crypto/decryption.ts';
import { generateProof, PROOF_BYTES } from '../../crypto/dleq.ts';
import { nobleGroup } from '../../crypto/group-noble.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { blindEvaluate, EVALUATION_CONTEXT, verifyEvaluation } from '../../crypto/oprf.ts';
import { combineVerified } from '../../crypto/threshold.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { drawScalar, splitKey, subsets, type KeyShare } from '../support/split-key.ts';

const { Point } = ristretto255;
const { Fn } = Point;
const key = drawScalar();
const { groupKey, shares } = splitKey(3, 5, key);
const element = sodiumGroup.multiplyBase(drawScalar());
const partialOf = ({ index, secret, publicShare }: KeyShare) => ({
  guardian: `g${index}`,
  index,
  publicShare,
  ...decryptShare(secret, publicShare, element),
});
const partials = shares.map(partialOf);
const [share] = shares as [KeyShare];
const [partial] = partials as [(typeof partials)[number]];

describe('decryptShare', () => {
  it('multiplies by the share, as noble does, and proves it', () => {
    const expected = Point.fromBytes(element).multiply(Fn.fromBytes(share.secret)).toBytes();
    expect(partial.element).toEqual(expected);
    expect(partial.proof).toHaveLength(PROOF_BYTES);
    for (const group of [nobleGroup, sodiumGroup]) verifyDecryption(share.publicShare, element, partial, group);
  });

  it('gives the same bytes under both backends from the same randomness', () => {
    const fixed = (length: number) => new Uint8Array(length).fill(5);
    expect(decryptShare(share.secret, share.publicShare, element, fixed, nobleGroup)).toEqual(
      decryptShare(share.secret, share.publicShare, element, fixed, sodiumGroup),
    );
  });

  it.each([
    ['the identity', new Uint8Array(32)],
    ['no element', new Uint8Array(32).fill(0xff)],
  ])('refuses %s', (_, bad) => {
    expect(() => decryptShare(share.secret, share.publicShare, bad)).toThrow(refusal('badElement', 'element'));
  });

  it('refuses no scalar', () => {
    expect(() => decryptShare(new Uint8Array(32), share.publicShare, element)).toThrow(refusal('badInput', 'secret'));
  });
});

describe('verifyDecryption', () => {
  it('refuses any flipped bit of element, part or proof', () => {
    const parts = { element, part: partial.element, proof: partial.proof };
    fc.assert(
      fc.property(
        fc.constantFrom('element' as const, 'part' as const, 'proof' as const),
        fc.nat(63),
        fc.nat(7),
        (name, at, bit) => {
          const original = parts[name];
          const position = at % original.length;
          const changed = original.with(position, (original[position] as number) ^ (1 << bit));
          const { element: e, part, proof } = { ...parts, ...Object.fromEntries([[name, changed]]) };
          const error = refusalOf(() => {
            verifyDecryption(share.publicShare, e, { element: part, proof });
          });
          expect(['badProof', 'badElement']).toContain(error.code);
        },
      ),
    );
  });

  it('refuses another guardian’s share', () => {
    expect(() => {
      verifyDecryption((shares[1] as KeyShare).publicShare, element, partial);
    }).toThrow(refusal('badProof'));
  });
});

describe('evaluations and decryptions', () => {
  const evaluated = blindEvaluate(share.secret, share.publicShare, [element]);

  it('have contexts of their own', () => {
    expect(DECRYPTION_CONTEXT).not.toBe(EVALUATION_CONTEXT);
    // The same multiplication: it is the proof that tells them apart.
    expect(evaluated.evaluatedElements[0]).toEqual(partial.element);
  });

  it('never take the other’s proof, even under one and the same key', () => {
    const [evaluatedElement] = evaluated.evaluatedElements as [Uint8Array];
    expect(() => {
      verifyDecryption(share.publicShare, element, { element: evaluatedElement, proof: evaluated.proof });
    }).toThrow(refusal('badProof'));
    expect(() => {
      verifyEvaluation(share.publicShare, [element], [partial.element], partial.proof);
    }).toThrow(refusal('badProof'));
  });

  it('are never combined from the other’s answers', () => {
    const asDecryptions = shares.map(({ index, secret, publicShare }) => {
      const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, [element]);
      return { guardian: `g${index}`, index, publicShare, element: evaluatedElements[0] as Uint8Array, proof };
    });
    const asEvaluations = partials.map(({ guardian, index, publicShare, element: part, proof }) => {
      return { guardian, index, publicShare, evaluatedElements: [part], proof };
    });
    const everybody = shares.map(({ index }) => `g${index}`);
    expect(refusalOf(() => combineDecryptions(element, asDecryptions, 3, groupKey))).toMatchObject({
      code: 'guardiansUnavailable',
      guardians: everybody,
    });
    expect(refusalOf(() => combineVerified([element], asEvaluations, 3, groupKey))).toMatchObject({
      code: 'guardiansUnavailable',
      guardians: everybody,
    });
  });
});

describe('combineDecryptions', () => {
  const expected = Point.fromBytes(element).multiply(Fn.fromBytes(key)).toBytes();

  it('gives, from every set of t or more, what the whole key gives', () => {
    for (const size of [3, 4, 5]) {
      for (const chosen of subsets(partials, size)) {
        expect(combineDecryptions(element, chosen, 3, groupKey)).toEqual({ shared: expected, faults: [] });
        expect(combineDecryptions(element, chosen.toReversed(), 3, groupKey).shared).toEqual(expected);
      }
    }
    expect(combineDecryptions(element, partials, 3, groupKey, nobleGroup).shared).toEqual(expected);
  });

  it('gives nothing from fewer', () => {
    for (const size of [0, 1, 2]) {
      for (const chosen of subsets(partials, size)) {
        expect(() => combineDecryptions(element, chosen, 3, groupKey)).toThrow(refusal('guardiansUnavailable'));
        // Nor where somebody takes the threshold for lower.
        if (size > 0) {
          expect(() => combineDecryptions(element, chosen, size, groupKey)).toThrow(refusal('badProof', 'publicShare'));
        }
      }
    }
  });

  it('names who answered wrongly, and goes on with the rest', () => {
    const proof = generateProof(DECRYPTION_CONTEXT, share.secret, share.publicShare, [element], [groupKey]);
    const liars = [{ ...partial, element: groupKey, proof }, ...partials.slice(1)];
    const { shared, faults } = combineDecryptions(element, liars, 3, groupKey);
    expect(shared).toEqual(expected);
    expect(faults).toEqual([{ guardian: 'g1', code: 'badProof' }]);
    const zero = [{ ...partial, element: new Uint8Array(32) }, ...partials.slice(1, 3)];
    expect(refusalOf(() => combineDecryptions(element, zero, 3, groupKey))).toMatchObject({
      code: 'guardiansUnavailable',
      guardians: ['g1'],
    });
  });
});
