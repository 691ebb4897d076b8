/** Characters that have no shape of their own, and could make a text look like another. */

/** A piece of a text: as it is, or a run of one hidden character. */
export type TextPiece =
  | { readonly text: string }
  /** `U+202E`, and how often in a row. */
  | { readonly hidden: string; readonly times: number };

// Controls (Cc), formats (Cf: bidirectional controls, zero width, tags) but the two joiners that scripts and emoji need, line and
// paragraph separators, lone surrogates, blank fillers, variation selectors beyond one, and marks piled up beyond four.
const HIDDEN =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0]|(?![\u200C\u200D])\p{Cf}|(?<=[\uFE00-\uFE0F])[\uFE00-\uFE0F]|[\u{E0100}-\u{E01EF}]|(?<=\p{M}{4})\p{M}/gu;

/** `text` in pieces. Line breaks stay as they are where `multiline`. */
export function splitHidden(text: string, multiline: boolean): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  const source = multiline ? text.replaceAll('\r\n', '\n') : text;
  let end = 0;
  for (const match of source.matchAll(HIDDEN)) {
    const character = match[0];
    if (multiline && (character === '\n' || character === '\t')) continue;
    if (match.index > end) pieces.push({ text: source.slice(end, match.index) });
    end = match.index + character.length;
    const last = pieces.at(-1);
    const hidden = nameOf(character);
    if (last !== undefined && 'hidden' in last && last.hidden === hidden) {
      pieces[pieces.length - 1] = { hidden, times: last.times + 1 };
    } else {
      pieces.push({ hidden, times: 1 });
    }
  }
  if (end < source.length) pieces.push({ text: source.slice(end) });
  return pieces;
}

/** `text` in one line, for where no element can be, as in a list's options: each hidden character by its number, in brackets. */
export function plainText(text: string): string {
  return splitHidden(text, false)
    .map((piece) => ('text' in piece ? piece.text : `[${piece.hidden}${piece.times === 1 ? '' : ` ×${piece.times}`}]`))
    .join('');
}

function nameOf(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}
