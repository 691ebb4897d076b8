/** Counts by month, for the chart. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forcesOf, monthsOf, scaleEnd } from '../../../../server/web/log/months.ts';

const counted = (month: string, force: string, lookups: number, hits = 0, openings = 0) => ({
  month,
  force,
  lookups,
  hits,
  openings,
});

const MONTHS = [
  counted('2025-11', 'south', 5, 1),
  counted('2026-02', 'north', 2, 2, 1),
  counted('2026-02', 'south', 3),
];

describe('months', () => {
  it('are all of them, from the first that is counted to the last, all forces together', () => {
    expect(monthsOf(MONTHS, null, 12)).toEqual([
      { month: '2025-11', lookups: 5, hits: 1, openings: 0 },
      { month: '2025-12', lookups: 0, hits: 0, openings: 0 },
      { month: '2026-01', lookups: 0, hits: 0, openings: 0 },
      { month: '2026-02', lookups: 5, hits: 2, openings: 1 },
    ]);
  });

  it('are the same for one force, so that forces can be compared', () => {
    expect(monthsOf(MONTHS, 'north', 12).map(({ month, lookups }) => [month, lookups])).toEqual([
      ['2025-11', 0],
      ['2025-12', 0],
      ['2026-01', 0],
      ['2026-02', 2],
    ]);
  });

  it('are at most as many as there is room for, the newest', () => {
    expect(monthsOf(MONTHS, null, 2).map(({ month }) => month)).toEqual(['2026-01', '2026-02']);
  });

  it('are none where nothing is counted, or nothing that is a month', () => {
    expect(monthsOf([], null, 12)).toEqual([]);
    expect(monthsOf([counted('soon', 'north', 1)], null, 12)).toEqual([]);
  });
});

describe('forces', () => {
  it('are each named once, in order', () => {
    expect(forcesOf(MONTHS)).toEqual(['north', 'south']);
  });
});

describe('a scale', () => {
  it('holds what is to be shown, is not much longer, and its half is whole', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), (value) => {
        const end = scaleEnd(value);
        expect(end).toBeGreaterThanOrEqual(value);
        expect(end).toBeLessThanOrEqual(Math.max(2, value * 2.5));
        expect(Number.isInteger(end / 2)).toBe(true);
      }),
    );
    expect([0, 1, 3, 5, 11, 41, 4000].map(scaleEnd)).toEqual([2, 2, 4, 10, 20, 100, 4000]);
  });
});
