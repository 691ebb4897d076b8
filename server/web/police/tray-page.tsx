/** A case: what waits to be looked up, what came of the rest, and what to do next. */
import type { TrayView } from '../engine/police-api.ts';
import { Details, Failure, Untrusted, useFocus, useTitle } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';
import { ReadingForm, type AskedReading } from './reading-form.tsx';
import { Results } from './results.tsx';
import { addressOfRoute } from './routes.ts';
import { RunPanel } from './run-panel.tsx';
import { mayRunAtOnce } from './verdict.ts';

interface TrayPageProps {
  readonly tray: TrayView;
  /** Why the tray could not be read anew. */
  readonly error: unknown;
  readonly onChange: (tray: TrayView) => void;
  readonly onRetry: () => void;
}

export function TrayPage({ tray, error, onChange, onRetry }: TrayPageProps) {
  const { police, runs, isReadOnly } = useDesk();
  const { tray: text } = usePoliceText();
  const heading = useFocus(tray.id);
  useTitle(text.title);
  const isEmpty = tray.list.length === 0;

  const ask = async ({ reading, cost }: AskedReading): Promise<void> => {
    const changed = await police.addReadings({ tray: tray.id, readings: [reading] });
    onChange(changed);
    if (mayRunAtOnce(changed, cost)) runs.start(tray.id);
  };
  const form = (
    <>
      <ReadingForm onAsk={ask} />
      <p class="govuk-body">
        <a class="govuk-link" href={addressOfRoute({ view: 'list', tray: tray.id })}>
          {text.list}
        </a>
      </p>
    </>
  );
  return (
    <>
      <a class="govuk-back-link bm-no-print" href={addressOfRoute({ view: 'desk' })}>
        {text.back}
      </a>
      <h1 class="govuk-heading-l" ref={heading}>
        <span class="govuk-caption-l">{text.caption}</span>
        <Untrusted text={tray.caseReference} />
      </h1>
      <Failure error={error} onRetry={onRetry} />
      <RunPanel tray={tray} />
      {isEmpty && !isReadOnly && (
        <section aria-labelledby="add">
          <h2 class="govuk-heading-m" id="add">
            {text.addFirst}
          </h2>
          {form}
        </section>
      )}
      {!isEmpty && !isReadOnly && <Details summary={text.add}>{form}</Details>}
      {!isEmpty && <Results tray={tray} onChange={onChange} />}
      <Further tray={tray} />
    </>
  );
}

function Further({ tray }: { readonly tray: TrayView }) {
  const { tray: text } = usePoliceText();
  const hasResults = tray.list.some(({ result }) => result !== null);
  return (
    <ul class="govuk-list govuk-list--spaced govuk-!-margin-top-6 bm-no-print">
      {hasResults && (
        <li>
          <a class="govuk-link" href={addressOfRoute({ view: 'sheet', tray: tray.id })}>
            {text.sheet}
          </a>
        </li>
      )}
      <li>
        <a class="govuk-link" href={addressOfRoute({ view: 'delete', tray: tray.id })}>
          {text.deleteLink}
        </a>
      </li>
    </ul>
  );
}
