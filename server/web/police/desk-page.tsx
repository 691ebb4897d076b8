/** Where a signed-in officer begins: look up a reading for a case, or open a case of before. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { TraySummary } from '../engine/police-api.ts';
import { Failure, Table, Untrusted, useFocus, useFormats, useTitle } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';
import { ReadingForm, type AskedReading } from './reading-form.tsx';
import { addressOfRoute } from './routes.ts';
import { mayRunAtOnce } from './verdict.ts';

export function DeskPage() {
  const { police, go, goAndRun, isReadOnly } = useDesk();
  const { desk: text } = usePoliceText();
  const heading = useFocus('desk');
  const title = isReadOnly ? text.casesTitle : text.title;
  useTitle(title);

  const ask = async ({ reading, cost }: AskedReading, caseReference: string): Promise<void> => {
    const { id } = await police.openTray({ caseReference });
    const tray = await police.addReadings({ tray: id, readings: [reading] });
    if (mayRunAtOnce(tray, cost)) goAndRun(id);
    else go({ view: 'tray', tray: id });
  };
  const open = async (caseReference: string): Promise<void> => {
    const { id } = await police.openTray({ caseReference });
    go({ view: 'tray', tray: id });
  };

  return (
    <>
      <h1 class="govuk-heading-l" ref={heading}>
        {title}
      </h1>
      {!isReadOnly && <ReadingForm withCase onAsk={ask} onOpen={open} />}
      <Cases />
    </>
  );
}

function Cases() {
  const { police } = useDesk();
  const { desk: text } = usePoliceText();
  const formats = useFormats();
  const [trays, setTrays] = useState<readonly TraySummary[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = useCallback((): void => {
    setError(null);
    police.trays().then(setTrays, setError);
  }, [police]);
  useEffect(load, [load]);

  if (error !== null) return <Failure error={error} onRetry={load} />;
  if (trays === null) return null;
  return (
    <section aria-labelledby="cases">
      <h2 class="govuk-heading-m" id="cases">
        {text.cases}
      </h2>
      {trays.length === 0 ? (
        <p class="govuk-body">{text.noCases}</p>
      ) : (
        <Table
          caption={text.cases}
          hideCaption
          rowHeaders
          stack
          head={[text.caseName, text.caseReadings, text.caseHits, text.caseWaiting, text.caseChanged]}
          numeric={[1, 2, 3]}
          rows={trays.map(({ id, caseReference, readings, hits, waiting, changedAt }) => [
            <a class="govuk-link bm-case-link" href={addressOfRoute({ view: 'tray', tray: id })} key={id}>
              <Untrusted text={caseReference} />
            </a>,
            formats.number(readings),
            formats.number(hits),
            formats.number(waiting),
            formats.dateTime(changedAt),
          ])}
        />
      )}
      <p class="govuk-hint">{text.sealed}</p>
    </section>
  );
}
