/** What an attacker sends: JSON over HTTP, straight to whichever service. */
import type { z } from 'zod';
import { formatMessage } from '../../crypto/message.ts';
import { evaluationRequestSchema, type EvaluationRequest } from '../../crypto/wire.ts';

/** A service's answer, as it came. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The problem document's code, or `ok`. */
  readonly code: string;
  /** The problem document's field, where it names one. */
  readonly field: string | undefined;
}

function parse(text: string): { code?: string; field?: string } {
  try {
    return JSON.parse(text) as { code?: string; field?: string };
  } catch {
    return {};
  }
}

/** Sends any request over a connection of its own. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set('connection', 'close');
  const response = await fetch(url, { ...init, headers });
  const text = await response.text();
  const { code = 'none', field } = parse(text);
  return { status: response.status, text, code: response.ok ? 'ok' : code, field };
}

/** Posts JSON; text as it stands. */
export async function post(url: string, body: unknown): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return send(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text });
}

/** Posts a message in its wire form. */
export async function postMessage<T extends z.ZodType>(url: string, schema: T, body: z.output<T>): Promise<Answer> {
  return post(url, formatMessage(schema, body));
}

/** Asks a guardian, straight, at its own address. */
export async function askGuardian(url: string, request: EvaluationRequest): Promise<Answer> {
  return postMessage(`${url}/v1/evaluate`, evaluationRequestSchema, request);
}

/** Asks the registry for what it relays to the guardians. */
export async function askRegistry(url: string, request: EvaluationRequest): Promise<Answer> {
  return postMessage(`${url}/v1/evaluations`, evaluationRequestSchema, request);
}
