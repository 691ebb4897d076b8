import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MOD_97_10,
  VIN_MOD_11,
  mod97CheckCharacters,
  passesCheck,
  vinCheckDigit,
} from '../../crypto/check-characters.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { BM1_ALPHABET } from '../../crypto/standard-schemes.ts';
import { readVectors } from '../support/vectors.ts';

interface Vectors {
  mod97: { payload: string; check: string; source: string }[];
  vin: { vin: string; source: string }[];
  vinFailing: { vin: string; source: string }[];
}
const vectors = readVectors('check-characters.json') as Vectors;

/** Straight from the standard: the whole code as one number. */
function passesMod97ByDefinition(code: string): boolean {
  const number = BigInt(Array.from(code, (character) => Number.parseInt(character, 36)).join(''));
  return /(?!00|01|99)[0-9]{2}$/u.test(code) && number % 97n === 1n;
}

const payload = fc.string({ unit: fc.constantFrom(...Array.from(BM1_ALPHABET)), minLength: 14, maxLength: 14 });
const code = payload.map((text) => text + mod97CheckCharacters(text));
const isLetter = (character: string) => character >= 'A';

describe('ISO 7064 MOD 97-10', () => {
  it.each(vectors.mod97)('$payload has check characters $check: $source', ({ payload, check }) => {
    expect(mod97CheckCharacters(payload)).toBe(check);
    expect(passesCheck(MOD_97_10, payload + check)).toBe(true);
  });

  it('passes one pair of check characters alone', () => {
    for (const { payload, check } of vectors.mod97) {
      const passing = [];
      for (const first of BM1_ALPHABET) {
        for (const second of BM1_ALPHABET) {
          if (passesCheck(MOD_97_10, payload + first + second)) passing.push(first + second);
        }
      }
      expect(passing).toEqual([check]);
    }
  });

  it.each([
    ['97', '00'],
    ['98', '01'],
    ['02', '99'],
  ])('takes %s, and not %s, which leaves the same remainder', (check, other) => {
    const payload = Array.from({ length: 1000 }, (_, n) => `BM${n}`).find(
      (text) => mod97CheckCharacters(text) === check,
    );
    expect(passesCheck(MOD_97_10, `${payload}${check}`)).toBe(true);
    expect(passesCheck(MOD_97_10, `${payload}${other}`)).toBe(false);
  });

  it('agrees with the definition on any code', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from(BM1_ALPHABET)), minLength: 3, maxLength: 30 }),
        (text) => {
          expect(passesCheck(MOD_97_10, text)).toBe(passesMod97ByDefinition(text));
        },
      ),
    );
    fc.assert(fc.property(code, (text) => passesCheck(MOD_97_10, text) && passesMod97ByDefinition(text)));
  });

  it('finds any digit taken for another digit and any letter for another letter', () => {
    fc.assert(
      fc.property(code, fc.nat(15), fc.constantFrom(...Array.from(BM1_ALPHABET)), (text, index, other) => {
        const original = text.charAt(index);
        fc.pre(original !== other && isLetter(original) === isLetter(other));
        expect(passesCheck(MOD_97_10, text.slice(0, index) + other + text.slice(index + 1))).toBe(false);
      }),
    );
  });

  it('misses about one in 97 letters taken for digits, or the reverse', () => {
    let tried = 0;
    let missed = 0;
    fc.assert(
      fc.property(code, (text) => {
        for (let index = 0; index < text.length; index++) {
          for (const other of BM1_ALPHABET) {
            if (isLetter(text.charAt(index)) === isLetter(other)) continue;
            tried += 1;
            if (passesCheck(MOD_97_10, text.slice(0, index) + other + text.slice(index + 1))) missed += 1;
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(missed).toBeGreaterThan(0);
    expect(missed / tried).toBeLessThan(1 / 60);
  });

  it('finds any two neighbours swapped but for 1B, 2M and 3X, which are written with three equal digits', () => {
    fc.assert(
      fc.property(code, fc.nat(14), (text, index) => {
        const pair = text.slice(index, index + 2);
        const swapped = pair.charAt(1) + pair.charAt(0);
        fc.pre(pair !== swapped);
        const blind = index < 13 && ['1B', 'B1', '2M', 'M2', '3X', 'X3'].includes(pair);
        expect(passesCheck(MOD_97_10, text.slice(0, index) + swapped + text.slice(index + 2))).toBe(blind);
      }),
      {
        examples: ['1B', 'B1', '2M', 'M2', '3X', 'X3'].map((pair) => {
          const text = `${pair}AAAAAAAAAAAA`;
          return [text + mod97CheckCharacters(text), 0];
        }),
      },
    );
  });

  it('refuses a payload that is not digits and letters', () => {
    expect(() => mod97CheckCharacters('12-3')).toThrow(expect.objectContaining({ code: 'badInput', field: 'payload' }));
    expect(() => mod97CheckCharacters('')).toThrow(expect.objectContaining({ code: 'badInput' }));
    expect(passesCheck(MOD_97_10, '')).toBe(false);
    expect(passesCheck(MOD_97_10, '794-44')).toBe(false);
  });
});

describe('VIN modulus 11', () => {
  it.each(vectors.vin)('$vin passes: $source', ({ vin }) => {
    expect(passesCheck(VIN_MOD_11, vin)).toBe(true);
    expect(vinCheckDigit(vin)).toBe(vin.charAt(8));
  });

  it.each(vectors.vinFailing)('$vin fails: $source', ({ vin }) => {
    expect(passesCheck(VIN_MOD_11, vin)).toBe(false);
    expect(vinCheckDigit(vin)).not.toBe(vin.charAt(8));
  });

  it('passes one check digit alone, and no letter but X', () => {
    for (const { vin } of vectors.vin) {
      const passing = Array.from('0123456789ABCDEFGHJKLMNPRSTUVWXYZ').filter((character) =>
        passesCheck(VIN_MOD_11, vin.slice(0, 8) + character + vin.slice(9)),
      );
      expect(passing).toEqual([vin.charAt(8)]);
    }
  });

  it('finds any digit taken for another digit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...vectors.vin),
        fc.nat(16),
        fc.integer({ min: 0, max: 9 }),
        ({ vin }, index, digit) => {
          const original = vin.charAt(index);
          fc.pre(/[0-9]/u.test(original) && original !== String(digit));
          expect(passesCheck(VIN_MOD_11, vin.slice(0, index) + digit + vin.slice(index + 1))).toBe(false);
        },
      ),
    );
  });

  it.each(['1G4AH59H45G11834', '1G4AH59H45G1183411', 'IG4AH59H45G118341', '1g4AH59H45G118341'])('refuses %s', (vin) => {
    try {
      vinCheckDigit(vin);
      expect.unreachable();
    } catch (error) {
      expect(isBlindmarkError(error, 'badInput')).toBe(true);
      expect(String(error)).not.toContain(vin);
    }
  });
});
