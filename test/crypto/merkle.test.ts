import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, utf8ToBytes } from '../../crypto/bytes.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { EMPTY_ROOT, leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../../crypto/merkle.ts';
import { naiveConsistency, naiveInclusion, naiveRoot } from '../support/naive-tree.ts';
import { refusalOf } from '../support/refusal.ts';
import { hasForeignVectors, readForeignVectors } from '../support/vectors.ts';

interface ForeignVectors {
  readonly inclusion: readonly {
    readonly name: string;
    readonly leafIdx: number;
    readonly treeSize: number;
    readonly root: string;
    readonly leafHash: string;
    readonly proof: readonly string[] | null;
    readonly wantErr: boolean;
  }[];
  readonly consistency: readonly {
    readonly name: string;
    readonly size1: number;
    readonly size2: number;
    readonly root1: string;
    readonly root2: string;
    readonly proof: readonly string[] | null;
    readonly wantErr: boolean;
  }[];
}

const decode = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

/** Whether the proof holds. Any other way to fail than by `badProof` fails the test. */
function holds(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (isBlindmarkError(error, 'badProof')) return false;
    throw error;
  }
}

function entriesOf(size: number): Uint8Array[] {
  return Array.from({ length: size }, (_, i) => utf8ToBytes(`entry ${i}`));
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[Math.floor(bit / 8) % bytes.length]! ^= 1 << (bit % 8);
  return flipped;
}

describe('hashes (RFC 6962 section 2.1)', () => {
  it('are prefixed, and the empty tree’s is that of nothing', () => {
    expect(bytesToHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    // SHA-256 of the single byte 0x00.
    expect(bytesToHex(leafHash(new Uint8Array(0)))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    const [left, right] = [utf8ToBytes('left'), utf8ToBytes('right')].map(leafHash) as [Uint8Array, Uint8Array];
    expect(nodeHash(left, right)).toEqual(naiveRoot([utf8ToBytes('left'), utf8ToBytes('right')]));
  });
});

describe.runIf(hasForeignVectors)('transparency-dev/merkle’s vectors', () => {
  const vectors = hasForeignVectors ? (readForeignVectors('merkle-proofs.json') as ForeignVectors) : undefined;

  // Some leaf indexes are -1 as an unsigned 64-bit number, which JSON rounds to 2^64: no safe integer, and refused as such.
  it.each(vectors?.inclusion ?? [])('$name: fails $wantErr', ({ leafIdx, treeSize, ...vector }) => {
    const proof = (vector.proof ?? []).map(decode);
    const [leaf, root] = [decode(vector.leafHash), decode(vector.root)];
    expect(holds(() => verifyInclusion({ index: leafIdx, size: treeSize, leafHash: leaf, proof, root }))).toBe(
      !vector.wantErr,
    );
  });

  it.each(vectors?.consistency ?? [])('$name: fails $wantErr', (vector) => {
    const first = { size: vector.size1, root: decode(vector.root1) };
    const second = { size: vector.size2, root: decode(vector.root2) };
    const proof = (vector.proof ?? []).map(decode);
    expect(holds(() => verifyConsistency({ first, second, proof }))).toBe(!vector.wantErr);
  });

  it('are all there', () => {
    expect(vectors?.inclusion).toHaveLength(98);
    expect(vectors?.consistency).toHaveLength(49);
  });
});

describe('inclusion', () => {
  const sizes = fc.integer({ min: 1, max: 70 });
  const places = sizes.chain((size) => fc.tuple(fc.nat(size - 1), fc.constant(size)));

  it('holds for the naive tree’s paths, and for nothing that differs in one bit, hash, index or size', () => {
    fc.assert(
      fc.property(places, fc.nat(255), fc.nat(69), fc.nat(200), ([index, size], bit, otherIndex, otherSize) => {
        const entries = entriesOf(size);
        const claim = {
          index,
          size,
          leafHash: leafHash(entries[index] as Uint8Array),
          proof: naiveInclusion(index, entries),
          root: naiveRoot(entries),
        };
        expect(holds(() => verifyInclusion(claim))).toBe(true);
        const wrong = [
          { ...claim, root: flip(claim.root, bit) },
          { ...claim, leafHash: flip(claim.leafHash, bit) },
          { ...claim, proof: [...claim.proof, claim.root] },
          { ...claim, proof: [claim.root, ...claim.proof] },
          ...claim.proof.map((hash, i) => ({ ...claim, proof: claim.proof.with(i, flip(hash, bit)) })),
          ...claim.proof.map((_, i) => ({ ...claim, proof: claim.proof.toSpliced(i, 1) })),
          ...(otherIndex === index ? [] : [{ ...claim, index: otherIndex }]),
        ];
        for (const other of wrong) expect(holds(() => verifyInclusion(other))).toBe(false);
        // Another size may have the same path; it must not be believed where the path's length differs.
        if (naiveInclusionLength(index, otherSize) !== claim.proof.length) {
          expect(holds(() => verifyInclusion({ ...claim, size: otherSize }))).toBe(false);
        }
      }),
    );
  });

  it.each([
    ['the index lies beyond', { index: 2 }],
    ['counted with', { index: -1 }],
    ['counted with', { index: 0.5 }],
    ['counted with', { size: 2 ** 53 }],
    ['32 bytes', { leafHash: new Uint8Array(31) }],
    ['32 bytes', { root: new Uint8Array(33) }],
    ['32 bytes', { proof: [new Uint8Array(0)] }],
    ['too long', { proof: [EMPTY_ROOT, EMPTY_ROOT] }],
    ['too short', { proof: [] }],
    ['to the root', { root: EMPTY_ROOT }],
  ])('says why it does not hold: %s', (reason, change) => {
    const entries = entriesOf(2);
    const claim = { index: 0, size: 2, leafHash: leafHash(entries[0] as Uint8Array), root: naiveRoot(entries) };
    const refused = refusalOf(() => verifyInclusion({ ...claim, proof: naiveInclusion(0, entries), ...change }));
    expect(refused.code).toBe('badProof');
    expect(refused.message).toContain(reason);
  });

  it('counts beyond 32 bits', () => {
    // The last leaf of a tree of 2^40 + 1 entries has one sibling, the whole tree on its left.
    const [left, leaf] = [leafHash(utf8ToBytes('a')), leafHash(utf8ToBytes('b'))];
    const claim = { index: 2 ** 40, size: 2 ** 40 + 1, leafHash: leaf, proof: [left], root: nodeHash(left, leaf) };
    expect(holds(() => verifyInclusion(claim))).toBe(true);
    expect(holds(() => verifyInclusion({ ...claim, index: 0 }))).toBe(false);
  });
});

function naiveInclusionLength(index: number, size: number): number {
  return index < size ? naiveInclusion(index, entriesOf(size)).length : -1;
}

describe('consistency', () => {
  const pairs = fc
    .integer({ min: 1, max: 70 })
    .chain((second) => fc.tuple(fc.integer({ min: 1, max: second }), fc.constant(second)));

  it('holds for the naive tree’s proofs, and for nothing that differs in one bit, hash or size', () => {
    fc.assert(
      fc.property(pairs, fc.nat(255), ([size, secondSize], bit) => {
        const entries = entriesOf(secondSize);
        const first = { size, root: naiveRoot(entries.slice(0, size)) };
        const second = { size: secondSize, root: naiveRoot(entries) };
        const claim = { first, second, proof: naiveConsistency(size, entries) };
        expect(holds(() => verifyConsistency(claim))).toBe(true);
        const wrong = [
          { ...claim, first: { ...first, root: flip(first.root, bit) } },
          { ...claim, second: { ...second, root: flip(second.root, bit) } },
          { ...claim, proof: [...claim.proof, second.root] },
          { ...claim, proof: [second.root, ...claim.proof] },
          ...claim.proof.map((hash, i) => ({ ...claim, proof: claim.proof.with(i, flip(hash, bit)) })),
          ...claim.proof.map((_, i) => ({ ...claim, proof: claim.proof.toSpliced(i, 1) })),
          ...(size < secondSize ? [{ ...claim, first: second, second: first }] : []),
        ];
        for (const other of wrong) expect(holds(() => verifyConsistency(other))).toBe(false);
      }),
    );
  });

  const entries = entriesOf(7);
  const tree = (size: number) => ({ size, root: naiveRoot(entries.slice(0, size)) });

  it('takes the empty tree as a prefix of every tree, by an empty proof', () => {
    expect(holds(() => verifyConsistency({ first: tree(0), second: tree(7), proof: [] }))).toBe(true);
    expect(holds(() => verifyConsistency({ first: tree(0), second: tree(0), proof: [] }))).toBe(true);
  });

  it.each([
    ['larger than', { first: tree(7), second: tree(6), proof: [] }],
    ['another root', { first: { size: 0, root: tree(1).root }, second: tree(7), proof: [] }],
    ['another root', { first: tree(0), second: { size: 0, root: tree(1).root }, proof: [] }],
    ['too long', { first: tree(0), second: tree(7), proof: [EMPTY_ROOT] }],
    ['too long', { first: tree(7), second: tree(7), proof: [EMPTY_ROOT] }],
    ['too long', { first: tree(4), second: tree(7), proof: [...naiveConsistency(4, entries), EMPTY_ROOT] }],
    ['of one size differ', { first: tree(7), second: { size: 7, root: EMPTY_ROOT }, proof: [] }],
    ['too short', { first: tree(3), second: tree(7), proof: [] }],
    ['too short', { first: tree(4), second: tree(7), proof: [] }],
    ['the first root', { first: { size: 3, root: EMPTY_ROOT }, second: tree(7), proof: naiveConsistency(3, entries) }],
    ['the second root', { first: tree(3), second: { size: 7, root: EMPTY_ROOT }, proof: naiveConsistency(3, entries) }],
    ['counted with', { first: { ...tree(3), size: -3 }, second: tree(7), proof: [] }],
    ['counted with', { first: tree(3), second: { ...tree(7), size: 2 ** 60 }, proof: [] }],
    ['32 bytes', { first: { size: 3, root: new Uint8Array(12) }, second: tree(7), proof: [] }],
    ['32 bytes', { first: tree(3), second: tree(7), proof: [new Uint8Array(31)] }],
  ])('says why it does not hold: %s', (reason, claim) => {
    const refused = refusalOf(() => verifyConsistency(claim));
    expect(refused.code).toBe('badProof');
    expect(refused.message).toContain(reason);
  });
});
