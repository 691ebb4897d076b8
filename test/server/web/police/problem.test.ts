import { describe, expect, it } from 'vitest';
import { problemWords } from '../../../../server/web/police/problem.ts';
import { police as welsh } from '../../../../server/web/text/cy/police.ts';
import { police as english } from '../../../../server/web/text/en/police.ts';

describe('why a reading can’t be looked up', () => {
  it.each([english, welsh])('has words for each code of a reading', ({ problem: text }) => {
    for (const code of ['badInput', 'noSchemeFits', 'checkFailed', 'tooManyCandidates'] as const)
      expect(problemWords(text, { code }, 'X')).toBe(text[code]);
    expect(problemWords(text, { code: 'wrongEpoch' }, 'X')).toContain('wrongEpoch');
  });

  it('knows what a spreadsheet did to a code', () => {
    const text = english.problem;
    for (const reading of ['1.16E+12', ' 1,16e+12 ', '2E+10', '-3E-5'])
      expect(problemWords(text, { code: 'badInput' }, reading)).toBe(text.rounded);
    expect(problemWords(text, { code: 'badInput' }, '=DATE(2026,11,24)')).toBe(text.dated);
    // A code with an E among digits.
    expect(problemWords(text, { code: 'noSchemeFits' }, '116E12')).toBe(text.noSchemeFits);
  });
});
