/** Counts by month, as the chart and the table show them. */
import type { LogView } from '../engine/proofs-api.ts';

export interface MonthCounts {
  /** `2026-11` */
  readonly month: string;
  readonly lookups: number;
  readonly hits: number;
  readonly openings: number;
}

type Counted = LogView['months'];

/** Every force that is counted, in alphabetical order. */
export function forcesOf(months: Counted): string[] {
  return [...new Set(months.map(({ force }) => force))].toSorted();
}

/**
 * The last months up to the newest that is counted, each of them, in order; one in which nothing happened has zeros.
 *
 * @param force null for all forces together
 * @param most how many months at most
 */
export function monthsOf(months: Counted, force: string | null, most: number): MonthCounts[] {
  const numbers = months.map(({ month }) => numberOf(month)).filter((number) => !Number.isNaN(number));
  if (numbers.length === 0) return [];
  const last = Math.max(...numbers);
  const first = Math.max(Math.min(...numbers), last - most + 1);
  const chosen = months.filter((counted) => force === null || counted.force === force);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const month = monthOf(first + i);
    const own = chosen.filter((counted) => counted.month === month);
    const sum = (name: 'lookups' | 'hits' | 'openings') => own.reduce((total, counted) => total + counted[name], 0);
    return { month, lookups: sum('lookups'), hits: sum('hits'), openings: sum('openings') };
  });
}

/** Months since the year 0. */
function numberOf(month: string): number {
  const [year = NaN, index = NaN] = month.split('-').map(Number);
  return year * 12 + index - 1;
}

function monthOf(number: number): string {
  return `${String(Math.floor(number / 12)).padStart(4, '0')}-${String((number % 12) + 1).padStart(2, '0')}`;
}

/** The end of a scale from 0 that holds `value` and whose half is whole: 2, 4, 10, 20, 40, 100, … */
export function scaleEnd(value: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const step of [2, 4, 10]) if (step * unit >= value) return step * unit;
  }
}
