/**
 * Check characters as automata that read a code from left to right: one rule serves to verify a code, to count the codes
 * behind a partial reading, and to list those that pass without walking through those that fail.
 */
import { badInput } from './errors.ts';

/** A check rule. States are small integers; {@link DEAD} can no longer pass. */
export interface CheckAutomaton {
  readonly start: number;
  /** The state after reading `character` (0-9, A-Z) at `index` of a code of `length` characters. */
  step(state: number, index: number, length: number, character: string): number;
  accepts(state: number): boolean;
}

/** The state from which no code passes. */
export const DEAD = -1;

/** No check: every code passes. */
export const UNCHECKED: CheckAutomaton = { start: 0, step: () => 0, accepts: () => true };

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

const MODULUS = 97;
/** What the first check digit was, where the second must not complete 00, 01 or 99. Added to the residue in steps of 97. */
const AFTER_0 = 1;
const AFTER_9 = 2;

/**
 * ISO/IEC 7064 MOD 97-10 over the whole code, letters as 10 to 35 (as ISO 13616 and ISO 17442 do): the remainder is 1. The
 * check characters are the last two, always digits, 02 to 98.
 *
 * Finds every digit mistaken for another digit, every letter for another letter, and every two neighbours swapped but for
 * `1B`, `2M` and `3X`: since `B` is written 11, `1B` and `B1` are both 111. A letter mistaken for a digit shifts what
 * precedes it by one place, and one in about 97 such mistakes passes.
 */
export const MOD_97_10: CheckAutomaton = {
  start: 0,
  step(state, index, length, character) {
    if (state === DEAD) return DEAD;
    const fromEnd = length - index;
    const value = Number.parseInt(character, 36);
    if (fromEnd > 2) return ((state % MODULUS) * (value > 9 ? 100 : 10) + value) % MODULUS;
    if (!isDigit(character)) return DEAD;
    const residue = ((state % MODULUS) * 10 + value) % MODULUS;
    if (fromEnd === 2) return residue + MODULUS * (value === 0 ? AFTER_0 : value === 9 ? AFTER_9 : 0);
    const first = Math.floor(state / MODULUS);
    return (first === AFTER_0 && value < 2) || (first === AFTER_9 && value === 9) ? DEAD : residue;
  },
  accepts: (state) => state === 1,
};

/** 49 CFR 565.15(c) table III. I, O and Q do not occur in a VIN. */
const VIN_LETTERS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries({ ABCDEFGH: 1, JKLMN: 1, P: 7, R: 9, STUVWXYZ: 2 }).flatMap(([letters, first]) =>
    Array.from(letters, (letter, i) => [letter, first + i]),
  ),
);
/** 49 CFR 565.15(c) table IV. Position 9 is the check digit itself. */
const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const VIN_CHECK_INDEX = 8;

/**
 * The check digit of vehicle identification numbers, at position 9 of 17: the weighted sum of the others modulo 11, with `X`
 * for 10 (49 CFR 565.15(c), ISO 3779). Not every substitution changes it: several letters share one value.
 */
export const VIN_MOD_11: CheckAutomaton = {
  start: 0,
  step(state, index, _length, character) {
    if (state === DEAD) return DEAD;
    if (index === VIN_CHECK_INDEX) {
      if (character === 'X') return (state + 1) % 11;
      // Counted with weight -1, so that a matching sum ends at 0.
      return isDigit(character) ? (state + 11 - Number(character)) % 11 : DEAD;
    }
    const value = isDigit(character) ? Number(character) : VIN_LETTERS[character];
    return value === undefined ? DEAD : (state + (VIN_WEIGHTS[index] ?? 0) * value) % 11;
  },
  accepts: (state) => state === 0,
};

/** Whether a code of characters 0-9 and A-Z passes. */
export function passesCheck(automaton: CheckAutomaton, code: string): boolean {
  if (!/^[0-9A-Z]+$/u.test(code)) return false;
  let state = automaton.start;
  for (let i = 0; i < code.length; i++) state = automaton.step(state, i, code.length, code.charAt(i));
  return automaton.accepts(state);
}

/**
 * The two check characters that follow `payload` in ISO/IEC 7064 MOD 97-10, letters as 10 to 35.
 *
 * @param payload characters 0-9 and A-Z, at least one
 * @returns two digits, 02 to 98
 * @throws BlindmarkError `badInput`
 */
export function mod97CheckCharacters(payload: string): string {
  if (!/^[0-9A-Z]+$/u.test(payload)) throw badInput('payload', 'digits and letters A to Z');
  const code = `${payload}00`;
  let residue = 0;
  for (let i = 0; i < code.length; i++) {
    // The length is overstated, so that no character is taken for a check character.
    residue = MOD_97_10.step(residue, i, code.length + 2, code.charAt(i));
  }
  return String(MODULUS + 1 - residue).padStart(2, '0');
}

/**
 * The check digit of a VIN; what stands at position 9 is not looked at.
 *
 * @param vin 17 characters without I, O and Q
 * @returns a digit or `X`
 * @throws BlindmarkError `badInput`
 */
export function vinCheckDigit(vin: string): string {
  if (!/^[0-9A-HJ-NPR-Z]{17}$/u.test(vin)) throw badInput('vin', '17 digits and letters without I, O and Q');
  const digit = Array.from('0123456789X').find((character) =>
    passesCheck(VIN_MOD_11, vin.slice(0, VIN_CHECK_INDEX) + character + vin.slice(VIN_CHECK_INDEX + 1)),
  );
  return digit as string;
}
