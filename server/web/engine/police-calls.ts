/** The calls of the police pages. */
import {
  badInput,
  BlindmarkError,
  checkCaseReference,
  codeName,
  formatEvidenceFile,
  isBlindmarkError,
  isRounded,
  type PlannedReading,
  type LookupReading,
} from '../../../client-sdk/index.ts';
import type { CallContext } from './calls.ts';
import { loadPart, PartNotLoaded } from './load-part.ts';
import type { EngineOptions } from './options.ts';
import { Patience } from './patience.ts';
import type { NewReading, PoliceApi, ReadingView, SessionView, TrayView } from './police-api.ts';
import type { PoliceDatabase } from './police-database.ts';
import { Sessions, type Connection, type Session } from './police-session.ts';
import { evidenceRecord, openingView, problemOf, readingView, titlesOf, traySummary } from './police-views.ts';
import {
  approveOpening,
  askOpening,
  checkOpening,
  inspectOpening,
  leaveMessage,
  type OpeningDesk,
} from './tray-openings.ts';
import { lookupReadingOf, TrayRun } from './tray-run.ts';
import { createId, isWaiting, MAX_READINGS, type StoredReading, type Tray } from './trays.ts';

/** Longest label, and how much of a reading is kept, in UTF-16 units: what is longer stands for no code. */
const MAX_LABEL = 100;
const MAX_READING = 600;

const sessionView = ({ view, isKeyKept }: Session): SessionView => ({ ...view, isKeyKept });

/** Why a reading of a list can't be asked, whatever it fits; null where it may. */
function roundedProblem({ reading, leadingZerosLost }: LookupReading): BlindmarkError | null {
  return leadingZerosLost === true && isRounded(reading.trim())
    ? badInput('reading', 'a code that no spreadsheet has rounded')
    : null;
}

function plan({ officer }: Connection, readings: readonly LookupReading[]): PlannedReading[] {
  const planned = officer.plan(readings).readings;
  return readings.map((reading, i) => {
    const rounded = roundedProblem(reading);
    return rounded === null ? (planned[i] as PlannedReading) : { id: reading.id, candidates: rounded };
  });
}

type Preview = Pick<ReadingView, 'candidates' | 'omitted' | 'problem'>;

function previewOf({ candidates }: PlannedReading): Preview {
  if (candidates instanceof BlindmarkError) return { candidates: 0, omitted: 0, problem: problemOf(candidates) };
  const omitted = candidates.omitted.reduce((sum, { count }) => sum + count, 0);
  return { candidates: candidates.count, omitted, problem: null };
}

/** What each code is called that a reading may stand for. */
function codesOf({ candidates }: PlannedReading): string[] {
  if (candidates instanceof BlindmarkError) return [];
  return [...candidates.codes].map(({ schemeId, canonical }) => codeName({ scheme: schemeId, canonical }));
}

function newReading(id: string, given: NewReading, leadingZerosLost: boolean): LookupReading {
  return { id, reading: given.reading, scheme: given.scheme || undefined, leadingZerosLost };
}

function checkLabel(label: string): string {
  if (label.length > MAX_LABEL) throw badInput('label', `at most ${MAX_LABEL} characters`);
  return label;
}

/** The calls; each asks anew who is signed in. */
export class PoliceCalls implements PoliceApi {
  readonly #sessions: Sessions;
  readonly #options: EngineOptions;
  /** The codes of readings that wait, by the readings' names: they do not change. */
  readonly #codes = new Map<string, readonly string[]>();

  constructor(options: EngineOptions, database: PoliceDatabase) {
    this.#options = options;
    this.#sessions = new Sessions(database, options);
  }

  async session(): Promise<SessionView | null> {
    const session = await this.#sessions.resume();
    return session === null ? null : sessionView(session);
  }

  async signIn({ file }: { readonly file: Uint8Array }, { signal }: CallContext): Promise<SessionView> {
    return sessionView(await this.#sessions.signIn(file, signal));
  }

  async signOut(): Promise<undefined> {
    this.#codes.clear();
    await this.#sessions.signOut();
    return undefined;
  }

  async touch(): Promise<undefined> {
    await this.#sessions.touch();
    return undefined;
  }

  readonly trays: PoliceApi['trays'] = async () => {
    const { trays } = await this.#sessions.require();
    return (await trays.list()).map(({ id, header }) => traySummary(id, header));
  };

  readonly openTray: PoliceApi['openTray'] = async ({ caseReference }, context) => {
    const { trays } = await this.#sessions.require();
    const id = await trays.openCase(checkCaseReference(caseReference).normalize('NFC'), this.#isoNow());
    return this.tray({ tray: id }, context);
  };

  readonly tray: PoliceApi['tray'] = async ({ tray: id }, { signal }) => {
    const session = await this.#sessions.require();
    return this.#view(session, await session.trays.load(id), signal);
  };

  readonly deleteTray: PoliceApi['deleteTray'] = async ({ tray: id }) => {
    const { trays } = await this.#sessions.require();
    await trays.remove(id);
    return undefined;
  };

  readonly addReadings: PoliceApi['addReadings'] = async ({ tray: id, readings, leadingZerosLost }, { signal }) => {
    const session = await this.#sessions.require();
    const connection = await this.#sessions.connect(session, signal);
    const given = readings.filter(({ reading }) => reading.trim() !== '');
    const named = given.map((reading) => newReading(createId(), reading, leadingZerosLost === true));
    const planned = plan(connection, named);
    const labels = given.map(({ label }) => checkLabel(label?.trim() ?? ''));
    const changed = await session.trays.change(id, this.#isoNow(), ({ tray, put }) => {
      if (tray.readings.size + named.length > MAX_READINGS)
        throw badInput('readings', `at most ${MAX_READINGS} readings on one tray`);
      const first = Math.max(-1, ...[...tray.readings.values()].map(({ order }) => order)) + 1;
      for (const [i, reading] of named.entries()) {
        const { reading: text, scheme } = reading;
        const stored: StoredReading = {
          order: first + i,
          label: labels[i] as string,
          reading: text.trim().slice(0, MAX_READING),
          scheme: scheme ?? null,
          leadingZerosLost: leadingZerosLost === true,
          ...previewOf(planned[i] as PlannedReading),
          result: null,
        };
        put('reading', reading.id, stored);
      }
    });
    return this.#view(session, changed, signal);
  };

  readonly removeReadings: PoliceApi['removeReadings'] = async ({ tray: id, ids }, { signal }) => {
    const session = await this.#sessions.require();
    const changed = await session.trays.change(id, this.#isoNow(), ({ remove }) => {
      for (const reading of ids) {
        remove('reading', reading);
        remove('answer', reading);
      }
    });
    return this.#view(session, changed, signal);
  };

  readonly preview: PoliceApi['preview'] = async (reading, { signal }) => {
    const connection = await this.#sessions.connect(await this.#sessions.require(), signal);
    const [planned] = plan(connection, [newReading('', reading, false)]) as [PlannedReading];
    const { candidates } = planned;
    const ids = candidates instanceof BlindmarkError ? [] : [...candidates.codes].map(({ schemeId }) => schemeId);
    return { ...previewOf(planned), schemes: titlesOf(connection.registry.roster.roster.schemes, ids) };
  };

  readonly previewList: PoliceApi['previewList'] = async ({ readings, leadingZerosLost }, { signal }) => {
    const connection = await this.#sessions.connect(await this.#sessions.require(), signal);
    const named = readings.map((reading, i) => newReading(String(i), reading, leadingZerosLost === true));
    const planned = plan(connection, named);
    return { cost: new Set(planned.flatMap(codesOf)).size, readings: planned.map(previewOf) };
  };

  readonly readList: PoliceApi['readList'] = async ({ name, bytes }) => {
    const { readReadingList } = await loadPart(async () => import('./reading-list.ts'));
    return readReadingList(name, bytes);
  };

  readonly run: PoliceApi['run'] = async ({ tray: id }, context) => {
    const { signal } = context;
    const patience = this.#patience();
    const session = await this.#sessions.requireGood();
    return session.trays.whileRunning(id, signal, async () => {
      try {
        const checkSession = async (): Promise<void> => this.#sessions.requireSame(session);
        const connect = async (): Promise<Connection> => {
          await checkSession();
          return this.#sessions.connect(session, signal);
        };
        const connection = await patience.insist(connect, {
          signal,
          onWaiting: () => {
            context.onProgress({ phase: 'waiting', done: 0, total: 0 });
          },
        });
        await new TrayRun(id, {
          session,
          connection,
          patience,
          context,
          now: () => this.#sessions.now() * 1000,
          checkSession,
        }).finish();
      } catch (error) {
        if (!goesOn(error)) await this.#pauseRun(session, id);
        throw error;
      }
      return this.#view(session, await session.trays.load(id), signal);
    });
  };

  readonly evidence: PoliceApi['evidence'] = async ({ tray: id }) => {
    const { trays, view } = await this.#sessions.require();
    const [tray, answers] = await Promise.all([trays.load(id), trays.read(id, 'answer')]);
    const { caseReference, chain } = tray.header;
    if (chain.length === 0) throw badInput('tray', 'a tray on which something has been looked up');
    const results = [...tray.readings].map(([name, reading]) => evidenceRecord(reading, answers.get(name)));
    const openings = [...tray.openings.values()].map(({ match, status, reason, entry, officers }) => ({
      match,
      status,
      reason,
      entry,
      officers,
    }));
    const createdAt = this.#isoNow();
    const { origin, forceName, officer } = view;
    return {
      // Names of downloads are kept by the browser: this one says nothing of the case.
      fileName: `blindmark-evidence-${createdAt.slice(0, 10)}-${id.slice(0, 6)}.json`,
      text: formatEvidenceFile({
        origin,
        caseReference,
        force: forceName,
        officer,
        createdAt,
        chain,
        results,
        openings,
      }),
    };
  };

  readonly askOpening: PoliceApi['askOpening'] = async (args, context) =>
    askOpening(args, await this.#openingDesk(context));

  readonly checkOpening: PoliceApi['checkOpening'] = async (args, context) =>
    checkOpening(args, await this.#openingDesk(context));

  readonly inspect: PoliceApi['inspect'] = async (args, context) =>
    inspectOpening(args, await this.#openingDesk(context));

  readonly approve: PoliceApi['approve'] = async (args, context) =>
    approveOpening(args, await this.#openingDesk(context));

  readonly leaveMessage: PoliceApi['leaveMessage'] = async (args, context) =>
    leaveMessage(args, await this.#openingDesk(context));

  async #openingDesk(context: CallContext): Promise<OpeningDesk> {
    const session = await this.#sessions.requireGood();
    const connection = await this.#sessions.connect(session, context.signal);
    return { session, connection, now: this.#isoNow(), context };
  }

  /** A tray as it is shown. Its cost is an upper bound: what was interrupted just now may go on for nothing. */
  async #view(session: Session, tray: Tray, signal: AbortSignal): Promise<TrayView> {
    const waiting = [...tray.readings].filter(([, reading]) => isWaiting(reading));
    return {
      ...traySummary(tray.id, tray.header),
      list: [...tray.readings].map(([id, reading]) => readingView(id, reading)),
      cost: waiting.length === 0 ? 0 : await this.#costOf(session, tray.id, waiting, signal),
      openings: [...tray.openings.values()].map(openingView),
    };
  }

  /** What waiting readings will cost; counted by what each may stand for while the registry can't be reached. */
  async #costOf(
    session: Session,
    id: string,
    waiting: readonly [string, StoredReading][],
    signal: AbortSignal,
  ): Promise<number> {
    let connection: Connection;
    try {
      connection = await this.#sessions.connect(session, signal);
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      return waiting.reduce((sum, [, { candidates }]) => sum + candidates, 0);
    }
    const unknown = waiting.filter(([name]) => !this.#codes.has(name));
    const readings = unknown.map(([name, reading]) => lookupReadingOf(name, reading));
    for (const planned of plan(connection, readings)) this.#codes.set(planned.id, codesOf(planned));
    const codes = new Set(waiting.flatMap(([name]) => this.#codes.get(name) ?? []));
    for (const findings of (await session.trays.read(id, 'findings')).values()) {
      for (const code of findings.codes) codes.delete(codeName(code));
    }
    return codes.size;
  }

  async #pauseRun({ trays }: Session, id: string): Promise<void> {
    try {
      await trays.change(id, this.#isoNow(), ({ tray, setHeader }) => {
        const { run } = tray.header;
        if (run !== null) setHeader({ run: { ...run, isOn: false } });
      });
    } catch (error) {
      // What ended the run is what is to be told.
      if (!isBlindmarkError(error)) throw error;
    }
  }

  #patience(): Patience {
    const { firstDelayMs, longestDelayMs } = this.#options.retry ?? {};
    return new Patience({ firstDelayMs: firstDelayMs === undefined ? undefined : 8 * firstDelayMs, longestDelayMs });
  }

  #isoNow(): string {
    return new Date(this.#sessions.now() * 1000).toISOString();
  }
}

/** Whether a run that failed so goes on by itself, once somebody is signed in and the service is there. */
function goesOn(error: unknown): boolean {
  if (error instanceof PartNotLoaded) return true;
  if (!isBlindmarkError(error) || error.code === 'cancelled') return false;
  return error.kind === 'unavailable' || (error.code === 'badCredential' && error.field === 'session');
}
