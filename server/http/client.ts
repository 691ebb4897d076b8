/** Asking another service: JSON or text over HTTP with a time limit, a size limit, bounded connections and typed errors. */
import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { z } from 'zod';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { parseMessage } from '../../crypto/message.ts';
import { problemSchema } from '../../crypto/wire.ts';

/** Largest reply that is read, in bytes. */
export const MAX_REPLY_BYTES = 256 * 1024;

/** Connections to one service. What is asked beyond them waits for its turn, within its own time limit. */
const MAX_CONNECTIONS = 64;

/** What {@link askService} and {@link exchangeText} take beside the address. */
export interface ServiceRequest {
  /** Already formatted JSON, or the text; a GET without it. */
  readonly body?: string;
  /** For the whole exchange, waiting for a connection included. */
  readonly timeoutMs: number;
  /** Gives up the exchange, and its connection. */
  readonly signal?: AbortSignal;
  /** Keeps connections open between requests; default: a new connection for each. */
  readonly agent?: HttpAgent;
}

/** Kept, bounded connections to the service at `url`. Whoever made it destroys it. */
export function createServiceAgent(url: string): HttpAgent {
  const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  return new URL(url).protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_REPLY_BYTES) throw new BlindmarkError('badReply', 'A service sent more than it may');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What came back, whatever it says. */
export interface Exchanged {
  /** HTTP status. */
  readonly status: number;
  readonly text: string;
}

type MediaType = 'application/json' | 'text/plain; charset=utf-8';

interface Outgoing extends ServiceRequest {
  readonly mediaType: MediaType;
}

function send(url: string, request: Outgoing, signal: AbortSignal, outgoing: (made: ClientRequest) => void) {
  const headers =
    request.body === undefined
      ? {}
      : { 'content-type': request.mediaType, 'content-length': Buffer.byteLength(request.body) };
  const method = request.body === undefined ? 'GET' : 'POST';
  return new Promise<Exchanged>((resolve, reject) => {
    const open = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
    const made = open(url, { method, headers, signal, agent: request.agent ?? false }, (response) => {
      const { statusCode: status = 0 } = response;
      readBounded(response).then((text) => resolve({ status, text }), reject);
    });
    outgoing(made);
    made.once('error', reject);
    made.end(request.body);
  });
}

/** Sends. A kept connection that the service closed just then says nothing about the service: a new one is tried. */
async function sendAgain(url: string, request: Outgoing, signal: AbortSignal): Promise<Exchanged> {
  let made: ClientRequest | undefined;
  try {
    return await send(url, request, signal, (outgoing) => (made = outgoing));
  } catch (error) {
    const wasReset = (error as NodeJS.ErrnoException).code === 'ECONNRESET';
    if (!wasReset || made?.reusedSocket !== true || signal.aborted) throw error;
    return send(url, request, signal, () => {});
  }
}

function parseReply<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  try {
    return parseMessage(schema, JSON.parse(text));
  } catch (cause) {
    throw new BlindmarkError('badReply', 'A service sent a reply that does not parse', { cause });
  }
}

async function exchange(url: string, request: Outgoing): Promise<Exchanged> {
  const timeout = new AbortController();
  // Not AbortSignal.timeout, which goes off, at some cost, for what was answered long ago as well.
  const timer = setTimeout(() => {
    timeout.abort();
  }, request.timeoutMs).unref();
  const signal = request.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, request.signal]);
  try {
    return await sendAgain(url, request, signal);
  } catch (cause) {
    if (isBlindmarkError(cause)) throw cause;
    if (request.signal?.aborted === true) throw new BlindmarkError('cancelled', 'The request was given up', { cause });
    if (timeout.signal.aborted) throw new BlindmarkError('timedOut', 'A service did not answer in time', { cause });
    throw new BlindmarkError('unreachable', 'A service cannot be reached', { cause });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends one request and parses the reply. The request may be sent twice: all requests of this project may be repeated.
 *
 * @throws BlindmarkError `timedOut`, `cancelled`, `unreachable`, `badReply`, or the code of the problem document that came
 *   back, with its `detail`, `retryAfter` and `size`, which are the other service's claims
 */
export async function askService<T extends z.ZodType>(
  url: string,
  schema: T,
  request: ServiceRequest,
): Promise<z.output<T>> {
  const { status, text } = await exchange(url, { ...request, mediaType: 'application/json' });
  if (status >= 200 && status < 300) return parseReply(schema, text);
  const problem = parseReply(problemSchema, text);
  throw new BlindmarkError(problem.code, problem.detail, {
    ...(problem.retryAfter === undefined ? {} : { retryAfter: problem.retryAfter }),
    ...(problem.size === undefined ? {} : { size: problem.size }),
  });
}

/**
 * Sends one request of text, twice if need be, for a protocol whose statuses and bodies are not this project's.
 *
 * @throws BlindmarkError `timedOut`, `cancelled`, `unreachable`, `badReply` (too large)
 */
export function exchangeText(url: string, request: ServiceRequest): Promise<Exchanged> {
  return exchange(url, { ...request, mediaType: 'text/plain; charset=utf-8' });
}
