/** What an attacker sends: JSON over HTTP, straight to whichever service. */
import type { z } from 'zod';
import { formatBase64url, parseBase64url, parseJsonBytes } from '../../crypto/bytes.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { activationEntry } from '../../crypto/evaluation.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { formatLogEntry, hourOf, sizeClassOf, type LogEntry } from '../../crypto/log-entry.ts';
import type { LogEvidence, LoggedEntry } from '../../crypto/log-proof.ts';
import { formatMessage } from '../../crypto/message.ts';
import { authorizationHash } from '../../crypto/officer-request.ts';
import { rosterEntry, type SignedRoster } from '../../crypto/roster.ts';
import type { EvaluationRequest } from '../../crypto/wire.ts';
import type { Services } from '../support/services.ts';

/** A service's answer, as it came. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The problem document's code, or `ok`. */
  readonly code: string;
  /** The problem document's field, where it names one. */
  readonly field: string | undefined;
}

function parse(text: string): { code?: string; field?: string; size?: number } {
  try {
    return JSON.parse(text) as { code?: string; field?: string; size?: number };
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

/** Posts JSON; text as it stands, and bytes wherever they are as base64url: also what no schema allows. */
export async function post(url: string, body: unknown): Promise<Answer> {
  const wire = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? formatBase64url(value) : value);
  const text = typeof body === 'string' ? body : JSON.stringify(body, wire);
  return send(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text });
}

/** Posts a message in its wire form. */
export async function postMessage<T extends z.ZodType>(url: string, schema: T, body: z.output<T>): Promise<Answer> {
  return post(url, formatMessage(schema, body));
}

const claimsOf = (jws: string): Record<string, unknown> =>
  parseJsonBytes('jws', parseBase64url('jws', jws.split('.')[1] ?? '')) as Record<string, unknown>;

/** The entry that a request would have to have, taken from what it says of itself, true or not. */
function entryOf(request: EvaluationRequest, hour: number): LogEntry {
  if (request.purpose === 'registration') return activationEntry(request, hour);
  const { authorization, elements } = request;
  return {
    kind: 'lookup',
    hour,
    request: authorizationHash(authorization),
    force: String(claimsOf(authorization.forceCredential)['sub']),
    officer: String(claimsOf(authorization.officerCredential)['sub']),
    caseCommitment: parseBase64url('case', String(claimsOf(authorization.request)['caseCommitment'])),
    codes: sizeClassOf(elements.length),
  };
}

/**
 * Evidence that the log holds a request: whoever has the registry puts into its log what he likes. The same request has the same
 * entry, as the registry itself would give it.
 */
export async function logRequest(services: Services, request: EvaluationRequest): Promise<LogEvidence> {
  const entry = entryOf(request, hourOf(services.clock.now));
  const key =
    request.purpose === 'lookup'
      ? authorizationHash(request.authorization)
      : labelledHash('attack', formatLogEntry(entry));
  return logEntry(services, key, entry);
}

/** Evidence that the log holds any entry at all. One of the same key has its first entry. */
export async function logEntry(services: Services, key: Uint8Array, entry: LogEntry): Promise<LogEvidence> {
  const { chain, roster } = services.fixture;
  const hour = hourOf(services.clock.now);
  const { checkpoint, entries } = await services.publicLog().append([
    { key: roster.hash, entry: formatLogEntry(rosterEntry(chain.at(-1) as SignedRoster, roster, hour)) },
    { key, entry: formatLogEntry(entry) },
  ]);
  const [own, logged] = entries as [LoggedEntry, LoggedEntry];
  return { checkpoint, logged, delayed: null, roster: own, consistency: null };
}

/** That the evidence's checkpoint and the tree of another size are of one log. */
async function proveConsistency(services: Services, log: LogEvidence, known: number): Promise<LogEvidence> {
  const { size } = parseCheckpoint(log.checkpoint).checkpoint;
  const [first, second] = [Math.min(size, known), Math.max(size, known)];
  return { ...log, consistency: { size: known, proof: await services.publicLog().proveConsistency(first, second) } };
}

/** Posts what a guardian answers with evidence alone, with a proof from whichever size the guardian knows. */
export async function askWithEvidence(
  services: Services,
  url: string,
  log: LogEvidence,
  bodyOf: (log: LogEvidence) => unknown,
): Promise<Answer> {
  let answer = await post(url, bodyOf(log));
  for (let attempt = 0; attempt < 5 && answer.code === 'sizeConflict'; attempt++) {
    const { size = 0 } = parse(answer.text);
    answer = await post(url, bodyOf(await proveConsistency(services, log, size)));
  }
  return answer;
}

/**
 * Asks a guardian, straight, at its own address, with all the evidence that a registry can give: what it refuses, it refuses for
 * the request's sake.
 */
export async function askGuardian(services: Services, guardian: string, request: EvaluationRequest): Promise<Answer> {
  const url = `${services.guardianUrls.get(guardian) as string}/v1/evaluate`;
  return askWithEvidence(services, url, await logRequest(services, request), (log) => ({ request, log }));
}

/** Asks every guardian. */
export async function askGuardians(services: Services, request: EvaluationRequest): Promise<Answer[]> {
  return Promise.all([...services.guardianUrls.keys()].map(async (id) => askGuardian(services, id, request)));
}

/** Asks the registry for what it relays to the guardians. */
export async function askRegistry(url: string, request: EvaluationRequest): Promise<Answer> {
  return post(`${url}/v1/evaluations`, request);
}
