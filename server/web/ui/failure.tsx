import { useEffect, useRef } from 'preact/hooks';
import { Button } from './button.tsx';
import { asFailure, codeOf, isPassing, wordsOf } from './describe-error.ts';
import { Details } from './notice.tsx';
import { usePageText } from './page-text.tsx';
import { Untrusted } from './untrusted.tsx';

export interface FailureProps {
  /** Whatever was thrown. Null or undefined: nothing is shown. */
  readonly error: unknown;
  /** Offered where trying again as it is makes sense. */
  readonly onRetry?: (() => void) | undefined;
}

/** An error in words: what happened, what is unchanged, what to do next. Takes focus when it appears. */
export function Failure(props: FailureProps) {
  const { error } = props;
  const { shared, errors, formats } = usePageText();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error !== null && error !== undefined) box.current?.focus();
  }, [error]);
  if (error === null || error === undefined) return null;
  const words = wordsOf(codeOf(error), errors);
  const failure = asFailure(error);
  const guardians = failure?.guardians ?? [];
  return (
    <div class="govuk-error-summary bm-failure" tabIndex={-1} ref={box} data-code={codeOf(error)}>
      <div role="alert">
        <h2 class="govuk-error-summary__title">{words.title}</h2>
        <p class="govuk-body">{words.what}</p>
        {guardians.length === 0 ? null : (
          <p class="govuk-body">
            <Untrusted text={shared.failure.guardians(guardians.join(', '))} />
          </p>
        )}
        <dl class="bm-failure__words">
          <dt>{shared.failure.unchanged}</dt>
          <dd>{words.unchanged}</dd>
          <dt>{shared.failure.next}</dt>
          <dd>
            {words.next}
            {failure?.retryAfter === undefined || !(failure.retryAfter >= 1)
              ? null
              : ` ${shared.failure.waitFirst(formats.duration(failure.retryAfter))}`}
          </dd>
        </dl>
      </div>
      {props.onRetry === undefined || !isPassing(error) ? null : (
        <Button kind="secondary" onClick={props.onRetry}>
          {shared.tryAgain}
        </Button>
      )}
      <TechnicalDetails error={error} />
    </div>
  );
}

/**
 * What support asks for. The engine's messages are English and quote no code, key, contact or case reference; but some are a
 * service's own words, which may be anything.
 */
function TechnicalDetails(props: { readonly error: unknown }) {
  const { failure: words } = usePageText().shared;
  const failure = asFailure(props.error);
  const rows: [string, string | undefined][] = [
    [words.code, codeOf(props.error)],
    [words.field, failure?.field],
    [words.message, failure?.message ?? (props.error instanceof Error ? props.error.name : undefined)],
    [words.remedy, failure?.remedy],
  ];
  return (
    <Details summary={words.details}>
      <dl class="bm-failure__details">
        {rows.map(([name, value]) =>
          value === undefined || value === '' ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd lang="en">
                <Untrusted text={value} />
              </dd>
            </div>
          ),
        )}
      </dl>
    </Details>
  );
}
