/** What is known of a code while it is typed, pointing at the character at fault. */
import type { CodeCheckView } from '../engine/owner-api.ts';
import { faultOf, wordsOfCheck } from './code-check.ts';
import { codeParts } from './code-characters.ts';
import { schemeTitle, useOwnerText } from './owner-text.ts';

/** Bits of a code that a thief would have to guess; below, it is worth a word. */
const WEAK_BITS = 40;

export interface CodeVerdictProps {
  readonly text: string;
  readonly check: CodeCheckView | null;
  /** Whether more of it may follow. */
  readonly isTyping: boolean;
  /** The error that stands beside the field. */
  readonly error: string | undefined;
}

/** Always there, so that screen readers hear what changes in it. */
export function CodeVerdict({ text, check, isTyping, error }: CodeVerdictProps) {
  return (
    <div class="bm-verdict" role="status">
      {check === null ? null : <Verdict text={text} check={check} isTyping={isTyping} error={error} />}
    </div>
  );
}

function Verdict({ text, check, isTyping, error }: CodeVerdictProps & { readonly check: CodeCheckView }) {
  const words = useOwnerText();
  const { code } = words.register;
  switch (check.state) {
    case 'complete': {
      if (isTyping && check.checkPassed !== true) return <p class="bm-verdict__open">{code.soFar}</p>;
      return (
        <>
          <p class="bm-verdict__good">
            {code.complete(schemeTitle(words, check.scheme, check.schemeTitle))}{' '}
            {check.checkPassed === null ? '' : check.checkPassed ? code.checkPassed : code.checkWarns}
          </p>
          <p class="govuk-body-s">
            {code.readAs} <span class="bm-code">{check.display}</span>
          </p>
          {check.entropyBits < WEAK_BITS ? <p class="govuk-body-s">{code.weak}</p> : null}
        </>
      );
    }
    case 'ambiguous':
      return <p class="bm-verdict__open">{code.ambiguous}.</p>;
    default: {
      const positions =
        check.state === 'unclear' ? check.positions : [faultOf(check, text)].filter((at) => at !== null);
      // While a code is still being typed, that it is no whole one is no error.
      const isHalf = positions.length === 0 && check.state === 'wrong' && check.code !== 'checkFailed';
      const fault = wordsOfCheck(check, text)(words);
      // Not twice before the eye.
      const look = error === fault ? 'govuk-visually-hidden' : 'bm-verdict__bad';
      return (
        <>
          <p class={isHalf ? 'bm-verdict__open' : look}>{isHalf ? code.notYet : `${fault}.`}</p>
          {positions.length === 0 ? null : <PointedCode text={text} positions={positions} />}
        </>
      );
    }
  }
}

/** The code as it was typed, the characters at fault marked. What screen readers need is in the sentence above. */
function PointedCode({ text, positions }: { readonly text: string; readonly positions: readonly number[] }) {
  return (
    <p class="bm-code bm-pointed" aria-hidden="true">
      {codeParts(text, positions).map((part, i) =>
        part.isMarked ? (
          <mark key={i} class="bm-pointed__mark">
            {part.text}
          </mark>
        ) : (
          part.text
        ),
      )}
    </p>
  );
}
