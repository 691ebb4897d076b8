/** The checkpoints that a client has seen of a registry's log. It goes back behind none of them, and takes no old one for new. */
import { equalBytes } from '../crypto/bytes.ts';
import { cosignatureTime } from '../crypto/checkpoint.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { logName, verifyCosigned, type CosignedCheckpoint } from '../crypto/log-proof.ts';
import type { TreeHead } from '../crypto/merkle.ts';
import type { Roster } from '../crypto/roster.ts';

/** Sizes of one log whose checkpoints are remembered. */
const REMEMBERED = 1000;

/** How old cosignatures may be, in seconds, of a checkpoint that is to be the latest. A registry renews them after an hour. */
export const MAX_COSIGNATURE_AGE = 24 * 3600;

/** Seconds by which a guardian's clock may be ahead. */
const CLOCK_AHEAD = 600;

/** How large each log was known to be at one moment: what a reply to a request of that moment may not fall behind. */
export type KnownSizes = (roster: Roster) => number;

/** Two checkpoints of one size that show two trees: both signed by the log, and cosigned by enough guardians. */
export class ForkEvidence {
  /** Signed notes. */
  readonly checkpoints: readonly [string, string];

  constructor(first: string, second: string) {
    this.checkpoints = [first, second];
  }
}

interface Seen {
  readonly root: Uint8Array;
  readonly note: string;
}

/** What one client has seen, of each generation of a log. */
export class SeenCheckpoints {
  /** By log name, then by size. */
  readonly #seen = new Map<string, Map<number, Seen>>();
  readonly #now: () => number;

  /** @param now epoch seconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The largest sizes that have been seen by now. Ask before a request is sent: its reply must not show less. */
  knownSizes(): KnownSizes {
    const largest = new Map([...this.#seen].map(([name, sizes]) => [name, Math.max(...sizes.keys())]));
    return (roster) => Math.max(largest.get(logName(roster)) ?? 0, roster.log.start?.size ?? 0);
  }

  /** What has been seen of a roster's log: every later tree of it goes on from each of these. */
  headsOf(roster: Roster): TreeHead[] {
    return [...(this.#seen.get(logName(roster)) ?? [])].map(([size, { root }]) => ({ size, root }));
  }

  /**
   * Verifies a checkpoint that came with a reply, and remembers it.
   *
   * @param known from before the request was sent; none for what may be older
   * @throws BlindmarkError `badCheckpoint`, also, of what may not be older, for one with fewer than t cosignatures of the last
   *   {@link MAX_COSIGNATURE_AGE}; `logBehind` for a smaller log than was known; `logForked` for another tree of a size
   *   that was seen, with {@link ForkEvidence} as its cause
   */
  accept(note: string, roster: Roster, known?: KnownSizes): CosignedCheckpoint {
    const cosigned = verifyCosigned(note, roster);
    const { origin, size, root } = cosigned.checkpoint;
    const sizes = this.#seen.get(origin) ?? new Map<number, Seen>();
    const seen = sizes.get(size);
    if (seen !== undefined && !equalBytes(seen.root, root)) throw forked(seen.note, note);
    if (known !== undefined && size < known(roster)) {
      throw new BlindmarkError('logBehind', 'The registry shows a smaller log than it has shown before', {
        field: 'checkpoint',
        remedy: 'Do not rely on this answer. If it stays so, ask a guardian what it knows of the log.',
      });
    }
    if (known !== undefined) checkAge(cosigned, roster, this.#now());
    if (seen === undefined) {
      this.#seen.set(origin, sizes.set(size, { root, note }));
      if (sizes.size > REMEMBERED) sizes.delete(Math.min(...sizes.keys()));
    }
    return cosigned;
  }
}

/** An old state of the log has old cosignatures: a guardian renews that of the largest checkpoint it knows, and no other. */
function checkAge({ cosignatures }: CosignedCheckpoint, { threshold }: Roster, now: number): void {
  const ages = [...cosignatures.values()].map((cosignature) => now - cosignatureTime(cosignature));
  const young = ages.filter((age) => age <= MAX_COSIGNATURE_AGE && age >= -CLOCK_AHEAD);
  if (young.length >= threshold) return;
  const isAhead = ages.filter((age) => age <= MAX_COSIGNATURE_AGE).length >= threshold;
  throw new BlindmarkError(
    'badCheckpoint',
    isAhead
      ? 'By this computer’s clock, guardians cosigned the registry’s log in the future'
      : 'By this computer’s clock, too few guardians have cosigned the registry’s log in the last day',
    {
      field: 'checkpoint',
      remedy:
        'Look at this computer’s clock first: date, time and time zone. If it is right, the registry shows an old state of its log, because guardians do not answer it or because it hides what came since: do not rely on this answer, try again later, and ask a guardian what it knows of the log.',
    },
  );
}

function forked(first: string, second: string): BlindmarkError {
  return new BlindmarkError('logForked', 'The registry has shown two different logs of one size', {
    field: 'checkpoint',
    remedy: 'Do not go on with this registry. Tell a guardian, and run blindmark audit, which saves the evidence.',
    cause: new ForkEvidence(first, second),
  });
}
