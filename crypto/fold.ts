/** Spellings made equal before any scheme's own rule applies. Frozen: a change here orphans registrations. */

/**
 * Text in compatibility decomposition (Unicode NFKD: full-width forms, superscripts and ligatures become plain characters),
 * without accents, in upper case.
 */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase();
}

/**
 * What a maker's name is compared by: {@link foldText}, `&` read as `AND`, and then letters and digits alone, so that case,
 * accents, spaces and punctuation do not count.
 *
 * @returns empty when the name holds neither letter nor digit
 */
export function foldMaker(name: string): string {
  return foldText(name)
    .replaceAll('&', 'AND')
    .replace(/[^\p{L}\p{N}]/gu, '');
}
