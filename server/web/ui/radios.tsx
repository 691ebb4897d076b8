import type { ComponentChildren } from 'preact';
import { describedBy, ErrorMessage, FormGroup, Hint } from './field.tsx';

export interface RadioOption {
  readonly value: string;
  readonly label: string;
  readonly hint?: string | undefined;
  /** Shown below the option while it is chosen. */
  readonly conditional?: ComponentChildren;
}

export interface RadiosProps {
  /** Also the id of the first option: the error summary links to it. */
  readonly name: string;
  readonly legend: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly RadioOption[];
}

/** A choice of one among few. */
export function Radios(props: RadiosProps) {
  return (
    <FormGroup error={props.error}>
      <fieldset class="govuk-fieldset" aria-describedby={describedBy(props.name, props.hint, props.error)}>
        <legend class="govuk-fieldset__legend govuk-fieldset__legend--s">{props.legend}</legend>
        <Hint id={props.name} hint={props.hint} />
        <ErrorMessage id={props.name} error={props.error} />
        <div class="govuk-radios">
          {props.options.map((option, index) => (
            <Radio
              key={option.value}
              id={index === 0 ? props.name : `${props.name}-${index + 1}`}
              name={props.name}
              option={option}
              isChosen={option.value === props.value}
              onChange={props.onChange}
            />
          ))}
        </div>
      </fieldset>
    </FormGroup>
  );
}

function Radio(props: {
  readonly id: string;
  readonly name: string;
  readonly option: RadioOption;
  readonly isChosen: boolean;
  readonly onChange: (value: string) => void;
}) {
  const { id, option } = props;
  const hasConditional = option.conditional !== undefined && option.conditional !== null;
  return (
    <>
      <div class="govuk-radios__item">
        <input
          class="govuk-radios__input"
          id={id}
          name={props.name}
          type="radio"
          value={option.value}
          checked={props.isChosen}
          onChange={() => props.onChange(option.value)}
          aria-describedby={option.hint === undefined ? undefined : `${id}-item-hint`}
        />
        <label class="govuk-label govuk-radios__label" for={id}>
          {option.label}
        </label>
        {option.hint === undefined ? null : (
          <div id={`${id}-item-hint`} class="govuk-hint govuk-radios__hint">
            {option.hint}
          </div>
        )}
      </div>
      {hasConditional && props.isChosen ? <div class="govuk-radios__conditional">{option.conditional}</div> : null}
    </>
  );
}
