/** Partial evaluations under t-of-n shares, combined by Lagrange interpolation at 0 (DESIGN 3.1 step 2). */
import { ristretto255 } from '@noble/curves/ed25519.js';
import { equalBytes } from './bytes.ts';
import { checkBatch, verifyProof } from './dleq.ts';
import { badInput, BlindmarkError, isBlindmarkError } from './errors.ts';
import { sodiumGroup } from './group-sodium.ts';
import { checkElement, isIdentity, type GroupBackend } from './group.ts';
import { EVALUATION_CONTEXT } from './oprf.ts';

/** Most shares of one key. */
export const MAX_SHARES = 255;

/** One share's evaluations. */
export interface PartialEvaluation {
  /** The share's position, from 1 to 255. */
  readonly index: number;
  /** 32 bytes each. */
  readonly evaluatedElements: readonly Uint8Array[];
}

// Indexes and coefficients are public.
const { Fn } = ristretto255.Point;

/** The Lagrange coefficients at 0 for the given indexes, as scalars. */
function lagrangeAtZero(indexes: readonly number[]): Uint8Array[] {
  return indexes.map((index) => {
    let numerator = 1n;
    let denominator = 1n;
    for (const other of indexes) {
      if (other === index) continue;
      numerator = Fn.mul(numerator, BigInt(other));
      denominator = Fn.mul(denominator, Fn.create(BigInt(other - index)));
    }
    return Fn.toBytes(Fn.mul(numerator, Fn.inv(denominator)));
  });
}

function checkThreshold(threshold: number): void {
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > MAX_SHARES) {
    throw badInput('threshold', `an integer from 1 to ${MAX_SHARES}`);
  }
}

function checkIndexes(field: string, indexes: readonly number[]): void {
  if (!indexes.every((index) => Number.isInteger(index) && index >= 1 && index <= MAX_SHARES)) {
    throw badInput(field, `indexes from 1 to ${MAX_SHARES}`);
  }
  if (new Set(indexes).size !== indexes.length) throw badInput(field, 'distinct indexes');
}

/**
 * Combines partial evaluations into those of the whole key. Verifies nothing: {@link combineProved} does.
 *
 * @param partials at least `threshold` of them, with as many elements each; the first `threshold` are used
 * @returns one element of 32 bytes for each evaluated
 * @throws BlindmarkError `badInput`; `badElement`, also for a result that is the identity
 */
export function combine(
  partials: readonly PartialEvaluation[],
  threshold: number,
  group: GroupBackend = sodiumGroup,
): Uint8Array[] {
  checkThreshold(threshold);
  checkIndexes(
    'partials',
    partials.map((partial) => partial.index),
  );
  const used = partials.slice(0, threshold);
  const [first] = used;
  if (first === undefined || used.length < threshold)
    throw badInput('partials', `at least ${threshold} partial evaluations`);
  if (used.some((partial) => partial.evaluatedElements.length !== first.evaluatedElements.length)) {
    throw badInput('partials', 'as many evaluated elements in each');
  }
  const coefficients = lagrangeAtZero(used.map((partial) => partial.index));
  return first.evaluatedElements.map((_, position) => {
    const combined = used
      .map((partial, i) =>
        group.multiply(
          coefficients[i] as Uint8Array,
          partial.evaluatedElements[position] as Uint8Array,
          `partials[${i}].evaluatedElements[${position}]`,
        ),
      )
      .reduce((sum, term) => group.add(sum, term));
    checkElement('combined', combined);
    return combined;
  });
}

/** A guardian's answer, with what the roster says of the guardian. */
export interface GuardianAnswer extends PartialEvaluation {
  readonly guardian: string;
  /** From the roster, never from the answer. */
  readonly publicShare: Uint8Array;
  /** 64 bytes. */
  readonly proof: Uint8Array;
}

/** A guardian whose answer was not used, and why. */
export interface GuardianFault {
  readonly guardian: string;
  readonly code: 'badProof' | 'badElement';
}

/** Why an answer does not count; undefined when it does. */
function findFault(
  context: string,
  elements: readonly Uint8Array[],
  answer: GuardianAnswer,
  group: GroupBackend,
): GuardianFault | undefined {
  try {
    verifyProof(context, answer.publicShare, elements, answer.evaluatedElements, answer.proof, group);
    return undefined;
  } catch (error) {
    if (!isBlindmarkError(error, 'badProof', 'badElement')) throw error;
    return { guardian: answer.guardian, code: error.code as GuardianFault['code'] };
  }
}

/**
 * Verifies each guardian's answer under its public share and combines the good ones. Who answered wrongly is named; the
 * rest go on. Whatever answers are left beyond `threshold` are checked to give the same result.
 *
 * @param context the proofs' context string: what kind of key it is
 * @param elements the elements that were sent, 1 to 64
 * @param groupKey when given, the combined public shares must be this key
 * @throws BlindmarkError `guardiansUnavailable` naming the guardians at fault, when fewer than `threshold` answers are good;
 *   `badProof` when subsets of good answers disagree or the shares do not make up `groupKey`; `badElement` or `badInput` for
 *   arguments that the caller itself must mend
 */
export function combineProved(
  context: string,
  elements: readonly Uint8Array[],
  answers: readonly GuardianAnswer[],
  threshold: number,
  groupKey?: Uint8Array,
  group: GroupBackend = sodiumGroup,
): { combined: Uint8Array[]; faults: GuardianFault[] } {
  checkThreshold(threshold);
  checkIndexes(
    'answers',
    answers.map((answer) => answer.index),
  );
  checkBatch(elements);
  elements.forEach((element, i) => checkElement(`elements[${i}]`, element));
  const faultOf = new Map(answers.map((answer) => [answer, findFault(context, elements, answer, group)]));
  const faults = [...faultOf.values()].filter((fault) => fault !== undefined);
  const good = answers.filter((answer) => faultOf.get(answer) === undefined);
  if (good.length < threshold) {
    throw new BlindmarkError(
      'guardiansUnavailable',
      `${good.length} guardians gave good answers; ${threshold} are needed`,
      {
        guardians: faults.map((fault) => fault.guardian),
        remedy: 'Try again later; nothing was changed.',
      },
    );
  }
  // The public shares are combined beside the elements: they are evaluations of the generator.
  const partials = good.map(({ index, publicShare, evaluatedElements }) => ({
    index,
    evaluatedElements: groupKey === undefined ? evaluatedElements : [...evaluatedElements, publicShare],
  }));
  const combined = combine(partials, threshold, group);
  const common = partials.slice(0, threshold - 1);
  // A further share lies on the polynomial of the first t if and only if it may stand for the last of them.
  const others = partials.slice(threshold).map((extra) => combine([...common, extra], threshold, group));
  const agree = (other: Uint8Array[]): boolean =>
    other.every((element, i) => equalBytes(element, combined[i] as Uint8Array));
  if (!others.every(agree) || (groupKey !== undefined && !equalBytes(combined.pop() as Uint8Array, groupKey))) {
    throw new BlindmarkError('badProof', 'The guardians’ public shares do not belong to one key', {
      field: 'publicShare',
      remedy: 'Do not go on with this roster; ask a guardian about it.',
    });
  }
  return { combined, faults };
}

/** {@link combineProved} for evaluations of blinded codes. */
export function combineVerified(
  elements: readonly Uint8Array[],
  answers: readonly GuardianAnswer[],
  threshold: number,
  groupKey?: Uint8Array,
  group: GroupBackend = sodiumGroup,
): { combined: Uint8Array[]; faults: GuardianFault[] } {
  return combineProved(EVALUATION_CONTEXT, elements, answers, threshold, groupKey, group);
}

/**
 * Verifies that public shares with the indexes 1 to n lie on one polynomial of degree `threshold - 1`, whose value at 0 is
 * the group key: any `threshold` of them make up the key, and no fewer do.
 *
 * Values of a polynomial of degree d at consecutive places have d-th differences that are all alike and not zero, and all
 * differences after them vanish: additions suffice.
 *
 * @throws BlindmarkError `badRoster`
 */
export function verifyPublicShares(
  groupKey: Uint8Array,
  publicShares: readonly Uint8Array[],
  threshold: number,
  group: GroupBackend = sodiumGroup,
): void {
  const refuse = (message: string, cause?: unknown): BlindmarkError =>
    new BlindmarkError('badRoster', `The public shares do not hold: ${message}`, {
      field: 'epochs.publicShares',
      cause,
    });
  if (
    !Number.isInteger(threshold) ||
    threshold < 1 ||
    threshold > publicShares.length ||
    publicShares.length > MAX_SHARES
  ) {
    throw refuse('the threshold does not fit their number');
  }
  let row: Uint8Array[] = [groupKey, ...publicShares];
  try {
    row.forEach((element, i) => checkElement(i === 0 ? 'groupKey' : `publicShares[${i - 1}]`, element));
  } catch (cause) {
    throw refuse('one is not a valid element', cause);
  }
  for (let degree = 0; degree < threshold; degree++) {
    if (row.every(isIdentity)) throw refuse('fewer guardians than the threshold make up the key');
    row = row.slice(1).map((element, i) => group.subtract(element, row[i] as Uint8Array));
  }
  if (!row.every(isIdentity)) throw refuse('they do not make up the group key');
}
