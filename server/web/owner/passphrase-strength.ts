/** How hard a passphrase is to guess, in steps that have a word each. A rough measure that would rather say too little. */

/** The shortest passphrase, in characters. */
export const SHORTEST_PASSPHRASE = 8;

export type Strength = 'tooShort' | 'weak' | 'fair' | 'strong';

/** What guessing programs try first, as people make passwords of it. */
const COMMON =
  /pass(?:word|phrase)|qwert|asdf|zxcv|letmein|welcome|abc|123|321|admin|login|monkey|dragon|iloveyou|football|blindmark|cyfrinair|(?:19|20)\d\d/gu;

/** How many different characters a guess has to try at each place. */
function alphabetOf(text: string): number {
  const kinds = [
    [/\p{Ll}/u, 26],
    [/\p{Lu}/u, 26],
    [/\d/u, 10],
    [/\s/u, 1],
    [/[^\p{L}\d\s]/u, 20],
  ] as const;
  return kinds.reduce((sum, [kind, size]) => sum + (kind.test(text) ? size : 0), 1);
}

/** Characters of a word that do not follow from the one before: of `1234` the first alone, of `aaaa` too. */
function surprises(word: string): number {
  return Array.from(word, (character, i) => {
    const step = character.charCodeAt(0) - word.charCodeAt(i - 1);
    return i === 0 || ![0, 1, -1, 9, -9].includes(step);
  }).filter(Boolean).length;
}

/** Bits that a word adds: as one of a list of some thousands, or by its characters where that is less. */
function bitsOfWord(word: string, perCharacter: number): number {
  const isPlain = /^\p{L}+$/u.test(word);
  const bits = Math.min(surprises(word), 2 * new Set(word).size) * perCharacter;
  return isPlain && word.length >= 3 ? Math.min(bits, Math.max(12, 2.2 * word.length)) : bits;
}

/** About how many bits there are to guess in a passphrase. */
export function passphraseBits(passphrase: string): number {
  const plain = passphrase.normalize('NFKC');
  const perCharacter = Math.log2(alphabetOf(plain));
  // A common part counts as one character.
  const words = plain
    .toLowerCase()
    .replaceAll(COMMON, '*')
    .split(/[\s\-_.,]+/u);
  const distinct = [...new Set(words.filter((word) => word !== ''))];
  return distinct.reduce((sum, word) => sum + bitsOfWord(word, perCharacter), 0);
}

/** The strength of a passphrase that seals a vault, each guess of which costs its finder some tenths of a second. */
export function passphraseStrength(passphrase: string): Strength {
  if (passphrase.length < SHORTEST_PASSPHRASE) return 'tooShort';
  const bits = passphraseBits(passphrase);
  if (bits < 34) return 'weak';
  return bits < 47 ? 'fair' : 'strong';
}

/** What is wrong with a new passphrase that was typed twice; null for nothing. */
export function passphraseProblem(passphrase: string, again: string): 'tooShort' | 'different' | null {
  if (passphrase.length < SHORTEST_PASSPHRASE) return 'tooShort';
  return passphrase === again ? null : 'different';
}
