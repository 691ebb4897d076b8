/**
 * Looking up what waits on a tray. Codes go in small batches, two under way at once; each batch is kept before it is sent, and its
 * results before they are shown. So an interruption costs quota only for batches that were under way, and only if it lasts:
 * their very requests are sent again, and for five minutes from their signing that is answered again, uncharged. After that they
 * are asked for anew: at most 32 codes, or 128 where one reading stands for more than 16 codes.
 */
import {
  BlindmarkError,
  codeName,
  createLookupBatch,
  createTurns,
  distinctCodes,
  equalBytes,
  LookupFindings,
  randomBytes,
  type BatchFindings,
  type CandidateSet,
  type LookupBatch,
  type LookupReading,
  type SchemeCode,
} from '../../../client-sdk/index.ts';
import type { CallContext } from './calls.ts';
import type { Patience } from './patience.ts';
import type { Connection, Session } from './police-session.ts';
import { answerOf, problemOf, resultView } from './police-views.ts';
import { createId, isWaiting, type StoredReading, type Tray } from './trays.ts';

/** Codes of one batch, unless a single reading stands for more: few, so that results come soon and an interruption loses little. */
const BATCH_CODES = 16;

/** Batches under way at once: one is evaluated while the other is stretched. */
const LANES = 2;

/** What a run is given. */
export interface TrayRunOptions {
  readonly session: Session;
  readonly connection: Connection;
  readonly patience: Patience;
  /** Throws once its officer is no longer signed in, or may not ask any more. */
  readonly checkSession: () => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
  readonly context: CallContext;
}

/** A reading of a tray as the SDK plans it. */
export function lookupReadingOf(
  id: string,
  stored: Pick<StoredReading, 'reading' | 'scheme' | 'leadingZerosLost'>,
): LookupReading {
  const { reading, scheme, leadingZerosLost } = stored;
  return { id, reading, scheme: scheme ?? undefined, leadingZerosLost };
}

/** The codes that readings stand for, in batches: whole readings together where they fit. */
export function packBatches(readings: readonly (readonly SchemeCode[])[], usual: number, most: number): SchemeCode[][] {
  const taken = new Set<string>();
  const batches: SchemeCode[][] = [];
  let open: SchemeCode[] = [];
  for (const codes of readings) {
    const fresh = codes.filter((code) => !taken.has(codeName(code)));
    for (const code of fresh) taken.add(codeName(code));
    if (open.length + fresh.length > usual && open.length > 0) {
      batches.push(open);
      open = [];
    }
    open.push(...fresh);
    while (open.length > usual) batches.push(open.splice(0, most));
  }
  return open.length > 0 ? [...batches, open] : batches;
}

const codesOf = (set: CandidateSet): SchemeCode[] =>
  [...set.codes].map(({ schemeId, canonical }) => ({ scheme: schemeId, canonical }));

const stretchedOf = ({ lookup, codes }: LookupBatch): number => (lookup === null ? 0 : codes.length);

/** A batch that is to be looked up, by the name of its record. */
interface Task {
  readonly id: string;
  batch: LookupBatch;
  /** Codes of it that are stretched. */
  stretched: number;
}

/** One run of one tray. */
export class TrayRun {
  readonly #tray: string;
  readonly #options: TrayRunOptions;
  readonly #turn = createTurns();
  #caseReference = '';
  #caseSalt = new Uint8Array();
  #findings = new LookupFindings();
  readonly #sets = new Map<string, CandidateSet>();
  readonly #tasks = new Map<string, Task>();
  #done = 0;
  #waitingLanes = 0;

  constructor(tray: string, options: TrayRunOptions) {
    this.#tray = tray;
    this.#options = options;
  }

  /** Runs until nothing waits any more, also of what is added meanwhile. */
  async finish(): Promise<void> {
    await this.#begin();
    for (;;) {
      const tasks = await this.#plan();
      if (tasks.length === 0) break;
      await this.#lookUpAll(tasks);
    }
    await this.#end();
  }

  /** Forgets what was kept for going on. */
  async #end(): Promise<void> {
    const { trays } = this.#options.session;
    const [batches, findings] = await Promise.all([
      trays.read(this.#tray, 'batch'),
      trays.read(this.#tray, 'findings'),
    ]);
    await this.#change(({ tray, setHeader, remove }) => {
      // What was added just now goes on as this run.
      if ([...tray.readings.values()].some(isWaiting)) return;
      for (const id of batches.keys()) remove('batch', id);
      for (const id of findings.keys()) remove('findings', id);
      setHeader({ run: null });
    });
  }

  /** Goes on with the run that was interrupted, or begins one. */
  async #begin(): Promise<void> {
    const { chain } = this.#options.connection.registry;
    const tray = await this.#change(({ tray: { header }, setHeader }) => {
      setHeader({ run: { caseSalt: header.run?.caseSalt ?? randomBytes(32), isOn: true }, chain });
    });
    const { caseReference, run } = tray.header;
    this.#caseReference = caseReference;
    this.#caseSalt = new Uint8Array(run?.caseSalt ?? []);
    const { trays } = this.#options.session;
    for (const findings of (await trays.read(this.#tray, 'findings')).values()) {
      if (equalBytes(findings.caseSalt, this.#caseSalt)) this.#findings.add(findings);
    }
  }

  /** What is to be asked for now: batches that were under way before, and those of whatever else waits. */
  async #plan(): Promise<Task[]> {
    const { session, connection } = this.#options;
    const tray = await session.trays.load(this.#tray);
    const waiting = [...tray.readings].filter(([, reading]) => isWaiting(reading));
    const plan = connection.officer.plan(waiting.map(([id, reading]) => lookupReadingOf(id, reading)));
    const failed = new Map<string, BlindmarkError>();
    for (const { id, candidates } of plan.readings) {
      if (candidates instanceof BlindmarkError) failed.set(id, candidates);
      else this.#sets.set(id, candidates);
    }
    await this.#settle(failed);
    const needed = new Map(distinctCodes(plan.readings).map((code) => [codeName(code), code]));
    for (const [key, code] of needed) if (this.#findings.has(code)) needed.delete(key);
    const tasks = await this.#resumed(needed);
    for (const { batch } of tasks) for (const code of batch.codes) needed.delete(codeName(code));
    const readings = waiting.map(([id]) => {
      const set = this.#sets.get(id);
      return set === undefined ? [] : codesOf(set).filter((code) => needed.has(codeName(code)));
    });
    const { batchSize } = connection.officer;
    const fresh = packBatches(readings, Math.min(BATCH_CODES, batchSize), batchSize).map((codes): Task => ({
      id: createId(),
      batch: createLookupBatch(codes, this.#caseSalt),
      stretched: 0,
    }));
    return [...tasks, ...fresh];
  }

  /** Batches that were under way when a run was interrupted. One that nothing needs any more is forgotten. */
  async #resumed(needed: ReadonlyMap<string, SchemeCode>): Promise<Task[]> {
    const kept = await this.#options.session.trays.read(this.#tray, 'batch');
    const tasks: Task[] = [];
    const useless: string[] = [];
    for (const [id, batch] of kept) {
      const isUseful =
        equalBytes(batch.caseSalt, this.#caseSalt) && batch.codes.some((code) => needed.has(codeName(code)));
      if (isUseful) tasks.push({ id, batch, stretched: stretchedOf(batch) });
      else useless.push(id);
    }
    if (useless.length > 0) {
      await this.#change(({ remove }) => {
        for (const id of useless) remove('batch', id);
      });
    }
    return tasks;
  }

  /** Looks up all batches. After a failure none is begun any more, and those under way come to their end, unless it is cancelled. */
  async #lookUpAll(tasks: readonly Task[]): Promise<void> {
    for (const task of tasks) this.#tasks.set(task.id, task);
    this.#report();
    const queue = [...tasks];
    const failures: unknown[] = [];
    const failed = new AbortController();
    const lane = async (): Promise<void> => {
      for (let task = queue.shift(); task !== undefined && failures.length === 0; task = queue.shift()) {
        try {
          await this.#lookUp(task, failed.signal);
        } catch (error) {
          failures.push(error);
          failed.abort();
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (failures.length > 0) throw failures[0];
  }

  async #lookUp(task: Task, stop: AbortSignal): Promise<void> {
    const { session, connection, patience, checkSession, context } = this.#options;
    const { signal } = context;
    const keep = async (batch: LookupBatch): Promise<void> => {
      await checkSession();
      await session.trays.keepBatch(this.#tray, task.id, batch);
      task.batch = batch;
      task.stretched = stretchedOf(batch);
    };
    const onStretched = (share: number): void => {
      task.stretched = Math.min(task.batch.codes.length, task.stretched + share);
      this.#report();
    };
    const findings = await patience.insist(
      async () => {
        await checkSession();
        return connection.officer.lookUp(task.batch, this.#caseReference, {
          keep,
          onStretched,
          turn: this.#turn,
          signal,
        });
      },
      {
        signal,
        stop,
        onWaiting: (isWaitingNow) => {
          this.#waitingLanes += isWaitingNow ? 1 : -1;
          this.#report();
        },
      },
    );
    this.#findings.add(findings);
    this.#tasks.delete(task.id);
    this.#done += task.batch.codes.length;
    await this.#settle(new Map(), { id: task.id, findings });
    this.#report();
  }

  /** Keeps what has come: findings, and the result of each reading all of whose codes are known. */
  async #settle(
    failed: ReadonlyMap<string, BlindmarkError>,
    come?: { readonly id: string; readonly findings: BatchFindings },
  ): Promise<void> {
    const at = new Date(this.#options.now()).toISOString();
    const { schemes } = this.#options.connection.registry.roster.roster;
    await this.#change(({ tray, put, remove }) => {
      for (const [id, reading] of tray.readings) {
        if (!isWaiting(reading)) continue;
        const error = failed.get(id);
        if (error !== undefined) {
          put('reading', id, { ...reading, candidates: 0, problem: problemOf(error) });
          continue;
        }
        const set = this.#sets.get(id);
        const result = set === undefined ? null : this.#findings.resultOf(id, set);
        if (result === null) continue;
        put('answer', id, answerOf(result));
        put('reading', id, { ...reading, result: resultView(result, schemes, at) });
      }
      if (come === undefined) return;
      remove('batch', come.id);
      const isNeeded = [...tray.readings].some(([id, reading]) => {
        const set = this.#sets.get(id);
        if (!isWaiting(reading) || set === undefined) return false;
        const keys = new Set(codesOf(set).map(codeName));
        return come.findings.codes.some((code) => keys.has(codeName(code)));
      });
      if (isNeeded) put('findings', come.id, come.findings);
    });
  }

  async #change(change: Parameters<Session['trays']['change']>[2]): Promise<Tray> {
    const { session, now } = this.#options;
    return session.trays.change(this.#tray, new Date(now()).toISOString(), change);
  }

  /** Tells how many codes are done. */
  #report(): void {
    const under = [...this.#tasks.values()];
    const total = this.#done + under.reduce((sum, { batch }) => sum + batch.codes.length, 0);
    const done = this.#done + under.reduce((sum, { stretched }) => sum + stretched, 0);
    this.#options.context.onProgress({
      phase: this.#waitingLanes > 0 ? 'waiting' : 'lookup',
      done: Math.floor(done),
      total,
    });
  }
}
