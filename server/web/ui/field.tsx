/** What all fields have in common: label, hint, error, and how they name each other for screen readers. */
import type { ComponentChildren } from 'preact';
import { useShared } from './page-text.tsx';

export interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
}

/** Names of hint and error, for `aria-describedby`. */
export function describedBy(id: string, hint: string | undefined, error: string | undefined): string | undefined {
  const ids = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].filter((name) => name);
  return ids.length === 0 ? undefined : ids.join(' ');
}

export function FormGroup(props: { readonly error?: string | undefined; readonly children: ComponentChildren }) {
  return (
    <div class={`govuk-form-group${props.error === undefined ? '' : ' govuk-form-group--error'}`}>{props.children}</div>
  );
}

interface HintProps {
  readonly id: string;
  readonly hint?: string | undefined;
  readonly class?: string | undefined;
}

export function Hint(props: HintProps) {
  if (props.hint === undefined) return null;
  return (
    <div id={`${props.id}-hint`} class={`govuk-hint ${props.class ?? ''}`.trim()}>
      {props.hint}
    </div>
  );
}

export function ErrorMessage(props: { readonly id: string; readonly error?: string | undefined }) {
  const shared = useShared();
  if (props.error === undefined) return null;
  return (
    <p id={`${props.id}-error`} class="govuk-error-message">
      <span class="govuk-visually-hidden">{shared.errorPrefix} </span>
      {props.error}
    </p>
  );
}

/** Label, hint, error, then the control. */
export function Field(props: FieldProps & { readonly children: ComponentChildren }) {
  return (
    <FormGroup error={props.error}>
      <label class="govuk-label" for={props.id}>
        {props.label}
      </label>
      <Hint id={props.id} hint={props.hint} />
      <ErrorMessage id={props.id} error={props.error} />
      {props.children}
    </FormGroup>
  );
}
