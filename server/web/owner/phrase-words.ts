/** The recovery phrase as a person handles it: words that are read off paper and typed again. */

/** Words in a recovery phrase. */
export const PHRASE_WORDS = 12;

/** How many of them are typed again, to show that they are on paper. */
export const CONFIRMED_WORDS = 3;

/** A whole number from 0 to `below` - 1. */
export type DrawNumber = (below: number) => number;

/** Draws without bias from the browser's randomness. */
export const drawNumber: DrawNumber = (below) => {
  const limit = 2 ** 32 - (2 ** 32 % below);
  const drawn = new Uint32Array(1);
  do crypto.getRandomValues(drawn);
  while ((drawn[0] as number) >= limit);
  return (drawn[0] as number) % below;
};

/**
 * Which words are asked for.
 *
 * @returns distinct positions, counted from 1, in their order
 */
export function drawPositions(draw: DrawNumber = drawNumber, count = CONFIRMED_WORDS): number[] {
  const left = Array.from({ length: PHRASE_WORDS }, (_, i) => i + 1);
  const drawn = Array.from({ length: count }, () => left.splice(draw(left.length), 1)[0] as number);
  return drawn.sort((a, b) => a - b);
}

/** The words of a phrase as people type it: any case, any white space, numbers and full stops of a list left out. */
export function wordsOf(text: string): string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s\d.,;]+/u)
    .filter((word) => word !== '');
}

/** Whether a typed word is that of the phrase. */
export function isSameWord(typed: string, word: string): boolean {
  const [only, ...others] = wordsOf(typed);
  return others.length === 0 && only === word;
}
