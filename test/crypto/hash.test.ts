import { createHash, hkdfSync } from 'node:crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha512 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { deriveKey, labelledHash } from '../../crypto/hash.ts';
import { refusal } from '../support/refusal.ts';
import { hasForeignVectors, readForeignVectors, readVectors } from '../support/vectors.ts';

interface HkdfCase {
  readonly tcId: number;
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
  readonly result?: 'valid' | 'invalid';
}

/** The definition of DESIGN section 3, word for word, with Node's own hash. */
function labelledHashByDefinition(label: string, parts: readonly (Uint8Array | string)[]): string {
  const text = Buffer.from(`blindmark/v1/${label}`, 'utf8');
  const len16 = Buffer.alloc(2);
  len16.writeUInt16BE(text.length);
  const hash = createHash('sha256').update(len16).update(text);
  for (const part of parts) {
    const bytes = Buffer.from(part as string);
    const len32 = Buffer.alloc(4);
    len32.writeUInt32BE(bytes.length);
    hash.update(len32).update(bytes);
  }
  return hash.digest('hex');
}

const part = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 20 }));
const message = fc.tuple(fc.string({ maxLength: 10 }), fc.array(part, { maxLength: 4 }));

describe('labelledHash', () => {
  it('has the value that its definition gives', () => {
    // SHA-256 of 0011 "blindmark/v1/code" 00000007 "example" 00000000 00000002 ff00
    const value = 'cfebd8dd05a3bf6e8921b3887bc5ad28ffd6f6ce2fdd6dd8840e686f5e1abbe9';
    const parts = ['example', '', new Uint8Array([0xff, 0])];
    expect(labelledHashByDefinition('code', parts)).toBe(value);
    expect(bytesToHex(labelledHash('code', ...parts))).toBe(value);
  });

  it('is the definition for all labels and parts', () => {
    fc.assert(
      fc.property(message, ([label, parts]) => {
        expect(bytesToHex(labelledHash(label, ...parts))).toBe(labelledHashByDefinition(label, parts));
      }),
    );
  });

  it('differs whenever label or parts differ', () => {
    const asBytes = ([label, parts]: [string, (Uint8Array | string)[]]) =>
      JSON.stringify([label, parts.map((one) => Buffer.from(one as string).toString('hex'))]);
    fc.assert(
      fc.property(message, message, (a, b) => {
        const same = asBytes(a) === asBytes(b);
        expect(bytesToHex(labelledHash(a[0], ...a[1])) === bytesToHex(labelledHash(b[0], ...b[1]))).toBe(same);
      }),
    );
  });

  it.each([
    ['a boundary is moved', ['ab', 'c'], ['a', 'bc']],
    ['parts are joined', ['ab', 'c'], ['abc']],
    ['an empty part is added', ['abc'], ['abc', '']],
    ['parts change places', ['a', 'b'], ['b', 'a']],
    ['a part holds another’s length', ['\0\0\0\u0001a'], ['', 'a']],
  ])('differs when %s', (_, a, b) => {
    expect(labelledHash('label', ...a)).not.toEqual(labelledHash('label', ...b));
  });

  it('does not let a label run into the parts', () => {
    expect(labelledHash('a', 'b')).not.toEqual(labelledHash('ab'));
    expect(labelledHash('a\0\0\0\u0001b')).not.toEqual(labelledHash('a', 'b'));
  });

  it('refuses text that UTF-8 can’t tell apart', () => {
    expect(() => labelledHash('code', 'a\ud800')).toThrow(refusal('badInput'));
    expect(() => labelledHash('co\udc00de')).toThrow(refusal('badInput'));
    expect(labelledHash('code', '\u{1f511}')).toHaveLength(32);
  });
});

describe('deriveKey', () => {
  it('is HKDF-SHA-512 with a labelled hash as info', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.uint8Array({ maxLength: 70 }),
        fc.integer({ min: 1, max: 200 }),
        message,
        (secret, salt, length, [label, parts]) => {
          const info = Buffer.from(labelledHashByDefinition(label, parts), 'hex');
          const expected = Buffer.from(hkdfSync('sha512', secret, salt, info, length)).toString('hex');
          expect(bytesToHex(deriveKey(secret, length, salt, label, ...parts))).toBe(expected);
        },
      ),
    );
  });

  it('separates by label, salt and part', () => {
    const secret = utf8ToBytes('secret');
    const none = new Uint8Array();
    const keys = [
      deriveKey(secret, 32, none, 'a'),
      deriveKey(secret, 32, none, 'b'),
      deriveKey(secret, 32, none, 'a', ''),
      deriveKey(secret, 32, new Uint8Array([1]), 'a'),
      deriveKey(utf8ToBytes('secres'), 32, none, 'a'),
    ];
    expect(new Set(keys.map(bytesToHex)).size).toBe(keys.length);
  });
});

describe('HKDF-SHA-512 beneath it', () => {
  const run = (test: HkdfCase): string =>
    bytesToHex(hkdf(sha512, hexToBytes(test.ikm), hexToBytes(test.salt), hexToBytes(test.info), test.size));

  it.each(readVectors('hkdf-sha512.json') as HkdfCase[])('gives the published value $tcId', (test) => {
    expect(run(test)).toBe(test.okm);
  });

  it.runIf(hasForeignVectors)('passes Wycheproof', () => {
    const suite = readForeignVectors('wycheproof-hkdf_sha512.json') as { testGroups: { tests: HkdfCase[] }[] };
    const tests = suite.testGroups.flatMap((group) => group.tests);
    expect(tests.length).toBeGreaterThan(80);
    for (const test of tests) {
      if (test.result === 'valid') expect(run(test), `tcId ${test.tcId}`).toBe(test.okm);
      else expect(() => run(test), `tcId ${test.tcId}`).toThrow(/length/iu);
    }
  });
});
