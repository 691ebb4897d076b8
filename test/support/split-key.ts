/** Shares of a threshold key, dealt by one hand: for tests, and for replaying published vectors under shares. */
import { ristretto255 } from '@noble/curves/ed25519.js';
import { randomBytes } from '../../crypto/bytes.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';

const { Point } = ristretto255;
const { Fn } = Point;

export interface KeyShare {
  /** From 1. */
  readonly index: number;
  readonly secret: Uint8Array;
  readonly publicShare: Uint8Array;
}

export interface SplitKey {
  readonly groupKey: Uint8Array;
  /** By index. */
  readonly shares: readonly KeyShare[];
}

/** A random scalar's encoding. */
export function drawScalar(): Uint8Array {
  return sodiumGroup.reduceScalar(randomBytes(64));
}

/** Splits a key (a random one by default) into n shares of which `threshold` make it up (Shamir 1979). */
export function splitKey(threshold: number, total: number, key: Uint8Array = drawScalar()): SplitKey {
  const coefficients = [key, ...Array.from({ length: threshold - 1 }, drawScalar)].map((bytes) => Fn.fromBytes(bytes));
  const shares = Array.from({ length: total }, (_, i) => {
    const at = BigInt(i + 1);
    const value = coefficients.reduceRight((sum, coefficient) => Fn.add(Fn.mul(sum, at), coefficient), 0n);
    return { index: i + 1, secret: Fn.toBytes(value), publicShare: Point.BASE.multiply(value).toBytes() };
  });
  return { groupKey: sodiumGroup.multiplyBase(key), shares };
}

/** What a roster lists of a threshold key. */
export function publicPart({ groupKey, shares }: SplitKey): { groupKey: Uint8Array; publicShares: Uint8Array[] } {
  return { groupKey, publicShares: shares.map((share) => share.publicShare) };
}

/** All subsets of `size` items, in order. */
export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item].concat(rest)));
}
