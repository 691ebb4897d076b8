import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes, type RandomSource } from '../../crypto/bytes.ts';
import { nobleGroup } from '../../crypto/group-noble.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { blind, blindEvaluate, codeInput, finalize, verifyEvaluation } from '../../crypto/oprf.ts';
import { combine, combineVerified } from '../../crypto/threshold.ts';
import { refusal } from '../support/refusal.ts';
import { drawScalar, splitKey, subsets } from '../support/split-key.ts';
import { hasForeignVectors, readForeignVectors, readVectors } from '../support/vectors.ts';

interface Suite {
  readonly mode: number;
  readonly skSm: string;
  readonly pkSm: string;
  readonly vectors: readonly {
    readonly Batch: number;
    readonly Blind: string;
    readonly BlindedElement: string;
    readonly EvaluationElement: string;
    readonly Input: string;
    readonly Output: string;
    readonly Proof: { readonly proof: string; readonly r: string };
  }[];
}

const published = readVectors('rfc9497-voprf.json') as Suite;
const suites: [string, Suite][] = [['published in RFC 9497', published]];
if (hasForeignVectors) {
  const all = readForeignVectors('rfc9497-ristretto255-sha512.json') as Suite[];
  suites.push(['of the working group', all.find((suite) => suite.mode === 1) as Suite]);
}

/** Batches are lists with commas between. */
const bytesOf = (list: string): Uint8Array[] => list.split(',').map((hex) => hexToBytes(hex));
const hexOf = (list: readonly Uint8Array[]): string => list.map((bytes) => bytesToHex(bytes)).join();

/** The 64 random bytes that are reduced to this scalar. */
function replay(scalar: string | Uint8Array): RandomSource {
  const bytes = typeof scalar === 'string' ? hexToBytes(scalar) : scalar;
  return () => concatBytes(bytes, new Uint8Array(32));
}

describe.each(suites)('the vectors %s', (_, suite) => {
  const [secret, publicKey] = [hexToBytes(suite.skSm), hexToBytes(suite.pkSm)];
  const cases = suite.vectors.map((vector, i): [number, (typeof suite.vectors)[number]] => [i + 1, vector]);

  it('are of mode 1, with a batch', () => {
    expect(suite.mode).toBe(1);
    expect(suite.vectors.map((vector) => vector.Batch)).toEqual([1, 1, 2]);
  });

  describe.each([sodiumGroup, nobleGroup])('by $name', (group) => {
    it('give the public key', () => {
      expect(bytesToHex(group.multiplyBase(secret))).toBe(suite.pkSm);
    });

    it.each(cases)('case %d: Blind, BlindEvaluate with its proof, Finalize', (_, vector) => {
      const inputs = bytesOf(vector.Input);
      const blinds = bytesOf(vector.Blind);
      const blinded = inputs.map((input, i) => blind(input, replay(blinds[i] as Uint8Array), group));
      expect(hexOf(blinded.map((one) => one.blind))).toBe(vector.Blind);
      const elements = blinded.map((one) => one.element);
      expect(hexOf(elements)).toBe(vector.BlindedElement);

      const { evaluatedElements, proof } = blindEvaluate(secret, publicKey, elements, replay(vector.Proof.r), group);
      expect(hexOf(evaluatedElements)).toBe(vector.EvaluationElement);
      expect(bytesToHex(proof)).toBe(vector.Proof.proof);
      verifyEvaluation(publicKey, elements, evaluatedElements, proof, group);

      const outputs = inputs.map((input, i) =>
        finalize(input, blinds[i] as Uint8Array, evaluatedElements[i] as Uint8Array, group),
      );
      expect(hexOf(outputs)).toBe(vector.Output);
    });
  });

  describe.each([
    [2, 3],
    [3, 5],
    [1, 1],
  ])('with the key split into %d of %d shares', (threshold, total) => {
    const { groupKey, shares } = splitKey(threshold, total, secret);

    it.each(cases)('case %d: every subset gives the RFC’s output', (_, vector) => {
      expect(bytesToHex(groupKey)).toBe(suite.pkSm);
      const elements = bytesOf(vector.BlindedElement);
      const answers = shares.map((share) => ({
        index: share.index,
        guardian: `g${share.index}`,
        publicShare: share.publicShare,
        ...blindEvaluate(share.secret, share.publicShare, elements),
      }));
      const chosen = [threshold, total].flatMap((size) => subsets(answers, size));
      for (const subset of chosen) {
        const { combined, faults } = combineVerified(elements, subset, threshold, groupKey);
        expect(faults).toEqual([]);
        expect(hexOf(combined)).toBe(vector.EvaluationElement);
        const outputs = bytesOf(vector.Input).map((input, i) =>
          finalize(input, bytesOf(vector.Blind)[i] as Uint8Array, combined[i] as Uint8Array),
        );
        expect(hexOf(outputs)).toBe(vector.Output);
      }
      expect(chosen.length).toBeGreaterThanOrEqual(threshold === total ? 1 : total + 1);
    });

    it('fewer shares give something else', () => {
      if (threshold === 1) return expect(() => combine([], 1)).toThrow(refusal('badInput', 'partials'));
      const elements = bytesOf(suite.vectors[0]?.BlindedElement as string);
      const partials = shares.map((share) => ({
        index: share.index,
        evaluatedElements: blindEvaluate(share.secret, share.publicShare, elements).evaluatedElements,
      }));
      for (const subset of subsets(partials, threshold - 1)) {
        expect(hexOf(combine(subset, threshold - 1))).not.toBe(suite.vectors[0]?.EvaluationElement);
        expect(() => combine(subset, threshold)).toThrow(refusal('badInput', 'partials'));
      }
      return undefined;
    });
  });
});

describe('the slow reference, noble’s own VOPRF', () => {
  const { voprf } = ristretto255_oprf;

  it('gives equal results, and each verifies the other’s proofs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 4 }),
        (inputs) => {
          const secret = drawScalar();
          const publicKey = sodiumGroup.multiplyBase(secret);
          const blinded = inputs.map((input) => blind(input));
          const elements = blinded.map((one) => one.element);
          const ours = blindEvaluate(secret, publicKey, elements);
          const theirs = voprf.blindEvaluateBatch(secret, publicKey, elements);
          expect(hexOf(ours.evaluatedElements)).toBe(hexOf(theirs.evaluated));
          verifyEvaluation(publicKey, elements, theirs.evaluated, theirs.proof);

          const outputs = blinded.map((one, i) =>
            finalize(inputs[i] as Uint8Array, one.blind, ours.evaluatedElements[i] as Uint8Array),
          );
          const items = blinded.map((one, i) => ({
            input: inputs[i] as Uint8Array,
            blind: one.blind,
            evaluated: ours.evaluatedElements[i] as Uint8Array,
            blinded: one.element,
          }));
          expect(hexOf(outputs)).toBe(hexOf(voprf.finalizeBatch(items, publicKey, ours.proof)));
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('blinding', () => {
  const input = codeInput('registry.example', 'bm1', '8EQ71S02SG3JTS93');

  it('takes the input of DESIGN 3.1: a labelled hash that names origin and scheme', () => {
    expect(input).toEqual(labelledHash('code', 'registry.example', 'bm1', '8EQ71S02SG3JTS93'));
    expect(codeInput('registry.example', 'bm2', '8EQ71S02SG3JTS93')).not.toEqual(input);
    expect(codeInput('other.example', 'bm1', '8EQ71S02SG3JTS93')).not.toEqual(input);
  });

  it('hides the input under a fresh blind, and repeats itself under the same bytes', () => {
    expect(blind(input).element).not.toEqual(blind(input).element);
    const bytes = new Uint8Array(64).fill(7);
    expect(blind(input, () => bytes)).toEqual(blind(input, () => bytes));
    expect(blind(input, () => bytes).element).not.toEqual(blind(codeInput('o', 's', 'c'), () => bytes).element);
  });

  it('never changes the output', () => {
    const secret = drawScalar();
    const run = () => {
      const { element, blind: scalar } = blind(input);
      const { evaluatedElements } = blindEvaluate(secret, sodiumGroup.multiplyBase(secret), [element]);
      return bytesToHex(finalize(input, scalar, evaluatedElements[0] as Uint8Array));
    };
    expect(run()).toBe(run());
    expect(run()).toHaveLength(128);
  });

  it('asks once for 64 bytes, and refuses a source that gives a zero or too little', () => {
    const asked: number[] = [];
    blind(input, (length) => {
      asked.push(length);
      return new Uint8Array(length).fill(1);
    });
    expect(asked).toEqual([64]);
    expect(() => blind(input, () => new Uint8Array(64))).toThrow(refusal('badInput', 'random'));
    expect(() => blind(input, () => new Uint8Array(32).fill(1))).toThrow(refusal('badInput'));
  });

  it('refuses to finalize with a wrong blind or element', () => {
    const { element } = blind(input);
    expect(() => finalize(input, new Uint8Array(32), element)).toThrow(refusal('badInput'));
    expect(() => finalize(input, drawScalar(), new Uint8Array(32))).toThrow(refusal('badElement', 'combinedElement'));
  });
});
