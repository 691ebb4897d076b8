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
import { parseCheckpoint } from '../../../crypto/checkpoint.ts';
import { sealItemEnvelope, type Item } from '../../../crypto/item-envelope.ts';
import { parseLogEntry, type EntryKind, type LogEntry } from '../../../crypto/log-entry.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { blind } from '../../../crypto/oprf.ts';
import { signOfficerRequest, type OfficerSigner } from '../../../crypto/officer-request.ts';
import {
  registrationCommitment,
  registrationIndex,
  signRow,
  type RegistrationRow,
} from '../../../crypto/registration.ts';
import { createRevocationList } from '../../../crypto/revocation-list.ts';
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
import type { Log } from '../../../server/log/log.ts';
import type { LogKeys } from '../../../server/registry/log-key.ts';
import { openRegistry, type RegistryStores } from '../../../server/registry/registry.ts';
import { openSqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import type { RegistryStore } from '../../../server/store/store.ts';
import type { Fixture } from '../../support/fixture.ts';
import { startFakeGuardian, type Behaviour, type FakeGuardian } from './fake-guardian.ts';
import { createToken, elementOf, REDEMPTION_SECRET } from '../../support/tokens.ts';
import { sharedProofs } from '../../support/proof-checker.ts';
import type { WitnessBehaviour } from '../../support/witness.ts';

type Addresses = readonly { readonly id: string; readonly url: string }[];

export interface WorldOptions {
  /** By position; the rest are honest. */
  readonly behaviours?: readonly Behaviour[];
  readonly guardianTimeoutMs?: number;
  /** Wraps the store of registrations, to break it. */
  readonly wrap?: (store: RegistryStore) => RegistryStore;
  /** Wraps all stores, to break them. */
  readonly wrapStores?: (stores: RegistryStores) => RegistryStores;
  /** Addresses in the place of those of the guardians started here. */
  readonly addresses?: Addresses;
  /** Hashes of the pages that it serves: one for each start, the last for all later ones. Default: it serves none. */
  readonly pages?: readonly Uint8Array[];
  /** How all guardians behave as witnesses; default: honestly. */
  readonly witnesses?: WitnessBehaviour;
}

export interface World {
  readonly fixture: Fixture;
  readonly guardians: readonly FakeGuardian[];
  readonly clock: { now: number };
  /** Path of the database. */
  readonly file: string;
  /** Lines of the log. */
  readonly log: readonly string[];
  /** What the force has revoked, as `createRevocationList` takes it. May be changed. */
  readonly revoked: Uint8Array[];
  app: Express;
  publicLog: Log;
  /** Closes the registry and opens it anew on the same file. */
  readonly restart: () => Promise<void>;
  readonly post: (path: string, body: unknown) => Promise<Response>;
  readonly metrics: () => Promise<string>;
}

/** The secrets of a registry whose log key is the fixture's. */
export function logKeysOf(fixture: Pick<Fixture, 'logKey'>): LogKeys {
  return { format: 'blindmark-log-key-v1', saltKey: new Uint8Array(32).fill(3), seeds: [fixture.logKey.seed] };
}

type Setting = Pick<World, 'fixture' | 'file' | 'clock' | 'revoked'> & { readonly lines: string[] };

async function open(
  { fixture, file, clock, revoked, lines }: Setting,
  addresses: Addresses,
  options: WorldOptions,
  build: Uint8Array | undefined,
) {
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const now = (): number => clock.now;
  const metrics = createMetrics('registry');
  const sqlite = openSqliteStores(file);
  const stores = { ...sqlite, registrations: options.wrap?.(sqlite.registrations) ?? sqlite.registrations };
  const { forceKey: key, origin, forceCredential } = fixture;
  const { app, publicLog, close } = await openRegistry({
    roster: { chain: fixture.chain, history: [fixture.roster], current: fixture.roster },
    stores: options.wrapStores?.(stores) ?? stores,
    keys: logKeysOf(fixture),
    addresses,
    guardianTimeoutMs: options.guardianTimeoutMs ?? 30_000,
    proofs: sharedProofs,
    now,
    log: createLog('registry', { level: 'debug', destination }),
    metrics,
    pages: build === undefined ? null : { build, handle: (_request, _response, next) => next() },
    fetchRevocations: async () =>
      createRevocationList({ key, id: 'demo-force', origin, forceCredential }, revoked, now()),
  });
  const closeAll = async (): Promise<void> => {
    await close();
    await sqlite.close();
  };
  return { app, publicLog, close: closeAll, metrics };
}

/** Opens a registry that is gone when the running test has finished. */
export async function createWorld(fixture: Fixture, options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  const clock = { now: fixture.now };
  const guardians = await Promise.all(
    fixture.operators.map(async (_, i) => startFakeGuardian(i + 1, fixture, options.behaviours?.[i])),
  );
  for (const { witness } of guardians) {
    witness.clock = () => clock.now;
    witness.behaviour = options.witnesses ?? 'honest';
  }
  const addresses = options.addresses ?? guardians;
  const lines: string[] = [];
  const setting: Setting = { fixture, file: join(folder, 'registry.db'), clock, revoked: [], lines };
  const builds = [...(options.pages ?? [])];
  const openNext = async () => open(setting, addresses, options, builds.length > 1 ? builds.shift() : builds[0]);
  let opened = await openNext();
  onTestFinished(async () => {
    await opened.close();
    await Promise.all(guardians.map(async (guardian) => guardian.close()));
    rmSync(folder, { recursive: true, force: true });
  });
  const world: World = {
    fixture,
    guardians,
    clock,
    file: setting.file,
    log: lines,
    revoked: setting.revoked,
    app: opened.app,
    publicLog: opened.publicLog,
    restart: async () => {
      await opened.close();
      opened = await openNext();
      world.app = opened.app;
      world.publicLog = opened.publicLog;
    },
    post: async (path, body) =>
      request(world.app)
        .post(path)
        .send(body as object),
    metrics: async () => opened.metrics.registry.metrics(),
  };
  return world;
}

/** Every entry of the log, in order, the roster's first one among them. */
export async function entriesOf(world: World): Promise<LogEntry[]> {
  const note = world.publicLog.latest();
  if (note === null) return [];
  const { size } = parseCheckpoint(note).checkpoint;
  const { entries } = await world.publicLog.prove(Array.from({ length: size }, (_, i) => i));
  return entries.map(({ entry }) => parseLogEntry(entry));
}

/** How many entries of each kind the log has, without the rosters'. */
export async function countEntries(world: World): Promise<Partial<Record<EntryKind, number>>> {
  const kinds = Map.groupBy(await entriesOf(world), ({ kind }) => kind);
  return Object.fromEntries([...kinds].filter(([kind]) => kind !== 'roster').map(([kind, all]) => [kind, all.length]));
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
