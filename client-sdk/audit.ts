/**
 * Audits a registry's log as anybody can: every tile, entry and cosignature, that it goes on from what it was, that its
 * entries keep the rules (DESIGN 3.5), and that the pages that are served are those that it names. What it finds wrong of the
 * log it proves, by signed checkpoints and inclusion proofs.
 */
import { equalBytes } from '../crypto/bytes.ts';
import { parseCheckpoint } from '../crypto/checkpoint.ts';
import { badInput, isBlindmarkError } from '../crypto/errors.ts';
import { hourOf } from '../crypto/log-entry.ts';
import { logName } from '../crypto/log-proof.ts';
import type { TreeHead } from '../crypto/merkle.ts';
import type { Roster, VerifiedRoster } from '../crypto/roster.ts';
import { formatEvidence } from './audit-evidence.ts';
import { comparePages, type PagesFacts, type PagesReport } from './audit-pages.ts';
import { type AuditRule, AuditRules, type AuditTotals, type Finding, requestOf } from './audit-rules.ts';
import {
  checkSigned,
  type GuardianView,
  type Published,
  readGuardianViews,
  readPublished,
  type RegistrySource,
  type SignedView,
} from './audit-sources.ts';
import type { AuditState } from './audit-state.ts';
import { type Fetch, JsonClient, pause, type RetryPolicy } from './http.ts';
import { createLogReader, VerifiedTree } from './log-reader.ts';
import type { WorkOptions } from './progress.ts';

/** How old a guardian's latest cosignature may be, in seconds. */
export const MAX_COSIGNATURE_AGE = 24 * 3600;

/** By how many seconds a guardian's clock may be ahead. */
const CLOCK_SECONDS = 600;

/** Findings that are kept; further ones are counted. */
const MAX_FINDINGS = 1000;

/** Entries after which the state is given out, so that an audit that is ended goes on there. */
const ENTRIES_PER_STATE = 65_536;

/** Times that the checkpoint is read until every guardian has cosigned it, and its size is no smaller than known. */
const SETTLING_ATTEMPTS = 4;

/** Milliseconds between two such attempts. */
const SETTLE_MS = 2000;

export interface AuditOptions extends WorkOptions {
  /** The registry's address. */
  readonly url: string;
  /** Hash of the registry's first roster. 32 bytes. */
  readonly rosterFingerprint: Uint8Array;
  readonly allowTestRoster?: boolean | undefined;
  /** Of the last audit; null or left out to audit from the beginning. */
  readonly state?: AuditState | null | undefined;
  /**
   * Is given what to keep for the next audit, from time to time and at the end. Not once something of the log is found wrong:
   * the next audit is to find it again.
   */
  readonly onState?: ((state: AuditState) => void) | undefined;
  /** Addresses of guardians, by identifier, to compare what they were shown with what the registry shows. */
  readonly guardians?: ReadonlyMap<string, string> | undefined;
  readonly fetch?: Fetch | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Epoch seconds. */
  readonly now?: (() => number) | undefined;
  /** Where the registry's pages are, if not at its own address: they are compared with what the log says of them. */
  readonly pagesUrl?: string | undefined;
  /** Milliseconds between attempts to read a checkpoint that every guardian has cosigned; default 2,000. */
  readonly settleMs?: number | undefined;
}

/** What is known of one guardian. */
export interface GuardianFacts {
  readonly id: string;
  /** When it last cosigned a checkpoint of this log, in epoch seconds; null if never. */
  readonly cosignedAt: number | null;
  /** Why what it was shown could not be compared. */
  readonly error?: string;
}

export interface AuditReport {
  readonly origin: string;
  /** The log's name. */
  readonly log: string;
  /** Null where the checkpoint is not signed by the log. */
  readonly size: number | null;
  /** 32 bytes. */
  readonly root: Uint8Array | null;
  /** Entries that an earlier audit had judged. */
  readonly auditedBefore: number;
  /** Entries that are judged now, those before among them. */
  readonly audited: number;
  /** Entries that were cosigned once, and that the registry gave up when a successor log began, as its rosters say. */
  readonly lost: number;
  readonly totals: AuditTotals;
  readonly guardians: readonly GuardianFacts[];
  /** Null where none are served, or where the log could not be judged to its end. */
  readonly pages: PagesFacts | null;
  /** What is wrong; at most 1,000. */
  readonly findings: readonly Finding[];
  /** Findings beyond those. */
  readonly omitted: number;
  /** JSON that proves the findings to whoever has the fingerprint; null where there are none. */
  readonly evidence: string | null;
}

/**
 * Audits a log from its last state on.
 *
 * @returns what was found, wrong or not. Work that is cancelled after something was found ends with that.
 * @throws BlindmarkError where the audit could not be made: `badRoster` for rosters that do not lead from the fingerprint;
 *   `badInput` for a state of another registry; `cancelled`; those of {@link JsonClient.ask}
 */
export async function auditLog(options: AuditOptions): Promise<AuditReport> {
  return new Audit(options).run();
}

/** What the log's tree must go on from. */
interface Prefix {
  readonly head: TreeHead;
  /** The checkpoint that says so; null where the roster does. */
  readonly note: string | null;
  readonly rule: AuditRule;
  /** Whose it is, in words. */
  readonly of: string;
}

class Audit {
  readonly #options: AuditOptions;
  readonly #source: RegistrySource;
  readonly #now: number;
  readonly #findings: Finding[] = [];
  #omitted = 0;
  /** Notes of checkpoints that contradict the present one. */
  readonly #contradictions: string[] = [];
  /** What guardians have cosigned, and the registry does not show yet. */
  #ahead: AuditState['ahead'] = [];
  /** Of the present checkpoint, once its right edge verifies. */
  #tree: VerifiedTree | null = null;
  #pages: PagesReport = { facts: null, findings: [], served: [] };

  constructor(options: AuditOptions) {
    const { url, rosterFingerprint, allowTestRoster, fetch, retry, signal } = options;
    this.#options = options;
    const http = new JsonClient({ fetch, retry });
    const reader = createLogReader(url, { fetch, retry, signal });
    this.#source = { http, reader, url, rosterFingerprint, allowTestRoster, signal };
    this.#now = options.now?.() ?? Math.floor(Date.now() / 1000);
  }

  async run(): Promise<AuditReport> {
    const { published, view, views } = await this.#readSettled();
    const { rosters, current } = published;
    const known = this.#stateFor(published);
    const rules = new AuditRules(rosters, hourOf(this.#now), known?.rules ?? null);
    const guardians = this.#checkGuardians(published, view, views);
    let audited = known?.audited ?? 0;
    const stateAt = (at: number): AuditState => ({
      format: 'blindmark-audit-state-v1',
      origin: current.origin,
      rosterFingerprint: this.#options.rosterFingerprint,
      generation: current.log.generation,
      checkpoint: (view as SignedView).note,
      audited: at,
      guardians: guardians.flatMap(({ id, cosignedAt }) => (cosignedAt === null ? [] : [{ id, cosignedAt }])),
      ahead: this.#ahead,
      rules: rules.save(),
    });
    try {
      if (view !== null && (await this.#goesOn(published, view, known, views))) {
        for await (audited of this.#judge(rules, audited)) {
          if (audited % ENTRIES_PER_STATE === 0) this.#giveState(() => stateAt(audited));
        }
        rules.finish().forEach((finding) => this.#add(finding));
        this.#giveState(() => stateAt(audited));
        await this.#comparePages(rules);
      }
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      const isCancelled = error.code === 'cancelled';
      if (isCancelled && this.#tree !== null) this.#giveState(() => stateAt(audited));
      const path = isBlindmarkError(error, 'badProof', 'badReply') ? error.field : undefined;
      if (path !== undefined) this.#add({ rule: 'tree', message: error.message, path });
      else if (!isCancelled || this.#findings.length === 0) throw error;
    }
    return {
      origin: current.origin,
      log: logName(current),
      size: view?.checkpoint.size ?? null,
      root: view?.checkpoint.root ?? null,
      auditedBefore: known?.audited ?? 0,
      audited,
      lost: lostOf(rosters),
      totals: rules.totals(),
      guardians,
      pages: this.#pages.facts,
      findings: this.#findings,
      omitted: this.#omitted,
      evidence: this.#findings.length === 0 ? null : await this.#evidence(published),
    };
  }

  #add(finding: Finding): void {
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push(finding);
    else this.#omitted += 1;
  }

  #giveState(state: () => AuditState): void {
    if (this.#findings.length === 0) this.#options.onState?.(state());
  }

  /**
   * Reads the checkpoint, again after a moment while a guardian's cosignature is missing, which comes later than the first
   * ones, or while the log looks smaller than it is known to be, as an old copy in a cache does.
   */
  async #readSettled(): Promise<{ published: Published; view: SignedView | null; views: GuardianView[] }> {
    const { guardians = new Map<string, string>(), settleMs = SETTLE_MS, signal } = this.#options;
    let views: GuardianView[] | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const published = await readPublished(this.#source);
      views ??= await readGuardianViews(this.#source.http, guardians, published.current, signal);
      const { view, findings } = checkSigned(published.note, published.current);
      const isSettled = findings.length === 0 && view !== null && this.#isSettled(published, view, views);
      if (isSettled || attempt === SETTLING_ATTEMPTS) {
        findings.forEach((finding) => this.#add(finding));
        return { published, view, views };
      }
      await pause(settleMs, signal);
    }
  }

  #isSettled({ current }: Published, view: SignedView, views: readonly GuardianView[]): boolean {
    const { state } = this.#options;
    const isSame = state?.generation === current.log.generation;
    const sizes = views.map((guardian) => guardian.view?.checkpoint.size ?? 0);
    if (isSame) sizes.push(parseCheckpoint(state.checkpoint).checkpoint.size);
    const times = this.#timesOf(view, views);
    return (
      view.checkpoint.size >= Math.max(0, ...sizes) && current.guardians.every(({ id }) => this.#isFresh(times.get(id)))
    );
  }

  #isFresh(time: number | undefined): boolean {
    return time !== undefined && time > this.#now - MAX_COSIGNATURE_AGE && time <= this.#now + CLOCK_SECONDS;
  }

  /** When each guardian last cosigned what was seen: now, by its own account, or in an earlier audit. */
  #timesOf(view: SignedView | null, views: readonly GuardianView[]): Map<string, number> {
    const times = new Map((this.#options.state?.guardians ?? []).map(({ id, cosignedAt }) => [id, cosignedAt]));
    const seen = [...(view?.cosignedAt ?? [])];
    for (const own of views) {
      const time = own.view?.cosignedAt.get(own.guardian);
      if (time !== undefined) seen.push([own.guardian, time]);
    }
    for (const [id, time] of seen) times.set(id, Math.max(time, times.get(id) ?? 0));
    return times;
  }

  #checkGuardians({ current }: Published, view: SignedView | null, views: readonly GuardianView[]): GuardianFacts[] {
    const times = this.#timesOf(view, views);
    return current.guardians.map(({ id }) => {
      const cosignedAt = times.get(id) ?? null;
      const own = views.find(({ guardian }) => guardian === id);
      const isAhead = (own?.view?.checkpoint.size ?? 0) > (view?.checkpoint.size ?? 0);
      const error = isAhead ? 'it has cosigned more than the registry shows yet' : own?.error?.message;
      if (!this.#isFresh(times.get(id))) {
        const told = cosignedAt === null ? 'never' : `at ${new Date(cosignedAt * 1000).toISOString()}`;
        const message = `guardian ${id} has not cosigned the log within 24 hours: the last time that is known is ${told}`;
        this.#add({ rule: 'guardian', message, guardian: id });
      }
      return error === undefined ? { id, cosignedAt } : { id, cosignedAt, error };
    });
  }

  /** The state to go on from: none where a successor log gave up entries that were seen. */
  #stateFor({ current }: Published): AuditState | null {
    const { state, rosterFingerprint } = this.#options;
    if (state === null || state === undefined) return null;
    if (state.origin !== current.origin || !equalBytes(state.rosterFingerprint, rosterFingerprint)) {
      throw badInput('state', 'the state of an audit of this registry');
    }
    const { generation, start } = current.log;
    if (state.generation > generation) throw badInput('state', 'the state of a log that is not newer than this one');
    const isGone =
      generation > state.generation && parseCheckpoint(state.checkpoint).checkpoint.size > (start?.size ?? 0);
    return isGone ? null : state;
  }

  /**
   * Whether the checkpoint's tree goes on from all that is known of it: from the last audit's checkpoint, from where its roster
   * says that a successor log begins, and from what guardians were shown.
   */
  async #goesOn(
    { current }: Published,
    { checkpoint }: SignedView,
    known: AuditState | null,
    views: readonly GuardianView[],
  ): Promise<boolean> {
    this.#checkClosed(current);
    const prefixes: Prefix[] = [];
    if (known !== null) {
      const head = parseCheckpoint(known.checkpoint).checkpoint;
      prefixes.push({ head, note: known.checkpoint, rule: 'fork', of: 'the last audit’s checkpoint' });
    }
    const { start } = current.log;
    if (start !== null) prefixes.push({ head: start, note: null, rule: 'successor', of: 'the log before it' });
    for (const [guardian, { checkpoint: head, note, cosignedAt }] of viewsOf(current, known, views)) {
      // One of a fresh cosignature may be about to be published. The first one counts: a guardian that is shown another log
      // may be ahead for ever.
      if (head.size <= checkpoint.size || !this.#isFresh(cosignedAt.get(guardian))) {
        prefixes.push({ head, note, rule: 'fork', of: `what guardian ${guardian} cosigned` });
      } else if (!this.#ahead.some((kept) => kept.guardian === guardian)) {
        this.#ahead.push({ guardian, checkpoint: note });
      }
    }
    const before = this.#findings.length;
    for (const { head, note, of } of prefixes) {
      if (head.size <= checkpoint.size) continue;
      this.#contradict('shrunk', `the log has ${checkpoint.size} entries; ${of} has ${head.size}`, note);
    }
    this.#tree = await VerifiedTree.open(this.#source.reader, checkpoint);
    for (const { head, note, rule, of } of prefixes) {
      if (head.size > checkpoint.size || equalBytes(await this.#tree.prover(head.size).root(), head.root)) continue;
      this.#contradict(rule, `the log’s first ${head.size} entries are not those of ${of}`, note);
    }
    return this.#findings.length === before;
  }

  /** Whether the log before a successor ended where its roster says, as far as the last audit can tell. */
  #checkClosed({ log: { generation, closed } }: Roster): void {
    const { state } = this.#options;
    if (state?.generation !== generation - 1 || closed === null) return;
    const { size, root } = parseCheckpoint(state.checkpoint).checkpoint;
    if (size < closed.size || (size === closed.size && equalBytes(root, closed.root))) return;
    this.#contradict('successor', 'the log before went on to another end than its successor says', state.checkpoint);
  }

  #contradict(rule: AuditRule, message: string, note: string | null): void {
    if (note !== null) this.#contradictions.push(note);
    this.#add({ rule, message });
  }

  /** Judges entries, and yields how many are judged after each bundle. */
  async *#judge(rules: AuditRules, from: number): AsyncGenerator<number, void, undefined> {
    const { signal, onProgress } = this.#options;
    const tree = this.#tree as VerifiedTree;
    for await (const { first, entries } of tree.entries(from, signal)) {
      for (const [i, entry] of entries.entries()) {
        for (const finding of rules.check(first + i, entry)) {
          if (finding.rule !== 'requestTwice' || (await isSameRequest(tree, finding))) this.#add(finding);
        }
      }
      const done = first + entries.length;
      onProgress?.({ phase: 'audit', done: done - from, total: tree.head.size - from });
      yield done;
    }
  }

  async #comparePages(rules: AuditRules): Promise<void> {
    const { pagesUrl, settleMs = SETTLE_MS } = this.#options;
    const options = { source: this.#source, pagesUrl, settleMs };
    this.#pages = await comparePages(options, this.#tree as VerifiedTree, rules.newestPages());
    this.#pages.findings.forEach((finding) => this.#add(finding));
  }

  async #evidence({ chain, note }: Published): Promise<string> {
    return formatEvidence({
      registry: this.#options.url,
      rosterFingerprint: this.#options.rosterFingerprint,
      now: this.#now,
      chain,
      checkpoint: note,
      contradictions: this.#contradictions,
      findings: this.#findings,
      reader: this.#source.reader,
      tree: this.#tree,
      pages: this.#pages.served,
    });
  }
}

/** Entries that each successor log left out of what was cosigned before it. */
function lostOf(rosters: readonly VerifiedRoster[]): number {
  const logs = new Map(rosters.map(({ roster: { log } }) => [log.generation, log]));
  return [...logs.values()].reduce((sum, { start, closed }) => sum + (closed?.size ?? 0) - (start?.size ?? 0), 0);
}

/** What guardians cosigned by their own account: what the last audit waited for, then what they show now. */
function viewsOf(
  roster: Roster,
  known: AuditState | null,
  views: readonly GuardianView[],
): (readonly [string, SignedView])[] {
  const kept = known?.generation === roster.log.generation ? known.ahead : [];
  return [
    ...kept.map(({ guardian, checkpoint }) => [guardian, checkSigned(checkpoint, roster).view] as const),
    ...views.map(({ guardian, view }) => [guardian, view] as const),
  ].flatMap(([guardian, view]) => (view === null ? [] : [[guardian, view] as const]));
}

/** Whether the two entries log one request: the table knows only how its hash begins. */
async function isSameRequest(tree: VerifiedTree, { index, related }: Finding): Promise<boolean> {
  const [first, second] = await Promise.all([tree.entry(related as number), tree.entry(index as number)]);
  return equalBytes(requestOf(first) ?? new Uint8Array(0), requestOf(second) ?? new Uint8Array(0));
}
