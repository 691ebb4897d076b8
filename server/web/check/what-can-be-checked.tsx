import { Details, Table } from '../ui/index.ts';
import { useCheckText } from './check-text.ts';

/** What can be checked at all, by whom, and what it would show. */
export function WhatCanBeChecked() {
  const { can, trust } = useCheckText();
  return (
    <section aria-labelledby="can">
      <h2 class="govuk-heading-m" id="can">
        {can.title}
      </h2>
      <Table
        caption={can.title}
        hideCaption
        stack
        rowHeaders
        head={can.head}
        rows={[can.receipt, can.disclosure, can.stolen, can.log].map(({ what, who, shows }) => [what, who, shows])}
      />
      <Details summary={trust.summary}>
        <p class="govuk-body">{trust.text}</p>
      </Details>
    </section>
  );
}
