import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { describedBy, Field, type FieldProps } from './field.tsx';
import { useShared } from './page-text.tsx';

export interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly onBlur?: (() => void) | undefined;
  /** A `password` can be shown by a button beside it. Default: `text`. */
  readonly type?: 'text' | 'password' | 'email' | 'tel' | 'search' | 'number' | undefined;
  readonly inputMode?: 'text' | 'numeric' | 'decimal' | 'email' | 'tel' | 'search' | undefined;
  readonly autoComplete?: string | undefined;
  readonly spellCheck?: boolean | undefined;
  /** In characters. Default: as wide as there is room. */
  readonly width?: 2 | 3 | 4 | 5 | 10 | 20 | 30 | undefined;
  /** For codes and keys: letters of one width, no capitals or corrections of the keyboard's. */
  readonly mono?: boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly disabled?: boolean | undefined;
  /** What stands below the field, such as a live check. */
  readonly children?: ComponentChildren;
}

/** A field of one line. */
export function TextField(props: TextFieldProps) {
  const [isShown, setIsShown] = useState(false);
  const isPassword = props.type === 'password';
  // An input's attributes are a union by this one: all that are set here are those of any kind.
  const type = (isPassword && isShown ? 'text' : (props.type ?? 'text')) as 'text';
  const input = (
    <input
      id={props.id}
      name={props.id}
      class={classesOf(props)}
      type={type}
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      onBlur={() => props.onBlur?.()}
      inputMode={props.inputMode}
      autoComplete={props.autoComplete ?? (isPassword ? 'current-password' : 'off')}
      autoCapitalize={props.mono === true || isPassword ? 'none' : undefined}
      autoCorrect={props.mono === true || isPassword ? 'off' : undefined}
      spellcheck={props.mono === true || isPassword ? false : props.spellCheck}
      maxLength={props.maxLength}
      disabled={props.disabled}
      aria-invalid={props.error === undefined ? undefined : 'true'}
      aria-describedby={describedBy(props.id, props.hint, props.error)}
    />
  );
  return (
    <Field id={props.id} label={props.label} hint={props.hint} error={props.error}>
      {isPassword ? (
        <div class="bm-password">
          {input}
          <ShowButton id={props.id} isShown={isShown} onToggle={() => setIsShown(!isShown)} />
        </div>
      ) : (
        input
      )}
      {props.children}
    </Field>
  );
}

function ShowButton(props: { readonly id: string; readonly isShown: boolean; readonly onToggle: () => void }) {
  const shared = useShared();
  return (
    <button
      type="button"
      class="govuk-button govuk-button--secondary bm-password__toggle"
      aria-controls={props.id}
      aria-label={props.isShown ? shared.hidePassphrase : shared.showPassphrase}
      onClick={props.onToggle}
    >
      {props.isShown ? shared.hide : shared.show}
    </button>
  );
}

function classesOf(props: TextFieldProps): string {
  const classes = ['govuk-input'];
  if (props.width !== undefined) classes.push(`govuk-input--width-${props.width}`);
  if (props.mono === true) classes.push('bm-mono-input');
  if (props.error !== undefined) classes.push('govuk-input--error');
  return classes.join(' ');
}
