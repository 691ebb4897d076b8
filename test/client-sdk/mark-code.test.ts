import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseCode, inspectCode } from '../../client-sdk/mark-code.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { STANDARD_SCHEMES as rules } from '../../crypto/standard-schemes.ts';
import { readMarks } from '../support/marks.ts';

describe('inspectCode', () => {
  it('finds the scheme whose check a code passes, though it fits others', () => {
    const canonical = mintCode();
    expect(inspectCode(rules, canonical.toLowerCase())).toEqual({
      state: 'complete',
      scheme: 'bm1',
      canonical,
      checkPassed: true,
    });
    expect(inspectCode(rules, canonical, 'pin')).toMatchObject({ state: 'complete', scheme: 'pin', checkPassed: null });
  });

  it('finds the only scheme that a code fits, and warns of a check that may fail', () => {
    expect(inspectCode(rules, 'tikka | 78975')).toMatchObject({ state: 'complete', canonical: 'Tikka|78975' });
    expect(inspectCode(rules, '1M8GDM9AXKP042789', 'vin')).toMatchObject({ state: 'complete', checkPassed: false });
  });

  it.each([
    ['of a character that is not clear', '8EQ7-1S0?-SG3J-TS93', { state: 'unclear', positions: [8] }],
    ['of each of several', '8EQ7-1S0?-SG3J-TS[93]3', { state: 'unclear', positions: [8, 15] }],
    ['of a character that no scheme has', '8EQ7-1SΩ2-SG3J-TS93', { state: 'wrong', position: 7 }],
    ['of none where the check fails', '8EQ7-1S02-SG3J-TS94', { state: 'wrong', position: null }],
    ['of none where the length is wrong', '8EQ7-1', { state: 'wrong', position: null }],
    ['of none where nothing can be read', 'Tikka?|78975', { state: 'wrong', position: null }],
    ['of none in nothing', '', { state: 'wrong', position: null }],
  ])('says the place %s', (_, text, expected) => {
    expect(inspectCode(rules, text)).toMatchObject(expected);
  });

  it('says why a code is wrong', () => {
    const codeOf = (text: string): string | undefined => {
      const found = inspectCode(rules, text);
      return found.state === 'wrong' ? found.error.code : undefined;
    };
    expect(codeOf('8EQ7-1S02-SG3J-TS94')).toBe('checkFailed');
    expect(codeOf('8EQ7-1')).toBe('noSchemeFits');
    expect(codeOf('')).toBe('badInput');
  });

  it('does not guess between schemes', () => {
    expect(inspectCode(rules, '0011 6418 0119 2')).toEqual({ state: 'ambiguous', schemes: ['pin', 'numeric'] });
    expect(inspectCode(rules, '0011 6418 0119 2', 'numeric')).toMatchObject({
      state: 'complete',
      canonical: '0011641801192',
    });
  });

  it('refuses a scheme that there is not', () => {
    expect(() => inspectCode(rules, mintCode(), 'none')).toThrow(expect.objectContaining({ code: 'badInput' }));
  });

  it('is what chooseCode goes by, for the published marks and for any text', () => {
    const texts = fc.oneof(fc.constantFrom(...readMarks().map(({ code }) => code)), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(texts, fc.constantFrom(undefined, ...rules.schemes.map(({ id }) => id)), (text, scheme) => {
        const found = inspectCode(rules, text, scheme);
        if (found.state === 'complete') {
          const { canonical } = found;
          expect(chooseCode(rules, text, scheme)).toEqual({ scheme: found.scheme, canonical });
          return;
        }
        let error: unknown;
        try {
          chooseCode(rules, text, scheme);
        } catch (caught) {
          error = caught;
        }
        expect(isBlindmarkError(error)).toBe(true);
        if (found.state === 'wrong') expect(error).toMatchObject({ code: found.error.code });
        else expect(error).toMatchObject({ code: 'badInput', field: found.state === 'unclear' ? 'code' : 'scheme' });
      }),
    );
  });
});
