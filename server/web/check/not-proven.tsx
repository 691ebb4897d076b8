import { useEffect, useRef } from 'preact/hooks';
import { asFailure, codeOf, Details, Failure, Untrusted } from '../ui/index.ts';
import { useCheckText } from './check-text.ts';
import { verdictOf } from './verdict.ts';

/** Why a receipt proves nothing. Takes focus when it appears. */
export function NotProven(props: { readonly error: unknown; readonly onRetry: () => void }) {
  const { error } = props;
  const { refused } = useCheckText();
  const box = useRef<HTMLDivElement>(null);
  const verdict = error === null || error === undefined ? null : verdictOf(error);
  useEffect(() => {
    if (verdict !== null) box.current?.focus();
  }, [verdict, error]);
  if (verdict === null) return <Failure error={error} onRetry={props.onRetry} />;
  const { title, what, next } = refused[verdict];
  const failure = asFailure(error);
  return (
    <div class="govuk-error-summary" tabIndex={-1} ref={box} data-verdict={verdict}>
      <div role="alert">
        <h2 class="govuk-error-summary__title">{title}</h2>
        <p class="govuk-body">{what}</p>
        <p class="govuk-body">{next}</p>
      </div>
      <Details summary={refused.details}>
        <p class="govuk-body" lang="en">
          <Untrusted
            text={[
              codeOf(error),
              failure?.message === undefined ? '' : `: ${failure.message}.`,
              failure?.remedy === undefined ? '' : ` ${failure.remedy}`,
            ].join('')}
          />
        </p>
      </Details>
    </div>
  );
}
