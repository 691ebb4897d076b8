/**
 * Entries that a force's policy hides for a while (DESIGN 3.5): the log shows a commitment and by when it will be revealed.
 * What they hide is stored before they are appended, so that no crash leaves an entry that nobody can reveal.
 */
import { equalBytes, formatUint } from '../../crypto/bytes.ts';
import { deriveKey, labelledHash } from '../../crypto/hash.ts';
import {
  DELAYABLE,
  delayedCommitment,
  formatLogEntry,
  hourOf,
  parseLogEntry,
  type Delayable,
  type LogEntry,
} from '../../crypto/log-entry.ts';
import type { DelayedFields, LoggedEntry } from '../../crypto/log-proof.ts';
import { describeError, type Log as ServiceLog } from '../http/log.ts';
import type { AppendRequest, FoundEntry, Log } from '../log/log.ts';
import type { HiddenEntry, OpeningStore } from '../store/opening-store.ts';

const HOURS_A_DAY = 24;

/** Hours before `revealBy` from which on an entry is revealed, and tried again until it is: one of them is to spare. */
const REVEAL_LEAD = 2;

/** Hours after which an entry that could not be appended is made anew, with the hour of then. */
const RENEWAL_HOURS = 1;

/** Hours for which what was hidden is kept once it is revealed: as long as somebody may ask for the same opening again. */
const REVEALED_HOURS = 48;

/** Hours after `revealBy` for which an entry that was stored and not found in the log is kept: the log may be behind. */
const UNUSED_HOURS = 30 * HOURS_A_DAY;

/** Entries that are revealed in one go. */
const BATCH = 64;

/** An entry to append. */
export interface EntryRequest {
  /** 32 bytes: names it for ever, as in the log. */
  readonly key: Uint8Array;
  readonly entry: LogEntry;
  /** The force's policy. 0, or a kind that is never delayed: the entry is plain. */
  readonly delayDays: number;
}

/** An entry as the log has it, and what shows the plain entry behind it where it is a delayed one. */
export interface AppendedEntry extends LoggedEntry {
  readonly delayed: DelayedFields;
}

/** Appends to the log, hiding what a force's policy hides. */
export interface DelayedEntries {
  /**
   * Appends, or finds again what was appended under a key before: its hour, and whether it is delayed, are those of then.
   *
   * @param requests at most as many as the log takes at once
   * @param mayHide whether entries might have been hidden, had there been others: then nothing is written to disk in the place
   *   of what they would hide, so that none takes as long as some. Default: false
   * @throws BlindmarkError as {@link Log.append}
   */
  append(
    requests: readonly EntryRequest[],
    mayHide?: boolean,
  ): Promise<{ readonly checkpoint: string; readonly size: number; readonly entries: AppendedEntry[] }>;

  /** The entry in plain: as it stands, or what a delayed one hides. Null where that is not known here. */
  plainOf(found: FoundEntry): Promise<LogEntry | null>;

  /** The entry that reveals the delayed entry with this index; null before it is in the log. */
  revealedOf(index: number): Promise<FoundEntry | null>;

  /**
   * Reveals what is due, and forgets what need not be kept any more. What fails is tried again at the next call.
   *
   * @returns how many entries were revealed
   * @throws BlindmarkError as {@link Log.append}
   */
  revealDue(): Promise<number>;
}

export interface DelayedEntryDependencies {
  readonly log: Log;
  readonly store: OpeningStore;
  /** 32 bytes, secret: the salts of hidden entries follow from it. */
  readonly saltKey: Uint8Array;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** The append key of the entry that reveals the delayed entry with this index. */
export function revealEntryKey(index: number): Uint8Array {
  return labelledHash('reveal-entry', formatUint(index, 6));
}

function isDelayable(entry: LogEntry): entry is Extract<LogEntry, { kind: Delayable }> {
  return DELAYABLE.some((kind) => kind === entry.kind);
}

/** What is to be hidden behind an entry. */
interface Hiding {
  readonly of: Delayable;
  readonly hidden: HiddenEntry;
  /** Whether it has yet to be kept. */
  readonly isNew: boolean;
}

/** Makes {@link DelayedEntries} over a log and a store. */
export function createDelayedEntries({ log, store, saltKey, now }: DelayedEntryDependencies): DelayedEntries {
  const hide = (key: Uint8Array, entry: LogEntry, delayDays: number): HiddenEntry => {
    const salt = deriveKey(saltKey, 32, new Uint8Array(), 'delayed-salt', key);
    const plain = formatLogEntry(entry);
    const revealBy = entry.hour + delayDays * HOURS_A_DAY;
    return { key, commitment: delayedCommitment(salt, plain), revealBy, salt, plain };
  };

  /** The record behind a request: of a try before, unless that one has grown old. Null where nothing is to be hidden. */
  const recordOf = async ({ key, entry, delayDays }: EntryRequest): Promise<Hiding | null> => {
    if (delayDays === 0 || !isDelayable(entry)) return null;
    const [last] = await store.findHiddenByKey(key);
    const isFresh = last !== undefined && parseLogEntry(last.plain).hour >= entry.hour - RENEWAL_HOURS;
    // Never in the place of the record before: the log may hold that one, and not have said so yet.
    return { of: entry.kind, hidden: isFresh ? last : hide(key, entry, delayDays), isNew: !isFresh };
  };

  /** Keeps what is to be hidden, and makes what is to be appended. */
  const prepare = async (requests: readonly EntryRequest[], mayHide: boolean): Promise<AppendRequest[]> => {
    const records = await Promise.all(requests.map(recordOf));
    const added = records.flatMap((record) => (record?.isNew === true ? [record.hidden] : []));
    if (mayHide || added.length > 0) await store.addHidden(added);
    return requests.map(({ key, entry }, i) => {
      const record = records[i] ?? null;
      if (record === null) return { key, entry: formatLogEntry(entry) };
      const { commitment, revealBy, plain } = record.hidden;
      const { hour } = parseLogEntry(plain);
      return { key, entry: formatLogEntry({ kind: 'delayed', hour, of: record.of, commitment, revealBy }) };
    });
  };

  const unveil = async ({ index, entry }: FoundEntry): Promise<DelayedFields> => {
    const parsed = parseLogEntry(entry);
    if (parsed.kind !== 'delayed') return null;
    const hidden = await store.findHidden(parsed.commitment);
    if (hidden !== null) return { salt: hidden.salt, plain: hidden.plain };
    const found = await log.find(revealEntryKey(index));
    const reveal = found === null ? null : parseLogEntry(found.entry);
    return reveal?.kind === 'reveal' ? { salt: reveal.salt, plain: reveal.plain } : null;
  };

  /** The index at which the log holds the entry of just this record; what it holds instead, or null. */
  const findDelayed = async ({ key, commitment }: HiddenEntry): Promise<number | 'another' | null> => {
    const found = await log.find(key);
    if (found === null) return null;
    const entry = parseLogEntry(found.entry);
    return entry.kind === 'delayed' && equalBytes(entry.commitment, commitment) ? found.index : 'another';
  };

  const reveal = async (due: readonly HiddenEntry[]): Promise<number> => {
    const places = await Promise.all(due.map(findDelayed));
    const unused = due.filter((_, i) => places[i] === 'another');
    if (unused.length > 0) await store.removeHidden(unused.map(({ commitment }) => commitment));
    const found = due.flatMap((hidden, i) => {
      const index = places[i];
      return typeof index === 'number' ? [{ hidden, index }] : [];
    });
    if (found.length === 0) return 0;
    const hour = hourOf(now());
    await log.append(
      found.map(({ index, hidden: { salt, plain } }) => ({
        key: revealEntryKey(index),
        entry: formatLogEntry({ kind: 'reveal', hour, entry: index, salt, plain }),
      })),
    );
    await store.markRevealed(found.map(({ hidden }) => hidden.commitment));
    return found.length;
  };

  return {
    append: async (requests, mayHide = false) => {
      const { checkpoint, size, entries } = await log.append(await prepare(requests, mayHide));
      const delayed = await Promise.all(entries.map(unveil));
      const appended = entries.map(({ index, entry, proof }, i) => ({
        index,
        entry,
        proof,
        delayed: delayed[i] ?? null,
      }));
      return { checkpoint, size, entries: appended };
    },
    plainOf: async (found) => {
      const entry = parseLogEntry(found.entry);
      if (entry.kind !== 'delayed') return entry;
      const unveiled = await unveil(found);
      return unveiled === null ? null : parseLogEntry(unveiled.plain);
    },
    revealedOf: async (index) => log.find(revealEntryKey(index)),
    revealDue: async () => {
      const hour = hourOf(now());
      let revealed = 0;
      let last: HiddenEntry | null = null;
      for (;;) {
        const due: HiddenEntry[] = await store.listHidden(hour + REVEAL_LEAD, last, BATCH);
        last = due.at(-1) ?? null;
        if (last === null) break;
        revealed += await reveal(due);
      }
      await store.purge({ openings: now(), revealed: hour - REVEALED_HOURS, unused: hour - UNUSED_HOURS });
      return revealed;
    },
  };
}

/** Seconds between two looks at what is due. */
const REVEAL_INTERVAL = 60;

/**
 * Reveals what is due, now and from then on.
 *
 * @param options.intervalMs between the end of one look and the next; default: a minute
 * @returns stops, and waits for a look that is under way
 */
export function startReveals(options: {
  readonly delayed: DelayedEntries;
  readonly log: ServiceLog;
  readonly intervalMs?: number;
}): () => Promise<void> {
  const { delayed, log, intervalMs = REVEAL_INTERVAL * 1000 } = options;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let current = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      await delayed.revealDue();
    } catch (error) {
      log.error(describeError(error), 'delayed entries could not be revealed; tried again soon');
    }
    if (!isStopped) timer = setTimeout(start, intervalMs).unref();
  };
  const start = (): void => {
    current = look();
  };
  start();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await current;
  };
}
