/** The evidence sheet of a case: to print, with the file that proves what it says. */
import type { FoundView, ReadingView, TrayView } from '../engine/police-api.ts';
import {
  Button,
  Failure,
  Notice,
  PrintButton,
  saveFile,
  SummaryList,
  Untrusted,
  useFocus,
  useFormats,
  useTask,
  useTitle,
} from '../ui/index.ts';
import { ClaimFacts } from './claim-view.tsx';
import { useDesk, usePoliceText, useSchemeName } from './desk-context.ts';
import { ReadingName } from './result-card.tsx';
import { Misses, NotLookedUp } from './sheet-tables.tsx';
import { addressOfRoute } from './routes.ts';
import { claimsOf, countVerdicts, findOpening, summaryOf, verdictOf } from './verdict.ts';

export function SheetPage({ tray }: { readonly tray: TrayView }) {
  const { session } = useDesk();
  const { sheet: text, tray: trayText, claim } = usePoliceText();
  const formats = useFormats();
  const heading = useFocus('sheet');
  useTitle(text.title);
  const answered = tray.list.filter(({ result }) => result !== null);
  const misses = answered.filter((reading) => verdictOf(reading) === 'miss');
  return (
    <>
      <a class="govuk-back-link bm-no-print" href={addressOfRoute({ view: 'tray', tray: tray.id })}>
        {text.back}
      </a>
      <h1 class="govuk-heading-l" ref={heading}>
        {text.title}
      </h1>
      <p class="govuk-body">{text.lead}</p>
      <SheetButtons tray={tray} />
      <SummaryList
        rows={[
          { key: text.case, value: <Untrusted text={tray.caseReference} /> },
          { key: text.registry, value: <Untrusted text={session.origin} /> },
          { key: text.force, value: <Untrusted text={session.forceName} /> },
          { key: text.officer, value: <Untrusted text={session.officer} /> },
          { key: text.made, value: formats.dateTime(new Date().toISOString()) },
          { key: text.summary, value: summaryOf(countVerdicts(tray.list), trayText) },
        ]}
      />
      <h2 class="govuk-heading-m">{claim.title}</h2>
      <p class="govuk-body">{claim.text}</p>
      {answered.length === 0 && <p class="govuk-body">{text.noResults}</p>}
      {answered.map((reading) =>
        verdictOf(reading) === 'miss' ? null : <SheetReading key={reading.id} tray={tray} reading={reading} />,
      )}
      <Misses readings={misses} />
      <NotLookedUp readings={tray.list.filter(({ result }) => result === null)} />
      <h2 class="govuk-heading-m">{text.verify}</h2>
      <p class="govuk-body">{text.verifyText}</p>
    </>
  );
}

function SheetButtons({ tray }: { readonly tray: TrayView }) {
  const { police } = useDesk();
  const { sheet: text } = usePoliceText();
  const task = useTask<true>();
  const save = async (): Promise<void> => {
    await task.run(async (options) => {
      const { fileName, text: content } = await police.evidence({ tray: tray.id }, options);
      saveFile(fileName, content, 'application/json');
      return true;
    });
  };
  return (
    <div class="bm-no-print">
      <Failure error={task.error} onRetry={() => void save()} />
      {task.result === true && (
        <Notice kind="success">
          <p class="govuk-body">{text.saved}</p>
        </Notice>
      )}
      <div class="govuk-button-group">
        <PrintButton kind="primary">{text.print}</PrintButton>
        <Button kind="secondary" onClick={() => void save()}>
          {task.isRunning ? text.saving : text.save}
        </Button>
      </div>
    </div>
  );
}

interface SheetReadingProps {
  readonly tray: TrayView;
  readonly reading: ReadingView;
}

function SheetReading({ tray, reading }: SheetReadingProps) {
  const { sheet: text, result: words, card } = usePoliceText();
  const nameOf = useSchemeName();
  const formats = useFormats();
  const { result, candidates } = reading;
  if (result === null) return null;
  return (
    <section class="bm-sheet__reading">
      <h2 class="govuk-heading-m">
        <ReadingName reading={reading} />
      </h2>
      <SummaryList
        rows={[
          { key: text.summary, value: words[verdictOf(reading)] },
          { key: text.asked, value: `${card.at(formats.dateTime(result.at))} ${card.asked(candidates)}` },
          { key: text.lookups, value: result.lookups.join(', ') },
        ]}
      />
      {reading.omitted > 0 && <p class="govuk-body">{card.omitted(reading.omitted)}</p>}
      {result.misread.map((title) => (
        <p class="govuk-body" key={title}>
          {card.misread(nameOf(title))}
        </p>
      ))}
      {result.refused > 0 && <p class="govuk-body">{card.refused(result.refused)}</p>}
      {claimsOf(result.registrations).map(({ code, schemeTitle, claims }) => (
        <div key={`${schemeTitle} ${code}`}>
          {claims.map((found, i) => (
            <SheetClaim
              key={found.match}
              tray={tray}
              found={found}
              title={claims.length === 1 ? null : i === 0 ? card.first : card.counter(i)}
            />
          ))}
        </div>
      ))}
    </section>
  );
}

interface SheetClaimProps {
  readonly tray: TrayView;
  readonly found: FoundView;
  readonly title: string | null;
}

function SheetClaim({ tray, found, title }: SheetClaimProps) {
  const { sheet: text } = usePoliceText();
  const nameOf = useSchemeName();
  const opened = findOpening(tray, found.match)?.entry ?? null;
  return (
    <div class="bm-sheet__claim">
      <h3 class="govuk-heading-s">
        {title !== null && `${title}: `}
        <span class="bm-code">{found.code}</span> ({nameOf(found.schemeTitle)})
      </h3>
      <ClaimFacts found={found} />
      {opened !== null && <p class="govuk-body">{text.opening(opened)}</p>}
    </div>
  );
}
