import { describe, expect, it } from 'vitest';
import type { HistoryLineView } from '../../../../server/web/engine/owner-api.ts';
import { sentencesOf } from '../../../../server/web/owner/history-words.ts';
import { owner } from '../../../../server/web/text/en/owner.ts';

const words = owner.mark.history;
const line: HistoryLineView = {
  index: 9,
  kind: 'registration',
  hour: '2026-11-24T13:00:00Z',
  forceName: null,
  officers: [],
  lookup: null,
  revealedBy: null,
  proof: '',
};
const say = (given: Partial<HistoryLineView>): string => sentencesOf({ ...line, ...given }, words, String).join(' ');

describe('sentencesOf', () => {
  it.each([
    [{ kind: 'registration' }, words.registration],
    [{ kind: 'status' }, words.statusChanged],
    [{ kind: 'replace' }, words.replace],
    [{ kind: 'withdraw' }, words.withdraw],
  ] as const)('says what the owner did: %j', (given, expected) => {
    expect(say(given)).toBe(expected);
  });

  it('says that police found it, and where the public log names the force', () => {
    expect(say({ kind: 'match', lookup: 8 })).toMatch(/Police looked up the code.*entry 8/u);
    expect(say({ kind: 'match' })).toBe(words.match);
  });

  it('names the force and both officers who opened the contact', () => {
    const opening = { kind: 'opening', forceName: 'Demo Force', officers: ['a1', 'b2'] } as const;
    expect(say(opening)).toMatch(/Demo Force.*a1 and b2/u);
    expect(say({ ...opening, officers: [] })).not.toMatch(/pseudonyms/u);
  });

  it('says what was hidden at first', () => {
    expect(say({ kind: 'match', lookup: 8, revealedBy: 12 })).toMatch(/entry 12\.$/u);
  });
});
