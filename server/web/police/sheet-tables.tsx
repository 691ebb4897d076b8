/** What an evidence sheet says in a line each: readings without a registration, and those that were not looked up. */
import type { ReadingView } from '../engine/police-api.ts';
import { Table, useFormats } from '../ui/index.ts';
import { usePoliceText, useSchemeName } from './desk-context.ts';
import { problemWords } from './problem.ts';
import { ReadingName } from './result-card.tsx';

interface ReadingsProps {
  readonly readings: readonly ReadingView[];
}

/** Readings of which no code was shown to be registered, with how much of that was asked. */
export function Misses({ readings }: ReadingsProps) {
  const { sheet: text, result: words, card } = usePoliceText();
  const nameOf = useSchemeName();
  const formats = useFormats();
  if (readings.length === 0) return null;
  return (
    <>
      <Table
        caption={words.miss}
        stack
        head={[text.reading, text.codes, text.notAsked, text.when, text.lookups]}
        numeric={[1, 2]}
        rows={readings.map((reading) => [
          <>
            <ReadingName reading={reading} />
            {reading.result?.misread.map((title) => (
              <div key={title}>{card.misread(nameOf(title))}</div>
            ))}
          </>,
          formats.number(reading.candidates),
          formats.number(reading.omitted),
          formats.dateTime(reading.result?.at ?? ''),
          reading.result?.lookups.join(', '),
        ])}
      />
      <p class="govuk-body">{text.missesText}</p>
    </>
  );
}

/** Readings that nobody was asked about, and why. */
export function NotLookedUp({ readings }: ReadingsProps) {
  const { sheet: text, problem: problems } = usePoliceText();
  if (readings.length === 0) return null;
  return (
    <Table
      caption={text.notLookedUp}
      stack
      head={[text.reading, text.why]}
      rows={readings.map((reading) => [
        <ReadingName reading={reading} key={reading.id} />,
        reading.problem === null ? text.waits : problemWords(problems, reading.problem, reading.reading),
      ])}
    />
  );
}
