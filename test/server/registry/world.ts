/** A registry for tests: the real app on a real store, with guardians on loopback, and an owner's and an officer's steps. */
import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { onTestFinished, vi } from 'vitest';
import type { z } from 'zod';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { sealItemEnvelope, type Item } from '../../../crypto/item-envelope.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { blind } from '../../../crypto/oprf.ts';
import { signOfficerRequest, type OfficerSigner } from '../../../crypto/officer-request.ts';
import {
  registrationCommitment,
  registrationIndex,
  signRow,
  type RegistrationRow,
} from '../../../crypto/registration.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import {
  evaluationReplySchema,
  evaluationRequestSchema,
  lookupRequestSchema,
  problemSchema,
  registrationRequestSchema,
  type EvaluationRequest,
  type LookupRequest,
  type Problem,
  type RegistrationRequest,
} from '../../../crypto/wire.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { createRegistryApp } from '../../../server/registry/app.ts';
import { createFanOut } from '../../../server/registry/fan-out.ts';
import { watchGuardians } from '../../../server/registry/guardian-health.ts';
import { createProofChecker } from '../../../server/registry/proof-checker.ts';
import { nodeRsaVerifier } from '../../../server/rsa.ts';
import { SqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import type { RegistryStore } from '../../../server/store/store.ts';
import type { Fixture } from '../../support/fixture.ts';
import { startFakeGuardian, type Behaviour, type FakeGuardian } from './fake-guardian.ts';
import { createToken, elementOf, REDEMPTION_SECRET } from '../../support/tokens.ts';

export interface WorldOptions {
  /** By position; the rest are honest. */
  readonly behaviours?: readonly Behaviour[];
  readonly guardianTimeoutMs?: number;
  /** Wraps the store, to break it. */
  readonly wrap?: (store: RegistryStore) => RegistryStore;
  /** Addresses in the place of those of the guardians started here. */
  readonly addresses?: readonly { readonly id: string; readonly url: string }[];
}

export interface World {
  readonly fixture: Fixture;
  readonly guardians: readonly FakeGuardian[];
  readonly clock: { now: number };
  /** Path of the database. */
  readonly file: string;
  /** Lines of the log. */
  readonly log: readonly string[];
  app: Express;
  /** Closes the registry and opens it anew on the same file. */
  readonly restart: () => Promise<void>;
  readonly post: (path: string, body: unknown) => Promise<Response>;
  readonly metrics: () => Promise<string>;
}

function open(
  fixture: Fixture,
  file: string,
  clock: { now: number },
  guardians: WorldOptions['addresses'] & object,
  options: WorldOptions,
  lines: string[],
) {
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const log = createLog('registry', { level: 'debug', destination });
  const metrics = createMetrics('registry');
  const sqlite = SqliteStore.open(file);
  const store = options.wrap?.(sqlite) ?? sqlite;
  const proofs = createProofChecker(1);
  const { guardianTimeoutMs: timeoutMs = 30_000 } = options;
  const fanOut = createFanOut({
    roster: fixture.roster.roster,
    addresses: guardians,
    proofs,
    timeoutMs,
    onHealth: watchGuardians(log, metrics),
  });
  const roster = { chain: fixture.chain, current: fixture.roster };
  const app = createRegistryApp({ roster, store, fanOut, rsa: nodeRsaVerifier, log, metrics, now: () => clock.now });
  const close = async (): Promise<void> => {
    fanOut.close();
    await Promise.all([proofs.close(), sqlite.close()]);
  };
  return { app, close, metrics };
}

/** Opens a registry that is gone when the running test has finished. */
export async function createWorld(fixture: Fixture, options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  const file = join(folder, 'registry.db');
  const clock = { now: fixture.now };
  const lines: string[] = [];
  const guardians = await Promise.all(
    fixture.operators.map(async (_, i) => startFakeGuardian(i + 1, fixture.keys, options.behaviours?.[i])),
  );
  const addresses = options.addresses ?? guardians;
  let opened = open(fixture, file, clock, addresses, options, lines);
  onTestFinished(async () => {
    await opened.close();
    await Promise.all(guardians.map(async (guardian) => guardian.close()));
    rmSync(folder, { recursive: true, force: true });
  });
  const world: World = {
    fixture,
    guardians,
    clock,
    file,
    log: lines,
    app: opened.app,
    restart: async () => {
      await opened.close();
      opened = open(fixture, file, clock, addresses, options, lines);
      world.app = opened.app;
    },
    post: async (path, body) =>
      request(world.app)
        .post(path)
        .send(body as object),
    metrics: async () => opened.metrics.registry.metrics(),
  };
  return world;
}

/** Waits until `check` passes, however slow the machine. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000, interval: 20 });
}

/** The problem document of a refusal; throws on anything else. */
export function problemOf(response: Response): Problem {
  if (response.type !== 'application/problem+json') throw new Error(`no problem document, but ${response.status}`);
  return parseMessage(problemSchema, JSON.parse(response.text));
}

/** What a refusal says that a caller acts on. */
export function refusalIn(response: Response): Pick<Problem, 'code'> & { field?: string } {
  const { code, field } = problemOf(response);
  return field === undefined ? { code } : { code, field };
}

/** An owner's mark, whose tag is drawn rather than evaluated. */
export interface Mark {
  readonly lookupTag: Uint8Array;
  readonly codeKey: Uint8Array;
  readonly signingKey: SigningKey;
  readonly row: RegistrationRow;
}

export interface MarkOptions {
  readonly lookupTag?: Uint8Array;
  readonly signingKey?: SigningKey;
  readonly items?: Item[];
  readonly contactEnvelope?: Uint8Array | null;
  readonly change?: Partial<RegistrationRow>;
}

export const dateOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

export function createMark(fixture: Fixture, options: MarkOptions = {}): Mark {
  const { origin, now } = fixture;
  const lookupTag = options.lookupTag ?? randomBytes(32);
  const codeKey = randomBytes(32);
  const signingKey = options.signingKey ?? createSigningKey();
  const salt = randomBytes(32);
  const commitment = registrationCommitment(salt, lookupTag, signingKey.publicKey);
  const content = { items: options.items ?? [{ category: 'Bicycle' }], ownerPublicKey: signingKey.publicKey };
  const unsigned = {
    index: registrationIndex(origin, lookupTag),
    salt,
    commitment,
    itemEnvelope: sealItemEnvelope(content, codeKey, commitment),
    contactEnvelope: options.contactEnvelope ?? null,
    status: 'withKeeper' as const,
    version: 1,
    epoch: Math.max(...fixture.roster.roster.epochs.map(({ epoch }) => epoch)),
    registeredOn: dateOf(now),
    ...options.change,
  };
  return { lookupTag, codeKey, signingKey, row: signRow(origin, unsigned, signingKey) };
}

/** The mark's row with some fields changed, signed anew. */
export function changeRow(fixture: Fixture, mark: Mark, change: Partial<RegistrationRow>): RegistrationRow {
  const { rowSignature: _, ...unsigned } = { ...mark.row, ...change };
  return signRow(fixture.origin, unsigned, mark.signingKey);
}

type Wire<T extends z.ZodType> = z.input<T>;

export function registrationBody(
  mark: Mark,
  token: Uint8Array,
  row = mark.row,
): Wire<typeof registrationRequestSchema> {
  const body: RegistrationRequest = {
    lookupTag: mark.lookupTag,
    ownerPublicKey: mark.signingKey.publicKey,
    row,
    token,
    element: elementOf(token),
    redemptionSecret: REDEMPTION_SECRET,
  };
  return formatMessage(registrationRequestSchema, body);
}

/** Registers a new mark with a new token. */
export async function register(world: World, options: MarkOptions = {}): Promise<Mark> {
  const mark = createMark(world.fixture, options);
  const response = await world.post('/v1/registrations', registrationBody(mark, await createToken(world.fixture)));
  if (response.status !== 200) throw new Error(`not registered: ${response.text}`);
  return mark;
}

export function blindedElements(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => blind(randomBytes(32)).element);
}

const CASE = new Uint8Array(32).fill(7);

/** An officer's signed evaluation request. */
export async function lookupEvaluation(
  fixture: Fixture,
  officer: OfficerSigner,
  elements: Uint8Array[],
  change: { readonly epochs?: number[]; readonly now?: number; readonly roster?: Fixture['roster'] } = {},
): Promise<Extract<EvaluationRequest, { purpose: 'lookup' }>> {
  const {
    epochs = fixture.roster.roster.epochs.map(({ epoch }) => epoch),
    now = fixture.now,
    roster = fixture.roster,
  } = change;
  const authorization = await signOfficerRequest(officer, {
    purpose: 'evaluation',
    content: elements,
    caseCommitment: CASE,
    roster,
    epochs,
    now,
  });
  return { purpose: 'lookup', epochs, elements, authorization };
}

export const evaluationBody = (evaluation: EvaluationRequest): Wire<typeof evaluationRequestSchema> =>
  formatMessage(evaluationRequestSchema, evaluation);

export const parseEvaluationReply = (response: Response): z.output<typeof evaluationReplySchema> =>
  parseMessage(evaluationReplySchema, response.body);

/** An officer's signed lookup under an evaluation. */
export async function lookup(
  fixture: Fixture,
  officer: OfficerSigner,
  evaluation: Uint8Array,
  tags: Uint8Array[],
  now = fixture.now,
): Promise<LookupRequest> {
  const authorization = await signOfficerRequest(officer, {
    purpose: 'lookup',
    content: [evaluation, ...tags],
    caseCommitment: CASE,
    roster: fixture.roster,
    epochs: fixture.roster.roster.epochs.map(({ epoch }) => epoch),
    now,
  });
  return { evaluation, tags, authorization };
}

export const lookupBody = (request: LookupRequest): Wire<typeof lookupRequestSchema> =>
  formatMessage(lookupRequestSchema, request);

/** The text with one character of its middle changed to another of base64url, which stays in canonical spelling. */
export function changeByte(text: string, at = 10): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

export const pathOf = (commitment: Uint8Array, what: 'actions' | 'history'): string =>
  `/v1/registrations/${formatBase64url(commitment)}/${what}`;
