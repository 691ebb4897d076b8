/** What was read off an item, perhaps in part: untrusted text parsed into positions, before any scheme's rule applies. */
import { badInput } from './errors.ts';
import { foldMaker, foldText } from './fold.ts';
import { MAX_CODE_LENGTH } from './scheme-rules.ts';

/** The longest text that is read, in UTF-16 units. */
export const MAX_READING_TEXT = 512;

/** The characters that may stand at a position, upper case and distinct; null where it is unread. */
export type Position = string | null;

/** A parsed reading. As secret as a code: it goes into no log and no message. */
export interface Reading {
  /** The folded name of the maker ({@link foldMaker}), where the text held one before a bar. */
  readonly maker: string | null;
  /** 1 to 128 positions. */
  readonly positions: readonly Position[];
}

/** Left out wherever they stand: spaces, dashes, dots, slashes, quotes and invisible characters. */
const SEPARATOR = /[\s\p{Z}\p{Pd}\p{Pi}\p{Pf}\p{Cf}\u2044\u2212.,:;/\\'"()#\u00b0\u00b7\u2022]/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/** Words that say "number" before a serial number. A word counts only when a space or mark parts it from what follows. */
const SERIAL_PREFIX = /^\s*(?:(?:SERIAL|SER|S\/N|SN|NUMBER|NUM|NO|NR)(?:\s*[.:#]+\s*|\s+))+/u;

function parseMaker(text: string): string {
  if (/[?[\]]/u.test(text)) {
    throw badInput(
      'reading',
      'the maker’s name in full before the bar: ? and [ ] may stand in the serial number alone',
    );
  }
  const maker = foldMaker(text);
  if (maker === '') throw badInput('reading', 'the maker’s name before the bar');
  return maker;
}

/** The alternatives between brackets. `characters` starts behind the opening one, `at` is its position in the text. */
function parseAlternatives(characters: readonly string[], at: number): { position: string; length: number } {
  const close = characters.indexOf(']');
  if (close < 0) throw badInput('reading', `a closing ] for the [ at character ${at}`);
  const between = characters.slice(0, close).filter((character) => character !== '|' && !SEPARATOR.test(character));
  if (between.length === 0 || !between.every((character) => LETTER_OR_DIGIT.test(character))) {
    throw badInput('reading', `letters and digits alone between the brackets at character ${at}`);
  }
  return { position: [...new Set(between)].join(''), length: close + 1 };
}

function parsePositions(text: string, offset: number): Position[] {
  const characters = Array.from(text);
  const positions: Position[] = [];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] as string;
    const at = offset + i + 1;
    if (character === '?') {
      positions.push(null);
    } else if (character === '[') {
      const { position, length } = parseAlternatives(characters.slice(i + 1), at);
      positions.push(position);
      i += length;
    } else if (LETTER_OR_DIGIT.test(character)) {
      positions.push(character);
    } else if (!SEPARATOR.test(character)) {
      throw badInput(
        'reading',
        `a letter, a digit, ? for an unread character or [8B] for one of these at character ${at}`,
      );
    }
  }
  return positions;
}

/** Where the bar between maker and serial number stands; -1 without one. Bars between brackets part alternatives. */
function findBar(text: string): number {
  let inBrackets = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '[') inBrackets = true;
    else if (text[i] === ']') inBrackets = false;
    else if (text[i] === '|' && !inBrackets) return i;
  }
  return -1;
}

/**
 * Parses a code or a partial reading of one.
 *
 * `?` is an unread character and `[8B]` one of these. Spaces, dashes, dots, slashes and the like are left out; letters
 * become upper case, full-width and accented forms plain. For a serial number the maker stands before a bar
 * (`Tikka | no. 78975`), and words such as `no.` or `s/n` before the number are left out.
 *
 * @param text at most 512 UTF-16 units
 * @throws BlindmarkError `badInput` for field `reading`; it names the character at fault by its place, and quotes nothing
 */
export function parseReading(text: string): Reading {
  if (text.length > MAX_READING_TEXT) throw badInput('reading', `at most ${MAX_READING_TEXT} characters`);
  // The signs for "number" would otherwise decompose into letters that nothing parts from the number.
  const folded = foldText(text.replace(/\u2116|n[\u00b0\u00ba]/giu, 'No. '));
  const bar = findBar(folded);
  const maker = bar < 0 ? null : parseMaker(folded.slice(0, bar));
  const code = bar < 0 ? folded : folded.slice(bar + 1).replace(SERIAL_PREFIX, '');
  const positions = parsePositions(code, Array.from(folded).length - Array.from(code).length);
  if (positions.length === 0) throw badInput('reading', 'at least one letter, digit or ?');
  if (positions.length > MAX_CODE_LENGTH) throw badInput('reading', `a code of at most ${MAX_CODE_LENGTH} characters`);
  return { maker, positions };
}
