/** Whether a reading can be a code of a scheme, and what stands at each of its positions if it is. */
import { BlindmarkError } from './errors.ts';
import type { Position, Reading } from './reading.ts';
import { canonicalMaker, type CharactersScheme, type Scheme, type SchemeRules } from './scheme-rules.ts';

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** What a serial number is made of. */
const SERIAL_ALPHABET = DIGITS + LETTERS;

/** A reading as one scheme takes it. As secret as a code. */
export interface SchemeFit {
  readonly scheme: Scheme;
  /** What canonical codes begin with before the positions: a maker and a bar, or nothing. */
  readonly prefix: string;
  /** For each position the characters that it can be, folded by the scheme's own rule; at least one. */
  readonly positions: readonly string[];
}

/** Why a reading is no code of a scheme. Holds nothing of the code but its length and the place at fault. */
export interface SchemeMisfit {
  /** Counted from 1 over the code's characters, separators aside; null when no single position is at fault. */
  readonly position: number | null;
  /** What the scheme takes there, to follow "expected". */
  readonly expected: string;
}

export function isFit(outcome: SchemeFit | SchemeMisfit): outcome is SchemeFit {
  return 'scheme' in outcome;
}

/** The characters at a position, `confusables` folded; empty when none is in the alphabet. */
function foldPosition(position: Position, alphabet: string, confusables: Readonly<Record<string, string>>): string {
  if (position === null) return alphabet;
  const folded = Array.from(position, (character) =>
    alphabet.includes(character) ? character : confusables[character],
  );
  return [...new Set(folded.filter((character) => character !== undefined))].join('');
}

function describeAlphabet(alphabet: string): string {
  if (alphabet === LETTERS) return 'a letter from A to Z';
  if (alphabet === DIGITS) return 'a digit';
  if (alphabet === SERIAL_ALPHABET) return 'a digit or a letter from A to Z';
  return `one of ${alphabet}`;
}

function fitPositions(
  scheme: Scheme,
  prefix: string,
  reading: Reading,
  alphabetAt: (index: number) => string,
  confusables: Readonly<Record<string, string>> = {},
): SchemeFit | SchemeMisfit {
  const positions: string[] = [];
  for (const [index, position] of reading.positions.entries()) {
    const characters = foldPosition(position, alphabetAt(index), confusables);
    if (characters === '') return { position: index + 1, expected: describeAlphabet(alphabetAt(index)) };
    positions.push(characters);
  }
  return { scheme, prefix, positions };
}

function describeLength([shortest, longest]: readonly [number, number]): string {
  return shortest === longest ? `${shortest} characters` : `${shortest} to ${longest} characters`;
}

/** The shortest and longest code of a scheme, in characters. */
export function codeLength(scheme: Scheme): readonly [number, number] {
  return scheme.kind === 'pattern' ? [scheme.pattern.length, scheme.pattern.length] : scheme.length;
}

/** What a scheme's codes look like, in words and without an example. */
export function describeScheme(scheme: Scheme): string {
  const length = describeLength(codeLength(scheme));
  return scheme.kind === 'makerAndSerial' ? `maker, bar (|) and serial number, ${length} in all` : length;
}

/** Reads `reading` by the rule of one scheme. */
export function fitScheme(rules: SchemeRules, scheme: Scheme, reading: Reading): SchemeFit | SchemeMisfit {
  const [shortest, longest] = codeLength(scheme);
  if (scheme.kind === 'makerAndSerial') {
    if (reading.maker === null) return { position: null, expected: 'the maker, a bar (|) and the serial number' };
    const prefix = `${canonicalMaker(rules, reading.maker)}|`;
    const length = prefix.length + reading.positions.length;
    if (length < shortest || length > longest) {
      return { position: null, expected: `${describeScheme(scheme)}, not ${length}` };
    }
    return fitPositions(scheme, prefix, reading, () => SERIAL_ALPHABET);
  }
  if (reading.maker !== null) return { position: null, expected: 'no maker and no bar (|) before the code' };
  const { length } = reading.positions;
  if (length < shortest || length > longest) {
    return { position: null, expected: `${describeScheme(scheme)}, not ${length}` };
  }
  if (scheme.kind === 'pattern') {
    return fitPositions(scheme, '', reading, (index) => (scheme.pattern[index] === 'A' ? LETTERS : DIGITS));
  }
  return fitPositions(scheme, '', reading, () => scheme.alphabet, scheme.confusables);
}

/** Every scheme that the reading can be a code of, in the order of the rules. Check characters are not looked at. */
export function fittingSchemes(rules: SchemeRules, reading: Reading): SchemeFit[] {
  return rules.schemes.map((scheme) => fitScheme(rules, scheme, reading)).filter(isFit);
}

/** The error for a reading that is no code of the scheme that was named. */
export function misfitError(scheme: Scheme, misfit: SchemeMisfit): BlindmarkError {
  const place = misfit.position === null ? '' : ` at position ${misfit.position} (counted without spaces and hyphens)`;
  return new BlindmarkError('noSchemeFits', `The reading is no code of scheme ${scheme.id}`, {
    field: 'reading',
    remedy: `Expected ${misfit.expected}${place}. Read the code again, or leave the scheme open.`,
  });
}

/** Schemes of plain digits without a check, whose codes a spreadsheet mistakes for numbers. */
export function isNumberLike(scheme: Scheme): scheme is CharactersScheme {
  return scheme.kind === 'characters' && scheme.check === null && /^[0-9]+$/u.test(scheme.alphabet);
}
