/**
 * Measuring beside peers: in each round every contender has its turn, so that whatever else the machine does falls on all of
 * them alike, and ratios are formed within a round.
 */

/** What takes part in a comparison. */
export interface Contender {
  readonly name: string;
  /**
   * Does the work `times` times.
   *
   * @returns milliseconds, where not the whole call counts; nothing where it does
   */
  readonly run: (times: number) => Promise<number | void> | number | void;
}

/** A figure with its spread over the rounds. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One for each round. */
  readonly rounds: readonly number[];
}

/** How long a measurement takes. */
export interface Effort {
  readonly rounds: number;
  /** Milliseconds of one contender's turn. */
  readonly turnMs: number;
}

/** Milliseconds since some moment. */
export type Clock = () => number;

/** Time as it passes. */
export const wallClock: Clock = () => performance.now();

/** Time that this process had a core for, all its threads together: what others do on the machine counts little. */
export const cpuClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** The value that `part` (0 to 1) of the sorted values are below: nearest rank. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))] as number;
}

export function summarise(rounds: readonly number[]): Figure {
  return { median: quantile(rounds, 0.5), min: Math.min(...rounds), max: Math.max(...rounds), rounds };
}

/** Round by round, one figure divided by another. */
export function ratio(figure: Figure, peer: Figure): Figure {
  return summarise(figure.rounds.map((value, i) => value / (peer.rounds[i] as number)));
}

/** The same figure in another unit. */
export function convert(figure: Figure, change: (value: number) => number): Figure {
  return summarise(figure.rounds.map(change));
}

async function turn(contender: Contender, times: number, clock: Clock): Promise<number> {
  const started = clock();
  const counted = await contender.run(times);
  return counted ?? clock() - started;
}

/** Warms a contender up, and finds how often it can do its work in one turn. */
async function calibrate(contender: Contender, turnMs: number, clock: Clock): Promise<number> {
  for (let times = 1; ; times *= 2) {
    const took = await turn(contender, times, clock);
    if (took >= turnMs / 2) return Math.max(1, Math.round((times * turnMs) / took));
  }
}

/**
 * Milliseconds for one piece of work, for each contender.
 *
 * @param say told how far it is
 */
export async function compare(
  contenders: readonly Contender[],
  effort: Effort,
  clock: Clock,
  say: (text: string) => void,
): Promise<Figure[]> {
  const times: number[] = [];
  for (const contender of contenders) {
    say(`warming up: ${contender.name}`);
    times.push(await calibrate(contender, effort.turnMs, clock));
  }
  const taken = contenders.map((): number[] => []);
  for (let round = 0; round < effort.rounds; round++) {
    say(`round ${round + 1} of ${effort.rounds}`);
    for (let i = 0; i < contenders.length; i++) {
      const at = (i + round) % contenders.length;
      const count = times[at] as number;
      taken[at]?.push((await turn(contenders[at] as Contender, count, clock)) / count);
    }
  }
  return taken.map(summarise);
}
