import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesToHex,
  checkBytes,
  equalBytes,
  formatBase64url,
  formatJsonBytes,
  formatUint,
  parseBase64url,
  parseJsonBytes,
  parseUtf8,
  utf8ToBytes,
} from '../../crypto/bytes.ts';
import { refusal, refusalOf } from '../support/refusal.ts';

describe('checkBytes', () => {
  it('gives back bytes of the length asked', () => {
    const bytes = new Uint8Array(5);
    expect(checkBytes('seed', bytes, 5)).toBe(bytes);
    expect(checkBytes('seed', bytes)).toBe(bytes);
  });

  it.each([['text'], [[1, 2]], [null], [undefined], [new ArrayBuffer(5)]])(
    'refuses %s, naming the argument',
    (value) => {
      expect(() => checkBytes('seed', value)).toThrow(refusal('badInput', 'seed'));
    },
  );

  it('refuses another length', () => {
    expect(() => checkBytes('seed', new Uint8Array(4), 5)).toThrow(refusal('badInput', 'seed'));
    expect(() => checkBytes('seed', new Uint8Array(6), 5)).toThrow(refusal('badInput', 'seed'));
  });
});

describe('base64url', () => {
  it('has one text form for each byte string, that of RFC 4648 section 5', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = formatBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(parseBase64url('key', text)).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['padding', 'AAA='],
    ['bits after the last byte', 'AAB'],
    ['a length that no bytes have', 'AAAAA'],
    ['the other alphabet', 'A+/A'],
    ['white space', 'AA AA'],
    ['a line break at the end', 'AAAA\n'],
    ['a letter outside ASCII', 'AAAÄ'],
  ])('refuses %s', (_, text) => {
    expect(() => parseBase64url('key', text)).toThrow(refusal('badInput', 'key'));
  });

  it('refuses another length than asked', () => {
    expect(() => parseBase64url('key', 'AAAA', 4)).toThrow(refusal('badInput', 'key'));
  });
});

describe('text and JSON', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has no negative zero.
        expect(parseJsonBytes('body', formatJsonBytes(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['an overlong spelling', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a truncated character', [0xe2, 0x82]],
  ])('refuses malformed UTF-8: %s', (_, bytes) => {
    expect(() => parseUtf8('body', new Uint8Array(bytes))).toThrow(refusal('badInput', 'body'));
    expect(() => parseJsonBytes('body', new Uint8Array(bytes))).toThrow(refusal('badInput', 'body'));
  });

  it('keeps a byte order mark, so that two texts never count as one', () => {
    expect(parseUtf8('body', new Uint8Array([0xef, 0xbb, 0xbf, 0x41]))).toBe('\ufeffA');
    expect(() => parseJsonBytes('body', utf8ToBytes('\ufeff{}'))).toThrow(refusal('badInput', 'body'));
  });

  it('quotes nothing of JSON that it refuses, in message or cause', () => {
    const error = refusalOf(() => parseJsonBytes('body', utf8ToBytes('canary-4711 is not JSON')));
    expect(error.code).toBe('badInput');
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain('canary');
  });
});

describe('equalBytes', () => {
  it('is true of equal bytes alone', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (a, at, by) => {
          const b = Uint8Array.from(a);
          expect(equalBytes(a, b)).toBe(true);
          b[at % b.length] = (b[at % b.length] as number) ^ by;
          expect(equalBytes(a, b)).toBe(false);
          expect(equalBytes(a, a.subarray(1))).toBe(false);
        },
      ),
    );
  });
});

describe('formatUint', () => {
  it.each([
    [0, 1, '00'],
    [255, 1, 'ff'],
    [256, 2, '0100'],
    [65_535, 2, 'ffff'],
    [4_294_967_295, 4, 'ffffffff'],
    [2 ** 48 - 1, 6, 'ffffffffffff'],
    [1_780_000_000, 6, '00006a18a500'],
  ] as const)('writes %d in %d bytes, big-endian', (value, length, hex) => {
    expect(bytesToHex(formatUint(value, length))).toBe(hex);
  });

  it('agrees with Node for every length', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, 6),
        fc.nat({ max: 255 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (length, low, part) => {
          const value = Math.min(2 ** (8 * length) - 1, Math.floor(part * 2 ** (8 * length)) + low);
          const expected = Buffer.alloc(length);
          expected.writeUIntBE(value, 0, length);
          expect(bytesToHex(formatUint(value, length))).toBe(expected.toString('hex'));
        },
      ),
    );
  });

  it.each([
    [256, 1],
    [65_536, 2],
    [2 ** 32, 4],
    [2 ** 48, 6],
    [-1, 4],
    [-256, 2],
    [1.5, 2],
    [Number.NaN, 4],
    [Number.POSITIVE_INFINITY, 6],
    [Number.NEGATIVE_INFINITY, 1],
  ] as const)('refuses %d in %d bytes', (value, length) => {
    expect(() => formatUint(value, length)).toThrow(refusal('badInput'));
  });
});
