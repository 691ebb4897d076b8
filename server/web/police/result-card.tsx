/** One reading with what came of it: a hit with all claims on its code, a miss, or why it was not looked up. */
import type { ReadingView, ResultView, TrayView } from '../engine/police-api.ts';
import { Button, Failure, Tag, Untrusted, useFormats, useTask, type TagColour } from '../ui/index.ts';
import { ClaimView } from './claim-view.tsx';
import { useDesk, usePoliceText, useSchemeName } from './desk-context.ts';
import { problemWords } from './problem.ts';
import { useRun } from './use-tray.ts';
import { claimsOf, verdictOf, type Verdict } from './verdict.ts';

const COLOURS: Readonly<Record<Verdict, TagColour>> = {
  hit: 'purple',
  unsure: 'yellow',
  miss: 'grey',
  failed: 'red',
  waiting: 'blue',
};

const CARDS: Readonly<Record<Verdict, string>> = {
  hit: 'hit',
  unsure: 'hit',
  miss: 'miss',
  failed: 'failed',
  waiting: 'miss',
};

export function VerdictTag({ verdict }: { readonly verdict: Verdict }) {
  const { result: text } = usePoliceText();
  return <Tag colour={COLOURS[verdict]}>{text[verdict]}</Tag>;
}

/** The officer's label and what was read. */
export function ReadingName({ reading: { label, reading } }: { readonly reading: ReadingView }) {
  return (
    <>
      {label !== '' && (
        <>
          <Untrusted text={label} />:{' '}
        </>
      )}
      <span class="bm-code">
        <Untrusted text={reading} />
      </span>
    </>
  );
}

interface ResultCardProps {
  readonly tray: TrayView;
  readonly reading: ReadingView;
  readonly onChange: (tray: TrayView) => void;
}

export function ResultCard({ tray, reading, onChange }: ResultCardProps) {
  const id = `result-${reading.id}`;
  const verdict = verdictOf(reading);
  return (
    <article class={`bm-card bm-card--${CARDS[verdict]}`} aria-labelledby={id}>
      <div class="bm-result__head">
        <h3 class="govuk-heading-m" id={id}>
          <ReadingName reading={reading} />
        </h3>
        <VerdictTag verdict={verdict} />
      </div>
      {reading.result === null ? (
        <NoResult tray={tray} reading={reading} onChange={onChange} />
      ) : (
        <Result tray={tray} reading={reading} result={reading.result} />
      )}
    </article>
  );
}

function NoResult({ tray, reading, onChange }: ResultCardProps) {
  const { police } = useDesk();
  const nameOf = useSchemeName();
  const { problem: problems, card: text, tray: trayText } = usePoliceText();
  const { isRunning } = useRun(tray.id);
  const task = useTask<TrayView>();
  const { problem, candidates, omitted } = reading;
  const remove = async (): Promise<void> => {
    const changed = await task.run(async () => police.removeReadings({ tray: tray.id, ids: [reading.id] }));
    if (changed !== undefined) onChange(changed);
  };
  return (
    <>
      <p class="govuk-body">
        {problem === null ? text.toAsk(candidates) : problemWords(problems, problem, reading.reading)}
      </p>
      {reading.scheme !== null && <p class="govuk-body-s">{nameOf(reading.scheme)}</p>}
      {omitted > 0 && <p class="govuk-body-s">{text.omitted(omitted)}</p>}
      <Failure error={task.error} onRetry={() => void remove()} />
      {!isRunning && (
        <Button kind="link" onClick={() => void remove()} describes={reading.label || reading.reading}>
          {trayText.remove}
        </Button>
      )}
    </>
  );
}

interface ResultProps {
  readonly tray: TrayView;
  readonly reading: ReadingView;
  readonly result: ResultView;
}

function Result({ tray, reading, result }: ResultProps) {
  const { card: text } = usePoliceText();
  const nameOf = useSchemeName();
  const formats = useFormats();
  const verdict = verdictOf(reading);
  const { candidates, omitted } = reading;
  return (
    <>
      {verdict === 'miss' && <p class="govuk-body">{candidates > 1 ? text.missMany(candidates) : text.miss}</p>}
      {verdict === 'unsure' && <p class="govuk-body">{text.unsure}</p>}
      {claimsOf(result.registrations).map((claimed) => (
        <ClaimedCodeView key={`${claimed.schemeTitle} ${claimed.code}`} tray={tray} {...claimed} />
      ))}
      {result.refused > 0 && <p class="govuk-body">{text.refused(result.refused)}</p>}
      {result.misread.map((title) => (
        <p class="govuk-body" key={title}>
          {text.misread(nameOf(title))}
        </p>
      ))}
      {omitted > 0 && <p class="govuk-body">{text.omitted(omitted)}</p>}
      <p class="govuk-hint bm-result__foot">
        {text.at(formats.dateTime(result.at))} {text.asked(candidates)} {text.lookups(result.lookups.join(', '))}
      </p>
    </>
  );
}

type ClaimedCodeProps = ReturnType<typeof claimsOf>[number] & { readonly tray: TrayView };

function ClaimedCodeView({ tray, code, schemeTitle, claims }: ClaimedCodeProps) {
  const { card: text, claim } = usePoliceText();
  const nameOf = useSchemeName();
  return (
    <section class="bm-claims">
      <h4 class="govuk-heading-s">
        <span class="bm-code">{code}</span> ({nameOf(schemeTitle)})
      </h4>
      {claims.length > 1 && (
        <p class="govuk-body">
          <strong>{text.claims(claims.length)}.</strong> {text.claimsText}
        </p>
      )}
      <ol class="bm-claims__list">
        {claims.map((found, i) => (
          <li key={found.match}>
            <ClaimView
              tray={tray}
              found={found}
              title={claims.length === 1 ? null : i === 0 ? text.first : text.counter(i)}
            />
          </li>
        ))}
      </ol>
      <p class="govuk-body-s">
        <strong>{claim.short}</strong>
      </p>
    </section>
  );
}
