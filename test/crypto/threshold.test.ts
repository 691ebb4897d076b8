import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../crypto/bytes.ts';
import { nobleGroup } from '../../crypto/group-noble.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { blindEvaluate } from '../../crypto/oprf.ts';
import {
  combine,
  combineVerified,
  MAX_SHARES,
  verifyPublicShares,
  type GuardianAnswer,
  type GuardianFault,
} from '../../crypto/threshold.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { drawScalar, splitKey, subsets, type KeyShare } from '../support/split-key.ts';

const key = drawScalar();
const { groupKey, shares } = splitKey(3, 5, key);
const elements = [1, 2].map(() => sodiumGroup.multiplyBase(drawScalar()));
const expected = elements.map((element) => bytesToHex(sodiumGroup.multiply(key, element)));
const identity = new Uint8Array(32);
const noElement = hexToBytes('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');

function answerOf(share: KeyShare, asked = elements): GuardianAnswer {
  const { secret, index, publicShare } = share;
  return { index, guardian: `g${index}`, publicShare, ...blindEvaluate(secret, publicShare, asked) };
}

const honest = shares.map((share) => answerOf(share));
const hexOf = (list: readonly Uint8Array[]): string[] => list.map(bytesToHex);

/** The honest answers with some guardians' changed. */
function withAnswers(changes: Record<number, Partial<GuardianAnswer>>): GuardianAnswer[] {
  return honest.map((answer) => ({ ...answer, ...changes[answer.index] }));
}

const stranger = splitKey(3, 5);
const faultsOfOne: [string, GuardianFault['code'], (answer: GuardianAnswer) => Partial<GuardianAnswer>][] = [
  [
    'another share',
    'badProof',
    ({ index }) =>
      blindEvaluate(
        (stranger.shares[index - 1] as KeyShare).secret,
        (stranger.shares[index - 1] as KeyShare).publicShare,
        elements,
      ),
  ],
  [
    'another guardian’s answer',
    'badProof',
    () => ({
      evaluatedElements: (honest[4] as GuardianAnswer).evaluatedElements,
      proof: (honest[4] as GuardianAnswer).proof,
    }),
  ],
  ['rotated elements', 'badProof', ({ evaluatedElements }) => ({ evaluatedElements: evaluatedElements.toReversed() })],
  [
    'an answer to other elements',
    'badProof',
    ({ index }) => answerOf(shares[index - 1] as KeyShare, elements.toReversed()),
  ],
  ['a truncated proof', 'badProof', ({ proof }) => ({ proof: proof.subarray(0, 63) })],
  ['a zero proof', 'badProof', () => ({ proof: new Uint8Array(64) })],
  ['no proof', 'badProof', () => ({ proof: new Uint8Array() })],
  ['too few elements', 'badProof', ({ evaluatedElements }) => ({ evaluatedElements: evaluatedElements.slice(1) })],
  [
    'too many elements',
    'badProof',
    ({ evaluatedElements }) => ({ evaluatedElements: [...evaluatedElements, ...evaluatedElements] }),
  ],
  ['no elements', 'badProof', () => ({ evaluatedElements: [] })],
  [
    'the identity',
    'badElement',
    ({ evaluatedElements }) => ({ evaluatedElements: evaluatedElements.with(0, identity) }),
  ],
  ['the identity throughout', 'badElement', () => ({ evaluatedElements: [identity, identity] })],
  [
    'a non-canonical point',
    'badElement',
    ({ evaluatedElements }) => ({ evaluatedElements: evaluatedElements.with(1, noElement) }),
  ],
  [
    'a point too short',
    'badElement',
    ({ evaluatedElements }) => ({ evaluatedElements: evaluatedElements.with(1, identity.subarray(1)) }),
  ],
];

describe('combineVerified', () => {
  it('gives the whole key’s evaluation from all five', () => {
    const { combined, faults } = combineVerified(elements, honest, 3, groupKey);
    expect(hexOf(combined)).toEqual(expected);
    expect(faults).toEqual([]);
  });

  it('gives it from any three, in any order, by either backend', () => {
    for (const subset of subsets(honest, 3)) {
      expect(hexOf(combineVerified(elements, subset.toReversed(), 3).combined)).toEqual(expected);
    }
    expect(hexOf(combineVerified(elements, honest.slice(2), 3, groupKey, nobleGroup).combined)).toEqual(expected);
  });

  it.each(faultsOfOne)('names the guardian that answers with %s, and goes on', (_, code, change) => {
    const answers = withAnswers({ 2: change(honest[1] as GuardianAnswer) });
    const { combined, faults } = combineVerified(elements, answers, 3, groupKey);
    expect(faults).toEqual([{ guardian: 'g2', code }]);
    expect(hexOf(combined)).toEqual(expected);
  });

  it('names each of several', () => {
    const { combined, faults } = combineVerified(
      elements,
      withAnswers({ 1: { proof: new Uint8Array(64) }, 4: { evaluatedElements: [identity, identity] } }),
      3,
      groupKey,
    );
    expect(faults).toEqual([
      { guardian: 'g1', code: 'badProof' },
      { guardian: 'g4', code: 'badElement' },
    ]);
    expect(hexOf(combined)).toEqual(expected);
  });

  it.each(faultsOfOne)(
    'refuses when %s leaves fewer than the threshold, naming who is at fault',
    (_, _code, change) => {
      const answers = withAnswers({ 2: change(honest[1] as GuardianAnswer) }).slice(0, 3);
      const error = refusalOf(() => combineVerified(elements, answers, 3, groupKey));
      expect(error).toMatchObject({ code: 'guardiansUnavailable', kind: 'unavailable', guardians: ['g2'] });
    },
  );

  it('refuses too few answers, with nobody at fault', () => {
    const error = refusalOf(() => combineVerified(elements, honest.slice(0, 2), 3, groupKey));
    expect(error).toMatchObject({ code: 'guardiansUnavailable', guardians: [] });
  });

  it('refuses good answers that do not belong to one key: subsets disagree', () => {
    // The roster gives guardian 5 a share of another key; its proof holds under it.
    const alien = { ...answerOf({ ...(stranger.shares[4] as KeyShare), index: 5 }) };
    expect(() => combineVerified(elements, [...honest.slice(0, 4), alien], 3)).toThrow(
      refusal('badProof', 'publicShare'),
    );
    for (const place of [0, 2]) {
      const answers = honest.slice(0, 4).toSpliced(place, 0, alien);
      expect(() => combineVerified(elements, answers, 3, groupKey)).toThrow(refusal('badProof', 'publicShare'));
    }
  });

  it('refuses exactly t good answers that make up another key than the group’s', () => {
    const answers = stranger.shares.slice(0, 3).map((share) => answerOf(share));
    expect(() => combineVerified(elements, answers, 3, groupKey)).toThrow(refusal('badProof', 'publicShare'));
    expect(hexOf(combineVerified(elements, answers, 3, stranger.groupKey).combined)).not.toEqual(expected);
  });

  it('refuses a threshold below the key’s: with spare answers by itself, without them by the group key', () => {
    expect(() => combineVerified(elements, honest, 2)).toThrow(refusal('badProof'));
    expect(() => combineVerified(elements, honest.slice(0, 2), 2, groupKey)).toThrow(refusal('badProof'));
  });

  it.each([
    ['an index twice', [honest[0], honest[1], honest[0]], 'answers'],
    ['index 0', [honest[0], honest[1], { ...honest[2], index: 0 }], 'answers'],
    ['index 256', [honest[0], honest[1], { ...honest[2], index: 256 }], 'answers'],
    ['an index in between', [honest[0], honest[1], { ...honest[2], index: 2.5 }], 'answers'],
  ])('refuses %s: the caller’s own fault', (_, answers, field) => {
    expect(() => combineVerified(elements, answers as GuardianAnswer[], 3)).toThrow(refusal('badInput', field));
  });

  it('refuses elements of the caller’s that are not valid, before anyone is blamed', () => {
    expect(() => combineVerified([elements[0] as Uint8Array, identity], honest, 3)).toThrow(
      refusal('badElement', 'elements[1]'),
    );
    expect(() => combineVerified([], honest, 3)).toThrow(refusal('badInput', 'elements'));
    expect(() => combineVerified(elements, honest, 0)).toThrow(refusal('badInput', 'threshold'));
    expect(() => combineVerified(elements, honest, 1.5)).toThrow(refusal('badInput', 'threshold'));
  });
});

describe('combine', () => {
  it('takes the first t, and as many elements from each', () => {
    expect(hexOf(combine(honest, 3))).toEqual(expected);
    const short = honest.with(1, { ...(honest[1] as GuardianAnswer), evaluatedElements: [elements[0] as Uint8Array] });
    expect(() => combine(short, 3)).toThrow(refusal('badInput', 'partials'));
    expect(hexOf(combine([...honest.slice(0, 3), { index: 4, evaluatedElements: [] }], 3))).toEqual(expected);
  });

  it('names the element that is not valid', () => {
    const bad = honest.with(1, {
      ...(honest[1] as GuardianAnswer),
      evaluatedElements: [elements[0] as Uint8Array, noElement],
    });
    expect(() => combine(bad, 3)).toThrow(refusal('badElement', 'partials[1].evaluatedElements[1]'));
  });

  it('refuses a result that is the identity', () => {
    // The line through (1, P) and (2, 2P) is 0 at 0.
    const p = elements[0] as Uint8Array;
    const partials = [p, sodiumGroup.add(p, p)].map((element, i) => ({ index: i + 1, evaluatedElements: [element] }));
    expect(() => combine(partials, 2)).toThrow(refusal('badElement', 'combined'));
  });

  it('combines under high indexes', () => {
    const { shares: many } = splitKey(2, MAX_SHARES, key);
    const partials = [many[254], many[0]].map((share) => answerOf(share as KeyShare));
    expect(hexOf(combine(partials, 2))).toEqual(expected);
  });
});

describe('verifyPublicShares', () => {
  const publicShares = shares.map((share) => share.publicShare);
  const refused = refusal('badRoster', 'epochs.publicShares');

  it.each([
    [1, 1],
    [2, 2],
    [2, 3],
    [3, 5],
    [7, 12],
  ])('takes %d of %d', (threshold, total) => {
    const split = splitKey(threshold, total);
    const all = split.shares.map((share) => share.publicShare);
    expect(() => verifyPublicShares(split.groupKey, all, threshold)).not.toThrow();
    expect(() => verifyPublicShares(split.groupKey, all, threshold, nobleGroup)).not.toThrow();
  });

  it.each([
    ['another group key', stranger.groupKey, publicShares, 3],
    ['a share of another key', groupKey, publicShares.with(3, (stranger.shares[3] as KeyShare).publicShare), 3],
    [
      'shares swapped',
      groupKey,
      publicShares.with(0, publicShares[1] as Uint8Array).with(1, publicShares[0] as Uint8Array),
      3,
    ],
    ['a share left out in the middle', groupKey, publicShares.toSpliced(2, 1), 3],
    ['a threshold too low', groupKey, publicShares, 2],
    ['a threshold too high: fewer would do', groupKey, publicShares, 4],
    ['every share the key itself', groupKey, publicShares.map(() => groupKey), 3],
    ['the identity as a share', groupKey, publicShares.with(0, identity), 3],
    ['the identity as key', identity, publicShares, 3],
    ['a non-canonical share', groupKey, publicShares.with(4, noElement), 3],
    ['a share too short', groupKey, publicShares.with(4, identity.subarray(1)), 3],
    ['threshold 0', groupKey, publicShares, 0],
    ['more than all', groupKey, publicShares, 6],
    ['half a threshold', groupKey, publicShares, 2.5],
    ['no shares', groupKey, [], 1],
  ])('refuses %s', (_, wholeKey, list, threshold) => {
    expect(() => verifyPublicShares(wholeKey, list, threshold)).toThrow(refused);
  });

  it('holds for the first shares alone, if they are enough', () => {
    expect(() => verifyPublicShares(groupKey, publicShares.slice(0, 4), 3)).not.toThrow();
    expect(() => verifyPublicShares(groupKey, publicShares.slice(0, 3), 3)).not.toThrow();
    expect(() => verifyPublicShares(stranger.groupKey, publicShares.slice(0, 3), 3)).toThrow(refused);
  });
});
