import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText, splitHidden, type TextPiece } from '../../../../server/web/ui/hidden-characters.ts';

const hiddenOf = (pieces: readonly TextPiece[]) => pieces.filter((piece) => 'hidden' in piece);
const shownOf = (pieces: readonly TextPiece[]) => pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');

describe('splitHidden', () => {
  it('leaves a plain text as it is', () => {
    for (const text of ['Beretta 686', 'Tŷ Coch, Llŷn', '猎枪 🚜', 'قفل', 'עברית', '👩‍👩‍👧', 'e\u0301', 'क्‍ष']) {
      expect(splitHidden(text, false)).toEqual([{ text }]);
    }
    expect(splitHidden('', false)).toEqual([]);
  });

  it.each([
    ['right-to-left override', '\u202E', 'U+202E'],
    ['right-to-left isolate', '\u2067', 'U+2067'],
    ['pop directional isolate', '\u2069', 'U+2069'],
    ['right-to-left mark', '\u200F', 'U+200F'],
    ['Arabic letter mark', '\u061C', 'U+061C'],
    ['zero width space', '\u200B', 'U+200B'],
    ['word joiner', '\u2060', 'U+2060'],
    ['byte order mark', '\uFEFF', 'U+FEFF'],
    ['soft hyphen', '\u00AD', 'U+00AD'],
    ['null', '\0', 'U+0000'],
    ['escape', '\u001B', 'U+001B'],
    ['delete', '\u007F', 'U+007F'],
    ['next line', '\u0085', 'U+0085'],
    ['line separator', '\u2028', 'U+2028'],
    ['line feed', '\n', 'U+000A'],
    ['Hangul filler', '\u3164', 'U+3164'],
    ['lone surrogate', '\uD800', 'U+D800'],
    ['tag character', '\u{E0041}', 'U+E0041'],
  ])('shows a %s', (_name, character, hidden) => {
    expect(splitHidden(`a${character}b`, false)).toEqual([{ text: 'a' }, { hidden, times: 1 }, { text: 'b' }]);
  });

  it('keeps line breaks and tabs of a text of several lines', () => {
    expect(splitHidden('a\r\nb\n\tc', true)).toEqual([{ text: 'a\nb\n\tc' }]);
    expect(splitHidden('a\u2028b', true)).toEqual([{ text: 'a' }, { hidden: 'U+2028', times: 1 }, { text: 'b' }]);
  });

  it('counts a run instead of showing each', () => {
    expect(splitHidden('\u202E'.repeat(65_536), false)).toEqual([{ hidden: 'U+202E', times: 65_536 }]);
  });

  it('shows marks piled up beyond four', () => {
    const [shown, hidden, ...rest] = splitHidden(`e${'\u0301'.repeat(12)}f`, false);
    expect(shown).toEqual({ text: `e${'\u0301'.repeat(4)}` });
    expect(hidden).toEqual({ hidden: 'U+0301', times: 8 });
    expect(rest).toEqual([{ text: 'f' }]);
  });

  it('loses nothing and shows no control, whatever the text', () => {
    const texts = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(texts, fc.boolean(), (text, multiline) => {
        const pieces = splitHidden(text, multiline);
        const whole = pieces
          .map((piece) =>
            'text' in piece
              ? piece.text
              : String.fromCodePoint(Number.parseInt(piece.hidden.slice(2), 16)).repeat(piece.times),
          )
          .join('');
        expect(whole).toBe(multiline ? text.replaceAll('\r\n', '\n') : text);
        expect(shownOf(pieces).replaceAll(/[\n\t]/gu, '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Cs}]/u);
        if (!multiline) expect(shownOf(pieces)).not.toMatch(/\n/u);
        expect(hiddenOf(pieces).every((piece) => piece.times > 0)).toBe(true);
      }),
    );
  });
});

describe('plainText', () => {
  it('leaves a plain text as it is, and puts numbers in the place of what is hidden', () => {
    expect(plainText('Tŷ Coch')).toBe('Tŷ Coch');
    expect(plainText('Force \u202EA\u200B\u200B')).toBe('Force [U+202E]A[U+200B ×2]');
    expect(plainText('two\nlines')).toBe('two[U+000A]lines');
  });
});
