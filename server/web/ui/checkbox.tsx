import { describedBy, ErrorMessage, FormGroup, Hint, type FieldProps } from './field.tsx';

export interface CheckboxProps extends FieldProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean | undefined;
}

/** One box to tick. */
export function Checkbox(props: CheckboxProps) {
  return (
    <FormGroup error={props.error}>
      <ErrorMessage id={props.id} error={props.error} />
      <div class="govuk-checkboxes">
        <div class="govuk-checkboxes__item">
          <input
            class="govuk-checkboxes__input"
            id={props.id}
            name={props.id}
            type="checkbox"
            checked={props.checked}
            onChange={(event) => props.onChange(event.currentTarget.checked)}
            disabled={props.disabled}
            aria-invalid={props.error === undefined ? undefined : 'true'}
            aria-describedby={describedBy(props.id, props.hint, props.error)}
          />
          <label class="govuk-label govuk-checkboxes__label" for={props.id}>
            {props.label}
          </label>
          <Hint id={props.id} hint={props.hint} class="govuk-checkboxes__hint" />
        </div>
      </div>
    </FormGroup>
  );
}
