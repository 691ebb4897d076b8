/** Which scheme a whole code belongs to, when its owner may not know. */
import { candidates } from '../crypto/candidates.ts';
import { canonicalise, checkCode } from '../crypto/canonical.ts';
import { badInput } from '../crypto/errors.ts';
import { parseReading } from '../crypto/reading.ts';
import { fittingSchemes } from '../crypto/scheme-fit.ts';
import type { SchemeRules } from '../crypto/scheme-rules.ts';
import type { SchemeCode } from './registry.ts';

/**
 * The canonical form of a code that is to be registered, under the scheme that is named, or else under the one whose check it
 * passes, or the only one that it fits. A code in the form of a scheme whose check it fails is mistyped, though it may fit
 * others; a code that fits several is not guessed at, for under the wrong scheme nobody would find it.
 *
 * @throws BlindmarkError `noSchemeFits`, `checkFailed`; `badInput` naming `scheme` when it must be said, or `code`
 */
export function chooseCode(rules: SchemeRules, text: string, scheme?: string): SchemeCode {
  if (scheme !== undefined) return { scheme, canonical: canonicalise(rules, scheme, text) };
  const reading = parseReading(text);
  const ids = fittingSchemes(rules, reading).map((fit) => fit.scheme.id);
  // Says for each scheme why the code is none of its own.
  if (ids.length === 0) candidates(rules, reading);
  const outcomes = ids.map((id) => ({ id, check: checkCode(rules, id, text) }));
  const complete = outcomes.flatMap(({ id, check }) =>
    check.state === 'complete' ? [{ scheme: id, canonical: check.canonical, checkPassed: check.checkPassed }] : [],
  );
  const passing = complete.filter((code) => code.checkPassed === true);
  for (const { check } of outcomes) {
    if (check.state === 'wrong' && passing.length === 0) throw check.error;
    if (check.state === 'unclear')
      throw badInput('code', `a whole code; position ${check.positions.join(', ')} is not clear`);
  }
  const chosen = passing.length > 0 ? passing : complete;
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) return { scheme: only.scheme, canonical: only.canonical };
  throw badInput('scheme', `one of ${chosen.map((code) => code.scheme).join(', ')}: the code fits each of them`);
}
