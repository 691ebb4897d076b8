/** Whole codes: the canonical form that is evaluated, live feedback on what is typed, grouping for display, entropy. */
import { BlindmarkError, badInput, isBlindmarkError } from './errors.ts';
import { passesCheck } from './check-characters.ts';
import { parseReading } from './reading.ts';
import { fitScheme, isFit, misfitError } from './scheme-fit.ts';
import { checkAutomaton, findScheme, type Scheme, type SchemeRules } from './scheme-rules.ts';

/** What a form says while a code is typed. */
export type CodeCheck =
  /** A code. `checkPassed` is null without a check; false is a warning. */
  | { readonly state: 'complete'; readonly canonical: string; readonly checkPassed: boolean | null }
  /** It fits, but these positions (from 1, separators aside) are not clear. */
  | { readonly state: 'unclear'; readonly positions: readonly number[] }
  /** It is no code of the scheme. */
  | { readonly state: 'wrong'; readonly position: number | null; readonly error: BlindmarkError };

function checkFailed(): BlindmarkError {
  return new BlindmarkError('checkFailed', 'The check characters do not match: a character was misread or mistyped', {
    field: 'code',
    remedy: 'Compare the code with the item or the pack, character by character.',
  });
}

/** Whether the code passes the scheme's check; null without one. */
function checkOf(scheme: Scheme, code: string): boolean | null {
  if (scheme.kind !== 'characters' || scheme.check === null) return null;
  return passesCheck(checkAutomaton(scheme.check), code);
}

/**
 * Looks at what was typed as a code of one scheme. Errors in the text are part of the answer, not thrown.
 *
 * @throws BlindmarkError `badInput` when there is no such scheme
 */
export function checkCode(rules: SchemeRules, schemeId: string, text: string): CodeCheck {
  const scheme = findScheme(rules, schemeId);
  let outcome;
  try {
    outcome = fitScheme(rules, scheme, parseReading(text));
  } catch (error) {
    if (isBlindmarkError(error)) return { state: 'wrong', position: null, error };
    throw error;
  }
  if (!isFit(outcome)) return { state: 'wrong', position: outcome.position, error: misfitError(scheme, outcome) };
  const unclear = outcome.positions.flatMap((characters, index) => (characters.length > 1 ? [index + 1] : []));
  if (unclear.length > 0) return { state: 'unclear', positions: unclear };
  const code = outcome.positions.join('');
  const checkPassed = checkOf(scheme, code);
  if (checkPassed === false && scheme.kind === 'characters' && scheme.check?.failure === 'refuse') {
    return { state: 'wrong', position: null, error: checkFailed() };
  }
  return { state: 'complete', canonical: outcome.prefix + code, checkPassed };
}

/**
 * The canonical form of a whole code: what the tag is made from (DESIGN 3.1).
 *
 * @param text the code as somebody typed it
 * @throws BlindmarkError `noSchemeFits` naming the position at fault, `checkFailed` where the scheme's check refuses,
 *   `badInput` for text that does not parse, positions that are not clear or an unknown scheme. None quotes the text.
 */
export function canonicalise(rules: SchemeRules, schemeId: string, text: string): string {
  const check = checkCode(rules, schemeId, text);
  if (check.state === 'complete') return check.canonical;
  if (check.state === 'wrong') throw check.error;
  throw badInput('code', `a whole code; position ${check.positions.join(', ')} is not clear`);
}

/**
 * A canonical code in groups, as it is shown and printed. {@link canonicalise} of the result is the code again.
 *
 * @throws BlindmarkError `badInput` when there is no such scheme
 */
export function formatCode(rules: SchemeRules, schemeId: string, canonical: string): string {
  const scheme = findScheme(rules, schemeId);
  if (scheme.kind === 'makerAndSerial' || scheme.group === 0) return canonical;
  return (canonical.match(new RegExp(`.{1,${scheme.group}}`, 'gu')) ?? []).join(scheme.separator);
}

/**
 * How many bits a guess at this code must get right, at most: what protects it once t shares are stolen.
 *
 * Exact for codes minted at random (`bm1`: 70). For the others an upper bound, as if every character were drawn evenly from
 * the alphabet: real VINs and serial numbers are assigned in sequence and hold far less.
 *
 * @param canonical a canonical code of that scheme
 * @throws BlindmarkError `badInput` when there is no such scheme
 */
export function entropyBits(rules: SchemeRules, schemeId: string, canonical: string): number {
  const scheme = findScheme(rules, schemeId);
  if (scheme.kind === 'characters') {
    return scheme.entropyBits ?? canonical.length * Math.log2(scheme.alphabet.length);
  }
  if (scheme.kind === 'pattern') {
    return Array.from(scheme.pattern).reduce((bits, kind) => bits + Math.log2(kind === 'A' ? 26 : 10), 0);
  }
  const serial = canonical.slice(canonical.indexOf('|') + 1);
  const alphabet = /^[0-9]*$/u.test(serial) ? 10 : 36;
  // One more than the list, for makers who are not in it.
  return Math.log2(rules.makers.names.length + 1) + serial.length * Math.log2(alphabet);
}
