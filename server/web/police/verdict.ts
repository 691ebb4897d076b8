/** What became of readings, as pages count and group it. */
import type { FoundView, OpeningView, ReadingView, TrayView } from '../engine/police-api.ts';

/** `unsure`: something was found, and none of it verifies. It must not be called a miss. */
export type Verdict = ReadingView['state'] | 'unsure';

export const VERDICTS: readonly Verdict[] = ['hit', 'unsure', 'miss', 'failed', 'waiting'];

export function verdictOf({ state, result }: Pick<ReadingView, 'state' | 'result'>): Verdict {
  return state === 'miss' && (result?.refused ?? 0) > 0 ? 'unsure' : state;
}

/** How many readings of each verdict there are. */
export function countVerdicts(list: readonly ReadingView[]): Readonly<Record<Verdict, number>> {
  const counts: Record<Verdict, number> = { hit: 0, unsure: 0, miss: 0, failed: 0, waiting: 0 };
  for (const reading of list) counts[verdictOf(reading)] += 1;
  return counts;
}

/** All registrations of one code in the order of the log: the first claim, then counter-claims. */
export interface ClaimedCode {
  readonly code: string;
  readonly schemeTitle: string;
  readonly claims: readonly FoundView[];
}

/** Registrations by code; within each, in the order that they were given in. */
export function claimsOf(registrations: readonly FoundView[]): ClaimedCode[] {
  const byCode = new Map<string, FoundView[]>();
  for (const found of registrations) {
    const key = `${found.schemeTitle}\u0000${found.code}`;
    const claims = byCode.get(key);
    if (claims === undefined) byCode.set(key, [found]);
    else claims.push(found);
  }
  return [...byCode.values()].map((claims) => {
    const { code, schemeTitle } = claims[0] as FoundView;
    return { code, schemeTitle, claims };
  });
}

/** The registration that a match's entry shows. */
export function findClaim(tray: TrayView, match: number): FoundView | null {
  for (const { result } of tray.list) {
    const found = result?.registrations.find((registration) => registration.match === match);
    if (found !== undefined) return found;
  }
  return null;
}

/** The latest opening that was asked for of a match. */
export function findOpening(tray: TrayView, match: number): OpeningView | null {
  return tray.openings.findLast((opening) => opening.match === match) ?? null;
}

/**
 * Whether what was just put on a tray may be looked up at once: only when no more is asked than the officer was shown. Else the
 * tray says what it will cost, and waits.
 *
 * @param shown codes that the page has shown as the cost
 */
export function mayRunAtOnce(tray: Pick<TrayView, 'cost'>, shown: number): boolean {
  return tray.cost > 0 && tray.cost <= shown;
}

/** Readings of which all are shown at once. */
export const PORTION = 20;

/** Readings in the order in which they are shown: of few the latest first; of many the hits first, each kind in the order of the list. */
export function arrange(list: readonly ReadingView[]): readonly ReadingView[] {
  if (list.length <= PORTION) return list.toReversed();
  return VERDICTS.flatMap((verdict) => list.filter((reading) => verdictOf(reading) === verdict));
}

/** How counts are told: the words of the room for cases. */
export interface SummaryText {
  readonly summary: (hits: number, misses: number) => string;
  readonly summaryUnsure: (count: number) => string;
  readonly summaryFailed: (count: number) => string;
  readonly summaryWaiting: (count: number) => string;
}

/** `1 registered, 2 not registered, 3 waiting` */
export function summaryOf(counts: Readonly<Record<Verdict, number>>, text: SummaryText): string {
  return [
    text.summary(counts.hit, counts.miss),
    ...(counts.unsure > 0 ? [text.summaryUnsure(counts.unsure)] : []),
    ...(counts.failed > 0 ? [text.summaryFailed(counts.failed)] : []),
    ...(counts.waiting > 0 ? [text.summaryWaiting(counts.waiting)] : []),
  ].join(', ');
}
