import { describe, expect, it } from 'vitest';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import {
  canonicalMaker,
  findScheme,
  schemeRulesSchema,
  type Scheme,
  type SchemeRules,
} from '../../crypto/scheme-rules.ts';
import { codeLength } from '../../crypto/scheme-fit.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import { foldMaker } from '../../crypto/fold.ts';
import { readData } from '../support/marks.ts';

interface PublishedScheme {
  id: string;
  title: string;
  alphabet: string;
  length: [number, number];
  group: number;
  confusables: Record<string, string>;
  check: string | null;
  entropyBits?: number;
  example: string;
}
const publishedSchemes = JSON.parse(readData('schemes.json')) as PublishedScheme[];
const publishedMakers = JSON.parse(readData('makers.json')) as { version: number; makers: Record<string, string[]> };

/** The fields that schemes.json says in words, as it says them. */
function inWords(scheme: Scheme): Pick<PublishedScheme, 'alphabet' | 'check' | 'confusables' | 'group'> {
  if (scheme.kind === 'pattern') {
    return { alphabet: `positional: ${scheme.pattern}`, check: null, confusables: {}, group: scheme.group };
  }
  if (scheme.kind === 'makerAndSerial') {
    const alphabet =
      'maker (folded to its canonical name by makers.json), a bar, serial number (letters and digits only)';
    return { alphabet, check: null, confusables: {}, group: 0 };
  }
  const { alphabet, confusables, group } = scheme;
  const check = {
    'none': null,
    'iso7064-mod97-10 refuse': 'ISO 7064 MOD 97-10, last two characters, letters as 10..35',
    'vin-mod11 warn':
      'ISO 3779 / 49 CFR 565 modulus 11, position 9; mandatory in North America alone: a failed check warns and orders candidates, it never refuses',
  }[scheme.check === null ? 'none' : `${scheme.check.algorithm} ${scheme.check.failure}`];
  return { alphabet, check: check as string | null, confusables, group };
}

/** The rules with the first scheme changed. */
function withFirst(change: object): unknown {
  const [first, ...others] = STANDARD_SCHEMES.schemes;
  return { ...STANDARD_SCHEMES, schemes: [{ ...first, ...change }, ...others] };
}

describe('STANDARD_SCHEMES', () => {
  it('has the schemes of schemes.json in their order', () => {
    expect(STANDARD_SCHEMES.schemes.map(({ id }) => id)).toEqual(publishedSchemes.map(({ id }) => id));
  });

  it.each(publishedSchemes)('says of $id what schemes.json says', (published) => {
    const scheme = findScheme(STANDARD_SCHEMES, published.id);
    const { title, example } = scheme;
    const entropyBits = scheme.kind === 'characters' ? (scheme.entropyBits ?? undefined) : undefined;
    const said = { id: scheme.id, title, example, length: codeLength(scheme), ...inWords(scheme), entropyBits };
    const { note: _note, ...expected } = { note: undefined, entropyBits: undefined, ...published };
    expect(said).toEqual(expected);
  });

  it('has the makers of makers.json', () => {
    const { version, names } = STANDARD_SCHEMES.makers;
    expect({ version, makers: Object.fromEntries(names.map(({ name, aliases }) => [name, aliases])) }).toEqual(
      publishedMakers,
    );
  });

  it('passes its own schema, there and back', () => {
    const wire: unknown = JSON.parse(JSON.stringify(formatMessage(schemeRulesSchema, STANDARD_SCHEMES)));
    expect(parseMessage(schemeRulesSchema, wire)).toEqual(STANDARD_SCHEMES);
  });
});

describe('schemeRulesSchema', () => {
  it.each<[string, unknown]>([
    ['an unknown kind', withFirst({ kind: 'regex' })],
    ['an unknown field', withFirst({ fold: true })],
    ['an alphabet with a character twice', withFirst({ alphabet: '01234567890' })],
    ['a lower-case alphabet', withFirst({ alphabet: 'abc' })],
    ['a confusable that is in the alphabet', withFirst({ confusables: { A: '4' } })],
    ['a confusable that stands for no character', withFirst({ confusables: { O: 'U' } })],
    ['a confusable of two characters', withFirst({ confusables: { RN: 'M' } })],
    ['lengths in the wrong order', withFirst({ length: [16, 15] })],
    ['a length above 128', withFirst({ length: [16, 129] })],
    ['a VIN check on another length than 17', withFirst({ check: { algorithm: 'vin-mod11', failure: 'warn' } })],
    ['two check characters on a code of two', withFirst({ length: [2, 16] })],
    ['an unknown check', withFirst({ check: { algorithm: 'luhn', failure: 'warn' } })],
    ['an identifier twice', withFirst({ id: 'vin' })],
    ['no scheme', { ...STANDARD_SCHEMES, schemes: [] }],
    ['no version', { ...STANDARD_SCHEMES, version: 0 }],
    [
      'a name that stands for two makers',
      {
        ...STANDARD_SCHEMES,
        makers: {
          version: 1,
          names: [
            { name: 'CZ', aliases: ['Č.Z.'] },
            { name: 'C Z', aliases: [] },
          ],
        },
      },
    ],
    ['a maker without letters', { ...STANDARD_SCHEMES, makers: { version: 1, names: [{ name: '-', aliases: [] }] } }],
    ['a maker with a bar', { ...STANDARD_SCHEMES, makers: { version: 1, names: [{ name: 'A|B', aliases: [] }] } }],
  ])('refuses %s', (_name, rules) => {
    expect(() => parseMessage(schemeRulesSchema, rules, 'schemes')).toThrow(
      expect.objectContaining({ code: 'badInput' }),
    );
  });
});

describe('findScheme', () => {
  it('names the schemes that there are', () => {
    expect(() => findScheme(STANDARD_SCHEMES, 'bm2')).toThrow(/one of bm1, vin, pin/u);
  });
});

describe('makers', () => {
  it.each([
    ['PURDEY', 'Purdey'],
    ['james purdey and sons', 'Purdey'],
    ['James  Purdey & Sons', 'Purdey'],
    ['HOLLAND&HOLLAND', 'Holland & Holland'],
    ['h & h', 'Holland & Holland'],
    ['Fabbrica d’Armi Pietro Beretta', 'Beretta'],
    ['Ceská Zbrojovka', 'CZ'],
    ['tikka (SAKO)', 'Tikka'],
    ['Ｓａｋｏ', 'Sako'],
    // Not in the list: the folded name.
    ['Webley & Scott', 'WEBLEYANDSCOTT'],
    ['Webley and Scott', 'WEBLEYANDSCOTT'],
    ['Иж', 'ИЖ'],
  ])('%s is %s', (typed, canonical) => {
    expect(canonicalMaker(STANDARD_SCHEMES, foldMaker(typed))).toBe(canonical);
    expect(canonicalMaker(STANDARD_SCHEMES, foldMaker(canonical))).toBe(canonical);
  });

  it('keeps codes of an unlisted maker when it is added under its folded name', () => {
    const added = { name: 'WEBLEYANDSCOTT', aliases: ['Webley'] };
    const rules: SchemeRules = {
      ...STANDARD_SCHEMES,
      makers: { version: 2, names: [...STANDARD_SCHEMES.makers.names, added] },
    };
    expect(canonicalMaker(rules, foldMaker('Webley & Scott'))).toBe('WEBLEYANDSCOTT');
    expect(canonicalMaker(rules, foldMaker('Webley'))).toBe('WEBLEYANDSCOTT');
    expect(canonicalMaker(STANDARD_SCHEMES, foldMaker('Webley'))).toBe('WEBLEY');
  });
});
