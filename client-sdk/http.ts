/** JSON and bytes over HTTP with typed errors, time limits and retries. */
import type { z } from 'zod';
import { concatBytes } from '../crypto/bytes.ts';
import { badInput, BlindmarkError, ERROR_CODES, isBlindmarkError } from '../crypto/errors.ts';
import { parseMessage } from '../crypto/message.ts';
import { problemSchema } from '../crypto/wire.ts';

/** What is used of the platform's `fetch`. */
export type Fetch = typeof fetch;

/** How often and how patiently requests are sent. */
export interface RetryPolicy {
  /** Attempts in all; default 4. */
  readonly attempts: number;
  /** Milliseconds before the second attempt, doubled for each further one, with a random part; default 250. */
  readonly firstDelayMs: number;
  /** The longest single pause in milliseconds; a service that asks for a longer one is not asked again. Default 10,000. */
  readonly longestDelayMs: number;
  /** Milliseconds for one attempt; default 30,000. */
  readonly timeoutMs: number;
}

const DEFAULT_POLICY: RetryPolicy = { attempts: 4, firstDelayMs: 250, longestDelayMs: 10_000, timeoutMs: 30_000 };

/** Largest reply that is taken, in bytes: 64 tags with four padded slots each stay well below it. */
const MAX_REPLY_LENGTH = 8 * 1024 * 1024;

/** The error of work that its caller cancelled. */
export function cancelled(): BlindmarkError {
  return new BlindmarkError('cancelled', 'The work was cancelled', {
    remedy: 'Start it again; what was done stays done.',
  });
}

/** @throws BlindmarkError `cancelled` once `signal` is aborted */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled();
}

/** Waits; ends early with `cancelled` when `signal` aborts. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  checkCancelled(signal);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** One request. `body` is ready JSON; without it the request is a GET. */
export interface JsonRequest<T extends z.ZodType> {
  readonly url: string;
  readonly reply: T;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What of a response is taken. */
type Take<T> = (response: Response) => Promise<T>;
type Response = Awaited<ReturnType<Fetch>>;

/** One request, however its reply is read. */
interface Sending<T> {
  readonly url: string;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  readonly take: Take<T>;
}

/**
 * Sends JSON requests. Every request of Blindmark's interfaces may be repeated byte for byte: services answer it again and
 * charge nothing, so a lost reply costs no token and no quota. Hence all of them are retried alike.
 */
export class JsonClient {
  readonly #fetch: Fetch;
  readonly #policy: RetryPolicy;

  constructor(options: { readonly fetch?: Fetch | undefined; readonly retry?: Partial<RetryPolicy> | undefined } = {}) {
    this.#fetch = options.fetch ?? (async (url, init) => fetch(url, init));
    this.#policy = { ...DEFAULT_POLICY, ...options.retry };
  }

  /**
   * @throws BlindmarkError `unreachable`, `timedOut`, `badReply`, `cancelled`, or the code of the problem document that came
   *   back; those that a retry may mend only after the last attempt
   */
  async ask<T extends z.ZodType>({ reply, ...request }: JsonRequest<T>): Promise<z.output<T>> {
    return this.#send({
      ...request,
      take: async (response) => {
        const text = await readText(response);
        return response.ok ? parseReply(reply, text) : throwProblem(text, response.status);
      },
    });
  }

  /**
   * Gets what is not JSON.
   *
   * @returns null where the service says that there is no such thing (HTTP status 404 or 410)
   * @throws BlindmarkError as {@link ask}
   */
  async get(url: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    return this.#send({
      url,
      signal,
      take: async (response) => {
        if (response.status === 404 || response.status === 410) {
          // Read to its end, so that the connection is free again.
          await readText(response);
          return null;
        }
        if (!response.ok) throwProblem(await readText(response), response.status);
        return readBytes(response);
      },
    });
  }

  async #send<T>(request: Sending<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(request);
      } catch (error) {
        const delay = attempt < this.#policy.attempts ? this.#delayAfter(error, attempt) : undefined;
        if (delay === undefined) throw error;
        await pause(delay, request.signal);
      }
    }
  }

  /** Milliseconds until the next attempt; undefined where none makes sense. */
  #delayAfter(error: unknown, attempt: number): number | undefined {
    if (!isBlindmarkError(error) || error.kind !== 'unavailable' || error.code === 'cancelled') return undefined;
    const backoff = this.#policy.firstDelayMs * 2 ** (attempt - 1);
    const asked = (error.retryAfter ?? 0) * 1000;
    if (asked > this.#policy.longestDelayMs) return undefined;
    return Math.min(this.#policy.longestDelayMs, Math.max(asked, backoff)) + Math.random() * backoff;
  }

  async #attempt<T>({ url, body, signal, take }: Sending<T>): Promise<T> {
    checkCancelled(signal);
    const limit = AbortSignal.timeout(this.#policy.timeoutMs);
    try {
      const response = await this.#fetch(url, {
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        credentials: 'omit',
        cache: 'no-store',
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        ...(body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
      });
      return await take(response);
    } catch (cause) {
      if (isBlindmarkError(cause)) throw cause;
      checkCancelled(signal);
      if (limit.aborted) throw unanswered('timedOut', 'The service did not answer in time', cause);
      throw unanswered('unreachable', 'The service cannot be reached', cause);
    }
  }
}

/** Reads a reply, and no more of it than may be: it may come in chunks, or compressed, and not say how long it is. */
async function readBytes({ body }: Response): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return concatBytes(...chunks);
    chunks.push(value);
    length += value.length;
    if (length <= MAX_REPLY_LENGTH) continue;
    await reader.cancel();
    throw tooLarge();
  }
}

async function readText(response: Response): Promise<string> {
  return new TextDecoder().decode(await readBytes(response));
}

function tooLarge(): BlindmarkError {
  return new BlindmarkError('badReply', 'A service sent more than it may');
}

const LOOPBACK = /^http:\/\/(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?(?:\/|$)/u;

/**
 * Checks the address of a service: what passes there is for it alone.
 *
 * @returns the address without slashes at its end
 * @throws BlindmarkError `badInput` for anything but https, http on this machine aside
 */
export function checkAddress(url: string): string {
  if (!url.startsWith('https://') && !LOOPBACK.test(url)) throw badInput('url', 'an address that begins with https://');
  return url.replace(/\/+$/u, '');
}

function unanswered(code: 'timedOut' | 'unreachable', message: string, cause: unknown): BlindmarkError {
  return new BlindmarkError(code, message, {
    remedy: 'See that the address is right and the service runs, then try again; nothing is lost.',
    cause,
  });
}

function parseReply<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  try {
    return parseMessage(schema, JSON.parse(text));
  } catch {
    // Without the cause, which may quote the reply.
    throw new BlindmarkError('badReply', 'A service sent a reply that does not parse', {
      remedy: 'See that the address is that of a Blindmark service, and that both are of one version.',
    });
  }
}

function throwProblem(text: string, status: number): never {
  const parsed = problemSchema.safeParse(parseLoosely(text));
  if (!parsed.success) {
    // A proxy in between answers in words of its own.
    const isPassing = status === 429 || status >= 500;
    throw new BlindmarkError(isPassing ? 'unavailable' : 'badReply', `The service answered with HTTP status ${status}`);
  }
  const { code, detail, field, remedy, retryAfter, guardians } = parsed.data;
  throw new BlindmarkError(code in ERROR_CODES ? code : 'internal', detail, {
    ...(field === undefined ? {} : { field }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(guardians === undefined ? {} : { guardians }),
  });
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
