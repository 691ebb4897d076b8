/** From an uploaded list to readings: which column is which, and which rows are left out and why. */
import type { SchemeView } from '../engine/owner-api.ts';
import { splitHidden } from '../ui/hidden-characters.ts';
import type { ListView, NewReading, Problem, ReadingView } from '../engine/police-api.ts';

/** Which columns of a list hold what; null for none. */
export interface ListChoice {
  readonly reading: string;
  readonly label: string | null;
  readonly scheme: string | null;
  /** Of rows whose scheme the list does not say; null for every one that fits. */
  readonly defaultScheme: string | null;
}

export interface ListReading extends NewReading {
  /** As the spreadsheet shows it. */
  readonly row: number;
  readonly label: string;
}

export interface ListReadings {
  readonly readings: readonly ListReading[];
  /** Rows with nothing in the column of readings. */
  readonly empty: number;
  /** Rows that name a scheme which there is not. */
  readonly unknownScheme: readonly number[];
}

const LABELS = ['exhibit', 'exhibit number', 'label', 'item', 'id', 'reference'];
const SCHEMES = ['scheme', 'kind', 'kind of code', 'type'];

function findColumn(columns: readonly string[], names: readonly string[], taken: string): string | null {
  return names.find((name) => name !== taken && columns.includes(name)) ?? null;
}

/** The likely choice for a list. */
export function chooseColumns({ columns, readingColumn }: Pick<ListView, 'columns' | 'readingColumn'>): ListChoice {
  return {
    reading: readingColumn,
    label: findColumn(columns, LABELS, readingColumn),
    scheme: findColumn(columns, SCHEMES, readingColumn),
    defaultScheme: null,
  };
}

function findScheme(schemes: readonly SchemeView[], text: string): SchemeView | undefined {
  const name = text.trim().toLowerCase();
  return schemes.find(({ id, title }) => id.toLowerCase() === name || title.toLowerCase() === name);
}

/** The readings of a list by a choice of columns. A row without a label is called by its number: `row 17` in English. */
export function readingsOf(
  { rows }: Pick<ListView, 'rows'>,
  choice: ListChoice,
  schemes: readonly SchemeView[],
  nameRow: (row: number) => string,
): ListReadings {
  const readings: ListReading[] = [];
  const unknownScheme: number[] = [];
  let empty = 0;
  for (const { row, cells } of rows) {
    const reading = (cells[choice.reading] ?? '').trim();
    if (reading === '') {
      empty += 1;
      continue;
    }
    const named = choice.scheme === null ? '' : (cells[choice.scheme] ?? '').trim();
    const scheme = named === '' ? choice.defaultScheme : findScheme(schemes, named)?.id;
    if (scheme === undefined) {
      unknownScheme.push(row);
      continue;
    }
    const label = (choice.label === null ? '' : (cells[choice.label] ?? '').trim()) || nameRow(row);
    readings.push({ row, label, reading, ...(scheme === null ? {} : { scheme }) });
  }
  return { readings, empty, unknownScheme };
}

/** Text of a list's for where nothing but text may stand: hidden characters by their number. */
export function plainText(text: string): string {
  return splitHidden(text, false)
    .map((piece) => ('text' in piece ? piece.text : `[${piece.hidden}]`))
    .join('');
}

/** A row that can't be looked up. */
export interface ListProblem {
  readonly row: number;
  readonly reading: string;
  readonly problem: Problem;
}

/** Parts what can be looked up from what can't. `previews` are in the order of `readings`. */
export function partProblems(
  readings: readonly ListReading[],
  previews: readonly Pick<ReadingView, 'problem'>[],
): { readonly good: readonly ListReading[]; readonly problems: readonly ListProblem[] } {
  const good: ListReading[] = [];
  const problems: ListProblem[] = [];
  readings.forEach((reading, i) => {
    const problem = previews[i]?.problem ?? null;
    if (problem === null) good.push(reading);
    else problems.push({ row: reading.row, reading: reading.reading, problem });
  });
  return { good, problems };
}
