/**
 * A successor log, as an operator makes one: after a loss (an old copy of the database was restored) and after a fork (two
 * registries signed with one key). With real guardians, which know what they cosigned.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Express } from 'express';
import request from 'supertest';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseCheckpoint, signCheckpoint } from '../../../crypto/checkpoint.ts';
import { logName, verifyCosigned, verifyLogged } from '../../../crypto/log-proof.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { verifyReceipt, type Receipt } from '../../../crypto/receipt.ts';
import { createRevocationList } from '../../../crypto/revocation-list.ts';
import { parseRoster, verifyRosterHistory, type SignedRoster, type VerifiedRoster } from '../../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { STRETCH_FLOOR } from '../../../crypto/stretch.ts';
import { registrationReplySchema } from '../../../crypto/wire.ts';
import { openGuardian, type OpenGuardian } from '../../../server/guardian/guardian.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { draftRoster } from '../../../server/registry/draft-roster.ts';
import { addGeneration, generationKey, type LogKeys } from '../../../server/registry/log-key.ts';
import { openRegistry } from '../../../server/registry/registry.ts';
import type { LoadedRoster } from '../../../server/registry/roster.ts';
import { planSuccessor, type LogStart } from '../../../server/registry/successor-log.ts';
import { openSqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import { shareEvaluator } from '../../support/evaluator.ts';
import { createFixture, signByOperators, type Fixture } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import { sharesOf } from '../../support/services.ts';
import { createToken } from '../../support/tokens.ts';
import { historyOf, read } from './owner-steps.ts';
import {
  blindedElements,
  createMark,
  evaluationBody,
  eventually,
  logKeysOf,
  lookupEvaluation,
  parseEvaluationReply,
  problemOf,
  refusalIn,
  registrationBody,
  type Mark,
  type World,
} from './world.ts';
import { sharedProofs } from '../../support/proof-checker.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});

const loadedOf = (chain: readonly SignedRoster[]): LoadedRoster => {
  const history = verifyRosterHistory(chain, fixture.fingerprint, { allowTestRoster: true });
  return { chain, history, current: history.at(-1) as VerifiedRoster };
};

const silent = createLog('test', { level: 'silent' });
const now = (): number => fixture.now;
const fetchRevocations = async () => {
  const { forceKey: key, origin, forceCredential } = fixture;
  return createRevocationList({ key, id: 'demo-force', origin, forceCredential }, [], now());
};

interface Guardian {
  readonly id: string;
  readonly url: string;
  readonly folder: string;
  /** Closes it and opens it anew, under another roster. */
  readonly follow: (roster: VerifiedRoster) => Promise<void>;
}

/** A guardian that keeps its address and folder while its roster changes. */
async function startGuardian(index: number, parent: string): Promise<Guardian> {
  const id = `g${index}`;
  const folder = join(parent, id);
  mkdirSync(folder);
  const keys = sharesOf(fixture, index);
  const open = (roster: VerifiedRoster): OpenGuardian =>
    openGuardian({
      id,
      roster,
      keys,
      witnessKey: fixture.witnesses[index - 1] as SigningKey,
      maxima: { codesPerOfficerAndDay: 10_000, codesPerForceAndDay: 20_000, codesPerIssuerAndDay: 10_000 },
      folder,
      evaluator: shareEvaluator(keys),
      now,
      log: silent,
      metrics: createMetrics('guardian'),
      fetchRevocations,
    });
  let guardian = open(fixture.roster);
  const server = createServer((incoming, outgoing) => {
    (guardian.app as (a: unknown, b: unknown) => void)(incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await guardian.close();
  });
  return {
    id,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    folder,
    follow: async (roster) => {
      await guardian.close();
      guardian = open(roster);
    },
  };
}

/** A registry that is open on a database. */
interface Open {
  /** For what owners ask: only what those steps use of it is there. */
  readonly world: World;
  readonly app: Express;
  readonly close: () => Promise<void>;
}

async function open(
  database: string,
  guardians: readonly Guardian[],
  roster = loadedOf(fixture.chain),
  keys: LogKeys = logKeysOf(fixture),
): Promise<Open> {
  const stores = openSqliteStores(database);
  const registry = await openRegistry({
    roster,
    stores,
    keys,
    addresses: guardians,
    guardianTimeoutMs: 30_000,
    proofs: sharedProofs,
    now,
    log: silent,
    metrics: createMetrics('registry'),
    fetchRevocations,
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await registry.close();
    await stores.close();
  };
  onTestFinished(close);
  const post = async (path: string, body: unknown) =>
    request(registry.app)
      .post(path)
      .send(body as object);
  const world = { fixture, clock: { now: now() }, app: registry.app, publicLog: registry.publicLog, post };
  return { world: world as unknown as World, app: registry.app, close };
}

interface Registered {
  readonly mark: Mark;
  readonly body: object;
  readonly receipt: Receipt;
}

async function tryRegister({ world }: Open) {
  const mark = createMark(fixture);
  const body = registrationBody(mark, await createToken(fixture));
  return { mark, body, response: await world.post('/v1/registrations', body) };
}

async function register(opened: Open): Promise<Registered> {
  const { mark, body, response } = await tryRegister(opened);
  if (response.status !== 200) throw new Error(response.text);
  return { mark, body, receipt: parseMessage(registrationReplySchema, response.body).receipt };
}

/** A copy of a database as it is now, though a registry has it open. */
function copy(database: string, name: string): string {
  const target = `${database}.${name}`;
  const db = new DatabaseSync(database);
  db.exec(`VACUUM INTO '${target}'`);
  db.close();
  return target;
}

/** What each guardian cosigned last: the log's checkpoint with its own cosignature (tlog-witness monitoring). */
async function lastCheckpoints(guardians: readonly Guardian[]): Promise<string[]> {
  const hash = createHash('sha256').update(logName(fixture.roster.roster)).digest('hex');
  return Promise.all(guardians.map(async ({ url }) => (await fetch(`${url}/v1/${hash}/checkpoint`)).text()));
}

const sizesKnownTo = async (guardians: readonly Guardian[]): Promise<number[]> =>
  (await lastCheckpoints(guardians)).map((note) => parseCheckpoint(note).checkpoint.size);

/** Plans, drafts and signs a successor, and has every guardian follow its roster. */
async function succeed(database: string, guardians: readonly Guardian[], checkpoints: readonly string[]) {
  const stores = openSqliteStores(database);
  const successor = await planSuccessor(fixture.roster.roster, stores.log, checkpoints);
  await stores.close();
  const keys = addGeneration(logKeysOf(fixture), 2);
  const { publicKey: logKey } = generationKey(keys, 2) as SigningKey;
  const changes = { origin: fixture.origin, stretch: STRETCH_FLOOR, now: now(), logKey, successor };
  const draft = parseRoster(draftRoster(changes, fixture.roster));
  const roster = loadedOf([...fixture.chain, signByOperators(draft, fixture.operators)]);
  await Promise.all(guardians.map(async (guardian) => guardian.follow(roster.current)));
  return { successor, roster, keys };
}

/** That a registration’s history is whole under the log of now. */
async function expectHistory({ world }: Open, roster: LoadedRoster, { mark, receipt }: Registered): Promise<void> {
  const { checkpoint: note, entries } = await historyOf(world, mark);
  const { checkpoint } = verifyCosigned(note, roster.current.roster);
  const [{ logged }] = entries as [(typeof entries)[number]];
  expect(verifyLogged(logged, checkpoint).kind).toBe('registration');
  expect(logged.index).toBe(receipt.logged.index);
}

async function expectEvaluation({ world }: Open, roster: LoadedRoster): Promise<void> {
  const evaluation = await lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(1), {
    roster: roster.current,
  });
  const { log } = parseEvaluationReply(await world.post('/v1/evaluations', evaluationBody(evaluation)));
  expect(parseCheckpoint(log.checkpoint).checkpoint.origin).toBe(`${fixture.origin}/log-2`);
}

describe('after a loss', () => {
  it('the restored registry signs nothing, and a successor goes on from what it has, with all that is in it', async () => {
    const folder = createFolder();
    const guardians = await Promise.all([1, 2, 3].map(async (index) => startGuardian(index, folder)));
    const database = join(folder, 'registry.db');
    const whole = await open(database, guardians);
    const kept = [await register(whole), await register(whole)];
    const backup = copy(database, 'backup');
    const lost = await register(whole);
    await whole.close();

    const restored = await open(backup, guardians);
    const attempted = await tryRegister(restored);
    expect(problemOf(attempted.response)).toMatchObject({ code: 'logBehind', status: 503 });
    const officer = await lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(1));
    const refused = await restored.world.post('/v1/evaluations', evaluationBody(officer));
    expect(refusalIn(refused).code).toBe('logBehind');
    expect((await request(restored.app).get('/v1/roster')).status).toBe(200);
    expect((await request(restored.app).get('/readyz')).status).toBe(503);
    await restored.close();

    const { successor, roster, keys } = await succeed(backup, guardians, await lastCheckpoints(guardians));
    expect(successor.start.size).toBe(3);
    expect(successor.closed.size).toBe(4);
    const next = await open(backup, guardians, roster, keys);
    // What was stored while the log stood still gets its entry; what was there before is where it was.
    const again = await next.world.post('/v1/registrations', attempted.body);
    expect(again.body).toMatchObject({ result: 'again' });
    for (const registered of kept) await expectHistory(next, roster, registered);
    await expectEvaluation(next, roster);
    // The lost registration is gone from the registry, and its owner can still prove it: it was cosigned.
    expect(refusalIn(await read(next.world, lost.mark)).code).toBe('notFound');
    for (const { receipt } of [...kept, lost]) {
      expect(verifyReceipt(receipt, roster.history)).toMatchObject({ roster: { hash: fixture.roster.hash } });
    }
  });
});

describe('after a fork', () => {
  it('guardians answer neither side, and a successor goes on from the last cosigned checkpoint', async () => {
    const folder = createFolder();
    const guardians = await Promise.all([1, 2, 3].map(async (index) => startGuardian(index, folder)));
    const database = join(folder, 'registry.db');
    const right = await open(database, guardians);
    const first = await register(right);
    // Somebody runs a copy under the same key.
    const other = copy(database, 'other');
    const wrong = await open(other, guardians);
    expect((await request(wrong.app).get('/log/checkpoint')).status).toBe(200);
    await eventually(() => expect(wrong.world.publicLog.obstacle()).toBeNull());
    const second = await register(right);
    await eventually(async () => expect(await sizesKnownTo(guardians)).toEqual([3, 3, 3]));
    // It signs another third entry.
    expect(refusalIn((await tryRegister(wrong)).response).code).toBe('logForked');
    const hasEvidence = ({ folder: place }: Guardian): boolean =>
      readdirSync(place).some((name) => name.startsWith('fork-'));
    await eventually(() => expect(guardians.filter(hasEvidence)).toHaveLength(3));
    expect(refusalIn((await tryRegister(right)).response).code).toBe('logForked');
    expect((await request(wrong.app).get('/readyz')).status).toBe(503);
    for (const { world, close } of [right, wrong]) {
      const asked = await lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(1));
      expect(refusalIn(await world.post('/v1/evaluations', evaluationBody(asked))).code).toBe('logForked');
      await close();
    }

    const checkpoints = await lastCheckpoints(guardians);
    const stray = openSqliteStores(other);
    await expect(planSuccessor(fixture.roster.roster, stray.log, checkpoints)).rejects.toThrow(refusal('logForked'));
    await stray.close();

    const { successor, roster, keys } = await succeed(database, guardians, checkpoints);
    expect(successor.start).toEqual(successor.closed);
    expect(successor.start.size).toBe(3);
    const next = await open(database, guardians, roster, keys);
    const third = await register(next);
    expect((await request(next.app).get('/readyz')).status).toBe(200);
    expect(parseCheckpoint(third.receipt.checkpoint).checkpoint.origin).toBe(`${fixture.origin}/log-2`);
    for (const registered of [first, second, third]) await expectHistory(next, roster, registered);
    await expectEvaluation(next, roster);
  });
});

describe('a successor is refused', () => {
  const plan = async (checkpoints: readonly string[], database?: string): Promise<LogStart> => {
    const stores = openSqliteStores(database ?? join(createFolder(), 'registry.db'));
    try {
      return await planSuccessor(fixture.roster.roster, stores.log, checkpoints);
    } finally {
      await stores.close();
    }
  };

  it('by a checkpoint with too few cosignatures, by copies of different ones, and without a log', async () => {
    const folder = createFolder();
    const guardians = await Promise.all([1, 2, 3].map(async (index) => startGuardian(index, folder)));
    const database = join(folder, 'registry.db');
    const registry = await open(database, guardians);
    await register(registry);
    await eventually(async () => expect(await sizesKnownTo(guardians)).toEqual([2, 2, 2]));
    const [one, two, three] = (await lastCheckpoints(guardians)) as [string, string, string];
    await register(registry);
    await eventually(async () => expect((await sizesKnownTo(guardians))[0]).toBe(3));
    const [later] = (await lastCheckpoints(guardians)) as [string];
    await registry.close();
    await expect(plan([one], database)).rejects.toThrow(refusal('badCheckpoint'));
    await expect(plan([one, one], database)).rejects.toThrow(refusal('badCheckpoint'));
    await expect(plan([one, later], database)).rejects.toThrow(refusal('badInput', '--successor-log'));
    await expect(plan([], database)).rejects.toThrow(refusal('badInput', '--successor-log'));
    await expect(plan([one, three])).rejects.toThrow(refusal('badFile', 'registry.db'));
    expect(await plan([one, two], database)).toMatchObject({ start: { size: 2 }, closed: { size: 2 } });
    // Signed by a key that is not the log's.
    const forged = signCheckpoint(parseCheckpoint(one).checkpoint, createSigningKey());
    await expect(plan([forged], database)).rejects.toThrow(refusal('badCheckpoint'));
  });
});
