/** Points at characters of a code as it was typed: positions are counted over its characters, separators left out. */

/** A part of what was typed: one position of the code, or what stands between two. */
export interface CodePart {
  readonly text: string;
  /** Counted from 1; null for separators and for a maker's name. */
  readonly position: number | null;
  readonly isMarked: boolean;
}

/** Left out of a code, as the SDK leaves it out. */
const SEPARATOR = /[\s\p{Z}\p{Pd}\p{Pi}\p{Pf}\p{Cf}\u2044\u2212.,:;/\\'"()#\u00b0\u00b7\u2022]/u;

/** Alternatives in brackets are one position. */
const POSITION = /\[[^\]]*\]?|./gsu;

/** Where the serial number begins, behind its maker's name and a bar that is not between brackets. */
function startOfCode(text: string): number {
  const bar = /^[^[|]*\|/u.exec(text);
  return bar === null ? 0 : bar[0].length;
}

/**
 * Splits a code into its positions and what stands between them.
 *
 * @param marked positions to be pointed at
 */
export function codeParts(text: string, marked: readonly number[]): CodePart[] {
  const start = startOfCode(text);
  const parts: CodePart[] = start === 0 ? [] : [{ text: text.slice(0, start), position: null, isMarked: false }];
  let position = 0;
  for (const [part] of text.slice(start).matchAll(POSITION)) {
    const isSeparator = SEPARATOR.test(part) && !part.startsWith('[');
    if (!isSeparator) position += 1;
    parts.push({
      text: part,
      position: isSeparator ? null : position,
      isMarked: !isSeparator && marked.includes(position),
    });
  }
  return parts;
}

/** The position of the first character that is in no code: neither a letter nor a digit, nor what stands for an unread one. */
export function strangePosition(text: string): number | null {
  const strange = codeParts(text, []).find(
    (part) => part.position !== null && !part.text.startsWith('[') && !/^[\p{L}\p{N}?]$/u.test(part.text),
  );
  return strange?.position ?? null;
}

/** The character at a position; undefined past the end. */
export function characterAt(text: string, position: number): string | undefined {
  return codeParts(text, []).find((part) => part.position === position)?.text;
}
