/**
 * What entries of the log may say, one after the other (DESIGN 3.5). Entries are taken as proven to be in the log; whether they
 * are is log-reader.ts's work.
 */
import { type ErrorCode, isBlindmarkError } from '../crypto/errors.ts';
import {
  type Delayable,
  ENTRY_KINDS,
  type EntryKind,
  type EntryOf,
  formatHour,
  type LogEntry,
  MAX_DELAY_DAYS,
  maxCodesOf,
  parseLogEntry,
} from '../crypto/log-entry.ts';
import { openDelayed } from '../crypto/log-proof.ts';
import { MAX_CLAIMS } from '../crypto/registration.ts';
import { liveEpochs, verifyRosterEntry, type VerifiedRoster } from '../crypto/roster.ts';
import { LookupTable, MAX_LIMIT, RequestTable } from './audit-tables.ts';

/** Hours by which a clock may go wrong: guardians take entries of one hour before and after their own. */
const CLOCK_HOURS = 1;

/** Stands for every force that no roster has. No force can be called so. */
export const UNKNOWN_FORCE = '?';

/** What an audit checks; the name of the rule that was broken. */
export type AuditRule =
  /** The log's checkpoint, or a cosignature of it, does not verify, or too few guardians cosigned it. */
  | 'checkpoint'
  /** A tile or an entry is not what the checkpoint stands for. */
  | 'tree'
  /** Two checkpoints show two histories. */
  | 'fork'
  /** The log is smaller than it was. */
  | 'shrunk'
  /** A successor log does not begin where its roster says. */
  | 'successor'
  /** A guardian has not cosigned within 24 hours. */
  | 'guardian'
  /** An entry is malformed. */
  | 'entry'
  /** An entry's hour is in the future, or earlier than the hours before it. */
  | 'hour'
  /** One request, or one registration, was logged twice. */
  | 'requestTwice'
  /** An entry names a force that no roster has. */
  | 'force'
  /** A match points to no earlier lookup, or a lookup has more matches than it can have. */
  | 'match'
  /** One officer opened alone. */
  | 'opening'
  /** A roster is missing, out of order, or not signed as it must be. */
  | 'roster'
  /** An entry is hidden for longer than it may be. */
  | 'delayed'
  /** A reveal does not open what it says, or is late, or is missing. */
  | 'reveal'
  /** The pages that are served are not those that the log names. */
  | 'pages';

/** Something that is wrong. */
export interface Finding {
  readonly rule: AuditRule;
  /** In plain words, without a name, code or case: the log has none. */
  readonly message: string;
  /** The entry at fault. */
  readonly index?: number;
  /** Another entry that shows it. */
  readonly related?: number;
  /** Of the tile or bundle at fault. */
  readonly path?: string;
  readonly guardian?: string;
}

/** Counts of one force. A hidden entry counts once it is revealed. */
export interface ForceTotals {
  readonly force: string;
  readonly lookups: number;
  readonly hits: number;
  readonly openings: number;
}

/** What the log holds. */
export interface AuditTotals {
  /** Entries of each kind; a hidden one is of kind `delayed`, and its reveal of kind `reveal`. */
  readonly kinds: Readonly<Record<EntryKind, number>>;
  /** In the order of their first entries. */
  readonly forces: readonly ForceTotals[];
  /** Entries that are still hidden. */
  readonly hidden: number;
}

/** An entry whose plain fields are hidden. */
export interface HiddenEntry {
  readonly index: number;
  readonly of: Delayable;
  readonly hour: number;
  readonly revealBy: number;
  /** 32 bytes. */
  readonly commitment: Uint8Array;
}

/** An entry that names the pages that are served from then on. */
export interface PagesEntry {
  readonly index: number;
  /** 32 bytes. */
  readonly build: Uint8Array;
}

/** What must be known of the entries before, to judge the next. */
export interface RulesState {
  readonly latestHour: number;
  /** Of the last roster that was logged. */
  readonly rosterVersion: number;
  /** A kind that an earlier version did not know may be missing. */
  readonly kinds: Partial<Record<EntryKind, number>>;
  readonly forces: ForceTotals[];
  readonly hidden: HiddenEntry[];
  /** The newest; null before the first. */
  readonly pages: PagesEntry | null;
  /** {@link RequestTable.save} */
  readonly requests: Uint8Array;
  /** {@link LookupTable.save} */
  readonly lookups: Uint8Array;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a finding says before it is known of which entry. */
type Reason = Omit<Finding, 'index'>;

/** Judges entries in the order of the log. */
export class AuditRules {
  readonly #rosters: readonly VerifiedRoster[];
  readonly #knownForces: ReadonlySet<string>;
  readonly #nowHour: number;
  /** Most registrations that one code of a lookup can show. */
  readonly #matchesPerCode: number;
  #latestHour: number;
  #rosterVersion: number;
  readonly #kinds: Record<EntryKind, number>;
  readonly #forces: Mutable<ForceTotals>[];
  readonly #hidden: Map<number, HiddenEntry>;
  #pages: PagesEntry | null;
  readonly #requests: RequestTable;
  readonly #lookups: LookupTable;

  /**
   * @param rosters all of the registry, verified, from the first on
   * @param nowHour whole hours since 1970
   * @param state of the entries before; null before the first
   */
  constructor(rosters: readonly VerifiedRoster[], nowHour: number, state: RulesState | null) {
    this.#rosters = rosters;
    this.#knownForces = new Set(rosters.flatMap(({ roster }) => roster.forces.map(({ id }) => id)));
    this.#nowHour = nowHour;
    // A code is looked up under each live epoch, and each of its tags may have as many claims.
    this.#matchesPerCode = MAX_CLAIMS * Math.max(...rosters.map(({ roster }) => liveEpochs(roster).length));
    this.#latestHour = state?.latestHour ?? 0;
    this.#rosterVersion = state?.rosterVersion ?? 0;
    const none = Object.fromEntries(ENTRY_KINDS.map((kind) => [kind, 0])) as Record<EntryKind, number>;
    this.#kinds = { ...none, ...state?.kinds };
    this.#forces = (state?.forces ?? []).map((force) => structuredTotals(force));
    this.#hidden = new Map((state?.hidden ?? []).map((entry) => [entry.index, entry]));
    this.#pages = state?.pages ?? null;
    this.#requests = new RequestTable(state?.requests);
    this.#lookups = new LookupTable(state?.lookups);
  }

  /** What is to be kept for the next audit. */
  save(): RulesState {
    return {
      latestHour: this.#latestHour,
      rosterVersion: this.#rosterVersion,
      kinds: { ...this.#kinds },
      forces: this.#forces.map((force) => structuredTotals(force)),
      hidden: [...this.#hidden.values()],
      pages: this.#pages,
      requests: this.#requests.save(),
      lookups: this.#lookups.save(),
    };
  }

  /** The newest entry of pages among those that were judged; null before the first. */
  newestPages(): PagesEntry | null {
    return this.#pages;
  }

  totals(): AuditTotals {
    return {
      kinds: { ...this.#kinds },
      forces: this.#forces.map((force) => structuredTotals(force)),
      hidden: this.#hidden.size,
    };
  }

  /**
   * Judges the next entry.
   *
   * @returns what is wrong with it. One of rule `requestTwice` is for the caller to confirm: {@link requestOf} of both entries
   */
  check(index: number, bytes: Uint8Array): Finding[] {
    let entry: LogEntry;
    try {
      entry = parseLogEntry(bytes);
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      return [{ rule: 'entry', message: `it is malformed: ${error.message}`, index }];
    }
    this.#kinds[entry.kind] += 1;
    const reasons = [...this.#checkHour(entry.hour), ...this.#checkEntry(index, entry)];
    return reasons.map((reason): Finding => Object.assign(reason, { index }));
  }

  /** What is missing once all entries were judged. */
  finish(): Finding[] {
    const late = [...this.#hidden.values()].filter(({ revealBy }) => revealBy < this.#nowHour);
    const findings = late.map(({ index, of, revealBy }): Finding => {
      const message = `the ${of} that it hides was to be revealed by ${formatHour(revealBy)}, and is not`;
      return { rule: 'reveal', message, index };
    });
    const missing = this.#rosters.slice(this.#rosterVersion).map(({ roster }): Finding => {
      return { rule: 'roster', message: `roster ${roster.version}, which the registry serves, is not in the log` };
    });
    return [...findings, ...missing];
  }

  #checkHour(hour: number): Reason[] {
    const latest = this.#latestHour;
    if (hour > this.#nowHour + CLOCK_HOURS) {
      return [{ rule: 'hour', message: `its hour ${formatHour(hour)} is in the future` }];
    }
    this.#latestHour = Math.max(latest, hour);
    // One clock may be late and the other early.
    if (hour >= latest - 2 * CLOCK_HOURS) return [];
    const message = `its hour ${formatHour(hour)} is before ${formatHour(latest)}, which stands before it`;
    return [{ rule: 'hour', message }];
  }

  #checkEntry(index: number, entry: LogEntry): Reason[] {
    switch (entry.kind) {
      case 'activation':
      case 'check':
        return this.#checkRequest(index, entry.request);
      case 'registration':
        // A second entry would show it after claims that it came before.
        return this.#checkRequest(index, entry.row);
      case 'roster':
        return this.#checkRoster(entry);
      case 'revocation':
        return this.#checkForce(entry.force);
      case 'pages':
        this.#pages = { index, build: entry.build };
        return [];
      case 'delayed':
        return this.#hide(index, entry);
      case 'reveal':
        return this.#reveal(index, entry);
      case 'lookup': {
        const facts = { limit: this.#limitOf(entry), force: this.#numberOf(entry.force) };
        this.#lookups.add(index, facts);
        return this.#checkPlain(index, entry, index);
      }
      default:
        return this.#checkPlain(index, entry, index);
    }
  }

  /**
   * The rules of plain fields, alike for an entry and for a revealed one.
   *
   * @param index of the entry in which they stand
   * @param since of the entry that was made when it happened: the same, or the delayed one
   */
  #checkPlain(index: number, entry: LogEntry, since: number): Reason[] {
    switch (entry.kind) {
      case 'lookup':
        this.#forceTotals(entry.force).lookups += 1;
        return [...this.#checkForce(entry.force), ...this.#checkRequest(index, entry.request)];
      case 'match':
        return this.#checkMatch(entry, since);
      case 'opening':
        this.#forceTotals(entry.force).openings += 1;
        return [
          ...this.#checkForce(entry.force),
          ...this.#checkRequest(index, entry.request),
          ...(entry.first === entry.second
            ? [{ rule: 'opening' as const, message: 'one officer both asked and approved' }]
            : []),
        ];
      default:
        return [];
    }
  }

  #checkRequest(index: number, request: Uint8Array): Reason[] {
    const earlier = this.#requests.add(request, index);
    if (earlier === null) return [];
    return [
      { rule: 'requestTwice', message: `its request or row was logged before, in entry ${earlier}`, related: earlier },
    ];
  }

  #checkForce(force: string): Reason[] {
    return this.#knownForces.has(force) ? [] : [{ rule: 'force', message: 'it names a force that no roster has' }];
  }

  #checkMatch({ lookup }: EntryOf<'match'>, since: number): Reason[] {
    const facts = lookup < since ? this.#lookups.find(lookup) : null;
    if (facts === null)
      return [{ rule: 'match', message: `entry ${lookup}, to which it points, is no earlier lookup` }];
    this.#lookups.countMatch(lookup);
    if (facts.force !== null) (this.#forces[facts.force] as Mutable<ForceTotals>).hits += 1;
    return this.#checkMatches(facts.matches + 1, facts.limit, lookup);
  }

  #checkMatches(matches: number, limit: number | null, lookup: number): Reason[] {
    if (limit === null || matches <= limit) return [];
    const message = `the lookup in entry ${lookup} has ${matches} matches; its codes can have ${limit}`;
    return [{ rule: 'match', message, related: lookup }];
  }

  #checkRoster(entry: EntryOf<'roster'>): Reason[] {
    const rule = 'roster' as const;
    if (entry.version !== this.#rosterVersion + 1) {
      return [{ rule, message: `it has roster ${entry.version}; roster ${this.#rosterVersion + 1} is the next` }];
    }
    this.#rosterVersion = entry.version;
    const roster = this.#rosters[entry.version - 1];
    if (roster === undefined) return [{ rule, message: `the registry does not serve roster ${entry.version}` }];
    return this.#refusals(rule, 'badRoster', () => verifyRosterEntry(entry, roster));
  }

  #hide(index: number, { of, hour, revealBy, commitment }: EntryOf<'delayed'>): Reason[] {
    this.#hidden.set(index, { index, of, hour, revealBy, commitment });
    if (of === 'lookup') this.#lookups.add(index, null);
    if (revealBy >= hour && revealBy <= hour + 24 * MAX_DELAY_DAYS) return [];
    return [{ rule: 'delayed', message: `it is hidden until ${formatHour(revealBy)}, which no policy allows` }];
  }

  #reveal(index: number, { hour, entry: since, salt, plain }: EntryOf<'reveal'>): Reason[] {
    const rule = 'reveal' as const;
    const hidden = this.#hidden.get(since);
    if (hidden === undefined) return [{ rule, message: `entry ${since}, which it reveals, hides nothing (any more)` }];
    this.#hidden.delete(since);
    let opened: LogEntry | undefined;
    const reasons = this.#refusals(rule, 'notLogged', () => {
      opened = openDelayed({ kind: 'delayed', ...hidden }, { salt, plain });
    });
    if (hour > hidden.revealBy) {
      reasons.push({ rule, message: `it is late: it was due by ${formatHour(hidden.revealBy)}`, related: since });
    }
    if (opened === undefined) return reasons;
    if (opened.kind === 'lookup') {
      const facts = { limit: this.#limitOf(opened), force: this.#numberOf(opened.force) };
      const matches = this.#lookups.find(since)?.matches ?? 0;
      this.#lookups.reveal(since, facts);
      (this.#forces[facts.force] as Mutable<ForceTotals>).hits += matches;
      reasons.push(...this.#checkMatches(matches, facts.limit, since));
    }
    return [...reasons, ...this.#checkPlain(index, opened, since), ...this.#checkPolicy(opened, hidden)];
  }

  /** Whether an entry was hidden for no longer than its force's policy says, in whichever roster allows most. */
  #checkPolicy(opened: LogEntry, { index, hour, revealBy }: HiddenEntry): Reason[] {
    const force = this.#forceOf(opened);
    if (force === null) return [];
    const policies = this.#rosters.flatMap(({ roster }) => roster.forces.filter(({ id }) => id === force));
    const days = Math.max(0, ...policies.map(({ delayDays }) => delayDays));
    if (revealBy - hour <= 24 * days) return [];
    const message = `entry ${index} was hidden for ${revealBy - hour} hours; its force may hide it for ${days} days`;
    return [{ rule: 'delayed', message, related: index }];
  }

  /** Whose entry it is; null for a match of a lookup that is itself hidden. */
  #forceOf(entry: LogEntry): string | null {
    if (entry.kind === 'lookup' || entry.kind === 'opening') return entry.force;
    if (entry.kind !== 'match') return null;
    const number = this.#lookups.find(entry.lookup)?.force ?? null;
    return number === null ? null : (this.#forces[number] as ForceTotals).force;
  }

  #limitOf({ codes }: EntryOf<'lookup'>): number {
    return Math.min(MAX_LIMIT, maxCodesOf(codes) * this.#matchesPerCode);
  }

  /** The place of a force in the audit's own list. Those that no roster has share one: there may be any number of them. */
  #numberOf(name: string): number {
    const force = this.#knownForces.has(name) ? name : UNKNOWN_FORCE;
    const known = this.#forces.findIndex((totals) => totals.force === force);
    return known >= 0 ? known : this.#forces.push({ force, lookups: 0, hits: 0, openings: 0 }) - 1;
  }

  #forceTotals(force: string): Mutable<ForceTotals> {
    return this.#forces[this.#numberOf(force)] as Mutable<ForceTotals>;
  }

  /** What a check that throws `code` has against an entry. */
  #refusals(rule: AuditRule, code: ErrorCode, check: () => void): Reason[] {
    try {
      check();
      return [];
    } catch (error) {
      if (isBlindmarkError(error, code)) return [{ rule, message: error.message }];
      throw error;
    }
  }
}

function structuredTotals({ force, lookups, hits, openings }: ForceTotals): Mutable<ForceTotals> {
  return { force, lookups, hits, openings };
}

/**
 * The hash of the request that an entry logs, in itself or in what it reveals: of a registration, that of its row; null for
 * another kind.
 */
export function requestOf(bytes: Uint8Array): Uint8Array | null {
  const entry = parseLogEntry(bytes);
  const plain = entry.kind === 'reveal' ? parseLogEntry(entry.plain) : entry;
  if (plain.kind === 'registration') return plain.row;
  return 'request' in plain ? plain.request : null;
}
