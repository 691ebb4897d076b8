/** `GET /v1/statistics`: lookups, hits and openings by force and month, counted in the public log as anybody could. */
import { isBlindmarkError } from '../../crypto/errors.ts';
import { parseLogEntry, type LogEntry } from '../../crypto/log-entry.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { statisticsReplySchema, type StatisticsReply } from '../../crypto/wire.ts';
import { storageFailed } from '../database/database.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Log } from './log.ts';
import { readEntries } from './stored-tree.ts';

/** Entries that are read at once; other work has its turn in between. */
const CHUNK = 256;

/** Entries that a request waits for. After a start with a large log more are missing: they are counted in the background. */
const PATIENCE = 16_384;

/** Seconds for which statistics may be cached. */
const MAX_AGE = 60;

type Figure = 'lookups' | 'hits' | 'openings';
type Month = StatisticsReply['months'][number];

function monthOf(hour: number): string {
  return new Date(hour * 3_600_000).toISOString().slice(0, 7);
}

/** Counts entries, in the order of the log. A delayed one counts when it is revealed, in the month in which it was made. */
class Tally {
  readonly #months = new Map<string, Month>();
  /** Delayed entries that are not revealed yet. */
  readonly #hidden = new Set<number>();
  /** Forces of lookups that were delayed and are revealed, by the delayed entry's index. */
  readonly #revealed = new Map<number, string>();
  /** Hours of matches whose lookup is not revealed yet, by the lookup's index. */
  readonly #orphans = new Map<number, number[]>();

  get months(): Month[] {
    const order = ({ month, force }: Month): string => `${month} ${force}`;
    return [...this.#months.values()].toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  get delayed(): number {
    return this.#hidden.size;
  }

  /** @param readForce the force of the entry at an index, if that is a plain lookup */
  async add(index: number, entry: LogEntry, readForce: (index: number) => Promise<string | null>): Promise<void> {
    if (entry.kind === 'delayed') this.#hidden.add(index);
    if (entry.kind !== 'reveal') {
      await this.#count(entry, readForce);
      return;
    }
    if (!this.#hidden.has(entry.entry)) return;
    const plain = parseLogEntry(entry.plain);
    await this.#count(plain, readForce);
    this.#hidden.delete(entry.entry);
    if (plain.kind === 'lookup') this.#adopt(entry.entry, plain.force);
  }

  async #count(entry: LogEntry, readForce: (index: number) => Promise<string | null>): Promise<void> {
    if (entry.kind === 'opening') this.#increase(entry.hour, entry.force, 'openings');
    if (entry.kind === 'lookup') this.#increase(entry.hour, entry.force, 'lookups');
    if (entry.kind !== 'match') return;
    const force = this.#revealed.get(entry.lookup) ?? (await readForce(entry.lookup));
    if (force !== null) this.#increase(entry.hour, force, 'hits');
    else this.#orphans.set(entry.lookup, [...(this.#orphans.get(entry.lookup) ?? []), entry.hour]);
  }

  /** A delayed lookup has turned out to be a force's, and so have the matches that came of it. */
  #adopt(index: number, force: string): void {
    this.#revealed.set(index, force);
    for (const hour of this.#orphans.get(index) ?? []) this.#increase(hour, force, 'hits');
    this.#orphans.delete(index);
  }

  #increase(hour: number, force: string, figure: Figure): void {
    const month = monthOf(hour);
    const key = `${month} ${force}`;
    const counted = this.#months.get(key) ?? { month, force, lookups: 0, hits: 0, openings: 0 };
    this.#months.set(key, { ...counted, [figure]: counted[figure] + 1 });
  }
}

export interface Statistics {
  /**
   * Counts what has been published since the last time, and answers.
   *
   * @throws BlindmarkError `storageFailed`
   */
  readonly read: () => Promise<StatisticsReply>;
}

/** Statistics of a log. They are kept in memory and counted anew after a start. */
export function createStatistics({ log, store }: { readonly log: Log; readonly store: LogStore }): Statistics {
  const tally = new Tally();
  let size = 0;
  let counting: Promise<void> | null = null;

  const published = (): number => {
    const note = log.latest();
    return note === null ? 0 : parseCheckpoint(note).checkpoint.size;
  };
  const readForce = async (index: number): Promise<string | null> => {
    const entry = parseLogEntry((await readEntries(store, index, 1))[0] as Uint8Array);
    return entry.kind === 'lookup' ? entry.force : null;
  };
  const count = async (): Promise<void> => {
    for (let end = published(); size < end; end = published()) {
      const entries = await readEntries(store, size, Math.min(CHUNK, end - size));
      for (const bytes of entries) {
        await tally.add(size, parseLogEntry(bytes), readForce);
        size += 1;
      }
      await new Promise(setImmediate);
    }
  };
  return {
    read: async () => {
      counting ??= count().finally(() => {
        counting = null;
      });
      const isFar = published() - size > PATIENCE;
      try {
        if (isFar) counting.catch(() => {});
        else await counting;
      } catch (error) {
        if (isBlindmarkError(error, 'storageFailed')) throw error;
        throw storageFailed('The log could not be read', error);
      }
      return { size, months: tally.months, delayed: tally.delayed };
    },
  };
}

/** The route that shows them. */
export function statisticsRoute(statistics: Statistics): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/statistics',
    summary: 'Lookups, hits and openings by force and month',
    description:
      'For anyone. Counted in the public log up to `size` entries; the log itself proves it. A hit is a registration that was shown to an officer. What a force’s policy delays counts once it is revealed, in its own month; `delayed` says how many entries are still hidden.',
    reply: statisticsReplySchema,
    errors: ['storageFailed'],
    maxAge: MAX_AGE,
    handle: () => statistics.read(),
  });
}
