import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReading } from '../../../../crypto/reading.ts';
import { characterAt, codeParts, strangePosition } from '../../../../server/web/owner/code-characters.ts';

const marked = (text: string, positions: number[]): string =>
  codeParts(text, positions)
    .map((part) => (part.isMarked ? `<${part.text}>` : part.text))
    .join('');

describe('codeParts', () => {
  it.each([
    ['8EQ7-1S?2', [7], '8EQ7-1S<?>2'],
    ['8EQ7 1S[8B]2', [7], '8EQ7 1S<[8B]>2'],
    ['Tikka|78?75', [3], 'Tikka|78<?>75'],
    ['[8|B]EQ', [1, 3], '<[8|B]>E<Q>'],
    ['ABC', [9], 'ABC'],
    ['AB[8', [3], 'AB<[8>'],
  ])('marks %j at %j', (text, positions, expected) => {
    expect(marked(text, positions)).toBe(expected);
  });

  it('counts positions as the SDK does', () => {
    const character = fc.constantFrom(...'ABZ019?-. \u2013\u00a0/'.split(''), '[8B]', '[O0]');
    fc.assert(
      fc.property(fc.array(character, { minLength: 1, maxLength: 30 }), (characters) => {
        const text = characters.join('');
        fc.pre(/[A-Z0-9?]/u.test(text));
        const { positions } = parseReading(text);
        const parts = codeParts(text, []).filter((part) => part.position !== null);
        expect(parts.map((part) => part.position)).toEqual(positions.map((_, i) => i + 1));
        expect(
          codeParts(text, [])
            .map((part) => part.text)
            .join(''),
        ).toBe(text);
        for (const [i, alternatives] of positions.entries()) {
          const typed = characterAt(text, i + 1) as string;
          expect(alternatives === null ? '?' : alternatives).toBe(typed.replaceAll(/[[\]]/gu, ''));
        }
      }),
    );
  });
});

describe('strangePosition', () => {
  it.each([
    ['HV7X-U05A-H!ND', 10],
    ['HV7X_U05A', 5],
    ['HV7X?[8B]9', null],
    ['É12', null],
    ['', null],
  ])('finds what is in no code in %j', (text, position) => {
    expect(strangePosition(text)).toBe(position);
  });
});
