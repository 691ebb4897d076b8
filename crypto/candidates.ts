/** The codes to look up for one reading: likely ones first, in whole tiers, and never more than a cap. */
import { UNCHECKED } from './check-characters.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { createExpansion, type Expansion } from './expansion.ts';
import type { Reading } from './reading.ts';
import { checkAutomaton, findScheme, type Scheme, type SchemeRules } from './scheme-rules.ts';
import {
  codeLength,
  describeScheme,
  fitScheme,
  fittingSchemes,
  isFit,
  isNumberLike,
  misfitError,
  type SchemeFit,
} from './scheme-fit.ts';

/** Codes that one reading may cost when the caller says nothing else. */
export const DEFAULT_CANDIDATE_CAP = 256;

/** Tiers in the order in which they are tried. */
export const CANDIDATE_TIERS = [
  /** Codes whose check characters match. */
  'checkPassed',
  /** Codes of schemes that have no check. */
  'noCheck',
  /** Codes that fail a check which only warns. */
  'checkFailed',
  /** Codes with leading zeros put back. */
  'leadingZeros',
] as const;
export type CandidateTier = (typeof CANDIDATE_TIERS)[number];

/** One code to look up. */
export interface Candidate {
  readonly schemeId: string;
  readonly canonical: string;
  /** Null where the scheme has no check. */
  readonly checkPassed: boolean | null;
}

/** A tier that was left out, because it would have exceeded the cap. */
export interface OmittedTier {
  readonly tier: CandidateTier;
  readonly schemeIds: readonly string[];
  /** How many codes were left out. */
  readonly count: number;
}

/** What a reading stands for. */
export interface CandidateSet {
  /** From 1 to the cap. */
  readonly count: number;
  /** The candidates, tier by tier; lazy, and from the start at each iteration. No code stands there twice. */
  readonly codes: Iterable<Candidate>;
  /** Empty when all was asked. A miss is then a miss; otherwise it may lie in what was left out. */
  readonly omitted: readonly OmittedTier[];
  /** Schemes whose form the reading has, but whose check none of its codes passes: if it is of one of them, it was misread. */
  readonly misread: readonly string[];
}

export interface CandidateOptions {
  /** The scheme's identifier, where it is known. */
  readonly scheme?: string | undefined;
  /** The most candidates, from 1; 256 when left out. Each costs one evaluation of the officer's quota. */
  readonly cap?: number | undefined;
  /** The reading comes out of a spreadsheet, which strips leading zeros off numbers: put them back as well. */
  readonly leadingZerosLost?: boolean | undefined;
}

/** The part of a tier that one scheme gives, at one length. */
interface Share {
  readonly tier: CandidateTier;
  readonly fit: SchemeFit;
  readonly checkPassed: boolean | null;
  readonly expansion: Expansion;
}

function sharesOf(fit: SchemeFit): Share[] {
  const { scheme, positions } = fit;
  if (scheme.kind !== 'characters' || scheme.check === null) {
    return [{ tier: 'noCheck', fit, checkPassed: null, expansion: createExpansion(positions, UNCHECKED, true) }];
  }
  const automaton = checkAutomaton(scheme.check);
  const passing: Share = {
    tier: 'checkPassed',
    fit,
    checkPassed: true,
    expansion: createExpansion(positions, automaton, true),
  };
  if (scheme.check.failure === 'refuse') return [passing];
  const expansion = createExpansion(positions, automaton, false);
  return [passing, { tier: 'checkFailed', fit, checkPassed: false, expansion }];
}

/**
 * The reading with one or more zeros before it, at every length that the scheme takes. A spreadsheet strips them off whole
 * numbers alone: a cell with `?` or brackets stayed text, and one that begins with 0 lost none.
 */
function restoreZeros(rules: SchemeRules, scheme: Scheme, reading: Reading): Share[] {
  const digits = reading.positions;
  if (reading.maker !== null || digits[0] === '0' || !digits.every((position) => /^[0-9]$/u.test(position ?? ''))) {
    return [];
  }
  const [shortest, longest] = codeLength(scheme);
  const shares: Share[] = [];
  for (let length = Math.max(shortest, digits.length + 1); length <= longest; length++) {
    const zeros = Array<string>(length - digits.length).fill('0');
    const fit = fitScheme(rules, scheme, { maker: null, positions: [...zeros, ...digits] });
    if (!isFit(fit)) continue;
    const expansion = createExpansion(fit.positions, UNCHECKED, true);
    shares.push({ tier: 'leadingZeros', fit, checkPassed: null, expansion });
  }
  return shares;
}

/** Whether a scheme that refuses what fails its check refuses every code of the reading. */
function refusesAll({ fit: { scheme }, expansion }: Share): boolean {
  return scheme.kind === 'characters' && scheme.check?.failure === 'refuse' && expansion.count === 0;
}

/** A count for people. */
function formatCount(count: number): string {
  return count > 1_000_000 ? 'more than 1000000' : String(count);
}

function total(shares: readonly Share[]): number {
  return shares.reduce((sum, { expansion }) => sum + expansion.count, 0);
}

function schemeIds(shares: readonly Share[]): string[] {
  return [...new Set(shares.map(({ fit }) => fit.scheme.id))];
}

function tooManyCandidates(shares: readonly Share[], cap: number, schemeNamed: boolean): BlindmarkError {
  const remedies = ['read more characters', 'raise the cap'];
  if (!schemeNamed) remedies.unshift('name the scheme');
  const [last, ...others] = [remedies.pop(), ...remedies];
  return new BlindmarkError(
    'tooManyCandidates',
    `The reading stands for ${formatCount(total(shares))} codes (${schemeIds(shares).join(', ')}), and at most ${cap} are asked for`,
    { field: 'reading', remedy: `Nothing was asked and nothing was charged: ${others.join(', ')} or ${last}.` },
  );
}

/** The error for a reading that stands for no code at all. */
function noCandidates(schemes: readonly Scheme[], rules: SchemeRules, reading: Reading): BlindmarkError {
  const outcomes = schemes.map((scheme) => fitScheme(rules, scheme, reading));
  if (outcomes.some(isFit)) {
    return new BlindmarkError('checkFailed', 'The check characters do not match what was read', {
      field: 'reading',
      remedy: 'Read the code again, and put ? for each character that is not clear.',
    });
  }
  const [scheme] = schemes;
  const [outcome] = outcomes;
  if (schemes.length === 1 && scheme !== undefined && outcome !== undefined && !isFit(outcome)) {
    return misfitError(scheme, outcome);
  }
  const known = schemes.map((each) => `${each.id}: ${describeScheme(each)}`).join('; ');
  return new BlindmarkError('noSchemeFits', `A reading of ${reading.positions.length} characters that fits no scheme`, {
    field: 'reading',
    remedy: `Count the characters (${known}), or name the scheme to hear which position is at fault.`,
  });
}

function* listCodes(shares: readonly Share[]): Generator<Candidate> {
  for (const { fit, checkPassed, expansion } of shares) {
    for (const code of expansion.codes()) {
      yield { schemeId: fit.scheme.id, canonical: fit.prefix + code, checkPassed };
    }
  }
}

/**
 * What to look up for a reading. Tiers are asked whole or left out whole, in the order of {@link CANDIDATE_TIERS}: one that
 * would exceed the cap is left out and named, unless nothing likelier was asked.
 *
 * Counting costs little, whatever the count; candidates are made when they are asked for.
 *
 * @throws BlindmarkError `noSchemeFits`, saying what the named scheme (or each) expects; `checkFailed` when a scheme fits but
 *   no code passes its check; `tooManyCandidates` when the likeliest tier alone exceeds the cap; `badInput` for an unknown
 *   scheme or a cap below 1. None quotes the reading.
 */
export function candidates(rules: SchemeRules, reading: Reading, options: CandidateOptions = {}): CandidateSet {
  const { scheme, cap = DEFAULT_CANDIDATE_CAP, leadingZerosLost = false } = options;
  if (Number.isNaN(cap) || cap < 1) throw badInput('cap', 'a number from 1');
  const schemes = scheme === undefined ? rules.schemes : [findScheme(rules, scheme)];
  const shares = fittingSchemes({ ...rules, schemes }, reading).flatMap(sharesOf);
  if (leadingZerosLost) {
    shares.push(...schemes.filter(isNumberLike).flatMap((each) => restoreZeros(rules, each, reading)));
  }
  const asked: Share[] = [];
  const omitted: OmittedTier[] = [];
  for (const tier of CANDIDATE_TIERS) {
    const ofTier = shares.filter((share) => share.tier === tier && share.expansion.count > 0);
    if (ofTier.length === 0) continue;
    if (total(asked) + total(ofTier) <= cap) asked.push(...ofTier);
    else if (asked.length === 0) throw tooManyCandidates(ofTier, cap, scheme !== undefined);
    else omitted.push({ tier, schemeIds: schemeIds(ofTier), count: total(ofTier) });
  }
  if (asked.length === 0) throw noCandidates(schemes, rules, reading);
  const misread = shares.filter(refusesAll);
  return {
    count: total(asked),
    codes: { [Symbol.iterator]: () => listCodes(asked) },
    omitted,
    misread: schemeIds(misread),
  };
}
