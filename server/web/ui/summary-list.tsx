import type { ComponentChildren } from 'preact';

export interface SummaryRow {
  readonly key: string;
  readonly value: ComponentChildren;
  /** Links or buttons of the row, such as "Change". */
  readonly actions?: ComponentChildren;
}

/** Names and values. */
export function SummaryList(props: { readonly rows: readonly SummaryRow[] }) {
  const hasActions = props.rows.some((row) => row.actions !== undefined && row.actions !== null);
  return (
    <dl class="govuk-summary-list">
      {props.rows.map((row, index) => (
        <div
          key={`${index} ${row.key}`}
          class={`govuk-summary-list__row${hasActions && !row.actions ? ' govuk-summary-list__row--no-actions' : ''}`}
        >
          <dt class="govuk-summary-list__key">{row.key}</dt>
          <dd class="govuk-summary-list__value">{row.value}</dd>
          {row.actions ? <dd class="govuk-summary-list__actions">{row.actions}</dd> : null}
        </div>
      ))}
    </dl>
  );
}
