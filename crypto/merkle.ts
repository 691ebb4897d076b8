/**
 * Merkle trees of RFC 6962 section 2.1 over SHA-256: how the log hashes, and what its proofs mean.
 *
 * Proofs are checked by the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2, which are RFC 6962's proofs with the checking
 * written out. Hashes are libsodium's: on inputs of a node's size it is twice as fast as noble in WebAssembly.
 */
import { concatBytes, equalBytes } from './bytes.ts';
import { BlindmarkError } from './errors.ts';
import { sodium } from './sodium.ts';

/** Bytes of a hash. */
export const HASH_LENGTH = 32;

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** The root of the tree with no entry: the hash of the empty string (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Uint8Array = sodium.crypto_hash_sha256(new Uint8Array(0));

/** SHA-256 of 0x00 and the entry (RFC 6962 section 2.1). 32 bytes. */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sodium.crypto_hash_sha256(concatBytes(LEAF_PREFIX, entry));
}

/** SHA-256 of 0x01 and both children (RFC 6962 section 2.1). 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sodium.crypto_hash_sha256(concatBytes(NODE_PREFIX, left, right));
}

/** A tree: how many entries it holds, and its root hash of 32 bytes. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Says that the entry of `leafHash` stands at `index` in the tree of `size` entries under `root`. */
export interface InclusionProof {
  /** From 0; below `size`. A safe integer. */
  readonly index: number;
  /** A safe integer. */
  readonly size: number;
  /** 32 bytes. */
  readonly leafHash: Uint8Array;
  /** Hashes of 32 bytes from the leaf's sibling upwards (RFC 6962 section 2.1.1). */
  readonly proof: readonly Uint8Array[];
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** Says that the tree of `first` is a prefix of the tree of `second`. */
export interface ConsistencyProof {
  readonly first: TreeHead;
  readonly second: TreeHead;
  /** Hashes of 32 bytes (RFC 6962 section 2.1.2). Empty where the sizes are equal, and where `first` is the empty tree. */
  readonly proof: readonly Uint8Array[];
}

function refuse(reason: string): BlindmarkError {
  return new BlindmarkError('badProof', reason);
}

// Sizes pass 2^32, so bits are taken by arithmetic: JavaScript's shifts would cut them off.
const isOdd = (value: number) => value % 2 === 1;
const half = (value: number) => Math.floor(value / 2);

function checkNumber(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw refuse(`${name} is no whole number that can be counted with`);
}

function checkHashes(hashes: readonly Uint8Array[]): void {
  if (hashes.some((hash) => hash.length !== HASH_LENGTH)) throw refuse('a hash is not 32 bytes long');
}

/**
 * The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2, steps 1 to 4). It says nothing of an entry unless the
 * root is known from elsewhere, as by a signature over it.
 *
 * @returns 32 bytes
 * @throws BlindmarkError `badProof` for a proof that is too long or too short
 */
export function rootOfInclusion({ index, size, leafHash: leaf, proof }: Omit<InclusionProof, 'root'>): Uint8Array {
  checkNumber('the index', index);
  checkNumber('the size', size);
  checkHashes([leaf, ...proof]);
  if (index >= size) throw refuse('the index lies beyond the tree');
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) throw refuse('the inclusion proof is too long');
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw refuse('the inclusion proof is too short');
  return hash;
}

/**
 * Checks an inclusion proof (RFC 9162 section 2.1.3.2).
 *
 * @throws BlindmarkError `badProof`
 */
export function verifyInclusion({ root, ...proof }: InclusionProof): void {
  checkHashes([root]);
  if (!equalBytes(rootOfInclusion(proof), root)) throw refuse('the inclusion proof does not lead to the root');
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value)) && 2 ** Math.log2(value) === value;
}

/**
 * Checks a consistency proof (RFC 9162 section 2.1.4.2). The empty tree is consistent with every tree, by an empty proof
 * (C2SP tlog-witness, add-checkpoint); its root must be {@link EMPTY_ROOT}.
 *
 * @throws BlindmarkError `badProof`
 */
export function verifyConsistency({ first, second, proof }: ConsistencyProof): void {
  checkNumber('the first size', first.size);
  checkNumber('the second size', second.size);
  checkHashes([first.root, second.root, ...proof]);
  if (first.size > second.size) throw refuse('the first tree is larger than the second');
  for (const tree of [first, second]) {
    if (tree.size === 0 && !equalBytes(tree.root, EMPTY_ROOT)) throw refuse('the empty tree has another root');
  }
  if (first.size === second.size || first.size === 0) {
    if (proof.length > 0) throw refuse('the consistency proof is too long');
    if (first.size !== 0 && !equalBytes(first.root, second.root)) throw refuse('two trees of one size differ');
    return;
  }
  // Where the first tree is whole, its root is the path's first hash, and the proof leaves it out.
  const [start, ...path] = isPowerOfTwo(first.size) ? [first.root, ...proof] : proof;
  if (start === undefined) throw refuse('the consistency proof is too short');
  let [node, last] = [first.size - 1, second.size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [firstHash, secondHash] = [start, start];
  for (const hash of path) {
    if (last === 0) throw refuse('the consistency proof is too long');
    if (isOdd(node) || node === last) {
      firstHash = nodeHash(hash, firstHash);
      secondHash = nodeHash(hash, secondHash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      secondHash = nodeHash(secondHash, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw refuse('the consistency proof is too short');
  if (!equalBytes(firstHash, first.root)) throw refuse('the consistency proof does not lead to the first root');
  if (!equalBytes(secondHash, second.root)) throw refuse('the consistency proof does not lead to the second root');
}
