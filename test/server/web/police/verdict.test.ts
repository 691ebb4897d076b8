import { describe, expect, it } from 'vitest';
import type { FoundView, OpeningView, ReadingView, TrayView } from '../../../../server/web/engine/police-api.ts';
import {
  arrange,
  claimsOf,
  countVerdicts,
  findClaim,
  findOpening,
  mayRunAtOnce,
  PORTION,
  summaryOf,
  verdictOf,
} from '../../../../server/web/police/verdict.ts';
import { police } from '../../../../server/web/text/en/police.ts';

function found(match: number, code: string, schemeTitle = 'Microdot PIN'): FoundView {
  return {
    match,
    code,
    schemeTitle,
    status: 'withKeeper',
    items: [],
    registeredOn: '2026-11-24',
    registeredBefore: '2026-11-24T13:00:00Z',
    hasContact: true,
  };
}

function reading(
  id: string,
  state: ReadingView['state'],
  registrations: readonly FoundView[] = [],
  refused = 0,
): ReadingView {
  const isAnswered = state === 'hit' || state === 'miss';
  const result = { registrations, refused, misread: [], at: '2026-11-24T13:00:00Z', lookups: [1] };
  return {
    id,
    label: '',
    reading: 'X',
    scheme: null,
    candidates: 1,
    omitted: 0,
    problem: null,
    state,
    result: isAnswered ? result : null,
  };
}

function trayOf(list: readonly ReadingView[], openings: readonly OpeningView[] = []): TrayView {
  return {
    id: 't',
    caseReference: 'c',
    readings: list.length,
    waiting: 0,
    hits: 0,
    isRunning: false,
    changedAt: '2026-11-24T13:00:00Z',
    list,
    cost: 0,
    openings,
  };
}

describe('verdicts', () => {
  it('calls no miss what was found and does not verify', () => {
    expect(verdictOf(reading('a', 'miss', [], 1))).toBe('unsure');
    expect(verdictOf(reading('a', 'miss'))).toBe('miss');
    expect(verdictOf(reading('a', 'hit', [found(1, 'X')], 1))).toBe('hit');
    expect(verdictOf(reading('a', 'failed'))).toBe('failed');
  });

  it('counts and tells them', () => {
    const counts = countVerdicts([
      reading('a', 'hit'),
      reading('b', 'miss'),
      reading('c', 'miss', [], 2),
      reading('d', 'waiting'),
    ]);
    expect(counts).toEqual({ hit: 1, miss: 1, unsure: 1, failed: 0, waiting: 1 });
    expect(summaryOf(counts, police.tray)).toBe('1 registered, 1 not registered, 1 cannot tell, 1 waiting');
    expect(summaryOf(countVerdicts([reading('a', 'failed')]), police.tray)).toBe(
      '0 registered, 0 not registered, 1 not looked up',
    );
  });
});

describe('claims', () => {
  it('are grouped by code and scheme, in the order that they came in', () => {
    const grouped = claimsOf([found(5, 'A'), found(3, 'B'), found(9, 'A'), found(7, 'A', 'Numeric')]);
    expect(
      grouped.map(({ code, schemeTitle, claims }) => [code, schemeTitle, claims.map(({ match }) => match)]),
    ).toEqual([
      ['A', 'Microdot PIN', [5, 9]],
      ['B', 'Microdot PIN', [3]],
      ['A', 'Numeric', [7]],
    ]);
  });

  it('are found by their match, with the latest opening', () => {
    const opening = { match: 9, token: 't', status: 'expired', expiresAt: 1, contact: null, entry: null } as const;
    const tray = trayOf(
      [reading('a', 'waiting'), reading('b', 'hit', [found(5, 'A'), found(9, 'A')])],
      [opening, { ...opening, status: 'pending' }],
    );
    expect(findClaim(tray, 9)?.match).toBe(9);
    expect(findClaim(tray, 8)).toBeNull();
    expect(findOpening(tray, 9)?.status).toBe('pending');
    expect(findOpening(tray, 5)).toBeNull();
  });
});

describe('order', () => {
  it('of few: the latest first', () => {
    expect(arrange([reading('a', 'hit'), reading('b', 'miss')]).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it('of many: hits first, each kind as in the list, and nothing lost', () => {
    const states = ['waiting', 'miss', 'hit', 'failed'] as const;
    const list = Array.from({ length: PORTION + 4 }, (_, i) => reading(String(i), states[i % 4] as 'hit'));
    const arranged = arrange(list);
    expect(arranged.slice(0, 6).map(({ id }) => id)).toEqual(['2', '6', '10', '14', '18', '22']);
    expect(arranged.map(({ state }) => state).at(-1)).toBe('waiting');
    expect(new Set(arranged)).toEqual(new Set(list));
  });
});

describe('a lookup begins at once', () => {
  it('only when it asks for no more than the officer was shown', () => {
    expect(mayRunAtOnce({ cost: 3 }, 3)).toBe(true);
    expect(mayRunAtOnce({ cost: 2 }, 3)).toBe(true);
    expect(mayRunAtOnce({ cost: 4 }, 3)).toBe(false);
    expect(mayRunAtOnce({ cost: 0 }, 3)).toBe(false);
  });
});
