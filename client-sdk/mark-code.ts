/** Which scheme a whole code belongs to, when its owner may not know. */
import { candidates } from '../crypto/candidates.ts';
import { checkCode } from '../crypto/canonical.ts';
import { badInput, isBlindmarkError, type BlindmarkError } from '../crypto/errors.ts';
import { parseReading, type Reading } from '../crypto/reading.ts';
import { fitScheme, isFit } from '../crypto/scheme-fit.ts';
import type { SchemeRules } from '../crypto/scheme-rules.ts';
import type { SchemeCode } from './registry.ts';

/** What is known of a code, by all schemes that it may be of. */
export type CodeInspection =
  /** A whole code of one scheme. `checkPassed` is null without a check; false is a warning. */
  | (SchemeCode & { readonly state: 'complete'; readonly checkPassed: boolean | null })
  /** It fits a scheme, but these positions (from 1, separators aside) are not clear. */
  | { readonly state: 'unclear'; readonly positions: readonly number[] }
  /** It is no code; `position` is that of the first character at fault, where there is one. */
  | { readonly state: 'wrong'; readonly position: number | null; readonly error: BlindmarkError }
  /** A whole code of each of these schemes. */
  | { readonly state: 'ambiguous'; readonly schemes: readonly string[] };

function inspectUnder(rules: SchemeRules, scheme: string, text: string): CodeInspection {
  const check = checkCode(rules, scheme, text);
  return check.state === 'complete' ? { ...check, scheme } : check;
}

/** What is wrong with a reading that fits no scheme: it names the place where one that it nearly fits is left. */
function inspectMisfit(rules: SchemeRules, reading: Reading): CodeInspection {
  const places = rules.schemes.map((scheme) => {
    const outcome = fitScheme(rules, scheme, reading);
    return isFit(outcome) ? 0 : (outcome.position ?? 0);
  });
  try {
    // Says for each scheme why the code is none of its own.
    candidates(rules, reading);
  } catch (error) {
    if (isBlindmarkError(error)) return { state: 'wrong', position: Math.max(...places) || null, error };
    throw error;
  }
  throw new Error('A reading that fits no scheme has candidates');
}

/**
 * Looks at a code that is being typed, under the scheme that is named, or else under the one whose check it passes, or the only
 * one that it fits. A code in the form of a scheme whose check it fails is mistyped, though it may fit others; a code that fits
 * several is not guessed at, for under the wrong scheme nobody would find it.
 *
 * @throws BlindmarkError `badInput` where there is no such scheme
 */
export function inspectCode(rules: SchemeRules, text: string, scheme?: string): CodeInspection {
  if (scheme !== undefined) return inspectUnder(rules, scheme, text);
  let reading: Reading;
  try {
    reading = parseReading(text);
  } catch (error) {
    if (isBlindmarkError(error)) return { state: 'wrong', position: null, error };
    throw error;
  }
  const fitting = rules.schemes.filter((candidate) => isFit(fitScheme(rules, candidate, reading)));
  if (fitting.length === 0) return inspectMisfit(rules, reading);
  const outcomes = fitting.map(({ id }) => inspectUnder(rules, id, text));
  const complete = outcomes.filter((outcome) => outcome.state === 'complete');
  const passing = complete.filter(({ checkPassed }) => checkPassed === true);
  const atFault = outcomes.find(({ state }) => state === 'unclear' || (state === 'wrong' && passing.length === 0));
  if (atFault !== undefined) return atFault;
  const chosen = passing.length > 0 ? passing : complete;
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) return only;
  return { state: 'ambiguous', schemes: chosen.map((outcome) => outcome.scheme) };
}

/**
 * The canonical form of a code that is to be registered, by {@link inspectCode}.
 *
 * @throws BlindmarkError `noSchemeFits`, `checkFailed`; `badInput` naming `scheme` when it must be said, or `code`
 */
export function chooseCode(rules: SchemeRules, text: string, scheme?: string): SchemeCode {
  const found = inspectCode(rules, text, scheme);
  switch (found.state) {
    case 'complete':
      return { scheme: found.scheme, canonical: found.canonical };
    case 'wrong':
      throw found.error;
    case 'unclear':
      throw badInput('code', `a whole code; position ${found.positions.join(', ')} is not clear`);
    default:
      throw badInput('scheme', `one of ${found.schemes.join(', ')}: the code fits each of them`);
  }
}
