import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalise, entropyBits } from '../../crypto/canonical.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { findScheme } from '../../crypto/scheme-rules.ts';
import { BM1_ALPHABET, STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';

describe('mintCode', () => {
  it('mints codes that its scheme takes as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 9 }), (bytes) => {
        const code = mintCode(() => bytes);
        expect(canonicalise(STANDARD_SCHEMES, 'bm1', code)).toBe(code);
      }),
    );
  });

  it('carries the first 70 bits, each in its place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 9 }), (bytes) => {
        const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0'))
          .join('')
          .slice(0, 70);
        const code = mintCode(() => bytes);
        const carried = Array.from(code.slice(0, 14), (character) =>
          BM1_ALPHABET.indexOf(character).toString(2).padStart(5, '0'),
        );
        expect(carried.join('')).toBe(bits);
      }),
    );
  });

  it('mints the same code from the same bytes', () => {
    expect(mintCode(() => new Uint8Array(9))).toBe('0000000000000098');
    expect(mintCode(() => new Uint8Array(9).fill(255))).toMatch(/^ZZZZZZZZZZZZZZ[0-9]{2}$/u);
  });

  it('mints another code each time', () => {
    const codes = new Set(Array.from({ length: 1000 }, () => mintCode()));
    expect(codes.size).toBe(1000);
  });

  it('refuses a random source that gives too little', () => {
    expect(() => mintCode(() => new Uint8Array(8))).toThrow(
      expect.objectContaining({ code: 'badInput', field: 'random' }),
    );
  });

  it('uses the alphabet of scheme bm1, whose entropy is stated', () => {
    expect(findScheme(STANDARD_SCHEMES, 'bm1')).toMatchObject({ alphabet: BM1_ALPHABET });
    expect(entropyBits(STANDARD_SCHEMES, 'bm1', mintCode())).toBe(70);
  });
});
