import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidates, type CandidateOptions, type CandidateSet } from '../../crypto/candidates.ts';
import { passesCheck, MOD_97_10, VIN_MOD_11 } from '../../crypto/check-characters.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { parseReading } from '../../crypto/reading.ts';
import { fittingSchemes } from '../../crypto/scheme-fit.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import { readMarks, readReads } from '../support/marks.ts';

const rules = STANDARD_SCHEMES;

function candidatesOf(text: string, options?: CandidateOptions): CandidateSet {
  return candidates(rules, parseReading(text), options);
}

function canonicals(set: CandidateSet, schemeId?: string): string[] {
  return [...set.codes]
    .filter((each) => schemeId === undefined || each.schemeId === schemeId)
    .map((each) => each.canonical);
}

function refusal(text: string, options?: CandidateOptions): BlindmarkError {
  try {
    candidatesOf(text, options);
  } catch (error) {
    if (error instanceof BlindmarkError) return error;
    throw error;
  }
  return expect.unreachable('there are candidates');
}

const marks = readMarks();
const markOf = new Map(marks.map((mark) => [mark.id, mark]));
const registered = new Set(marks.map(({ scheme, code }) => `${scheme} ${code}`));
const reads = readReads();
const kinds = [...new Set(reads.map(({ kind }) => kind))];

describe('the readings of reads.csv', () => {
  it('are all there', () => {
    expect(reads).toHaveLength(1675);
    expect(kinds.sort()).toEqual(['alternatives', 'clean', 'confused', 'grouped', 'partial', 'stranger']);
  });

  it.each(kinds.filter((kind) => kind !== 'stranger'))('%s: the mark’s code is among the candidates', (kind) => {
    for (const row of reads.filter((each) => each.kind === kind)) {
      expect(row.expect, row.id).toBe('hit');
      const mark = markOf.get(row.id);
      const set = candidatesOf(row.read, { scheme: row.scheme || undefined });
      expect(canonicals(set, mark?.scheme), row.id).toContain(mark?.code);
      expect(set.count, row.id).toBeLessThanOrEqual(256);
      expect([...set.codes], row.id).toHaveLength(set.count);
    }
  });

  it('stranger: no candidate is registered', () => {
    for (const row of reads.filter(({ kind }) => kind === 'stranger')) {
      expect(row.expect, row.id).toBe('miss');
      const set = candidatesOf(row.read, { scheme: row.scheme || undefined });
      const found = [...set.codes].filter(({ schemeId, canonical }) => registered.has(`${schemeId} ${canonical}`));
      expect(found, row.id).toEqual([]);
    }
  });
});

describe('fittingSchemes', () => {
  it.each([
    ['8EQ71S02SG3JTS93', ['bm1', 'pin']],
    ['8EQ7 1S02 SG3J TU93', ['pin']],
    ['1M8GDM9AXKP042788', ['vin', 'pin']],
    ['1M8GDM9AXKP04278L', ['vin', 'pin']],
    ['Q'.repeat(17), ['vin', 'pin']],
    ['001164180', ['pin', 'numeric']],
    ['0011641801192', ['pin', 'numeric']],
    ['ACGTACGTACGT', ['pin', 'dna']],
    ['ACGTACGTACGTACGTACGT', ['dna']],
    ['ODTV78274', ['pin', 'letters-digits']],
    ['IIII00000', ['pin', 'numeric', 'letters-digits']],
    ['?????????', ['pin', 'numeric', 'letters-digits']],
    ['ACGT[68]CGTACGT', ['pin']],
    ['ACGT[6G]CGTACGT', ['pin', 'dna']],
    ['Tikka|78975', ['serial']],
    ['1234567', []],
    ['A'.repeat(25), []],
  ])('%s fits %j', (text, ids) => {
    expect(fittingSchemes(rules, parseReading(text)).map(({ scheme }) => scheme.id)).toEqual(ids);
  });

  it('folds by each scheme’s own rule', () => {
    const fits = fittingSchemes(rules, parseReading('IOLQ00000'));
    expect(fits.map(({ scheme, positions }) => [scheme.id, positions.join('')])).toEqual([
      ['pin', '101Q00000'],
      ['letters-digits', 'IOLQ00000'],
    ]);
  });
});

describe('candidates', () => {
  it('puts codes that pass a check before those without a check, and failing ones last', () => {
    const set = candidatesOf('1M8GDM9A?KP042788');
    expect([...set.codes].map(({ schemeId, checkPassed }) => `${schemeId} ${checkPassed}`)).toEqual([
      'vin true',
      ...Array<string>(33).fill('pin null'),
      ...Array<string>(32).fill('vin false'),
    ]);
    expect([...set.codes][0]?.canonical).toBe('1M8GDM9AXKP042788');
    expect(set.count).toBe(66);
    expect(set.omitted).toEqual([]);
  });

  it('gives bm1 codes that pass alone', () => {
    const set = candidatesOf('8EQ71S0?SG3JTS?3', { scheme: 'bm1' });
    expect(set.count).toBeLessThan(25);
    for (const { canonical, checkPassed } of set.codes) {
      expect(checkPassed).toBe(true);
      expect(passesCheck(MOD_97_10, canonical)).toBe(true);
    }
    expect(canonicals(set)).toContain('8EQ71S02SG3JTS93');
    expect(set.omitted).toEqual([]);
  });

  it('gives a VIN that fails its check as the last resort', () => {
    const set = candidatesOf('WP0ZZZ99ZTS392124', { scheme: 'vin' });
    expect([...set.codes]).toEqual([{ schemeId: 'vin', canonical: 'WP0ZZZ99ZTS392124', checkPassed: false }]);
  });

  it('folds alternatives together that a scheme takes for one', () => {
    expect(canonicals(candidatesOf('[0O]01164180', { scheme: 'numeric' }))).toEqual(['001164180']);
    expect(canonicals(candidatesOf('[O0]DTV[O8]8274', { scheme: 'letters-digits' }))).toEqual(['ODTV88274']);
  });

  it('reads the serial number’s unclear characters as digits or letters', () => {
    const set = candidatesOf('h & h | no. 12?4', { scheme: 'serial' });
    expect(set.count).toBe(36);
    expect(canonicals(set)).toContain('Holland & Holland|12Z4');
  });

  it('holds the code itself, whatever is not clear in it', () => {
    const minted = fc
      .uint8Array({ minLength: 9, maxLength: 9 })
      .map((bytes) => ({ scheme: 'bm1', code: mintCode(() => bytes) }));
    const published = fc.constantFrom(...marks.filter(({ scheme }) => scheme !== 'serial'));
    const blurred = fc.tuple(fc.nat(), fc.constantFrom('?', '[]'), fc.constantFrom(...Array.from('08BGZ')));
    fc.assert(
      fc.property(
        fc.oneof(minted, published),
        blurred,
        fc.boolean(),
        ({ scheme, code }, [place, how, other], named) => {
          const index = place % code.length;
          const unclear = how === '?' ? '?' : `[${other}${code.charAt(index)}]`;
          const text = code.slice(0, index) + unclear + code.slice(index + 1);
          const set = candidatesOf(text.toLowerCase(), named ? { scheme } : {});
          expect(canonicals(set, scheme)).toContain(code);
          expect(set.count).toBe([...set.codes].length);
          expect(new Set([...set.codes].map((each) => `${each.schemeId} ${each.canonical}`)).size).toBe(set.count);
        },
      ),
    );
  });

  it('makes candidates when they are asked for', () => {
    const set = candidatesOf('?'.repeat(17), { scheme: 'vin', cap: Infinity });
    expect(set.count).toBeGreaterThan(33 ** 16);
    const first = [];
    for (const candidate of set.codes) {
      first.push(candidate);
      if (first.length === 3) break;
    }
    expect(first.map(({ canonical }) => passesCheck(VIN_MOD_11, canonical))).toEqual([true, true, true]);
  });

  it('can be listed again', () => {
    const set = candidatesOf('190400?31', { scheme: 'numeric' });
    expect(canonicals(set)).toEqual(canonicals(set));
    expect(canonicals(set)).toHaveLength(10);
  });
});

describe('the cap', () => {
  it('leaves out whole tiers, and names them', () => {
    const set = candidatesOf('1?8GDM9A?KP042788', { scheme: 'vin' });
    const passing = 33;
    expect(set.count).toBe(passing);
    expect([...set.codes].every(({ checkPassed }) => checkPassed)).toBe(true);
    expect(set.omitted).toEqual([{ tier: 'checkFailed', schemeIds: ['vin'], count: 33 * 33 - passing }]);
  });

  it('leaves out every tier that does not fit beside the likelier ones', () => {
    const set = candidatesOf('1?8GDM9A?KP042788');
    expect(set.omitted).toEqual([
      { tier: 'noCheck', schemeIds: ['pin'], count: 1089 },
      { tier: 'checkFailed', schemeIds: ['vin'], count: 1056 },
    ]);
  });

  it('takes a tier that fills it exactly', () => {
    expect(candidatesOf('1M8GDM9A?KP042788', { cap: 66 })).toMatchObject({ count: 66, omitted: [] });
    expect(candidatesOf('1M8GDM9A?KP042788', { cap: 65 })).toMatchObject({ count: 34, omitted: [{ count: 32 }] });
    expect(candidatesOf('1M8GDM9A?KP042788', { cap: 1 })).toMatchObject({
      count: 1,
      omitted: [{ count: 33 }, { count: 32 }],
    });
  });

  it('refuses when the likeliest tier alone exceeds it', () => {
    const error = refusal('HV7XU0??HQND');
    expect(error.code).toBe('tooManyCandidates');
    expect(error.message).toBe('The reading stands for 1089 codes (pin), and at most 256 are asked for');
    expect(error.remedy).toContain('name the scheme, read more characters or raise the cap');
    expect(candidatesOf('HV7XU0??HQND', { cap: 1089 }).count).toBe(1089);
  });

  it('says no more than that there are many when nobody could count them', () => {
    const error = refusal('?'.repeat(12), { scheme: 'pin' });
    expect(error.message).toContain('more than 1000000 codes');
    expect(error.remedy).not.toContain('name the scheme');
  });

  it.each([0, -1, Number.NaN])('refuses a cap of %d', (cap) => {
    expect(refusal('HV7XU05AHQND', { cap })).toMatchObject({ code: 'badInput', field: 'cap' });
  });
});

describe('lost leading zeros', () => {
  const lost = { leadingZerosLost: true };

  it('come back at every length that the scheme takes', () => {
    expect(canonicals(candidatesOf('11641801192', { ...lost, scheme: 'numeric' }))).toEqual([
      '11641801192',
      '011641801192',
      '0011641801192',
      '00011641801192',
    ]);
  });

  it('come back where the number has grown too short for any scheme', () => {
    const set = candidatesOf('1234567', lost);
    expect(canonicals(set)).toEqual([
      '001234567',
      '0001234567',
      '00001234567',
      '000001234567',
      '0000001234567',
      '00000001234567',
    ]);
    expect(set.count).toBe(6);
  });

  it('are the last tier', () => {
    const set = candidatesOf('123456789', { ...lost, cap: 3 });
    expect([...set.codes].map(({ schemeId }) => schemeId)).toEqual(['pin', 'numeric']);
    expect(set.omitted).toEqual([{ tier: 'leadingZeros', schemeIds: ['numeric'], count: 5 }]);
  });

  it.each([
    ['a code that begins with 0', '0011641801'],
    ['a text with an unread character', '1164180?92'],
    ['a text with letters', '116418O192'],
  ])('are not looked for in %s', (_what, text) => {
    const plain = [...candidatesOf(text, { scheme: 'numeric' }).codes];
    expect([...candidatesOf(text, { ...lost, scheme: 'numeric' }).codes]).toEqual(plain);
  });

  it('are not looked for unless asked, nor in other schemes', () => {
    expect(canonicals(candidatesOf('11641801192', { scheme: 'numeric' }))).toEqual(['11641801192']);
    expect(canonicals(candidatesOf('11641801192', { ...lost, scheme: 'pin' }))).toEqual(['11641801192']);
  });
});

describe('readings without a candidate', () => {
  it.each<[string, string, CandidateOptions, string]>([
    ['8EQ71S02SG3JTS94', 'checkFailed', { scheme: 'bm1' }, 'put ? for each character that is not clear'],
    ['8EQ71S02SG3JTSX?', 'checkFailed', { scheme: 'bm1' }, 'put ?'],
    ['8EQ71S02SG3JTU93', 'noSchemeFits', { scheme: 'bm1' }, `one of 0123456789ABCDEFGHJKMNPQRSTVWXYZ at position 14`],
    ['8EQ71S02SG3JTS9', 'noSchemeFits', { scheme: 'bm1' }, '16 characters, not 15'],
    ['ACGT[68]CGTACGT', 'noSchemeFits', { scheme: 'dna' }, 'one of ACGT at position 5'],
    ['HV7XU05AHQND', 'noSchemeFits', { scheme: 'serial' }, 'the maker, a bar (|) and the serial number'],
    ['1234567', 'noSchemeFits', {}, 'bm1: 16 characters; vin: 17 characters; pin: 8 to 17 characters'],
    ['1234567', 'badInput', { scheme: 'nosuch' }, ''],
  ])('%s is refused as %s with %j', (text, code, options, said) => {
    const error = refusal(text, options);
    expect(error.code).toBe(code);
    expect(error.remedy ?? '').toContain(said);
    expect(`${error.message} ${error.remedy}`).not.toContain(text);
  });

  it('tries a failed bm1 code as the other schemes that it fits, and says that it was misread if it is one', () => {
    const set = candidatesOf('8EQ71S02SG3JTS94');
    expect([...set.codes].map(({ schemeId }) => schemeId)).toEqual(['pin']);
    expect(set.misread).toEqual(['bm1']);
    expect(candidatesOf('8EQ71S02SG3JTS93').misread).toEqual([]);
    // A VIN's check only warns: its failing codes are candidates too.
    expect(candidatesOf('1M8GDM9A1KP042788').misread).toEqual([]);
  });

  it('is checkFailed where only a scheme with a check fits', () => {
    const only = { ...rules, schemes: rules.schemes.slice(0, 1) };
    expect(() => candidates(only, parseReading('8EQ71S02SG3JTS94'))).toThrow(
      expect.objectContaining({ code: 'checkFailed' }),
    );
  });
});
