/** All readings of a case with what came of them; in part where they are many. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TrayView } from '../engine/police-api.ts';
import { asFailure, Button, Notice, Select } from '../ui/index.ts';
import { usePoliceText } from './desk-context.ts';
import { ResultCard } from './result-card.tsx';
import type { RunState } from './runs.ts';
import { useRun } from './use-tray.ts';
import { arrange, countVerdicts, PORTION, summaryOf, VERDICTS, verdictOf, type Verdict } from './verdict.ts';

interface ResultsProps {
  readonly tray: TrayView;
  readonly onChange: (tray: TrayView) => void;
}

export function Results({ tray, onChange }: ResultsProps) {
  const { tray: text, claim } = usePoliceText();
  const [shown, setShown] = useState<Verdict | 'all'>('all');
  const [portions, setPortions] = useState(1);
  const run = useRun(tray.id);
  const heading = useFocusAtEnd(run);
  useEffect(() => setPortions(1), [shown]);
  const counts = countVerdicts(tray.list);
  const chosen = arrange(tray.list).filter((reading) => shown === 'all' || verdictOf(reading) === shown);
  const change = (changed: TrayView): void => {
    onChange(changed);
    // The button that had focus goes with its card.
    heading.current?.focus();
  };
  const drawn = chosen.slice(0, portions * PORTION);

  return (
    <section aria-labelledby="results">
      <h2 class="govuk-heading-m" id="results" tabIndex={-1} ref={heading}>
        {text.results}
      </h2>
      <p class="govuk-body" aria-live={run.isRunning ? 'off' : 'polite'}>
        {summaryOf(counts, text)}
      </p>
      {counts.hit > 0 && (
        <Notice kind="important" title={claim.title}>
          <p class="govuk-body">{claim.text}</p>
        </Notice>
      )}
      {tray.list.length > PORTION && <Filter counts={counts} value={shown} onChange={setShown} />}
      {drawn.map((reading) => (
        <ResultCard key={reading.id} tray={tray} reading={reading} onChange={change} />
      ))}
      {chosen.length === 0 && <p class="govuk-body">{text.filterEmpty}</p>}
      {drawn.length < chosen.length && (
        <>
          <p class="govuk-body-s">{text.shown(drawn.length, chosen.length)}</p>
          <Button kind="secondary" onClick={() => setPortions((count) => count + 1)}>
            {text.more(Math.min(PORTION, chosen.length - drawn.length))}
          </Button>
        </>
      )}
    </section>
  );
}

/** Leads to the results once a lookup has ended well: who can't see them hears them. Takes focus from nobody who is typing. */
function useFocusAtEnd({ ended, error }: RunState): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const seen = useRef(ended);
  useEffect(() => {
    if (seen.current === ended) return;
    seen.current = ended;
    // A failure leads to itself.
    if (error !== null && asFailure(error)?.code !== 'cancelled') return;
    if (document.activeElement?.matches('input, select, textarea') !== true) heading.current?.focus();
  }, [ended]);
  return heading;
}

interface FilterProps {
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly value: Verdict | 'all';
  readonly onChange: (value: Verdict | 'all') => void;
}

function Filter({ counts, value, onChange }: FilterProps) {
  const { tray: text, result } = usePoliceText();
  const options = VERDICTS.filter((verdict) => counts[verdict] > 0 || verdict === value);
  return (
    <Select
      id="show"
      label={text.show}
      value={value}
      onChange={(chosen) => onChange(chosen as Verdict | 'all')}
      options={[
        { value: 'all', label: text.showAll },
        ...options.map((verdict) => ({ value: verdict, label: `${result[verdict]} (${counts[verdict]})` })),
      ]}
    />
  );
}
