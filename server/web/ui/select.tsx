import { describedBy, Field, type FieldProps } from './field.tsx';
import { plainText } from './hidden-characters.ts';

export interface SelectProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Labels may be others' words. */
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly disabled?: boolean | undefined;
}

/** A choice out of a list that is too long for {@link Radios}. */
export function Select(props: SelectProps) {
  return (
    <Field id={props.id} label={props.label} hint={props.hint} error={props.error}>
      <select
        id={props.id}
        name={props.id}
        class={`govuk-select${props.error === undefined ? '' : ' govuk-select--error'}`}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        disabled={props.disabled}
        aria-invalid={props.error === undefined ? undefined : 'true'}
        aria-describedby={describedBy(props.id, props.hint, props.error)}
      >
        {props.options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === props.value}>
            {plainText(option.label)}
          </option>
        ))}
      </select>
    </Field>
  );
}
