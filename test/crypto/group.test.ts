import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { nobleGroup } from '../../crypto/group-noble.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { checkElement, checkScalar, isIdentity, isScalar, type GroupBackend } from '../../crypto/group.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { readVectors } from '../support/vectors.ts';

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function scalarOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

const zero = new Uint8Array(32);
const identity = new Uint8Array(32);
const one = scalarOf(1n);
const generator = sodiumGroup.multiplyBase(one);
const invalidEncodings = readVectors('rfc9496-invalid-encodings.json') as string[];
const invalidScalars: [string, Uint8Array][] = [
  ['zero', zero],
  ['the order', scalarOf(ORDER)],
  ['one above the order', scalarOf(ORDER + 1n)],
  ['2^255', scalarOf(2n ** 255n)],
  ['2^256 - 1', scalarOf(2n ** 256n - 1n)],
  ['31 bytes', new Uint8Array(31).fill(1)],
  ['33 bytes', new Uint8Array(33).fill(1)],
  ['no bytes', new Uint8Array()],
];
const invalidElements: [string, Uint8Array][] = [
  ['the identity', identity],
  ['31 bytes', generator.subarray(1)],
  ['33 bytes', new Uint8Array(33)],
  ['no bytes', new Uint8Array()],
  ...invalidEncodings.map((hex): [string, Uint8Array] => [hex, hexToBytes(hex)]),
];

const scalar = fc
  .oneof(fc.bigInt({ min: 1n, max: ORDER - 1n }), fc.constantFrom(1n, 2n, ORDER - 1n, ORDER - 2n, 2n ** 252n))
  .map(scalarOf);
const element = scalar.map((value) => nobleGroup.multiplyBase(value));
const elementOrIdentity = fc.oneof({ weight: 5, arbitrary: element }, fc.constant(identity));

/** Demands the same bytes of both backends. */
function both(work: (group: GroupBackend) => Uint8Array): void {
  expect(bytesToHex(work(sodiumGroup))).toBe(bytesToHex(work(nobleGroup)));
}

describe('both backends agree bit for bit', () => {
  it('multiply, multiplyBase', () => {
    fc.assert(
      fc.property(scalar, element, (a, b) => {
        both((group) => group.multiply(a, b));
        both((group) => group.multiplyBase(a));
      }),
      { numRuns: 60 },
    );
  });

  it('add, subtract, with the identity in any place', () => {
    fc.assert(
      fc.property(elementOrIdentity, elementOrIdentity, (a, b) => {
        both((group) => group.add(a, b));
        both((group) => group.subtract(a, b));
        expect(isIdentity(sodiumGroup.subtract(a, a))).toBe(true);
      }),
    );
  });

  it('multiplyScalars, subtractScalars, invertScalar', () => {
    fc.assert(
      fc.property(scalar, scalar, (a, b) => {
        both((group) => group.multiplyScalars(a, b));
        both((group) => group.subtractScalars(a, b));
        both((group) => group.invertScalar(a));
        expect(sodiumGroup.multiplyScalars(a, sodiumGroup.invertScalar(a))).toEqual(one);
        expect(sodiumGroup.subtractScalars(a, a)).toEqual(zero);
      }),
    );
  });

  it('reduceScalar', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
        const value = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
        both((group) => group.reduceScalar(bytes));
        expect(sodiumGroup.reduceScalar(bytes)).toEqual(scalarOf(value % ORDER));
      }),
    );
  });

  it('hashToElement, hashToScalar', () => {
    const domain = fc.string({ minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), domain, (message, text) => {
        both((group) => group.hashToElement(message, text));
        both((group) => group.hashToScalar(message, text));
      }),
    );
    both((group) => group.hashToScalar(utf8ToBytes('x'), 'd'.repeat(255)));
  });
});

describe.each([sodiumGroup, nobleGroup])('$name refuses', (group) => {
  it.each(invalidElements)('as an element to multiply: %s', (_, bytes) => {
    expect(() => group.multiply(one, bytes)).toThrow(refusal('badElement', 'element'));
    expect(() => group.multiply(one, bytes, 'elements[3]')).toThrow(refusal('badElement', 'elements[3]'));
  });

  it.each(invalidElements.slice(1))('as an element to add or subtract: %s', (_, bytes) => {
    for (const operation of ['add', 'subtract'] as const) {
      expect(() => group[operation](bytes, generator)).toThrow(refusal('badElement'));
      expect(() => group[operation](generator, bytes)).toThrow(refusal('badElement'));
    }
  });

  it.each(invalidScalars)('as a scalar: %s', (_, bytes) => {
    expect(() => group.multiply(bytes, generator)).toThrow(refusal('badInput', 'scalar'));
    expect(() => group.multiplyBase(bytes)).toThrow(refusal('badInput', 'scalar'));
    expect(() => group.invertScalar(bytes)).toThrow(refusal('badInput', 'scalar'));
    for (const operation of ['multiplyScalars', 'subtractScalars'] as const) {
      expect(() => group[operation](bytes, one)).toThrow(refusal('badInput', 'scalar'));
      expect(() => group[operation](one, bytes)).toThrow(refusal('badInput', 'scalar'));
    }
  });

  it('anything but 64 bytes to reduce', () => {
    expect(() => group.reduceScalar(new Uint8Array(63))).toThrow(refusal('badInput'));
    expect(() => group.reduceScalar(new Uint8Array(65))).toThrow(refusal('badInput'));
  });
});

describe('checkElement', () => {
  it.each(invalidElements)('refuses %s', (_, bytes) => {
    expect(() => checkElement('tags[2]', bytes)).toThrow(refusal('badElement', 'tags[2]'));
  });

  it('refuses what is no byte string', () => {
    expect(() => checkElement('tag', bytesToHex(generator) as unknown as Uint8Array)).toThrow(refusal('badElement'));
  });

  it('takes elements', () => {
    fc.assert(
      fc.property(element, (bytes) => checkElement('element', bytes)),
      { numRuns: 30 },
    );
  });
});

describe('checkScalar', () => {
  it.each(invalidScalars)('refuses %s, without quoting it', (_, bytes) => {
    expect(isScalar(bytes)).toBe(false);
    const error = refusalOf(() => checkScalar('secret', bytes));
    expect(error).toMatchObject({ code: 'badInput', field: 'secret' });
    if (bytes.length > 0) expect(error.message).not.toContain(bytesToHex(bytes));
  });

  it('tells scalars from other 32 bytes', () => {
    const near = fc.bigInt({ min: -300n, max: 300n }).map((difference) => ORDER + difference);
    fc.assert(
      fc.property(fc.oneof(near, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })), (value) => {
        expect(isScalar(scalarOf(value))).toBe(value > 0n && value < ORDER);
      }),
    );
  });
});
