/** ristretto255 by noble: the reference that libsodium is held against. Not for secrets that live long: BigInt leaks time. */
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { checkBytes } from './bytes.ts';
import { badElement, checkScalar, type GroupBackend } from './group.ts';

const { Point } = ristretto255;
const { Fn } = Point;

function parsePoint(name: string, bytes: Uint8Array) {
  try {
    return Point.fromBytes(bytes);
  } catch (cause) {
    throw badElement(name, cause);
  }
}

const parseScalar = (bytes: Uint8Array): bigint => Fn.fromBytes(checkScalar('scalar', bytes));

export const nobleGroup: GroupBackend = {
  name: 'noble',
  multiply(scalar, element, field = 'element') {
    const factor = parseScalar(scalar);
    const point = parsePoint(field, element);
    if (point.is0()) throw badElement(field);
    return point.multiply(factor).toBytes();
  },
  multiplyBase: (scalar) => Point.BASE.multiply(parseScalar(scalar)).toBytes(),
  add: (a, b) => parsePoint('element', a).add(parsePoint('element', b)).toBytes(),
  subtract: (a, b) => parsePoint('element', a).subtract(parsePoint('element', b)).toBytes(),
  reduceScalar: (bytes) => Fn.toBytes(Fn.create(bytesToNumberLE(checkBytes('bytes', bytes, 64)))),
  multiplyScalars: (a, b) => Fn.toBytes(Fn.mul(parseScalar(a), parseScalar(b))),
  subtractScalars: (a, b) => Fn.toBytes(Fn.sub(parseScalar(a), parseScalar(b))),
  invertScalar: (scalar) => Fn.toBytes(Fn.inv(parseScalar(scalar))),
  hashToElement: (message, domain) => ristretto255_hasher.hashToCurve(message, { DST: domain }).toBytes(),
  hashToScalar: (message, domain) => Fn.toBytes(ristretto255_hasher.hashToScalar(message, { DST: domain })),
};
