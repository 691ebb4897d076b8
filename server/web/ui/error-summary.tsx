import { useEffect, useRef } from 'preact/hooks';
import { useShared } from './page-text.tsx';

export interface FieldError {
  /** Of the field; of {@link Radios}: its name. */
  readonly id: string;
  readonly message: string;
}

export interface ErrorSummaryProps {
  readonly errors: readonly FieldError[];
  /** Count of attempts: with each one the summary takes focus again, even where the errors are the same. */
  readonly attempt?: number | undefined;
}

/** All errors of a form, above it. Takes focus when they appear; each leads to its field. */
export function ErrorSummary(props: ErrorSummaryProps) {
  const shared = useShared();
  const box = useRef<HTMLDivElement>(null);
  const signature = JSON.stringify([props.attempt, props.errors.map(({ id }) => id)]);
  useEffect(() => {
    if (props.errors.length > 0) box.current?.focus();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the signature stands for the errors.
  }, [signature]);
  if (props.errors.length === 0) return null;
  return (
    <div class="govuk-error-summary" tabIndex={-1} ref={box}>
      <div role="alert">
        <h2 class="govuk-error-summary__title">{shared.thereIsAProblem}</h2>
        <div class="govuk-error-summary__body">
          <ul class="govuk-list govuk-error-summary__list">
            {props.errors.map((error) => (
              <li key={error.id}>
                <a
                  href={`#${error.id}`}
                  onClick={(event) => {
                    // The address must stay: the page's own routes stand in it.
                    event.preventDefault();
                    focusField(error.id);
                  }}
                >
                  {error.message}
                </a>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  );
}

/** Focuses a field so that its label stays in sight. */
function focusField(id: string): void {
  const field = document.getElementById(id);
  if (field === null) return;
  (field.closest('fieldset') ?? document.querySelector(`label[for="${CSS.escape(id)}"]`) ?? field).scrollIntoView();
  field.focus({ preventScroll: true });
}
