/**
 * A registry for tests of openings: the real app, log and stores, with real guardians on loopback that can be unplugged or made
 * to lie, and stores whose operations can be broken; and the steps of an owner and of officers.
 */
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { expect, vi } from 'vitest';
import type { z } from 'zod';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import {
  contactElement,
  contactEnvelopeHash,
  openContactEnvelope,
  sealContactEnvelope,
} from '../../../crypto/contact-envelope.ts';
import type { Contact } from '../../../crypto/contact.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../../../crypto/credential.ts';
import { combineDecryptions } from '../../../crypto/decryption.ts';
import { BlindmarkError, type ErrorCode } from '../../../crypto/errors.ts';
import { sealItemEnvelope } from '../../../crypto/item-envelope.ts';
import { parseLogEntry, type LogEntry } from '../../../crypto/log-entry.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import {
  authorizationHash,
  signOfficerRequest,
  type OfficerAuthorization,
  type OfficerSigner,
  type Purpose,
} from '../../../crypto/officer-request.ts';
import { openingHash, sealExplanation, type OpeningDetails } from '../../../crypto/opening.ts';
import {
  registrationCommitment,
  registrationIndex,
  signRow,
  withdrawalHash,
  type RegistrationRow,
} from '../../../crypto/registration.ts';
import { createRevocationList } from '../../../crypto/revocation-list.ts';
import type { Roster, RosterEpoch } from '../../../crypto/roster.ts';
import { createSigner, createSigningKey, sign, type SigningKey } from '../../../crypto/signature.ts';
import {
  approvalRequestSchema,
  openingAskedSchema,
  openingReplySchema,
  openingRequestSchema,
  type OpeningReply,
  type OpeningRequest,
} from '../../../crypto/wire-openings.ts';
import {
  actionRequestSchema,
  evaluationRequestSchema,
  lookupReplySchema,
  lookupRequestSchema,
  problemSchema,
  registrationRequestSchema,
  type Problem,
} from '../../../crypto/wire.ts';
import { openGuardian, type OpenGuardian } from '../../../server/guardian/guardian.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { createLogKeys } from '../../../server/registry/log-key.ts';
import { openRegistry, type OpenRegistry, type RegistryStores } from '../../../server/registry/registry.ts';
import { openSqliteStores, type SqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import { shareEvaluator } from '../../support/evaluator.ts';
import { createFixture, type Fixture, type FixtureOptions, type TestOfficer } from '../../support/fixture.ts';
import { sharesOf } from '../../support/services.ts';
import { createToken, elementOf, randomElement, REDEMPTION_SECRET } from '../../support/tokens.ts';
import { sharedProofs } from '../../support/proof-checker.ts';

/** The newest live epoch. There is one before it. */
export const EPOCH = 2;

/** A second force of the registry, whose key every test may use. */
const otherForceKey = createSigningKey();

const GENEROUS = { codesPerOfficerAndDay: 10_000, codesPerForceAndDay: 10_000, codesPerIssuerAndDay: 10_000 };

export interface GuardianSocket {
  readonly url: string;
  /** Ends each connection. */
  isDown: boolean;
  /** Answers decryptions with another element than it should. */
  isLying: boolean;
  /** What it was asked, by path. */
  readonly requests: { readonly path: string }[];
}

/** An operation of a store, by the store's name: `openings.approve`. */
export type Operation = `${keyof RegistryStores}.${string}`;

export interface OpeningWorld {
  readonly fixture: Fixture;
  /** Epoch seconds, of every service. */
  readonly clock: { now: number };
  readonly guardians: readonly GuardianSocket[];
  /** What fails, and whether before or after it was done; or what happens just before it, once. */
  readonly broken: Map<Operation, 'before' | 'after' | (() => Promise<void>)>;
  readonly revoke: (...hashes: Uint8Array[]) => Promise<void>;
  readonly registry: OpenRegistry;
  readonly stores: SqliteStores;
  readonly app: Express;
  readonly get: (path: string) => Promise<Response>;
  readonly post: (path: string, body: unknown) => Promise<Response>;
  /** Closes the registry and opens it anew on the same file. */
  readonly restart: () => Promise<void>;
  /** The whole log, parsed. */
  readonly entries: () => Promise<LogEntry[]>;
  readonly close: () => Promise<void>;
}

function breakable<T extends object>(name: keyof RegistryStores, store: T, broken: OpeningWorld['broken']): T {
  const fail = (): never => {
    throw new BlindmarkError('storageFailed', 'Broken by the test');
  };
  return new Proxy(store, {
    get:
      (target, operation: string) =>
      async (...values: unknown[]) => {
        const when = broken.get(`${name}.${operation}`);
        if (when === 'before') fail();
        if (typeof when === 'function') {
          broken.delete(`${name}.${operation}`);
          await when();
        }
        const result = await (target as Record<string, (...all: unknown[]) => Promise<unknown>>)[operation]?.(
          ...values,
        );
        return when === 'after' ? fail() : result;
      },
  });
}

/** Serves a guardian's app; another guardian's element is as long as its own, so a lie needs no other header. */
async function serveGuardian(app: Express): Promise<{ readonly socket: GuardianSocket; readonly server: Server }> {
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    socket.requests.push({ path: incoming.url ?? '' });
    if (socket.isDown) {
      incoming.socket.destroy();
      return;
    }
    if (socket.isLying && incoming.url === '/v1/decrypt') {
      const end = response.end.bind(response) as (text: unknown) => ServerResponse;
      response.end = ((text: unknown) =>
        end(
          String(text).replace(/"element":"[^"]{43}"/u, `"element":"${formatBase64url(randomElement())}"`),
        )) as typeof response.end;
    }
    app(incoming, response);
  };
  const server = createServer(handle);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const socket: GuardianSocket = { url: `http://127.0.0.1:${port}`, isDown: false, isLying: false, requests: [] };
  return { socket, server };
}

const withOtherForce = (roster: Roster): Roster => ({
  ...roster,
  forces: [...roster.forces, { ...(roster.forces[0] as Roster['forces'][number]), id: 'other-force' }],
});

/** Opens everything. Whoever opened it closes it. With a `revocationUrl`, forces' lists are fetched from there. */
export async function createOpeningWorld(
  options: FixtureOptions & { readonly revealIntervalMs?: number } = {},
): Promise<OpeningWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  const fixture = await createFixture({ ...options, epochs: [1, EPOCH], change: withOtherForce });
  const clock = { now: fixture.now };
  const now = (): number => clock.now;
  const revoked: Uint8Array[] = [];
  const log = createLog('test', { destination: { write: () => {} } });
  const fetchRevocations = async ({ id }: { readonly id: string }) => {
    const { origin } = fixture;
    const key = id === 'other-force' ? otherForceKey : fixture.forceKey;
    return createRevocationList({ key, id, origin, forceCredential: await certify(fixture, id) }, revoked, clock.now);
  };
  const fetching = options.revocationUrl === undefined ? { fetchRevocations } : {};
  const opened: OpenGuardian[] = fixture.roster.roster.guardians.map(({ id, index }) => {
    mkdirSync(join(folder, id));
    const shares = sharesOf(fixture, index);
    return openGuardian({
      id,
      roster: fixture.roster,
      keys: shares,
      witnessKey: fixture.witnesses[index - 1] as SigningKey,
      maxima: GENEROUS,
      folder: join(folder, id),
      evaluator: shareEvaluator(shares),
      now,
      log,
      metrics: createMetrics(id),
      ...fetching,
    });
  });
  const served = await Promise.all(opened.map(async ({ app }) => serveGuardian(app)));
  const guardians = served.map(({ socket }) => socket);
  const broken: OpeningWorld['broken'] = new Map();
  const keys = { ...createLogKeys(), seeds: [fixture.logKey.seed] };
  const open = async (): Promise<{ stores: SqliteStores; registry: OpenRegistry }> => {
    const stores = openSqliteStores(join(folder, 'registry.db'));
    const registry = await openRegistry({
      roster: { chain: fixture.chain, history: [fixture.roster], current: fixture.roster },
      stores: {
        registrations: breakable('registrations', stores.registrations, broken),
        openings: breakable('openings', stores.openings, broken),
        log: breakable('log', stores.log, broken),
      },
      keys,
      addresses: guardians.map(({ url }, i) => ({ id: `g${i + 1}`, url })),
      guardianTimeoutMs: 30_000,
      proofs: sharedProofs,
      now,
      log,
      metrics: createMetrics('registry'),
      ...fetching,
      revealIntervalMs: options.revealIntervalMs ?? 3_600_000,
    });
    return { stores, registry };
  };
  let current = await open();
  const closeRegistry = async (): Promise<void> => {
    await current.registry.close();
    await current.stores.close();
  };
  const world: OpeningWorld = {
    fixture,
    clock,
    guardians,
    broken,
    revoke: async (...hashes) => {
      revoked.push(...hashes);
      await Promise.all([current.registry, ...opened].map(async ({ revocations }) => revocations.refresh()));
    },
    get registry() {
      return current.registry;
    },
    get stores() {
      return current.stores;
    },
    get app() {
      return current.registry.app;
    },
    get: async (path) => request(world.app).get(path),
    post: async (path, body) =>
      request(world.app)
        .post(path)
        .send(body as object),
    restart: async () => {
      await closeRegistry();
      current = await open();
    },
    entries: async () => {
      const entries: Uint8Array[] = [];
      for (;;) {
        const next = await current.stores.log.readEntries(entries.length, 256);
        if (next.length === 0) return entries.map(parseLogEntry);
        entries.push(...next);
      }
    },
    close: async () => {
      await closeRegistry();
      for (const { server } of served) {
        server.close();
        server.closeAllConnections();
      }
      await Promise.all(opened.map(async (guardian) => guardian.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await vi.waitFor(async () => expect((await world.get('/v1/roster')).body).toMatchObject({ log: {} }), {
    timeout: 30_000,
  });
  return world;
}

/** A certificate of a force's key. */
async function certify({ authorityRoot, origin, forceKey, now }: Fixture, force: string): Promise<string> {
  const { publicKey } = force === 'other-force' ? otherForceKey : forceKey;
  // Long before whatever a test's clock says.
  return createForceCredential(authorityRoot, { origin, force, publicKey, now: now - 86_400 });
}

let officers = 0;

/** An officer with a credential as of the world's clock, under a new pseudonym unless one is named. */
export async function createOfficer(
  { fixture, clock }: OpeningWorld,
  options: {
    readonly pseudonym?: string;
    /** The force's own identifier; the pseudonym by default. */
    readonly person?: string;
    readonly force?: string;
    readonly key?: SigningKey;
    validSeconds?: number;
  } = {},
): Promise<TestOfficer> {
  const { pseudonym = `officer-${++officers}`, force = 'demo-force', key = createSigningKey(), validSeconds } = options;
  const shift = { now: clock.now, ...(validSeconds === undefined ? {} : { validSeconds }) };
  const forceKey = force === 'other-force' ? otherForceKey : fixture.forceKey;
  const officerCredential = await createOfficerCredential(forceKey, {
    origin: fixture.origin,
    force,
    pseudonym,
    persons: officerPersons(forceKey.seed, options.person ?? pseudonym, shift),
    publicKey: key.publicKey,
    rosterFingerprint: formatBase64url(fixture.fingerprint),
    ...shift,
  });
  return { key: createSigner(key), officerCredential, forceCredential: await certify(fixture, force) };
}

/** Signs as an officer now. */
export async function signAs(
  { fixture, clock }: OpeningWorld,
  officer: OfficerSigner,
  purpose: Purpose,
  content: readonly Uint8Array[],
  caseCommitment: Uint8Array,
  { validSeconds, epoch = EPOCH }: { readonly validSeconds?: number; readonly epoch?: number } = {},
): Promise<OfficerAuthorization> {
  return signOfficerRequest(officer, {
    purpose,
    content,
    caseCommitment,
    roster: fixture.roster,
    epochs: [epoch],
    now: clock.now,
    ...(validSeconds === undefined ? {} : { validSeconds }),
  });
}

const wire = <T extends z.ZodType>(schema: T, value: z.output<T>): z.input<T> => formatMessage(schema, value);

/** The reply's body; throws on a refusal. */
export function accepted<T extends z.ZodType>(response: Response, schema: T): z.output<T> {
  if (response.status !== 200) throw new Error(`refused: ${response.text}`);
  return parseMessage(schema, response.body);
}

/** What a refusal says. */
export function refused(response: Response): Problem {
  if (response.type !== 'application/problem+json') throw new Error(`not refused, but ${response.status}`);
  return parseMessage(problemSchema, JSON.parse(response.text));
}

/** Matches a refusal of this code and, where given, field. */
export function refusalOf(response: Response): { readonly code: ErrorCode; readonly field?: string | undefined } {
  const { code, field } = refused(response);
  return { code, field };
}

export const CONTACT: Contact = { kind: 'details', name: 'A Keeper', email: 'keeper@example.org' };

/** An owner's mark, whose tag and code key are drawn rather than evaluated. */
export interface KeptMark {
  readonly lookupTag: Uint8Array;
  readonly codeKey: Uint8Array;
  readonly signingKey: SigningKey;
  readonly row: RegistrationRow;
}

/** Registers a mark with a contact, or with bytes that are to pass for its envelope; without one if it is null. */
export async function register(world: OpeningWorld, contact: Contact | Uint8Array | null = CONTACT): Promise<KeptMark> {
  const { fixture, clock } = world;
  const { origin } = fixture;
  const [lookupTag, codeKey, salt] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const signingKey = createSigningKey();
  const commitment = registrationCommitment(salt, lookupTag, signingKey.publicKey);
  const { groupKey } = (fixture.roster.roster.epochs[1] as RosterEpoch).decryption;
  const content = { items: [{ category: 'Bicycle' }], ownerPublicKey: signingKey.publicKey };
  const row = signRow(
    origin,
    {
      index: registrationIndex(origin, lookupTag),
      salt,
      commitment,
      itemEnvelope: sealItemEnvelope(content, codeKey, commitment),
      contactEnvelope:
        contact === null || contact instanceof Uint8Array
          ? contact
          : sealContactEnvelope(contact, { groupKey, codeKey, commitment }),
      status: 'withKeeper',
      version: 1,
      epoch: EPOCH,
      registeredOn: new Date(clock.now * 1000).toISOString().slice(0, 10),
    },
    signingKey,
  );
  const token = await createToken(fixture);
  const body = wire(registrationRequestSchema, {
    lookupTag,
    ownerPublicKey: signingKey.publicKey,
    row,
    token,
    element: elementOf(token),
    redemptionSecret: REDEMPTION_SECRET,
  });
  const response = await world.post('/v1/registrations', body);
  if (response.status !== 200) throw new Error(`not registered: ${response.text}`);
  return { lookupTag, codeKey, signingKey, row };
}

/** Withdraws a mark. */
export async function withdraw(world: OpeningWorld, { lookupTag, signingKey, row }: KeptMark): Promise<Response> {
  const { commitment, version } = row;
  const signature = sign(signingKey, withdrawalHash(world.fixture.origin, commitment, version));
  const { publicKey: ownerPublicKey } = signingKey;
  const body = { kind: 'withdraw' as const, lookupTag, ownerPublicKey, version, signature };
  return world.post(`/v1/registrations/${formatBase64url(commitment)}/actions`, wire(actionRequestSchema, body));
}

/** What an officer has who looked a mark up. */
export interface Hit {
  readonly mark: KeptMark;
  readonly caseCommitment: Uint8Array;
  /** Index of the match's entry. */
  readonly match: number;
  /** Index of the lookup's entry. */
  readonly lookup: number;
}

/** Looks a mark up for a case. */
export async function lookUp(
  world: OpeningWorld,
  officer: OfficerSigner,
  mark: KeptMark,
  caseCommitment: Uint8Array = randomBytes(32),
): Promise<Hit> {
  const elements = [randomElement()];
  const evaluation = await signAs(world, officer, 'evaluation', elements, caseCommitment);
  const evaluated = await world.post(
    '/v1/evaluations',
    wire(evaluationRequestSchema, { purpose: 'lookup', epochs: [EPOCH], elements, authorization: evaluation }),
  );
  if (evaluated.status !== 200) throw new Error(`not evaluated: ${evaluated.text}`);
  const { index } = (evaluated.body as { log: { logged: { index: number } } }).log.logged;
  const hash = authorizationHash(evaluation);
  const tags = [mark.lookupTag];
  const authorization = await signAs(world, officer, 'lookup', [hash, ...tags], caseCommitment);
  const response = await world.post(
    '/v1/lookups',
    wire(lookupRequestSchema, { evaluation: hash, tags, authorization }),
  );
  const { results } = accepted(response, lookupReplySchema);
  const commitment = formatBase64url(mark.row.commitment);
  const slot = results[0]?.find(
    ({ registration }) => registration !== null && formatBase64url(registration.commitment) === commitment,
  );
  if (!slot?.match) throw new Error('the lookup shows no match');
  return { mark, caseCommitment, match: slot.match.logged.index, lookup: index };
}

export interface AskOptions {
  readonly change?: Partial<OpeningDetails>;
  /** In the place of the hit's. */
  readonly caseCommitment?: Uint8Array;
  readonly lookupTag?: Uint8Array;
  /** Default: 4 hours. */
  readonly validSeconds?: number;
}

/** A first officer's request. */
export async function createAsk(
  world: OpeningWorld,
  officer: OfficerSigner,
  hit: Hit,
  options: AskOptions = {},
): Promise<OpeningRequest> {
  const { fixture, clock } = world;
  const { caseCommitment = hit.caseCommitment, validSeconds = 4 * 3600 } = options;
  const { origin } = fixture;
  const { commitment, contactEnvelope } = hit.mark.row;
  const details: OpeningDetails = {
    commitment,
    epoch: EPOCH,
    envelopeHash: contactEnvelopeHash(contactEnvelope ?? new Uint8Array(512)),
    match: hit.match,
    reason: 'returnProperty',
    explanation: sealExplanation('Found in a shed', fixture.forceExchange.publicKey, {
      origin,
      force: 'demo-force',
      commitment,
    }),
    expiresAt: clock.now + validSeconds,
    ...options.change,
  };
  const content = [openingHash(origin, details)];
  const authorization = await signAs(world, officer, 'opening', content, caseCommitment, {
    validSeconds,
    epoch: details.epoch,
  });
  return { details, lookupTag: options.lookupTag ?? hit.mark.lookupTag, authorization };
}

export const postAsk = async (world: OpeningWorld, asked: OpeningRequest): Promise<Response> =>
  world.post('/v1/openings', wire(openingRequestSchema, asked));

/** An opening that was asked for, with everything that led to it. */
export interface Asked extends Hit {
  readonly first: TestOfficer;
  readonly request: OpeningRequest;
  readonly id: Uint8Array;
}

/** Registers, looks up and asks; with these parts in the place of new ones. */
export async function ask(
  world: OpeningWorld,
  parts: { readonly mark?: KeptMark; readonly first?: TestOfficer } & AskOptions = {},
): Promise<Asked> {
  const mark = parts.mark ?? (await register(world));
  const first = parts.first ?? (await createOfficer(world));
  const hit = await lookUp(world, first, mark);
  const asked = await createAsk(world, first, hit, parts);
  const { id } = accepted(await postAsk(world, asked), openingAskedSchema);
  return { ...hit, first, request: asked, id };
}

export const pathOf = (id: Uint8Array, what = ''): string => `/v1/openings/${formatBase64url(id)}${what}`;

/** A second officer's approval, as long as the opening is. */
export async function createApproval(
  world: OpeningWorld,
  officer: OfficerSigner,
  asked: Pick<Asked, 'id' | 'caseCommitment' | 'request'>,
): Promise<OfficerAuthorization> {
  const { expiresAt } = asked.request.details;
  const validSeconds = expiresAt - world.clock.now;
  return signAs(world, officer, 'approval', [asked.id], asked.caseCommitment, { validSeconds });
}

export const postApproval = async (
  world: OpeningWorld,
  id: Uint8Array,
  authorization: OfficerAuthorization,
): Promise<Response> => world.post(pathOf(id, '/approvals'), wire(approvalRequestSchema, { authorization }));

export const readOpening = async (world: OpeningWorld, id: Uint8Array): Promise<OpeningReply> =>
  accepted(await world.get(pathOf(id)), openingReplySchema);

/** What an officer reads with the code's key and the guardians' decryptions. */
export function openContact({ fixture }: OpeningWorld, { mark }: Hit, reply: OpeningReply): Contact {
  const { decryption } = fixture.roster.roster.epochs[1] as RosterEpoch;
  const { commitment } = mark.row;
  const envelope = mark.row.contactEnvelope as Uint8Array;
  if (reply.result === null) throw new Error(`no result: ${reply.status}`);
  const partials = reply.result.decryptions.map(({ guardian, element, proof }) => {
    const index = Number(guardian.slice(1));
    return { guardian, index, element, proof, publicShare: decryption.publicShares[index - 1] as Uint8Array };
  });
  const { shared } = combineDecryptions(contactElement(envelope), partials, 2, decryption.groupKey);
  return openContactEnvelope(envelope, { shared, codeKey: mark.codeKey, commitment });
}
