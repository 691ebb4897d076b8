/** What forces have asked, by month: a chart and a table. */
import { useState } from 'preact/hooks';
import type { LogView } from '../engine/proofs-api.ts';
import { Button, plainText, Select, Table, Untrusted, useFormats, useText } from '../ui/index.ts';
import { Chart } from './chart.tsx';
import type { LogText } from './log-text.ts';
import { forcesOf, monthsOf } from './months.ts';

/** Months of the chart. */
const CHART_MONTHS = 12;

/** Rows of the table that are shown at first. */
const FIRST_ROWS = 24;

/** Stands for all forces. No force can be called so. */
const ALL = '*';

export function Activity(props: { readonly log: LogView }) {
  const { months, delayed } = props.log;
  const text = useText<LogText>().activity;
  const [chosen, setChosen] = useState(ALL);
  const forces = forcesOf(months);
  const force = forces.includes(chosen) ? chosen : null;
  return (
    <section aria-labelledby="activity">
      <h2 class="govuk-heading-m" id="activity">
        {text.title}
      </h2>
      <p class="govuk-body">{text.text}</p>
      {months.length === 0 ? (
        <p class="govuk-body">{text.none}</p>
      ) : (
        <>
          <Select
            id="force"
            label={text.force}
            value={force ?? ALL}
            onChange={setChosen}
            options={[{ value: ALL, label: text.allForces }, ...forces.map((name) => ({ value: name, label: name }))]}
          />
          <Chart months={monthsOf(months, force, CHART_MONTHS)} />
          <Rows key={force} months={months} force={force} />
        </>
      )}
      {delayed === 0 ? null : <p class="govuk-body">{text.delayed(delayed)}</p>}
    </section>
  );
}

function Rows(props: { readonly months: LogView['months']; readonly force: string | null }) {
  const { months, force } = props;
  const text = useText<LogText>().activity;
  const formats = useFormats();
  const [isWhole, setWhole] = useState(false);
  const rows = months
    .filter((counted) => force === null || counted.force === force)
    .toSorted((a, b) => (b.month === a.month ? compare(a.force, b.force) : compare(b.month, a.month)));
  const shown = isWhole ? rows : rows.slice(0, FIRST_ROWS);
  return (
    <>
      <Table
        caption={text.caption(force === null ? text.allForces : plainText(force))}
        rowHeaders
        head={[text.month, text.force, text.lookups, text.hits, text.openings]}
        rows={shown.map((counted) => [
          formats.month(counted.month),
          <Untrusted key="force" text={counted.force} />,
          ...[counted.lookups, counted.hits, counted.openings].map(formats.number),
        ])}
        numeric={[2, 3, 4]}
      />
      {shown.length === rows.length ? null : (
        <Button kind="secondary" onClick={() => setWhole(true)}>
          {text.more(rows.length - shown.length)}
        </Button>
      )}
      <p class="govuk-hint">{text.zone}</p>
    </>
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
