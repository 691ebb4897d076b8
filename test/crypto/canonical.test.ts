import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalise, checkCode, entropyBits, formatCode } from '../../crypto/canonical.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import { readMarks } from '../support/marks.ts';

const marks = readMarks();
const rules = STANDARD_SCHEMES;

function refusal(schemeId: string, text: string): BlindmarkError {
  try {
    canonicalise(rules, schemeId, text);
  } catch (error) {
    if (error instanceof BlindmarkError) return error;
    throw error;
  }
  return expect.unreachable('the code was taken');
}

const minted = fc.uint8Array({ minLength: 9, maxLength: 9 }).map((bytes) => mintCode(() => bytes));

describe('canonicalise', () => {
  it('leaves every code of marks.csv as it is', () => {
    const changed = marks.filter(({ scheme, code }) => canonicalise(rules, scheme, code) !== code);
    expect(marks).toHaveLength(2000);
    expect(changed).toEqual([]);
  });

  it('undoes formatCode for every code of marks.csv', () => {
    const changed = marks.filter(
      ({ scheme, code }) => canonicalise(rules, scheme, formatCode(rules, scheme, code)) !== code,
    );
    expect(changed).toEqual([]);
  });

  it.each(rules.schemes.map(({ id, example }) => [id, example] as const))('takes the example of %s', (id, example) => {
    const canonical = canonicalise(rules, id, example);
    expect(canonicalise(rules, id, canonical)).toBe(canonical);
  });

  it.each([
    ['bm1', '8eq7 iso2 sg3j ts93', '8EQ71S02SG3JTS93'],
    ['vin', 'lG4AH59H45G118341', 'LG4AH59H45G118341'],
    ['vin', 'iG4AH59H45Gll834l', '1G4AH59H45GLL834L'],
    ['vin', '1G4AH59H4SGQO834I', '1G4AH59H4SG008341'],
    ['pin', 'hv7x uo5a hqnd', 'HV7XU05AHQND'],
    ['pin', '[0O]V7XU05A', '0V7XU05A'],
    ['numeric', 'OOLL64L8OLL92', '0011641801192'],
    ['dna', 'ggga-cgtt-gtac-gct', 'GGGACGTTGTACGCT'],
    ['letters-digits', 'odtv 7827 4', 'ODTV78274'],
    ['letters-digits', 'OILO00110', 'OILO00110'],
    ['serial', 'remington | no. 2279405', 'Remington|2279405'],
    ['serial', 'Česká zbrojovka|664732k', 'CZ|664732K'],
    ['serial', 'Webley & Scott | 12-345/A', 'WEBLEYANDSCOTT|12345A'],
    ['serial', 'AYA|O1', 'AYA|O1'],
  ])('%s: %s is %s', (scheme, text, canonical) => {
    expect(canonicalise(rules, scheme, text)).toBe(canonical);
    expect(canonicalise(rules, scheme, canonical)).toBe(canonical);
  });

  it.each([
    ['bm1', '8EQ71S02SG3JTS9', 'noSchemeFits', '16 characters, not 15'],
    ['bm1', '8EQ71S02SG3JTS934', 'noSchemeFits', '16 characters, not 17'],
    ['bm1', '8EQ7-1S02-SU3J-TS93', 'noSchemeFits', 'position 10'],
    ['bm1', '8EQ71S02SG3JTS94', 'checkFailed', 'character by character'],
    ['bm1', '8EQ71S02SG3JTSX3', 'checkFailed', 'character by character'],
    ['numeric', '0011 6418 A119', 'noSchemeFits', 'a digit at position 9'],
    ['dna', 'GGGACGTTGTACGCU', 'noSchemeFits', 'one of ACGT at position 15'],
    ['letters-digits', '0DTV78274', 'noSchemeFits', 'a letter from A to Z at position 1'],
    ['letters-digits', 'ODTV7827O', 'noSchemeFits', 'a digit at position 9'],
    ['serial', '2279405', 'noSchemeFits', 'the maker, a bar (|) and the serial number'],
    ['serial', 'AYA|1', 'noSchemeFits', '6 to 128 characters in all, not 5'],
    ['serial', `AYA|${'1'.repeat(125)}`, 'noSchemeFits', '6 to 128 characters in all, not 129'],
    ['serial', 'AYA|12Ж4', 'noSchemeFits', 'position 3'],
    ['pin', 'AYA|HV7XU05AHQND', 'noSchemeFits', 'no maker'],
  ])('%s refuses %s', (scheme, text, code, said) => {
    const error = refusal(scheme, text);
    expect(error.code).toBe(code);
    expect(error.remedy).toContain(said);
    expect(`${error.message} ${error.remedy}`).not.toContain(text);
  });

  it.each([
    ['bm1', '8EQ71S0?SG3JTS?3', '8, 15'],
    ['dna', 'GGGA[CG]GTTGTACGCT', '5'],
    ['serial', 'AYA|12?', '3'],
  ])('%s refuses %s, which is not whole', (scheme, text, positions) => {
    const error = refusal(scheme, text);
    expect(error.code).toBe('badInput');
    expect(error.message).toBe(`code: expected a whole code; position ${positions} is not clear`);
  });

  it('refuses an unknown scheme', () => {
    expect(refusal('bm9', '8EQ71S02SG3JTS93')).toMatchObject({ code: 'badInput', field: 'scheme' });
  });

  it('never quotes what was typed', () => {
    const mistyped = minted.map((code) => ({ code, text: `${code.slice(0, 15)}${(Number(code[15]) + 1) % 10}` }));
    fc.assert(
      fc.property(mistyped, fc.constantFrom(...rules.schemes.map(({ id }) => id)), ({ code, text }, scheme) => {
        for (const typed of [text, `${code}?[`, `AYA|${code}*`, `${code}0`, `${code.slice(0, 15)}?`]) {
          const check = checkCode(rules, scheme, typed);
          if (check.state !== 'wrong') continue;
          const said = `${check.error.message} ${check.error.remedy ?? ''}`;
          expect(said).not.toContain(code.slice(0, 15));
          expect(JSON.stringify(check.error)).not.toContain(code.slice(0, 15));
        }
      }),
    );
  });
});

describe('checkCode', () => {
  it('tells a whole code from one that is not clear and one that is wrong', () => {
    expect(checkCode(rules, 'bm1', '8eq7-1s02-sg3j-ts93')).toEqual({
      state: 'complete',
      canonical: '8EQ71S02SG3JTS93',
      checkPassed: true,
    });
    expect(checkCode(rules, 'bm1', '8EQ7 1S02 SG?J TS93')).toEqual({ state: 'unclear', positions: [11] });
    expect(checkCode(rules, 'bm1', '8EQ7 1S02 SGUJ TS93')).toMatchObject({ state: 'wrong', position: 11 });
    expect(checkCode(rules, 'bm1', '8EQ7 1S02 SG3J TS92')).toMatchObject({
      state: 'wrong',
      position: null,
      error: { code: 'checkFailed' },
    });
    expect(checkCode(rules, 'bm1', '8EQ7 [')).toMatchObject({ state: 'wrong', error: { code: 'badInput' } });
    expect(checkCode(rules, 'pin', 'HV7XU05AHQND')).toMatchObject({ state: 'complete', checkPassed: null });
  });

  it('takes a VIN whose check digit does not match, and says so', () => {
    expect(checkCode(rules, 'vin', 'WP0ZZZ99ZTS392124')).toEqual({
      state: 'complete',
      canonical: 'WP0ZZZ99ZTS392124',
      checkPassed: false,
    });
    expect(checkCode(rules, 'vin', '1M8GDM9AXKP042788')).toMatchObject({ state: 'complete', checkPassed: true });
  });
});

describe('formatCode', () => {
  it.each([
    ['bm1', '8EQ71S02SG3JTS93', '8EQ7-1S02-SG3J-TS93'],
    ['vin', '1M8GDM9AXKP042788', '1M8GDM9AXKP042788'],
    ['numeric', '0011641801192', '0011 6418 0119 2'],
    ['dna', 'GGGACGTTGTACGCT', 'GGGA CGTT GTAC GCT'],
    ['letters-digits', 'MODT87827', 'MODT 8782 7'],
    ['serial', 'Holland & Holland|748391', 'Holland & Holland|748391'],
  ])('%s: %s is shown as %s', (scheme, canonical, shown) => {
    expect(formatCode(rules, scheme, canonical)).toBe(shown);
  });

  it('is undone by canonicalise', () => {
    fc.assert(
      fc.property(minted, (code) => {
        expect(canonicalise(rules, 'bm1', formatCode(rules, 'bm1', code))).toBe(code);
      }),
    );
  });
});

describe('entropyBits', () => {
  it.each([
    ['bm1', '8EQ71S02SG3JTS93', 70],
    ['vin', '1M8GDM9AXKP042788', 85.75],
    ['pin', 'HV7XU05AHQND', 60.53],
    ['numeric', '190400131', 29.9],
    ['dna', 'GGGACGTTGTAC', 24],
    ['letters-digits', 'MODT87827', 35.41],
    ['serial', 'Tikka|78975', 20.31],
    ['serial', 'Tikka|7897K', 29.55],
  ])('%s %s: at most %d bits', (scheme, canonical, bits) => {
    expect(entropyBits(rules, scheme, canonical)).toBeCloseTo(bits, 1);
  });
});
