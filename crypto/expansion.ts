/** Every code that a partial reading can stand for: counted without listing them, listed one at a time. */
import type { CheckAutomaton } from './check-characters.ts';

/** A lazy set of codes of one length. */
export interface Expansion {
  /** How many there are; exact up to 2^53. Costs positions x states x alphabet, never the number of codes. */
  readonly count: number;
  /** The codes, in the order of the positions' characters. Each is made when it is asked for. */
  codes(): Generator<string>;
}

/**
 * The codes with one of `positions[i]` at position i that pass the check, or that fail it.
 *
 * @param positions at least one, each with the distinct characters that it can be
 * @param passing whether codes that pass or codes that fail are wanted
 */
export function createExpansion(positions: readonly string[], check: CheckAutomaton, passing: boolean): Expansion {
  const { length } = positions;
  /** For each position: how many wanted codes go on from a state. */
  const known = positions.map(() => new Map<number, number>());

  function countFrom(index: number, state: number): number {
    if (index === length) return check.accepts(state) === passing ? 1 : 0;
    const memo = known[index] as Map<number, number>;
    const found = memo.get(state);
    if (found !== undefined) return found;
    let count = 0;
    for (const character of positions[index] as string) {
      count += countFrom(index + 1, check.step(state, index, length, character));
    }
    memo.set(state, count);
    return count;
  }

  function* codesFrom(prefix: string, index: number, state: number): Generator<string> {
    // Branches without a wanted code are never entered: the next code is at most `length` steps away.
    if (countFrom(index, state) === 0) return;
    if (index === length) {
      yield prefix;
      return;
    }
    for (const character of positions[index] as string) {
      yield* codesFrom(prefix + character, index + 1, check.step(state, index, length, character));
    }
  }

  return { count: countFrom(0, check.start), codes: () => codesFrom('', 0, check.start) };
}
