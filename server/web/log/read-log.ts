/** What the registry states of its log, fetched by the page itself: small, quick, and not verified. */
import { EngineError } from '../engine/client.ts';
import type { EngineFailure } from '../engine/calls.ts';
import type { LogView } from '../engine/proofs-api.ts';
import { isFingerprint } from '../ui/fingerprint.ts';
import { decodeBase64, readCheckpoint, statedTime } from './note.ts';

/** Milliseconds that one answer is waited for. */
const TIMEOUT_MS = 30_000;

/** Most counts of a force in a month. */
const MAX_MONTHS = 5000;

/** The longest pause that a service is taken to mean, in seconds. */
const LONGEST_PAUSE = 86_400;

const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/** Host, port and path of an address in characters that no shell gives a meaning to: the page shows it in a command. */
const ADDRESS =
  /^(?:https:\/\/[\w.-]+|http:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\]))(?::\d{1,5})?(?:\/[\w.~%-]+)*$/;

/** How the registry is reached, beside what it states. */
export interface StatedLog extends LogView {
  /** The registry's address. */
  readonly url: string;
}

/**
 * Reads what the registry states.
 *
 * @throws EngineError `unreachable`, `timedOut`, `badReply`, or the code that the registry answered
 */
export async function readLog(signal?: AbortSignal): Promise<StatedLog> {
  const file = new Fields(await readJson(new URL('../registry.json', document.baseURI).href, signal));
  const [url, fingerprint] = [file.text('url').replace(/\/+$/, ''), file.text('rosterFingerprint')];
  if (!ADDRESS.test(url) || !isFingerprint(fingerprint)) throw badReply();
  const [rosters, note, statistics] = await Promise.all([
    readJson(`${url}/v1/roster`, signal),
    readText(`${url}/log/checkpoint`, signal),
    readJson(`${url}/v1/statistics`, signal),
  ]);
  const checkpoint = readCheckpoint(note);
  if (checkpoint === null) throw badReply();
  const { origin, threshold, guardians, isTestRegistry } = readRoster(new Fields(rosters));
  const counted = new Fields(statistics);
  return {
    url,
    origin,
    isTestRegistry,
    fingerprint,
    size: checkpoint.size,
    root: checkpoint.root,
    threshold,
    cosignatures: guardians.map(({ id, name }) => {
      return { guardian: name, time: statedTime(checkpoint, `${origin}/guardian/${id}`) };
    }),
    months: readMonths(counted),
    delayed: counted.count('delayed'),
  };
}

function readMonths(statistics: Fields): LogView['months'] {
  const months = statistics.list('months').map((month) => ({
    month: month.text('month'),
    force: month.text('force'),
    lookups: month.count('lookups'),
    hits: month.count('hits'),
    openings: month.count('openings'),
  }));
  if (months.length > MAX_MONTHS || !months.every(({ month }) => MONTH.test(month))) throw badReply();
  return months;
}

interface StatedRoster {
  readonly origin: string;
  readonly threshold: number;
  readonly guardians: readonly { readonly id: string; readonly name: string }[];
  readonly isTestRegistry: boolean;
}

/** The last roster of the chain, which is the one in force. */
function readRoster(reply: Fields): StatedRoster {
  const bytes = decodeBase64(reply.list('chain').at(-1)?.text('roster') ?? '');
  if (bytes === null) throw badReply();
  const roster = new Fields(parseJson(new TextDecoder().decode(bytes)));
  const guardians = roster
    .list('guardians')
    .map((guardian) => ({ id: guardian.text('id'), name: guardian.text('name') }));
  return {
    origin: roster.text('origin'),
    threshold: roster.count('threshold'),
    guardians,
    isTestRegistry: roster.isTrue('testRoster'),
  };
}

/** An object of a reply, whose fields are what they should be or refused. */
class Fields {
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badReply();
    this.#value = value as Readonly<Record<string, unknown>>;
  }

  text(name: string): string {
    const value = this.#value[name];
    if (typeof value !== 'string') throw badReply();
    return value;
  }

  count(name: string): number {
    const value = this.#value[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw badReply();
    return value;
  }

  list(name: string): Fields[] {
    const value = this.#value[name];
    if (!Array.isArray(value)) throw badReply();
    return value.map((item) => new Fields(item));
  }

  isTrue(name: string): boolean {
    return this.#value[name] === true;
  }
}

async function readJson(url: string, signal: AbortSignal | undefined): Promise<unknown> {
  return parseJson(await readText(url, signal));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badReply();
  }
}

async function readText(url: string, signal: AbortSignal | undefined): Promise<string> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
    text = await response.text();
  } catch {
    if (signal?.aborted === true) throw failure('cancelled', 'unavailable', 'The work was cancelled');
    if (limit.aborted) throw failure('timedOut', 'unavailable', 'The registry did not answer in time');
    throw failure('unreachable', 'unavailable', 'The registry cannot be reached');
  }
  if (!response.ok) throw problemOf(text, response.status);
  return text;
}

/** A problem document (RFC 9457), or what a proxy in between answers in words of its own. */
function problemOf(text: string, status: number): EngineError {
  const kind = status === 429 || status >= 500 ? 'unavailable' : 'refused';
  try {
    const problem = JSON.parse(text) as Partial<Record<string, unknown>>;
    const { code, detail, retryAfter } = problem;
    if (typeof code === 'string' && typeof detail === 'string') {
      return failure(code, kind, detail, pauseOf(retryAfter));
    }
  } catch {
    // No JSON.
  }
  return failure('unavailable', 'unavailable', `The registry answered with HTTP status ${status}`);
}

function pauseOf(given: unknown): number | undefined {
  return typeof given === 'number' && given >= 0 && given <= LONGEST_PAUSE ? given : undefined;
}

function badReply(): EngineError {
  return failure('badReply', 'unavailable', 'The registry sent a reply that does not parse');
}

function failure(code: string, kind: EngineFailure['kind'], message: string, retryAfter?: number): EngineError {
  return new EngineError({ code, kind, message, retryAfter });
}
