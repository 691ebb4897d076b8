import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONFIRMED_WORDS,
  drawNumber,
  drawPositions,
  isSameWord,
  PHRASE_WORDS,
  wordsOf,
} from '../../../../server/web/owner/phrase-words.ts';

describe('drawPositions', () => {
  it('asks for distinct words, in the order of the phrase', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const positions = drawPositions((below) => (numbers.next().value as number) % below);
        expect(positions).toHaveLength(CONFIRMED_WORDS);
        expect(new Set(positions).size).toBe(CONFIRMED_WORDS);
        expect(positions).toEqual(positions.toSorted((a, b) => a - b));
        for (const position of positions) expect(position).toBeGreaterThanOrEqual(1);
        for (const position of positions) expect(position).toBeLessThanOrEqual(PHRASE_WORDS);
      }),
    );
  });

  it('can ask for each word', () => {
    const asked = new Set(
      Array.from({ length: PHRASE_WORDS }, (_, i) => drawPositions((below) => Math.min(i, below - 1))).flat(),
    );
    expect(asked.size).toBe(PHRASE_WORDS);
  });

  it('draws from the browser’s randomness within bounds', () => {
    const drawn = Array.from({ length: 200 }, () => drawNumber(12));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(12);
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });
});

describe('wordsOf', () => {
  it.each([
    ['legal winner thank', ['legal', 'winner', 'thank']],
    ['  Legal\nWINNER\tthank ', ['legal', 'winner', 'thank']],
    ['1. legal 2. winner 3. thank', ['legal', 'winner', 'thank']],
    ['1 legal, 2 winner; 3 thank', ['legal', 'winner', 'thank']],
    [' ', []],
  ])('reads %j as it is on paper', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

describe('isSameWord', () => {
  it.each([
    ['winner', true],
    [' Winner ', true],
    ['2. winner', true],
    ['winne', false],
    ['winner legal', false],
    ['', false],
  ])('compares %j', (typed, isSame) => {
    expect(isSameWord(typed, 'winner')).toBe(isSame);
  });
});
