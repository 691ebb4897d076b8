/** A checked list: its cost, its first rows, and the rows that can't be looked up. */
import { useState } from 'preact/hooks';
import { Button, Notice, Table, Untrusted, useFormats } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';
import type { ListProblem, ListReading, ListReadings } from './list-rows.ts';
import { problemWords } from './problem.ts';
import type { ListPreview } from './use-list-preview.ts';

/** Rows that are shown of each kind. */
const SHOWN_ROWS = 8;
const SHOWN_PROBLEMS = 10;

interface ListOutcomeProps {
  readonly rows: ListReadings;
  readonly preview: ListPreview;
  readonly good: readonly ListReading[];
  readonly problems: readonly ListProblem[];
}

export function ListOutcome({ rows, preview, good, problems }: ListOutcomeProps) {
  const { session } = useDesk();
  const { list: text, run } = usePoliceText();
  const formats = useFormats();
  const costs = new Map(rows.readings.map((reading, i) => [reading, preview.readings[i]?.candidates ?? 0]));
  const left = problems.length + rows.unknownScheme.length;
  return (
    <>
      {good.length === 0 ? (
        <p class="govuk-body">{text.nothing}</p>
      ) : (
        <>
          <p class="govuk-body">
            <strong>{text.total(good.length, preview.cost, session.codesPerDay)}</strong>
          </p>
          {preview.cost > session.codesPerDay && (
            <Notice kind="important">
              <p class="govuk-body">{run.overQuota(preview.cost, session.codesPerDay)}</p>
            </Notice>
          )}
        </>
      )}
      {rows.empty > 0 && <p class="govuk-body">{text.emptyRows(rows.empty)}</p>}
      {left > 0 && <Problems problems={problems} unknownScheme={rows.unknownScheme} />}
      {good.length > 0 && (
        <Table
          caption={text.preview}
          stack
          head={[text.row, text.exhibit, text.text, text.possible]}
          numeric={[0, 3]}
          rows={good.slice(0, SHOWN_ROWS).map((reading) => [
            formats.number(reading.row),
            <Untrusted text={reading.label} key="label" />,
            <span class="bm-code" key="reading">
              <Untrusted text={reading.reading} />
            </span>,
            formats.number(costs.get(reading) ?? 0),
          ])}
        />
      )}
    </>
  );
}

interface ProblemsProps {
  readonly problems: readonly ListProblem[];
  readonly unknownScheme: readonly number[];
}

function Problems({ problems, unknownScheme }: ProblemsProps) {
  const { list: text, problem: words } = usePoliceText();
  const [isWhole, setIsWhole] = useState(false);
  const lines = [
    ...problems.map(({ row, problem, reading }) => ({ row, reading, why: problemWords(words, problem, reading) })),
    ...unknownScheme.map((row) => ({ row, reading: '', why: text.unknownScheme })),
  ].sort((one, other) => one.row - other.row);
  return (
    <section aria-labelledby="problems">
      <h2 class="govuk-heading-m" id="problems">
        {text.problems(lines.length)}
      </h2>
      <p class="govuk-body">{text.problemsText}</p>
      <dl class="govuk-summary-list">
        {lines.slice(0, isWhole ? lines.length : SHOWN_PROBLEMS).map(({ row, reading, why }) => (
          <div class="govuk-summary-list__row" key={row}>
            <dt class="govuk-summary-list__key">{text.rowName(row)}</dt>
            <dd class="govuk-summary-list__value">
              {reading !== '' && (
                <span class="bm-code">
                  <Untrusted text={reading} />
                </span>
              )}{' '}
              {why}
            </dd>
          </div>
        ))}
      </dl>
      {lines.length > SHOWN_PROBLEMS && !isWhole && (
        <Button kind="secondary" onClick={() => setIsWhole(true)}>
          {text.moreProblems(lines.length - SHOWN_PROBLEMS)}
        </Button>
      )}
    </section>
  );
}
