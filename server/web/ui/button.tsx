import type { ComponentChildren } from 'preact';

export interface ButtonProps {
  /** `link` looks like a link and acts like a button. Default: `primary`. */
  readonly kind?: 'primary' | 'secondary' | 'warning' | 'link' | undefined;
  /** Default: `button`. */
  readonly type?: 'button' | 'submit' | undefined;
  readonly onClick?: (() => void) | undefined;
  readonly disabled?: boolean | undefined;
  readonly id?: string | undefined;
  /** Hidden words after the visible ones, where the same button stands several times: "Change" + "contact". */
  readonly describes?: string | undefined;
  readonly children: ComponentChildren;
}

const CLASSES = {
  primary: 'govuk-button',
  secondary: 'govuk-button govuk-button--secondary',
  warning: 'govuk-button govuk-button--warning',
  link: 'bm-link-button',
} as const;

/** A button. Several of them in a row go into `<div class="govuk-button-group">`. */
export function Button(props: ButtonProps) {
  return (
    <button
      type={props.type ?? 'button'}
      id={props.id}
      class={CLASSES[props.kind ?? 'primary']}
      disabled={props.disabled}
      onClick={() => props.onClick?.()}
    >
      {props.children}
      {props.describes === undefined ? null : <span class="govuk-visually-hidden"> {props.describes}</span>}
    </button>
  );
}
