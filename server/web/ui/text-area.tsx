import type { ComponentChildren } from 'preact';
import { describedBy, Field, type FieldProps } from './field.tsx';

export interface TextAreaProps extends FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** Default: 5. */
  readonly rows?: number | undefined;
  readonly autoComplete?: string | undefined;
  readonly spellCheck?: boolean | undefined;
  readonly mono?: boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly disabled?: boolean | undefined;
  readonly children?: ComponentChildren;
}

/** A field of several lines. */
export function TextArea(props: TextAreaProps) {
  const error = props.error === undefined ? '' : ' govuk-textarea--error';
  return (
    <Field id={props.id} label={props.label} hint={props.hint} error={props.error}>
      <textarea
        id={props.id}
        name={props.id}
        class={`govuk-textarea${props.mono === true ? ' bm-mono-input' : ''}${error}`}
        rows={props.rows ?? 5}
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
        autoComplete={props.autoComplete ?? 'off'}
        autoCapitalize={props.mono === true ? 'none' : undefined}
        spellcheck={props.mono === true ? false : props.spellCheck}
        maxLength={props.maxLength}
        disabled={props.disabled}
        aria-invalid={props.error === undefined ? undefined : 'true'}
        aria-describedby={describedBy(props.id, props.hint, props.error)}
      />
      {props.children}
    </Field>
  );
}
