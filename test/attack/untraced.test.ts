/**
 * A registry that tries to have a lookup or an opening answered without a trace: by lies about its log to real guardians, each
 * lie refused by each of them; by a log that cannot be written; by more than it can log.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fetch } from '../../client-sdk/http.ts';
import { createLogReader, VerifiedTree } from '../../client-sdk/log-reader.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Openings, type OpenableHit } from '../../client-sdk/openings.ts';
import type { Owner } from '../../client-sdk/owner.ts';
import { bytesToHex, randomBytes } from '../../crypto/bytes.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import type { BlindmarkError } from '../../crypto/errors.ts';
import { delayedCommitment, formatLogEntry, hourOf, parseLogEntry, type LogEntry } from '../../crypto/log-entry.ts';
import { verifyLogCheckpoint, type LogEvidence } from '../../crypto/log-proof.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { authorizationHash } from '../../crypto/officer-request.ts';
import { createOpening, entryOf, officerRequest } from '../server/guardian/world.ts';
import { activations } from '../support/audit-world.ts';
import { createFailingLogStore, neverFails, type FailingLogStore, type Failure } from '../support/failing-log-store.ts';
import { createTestLog } from '../support/log.ts';
import { refusal } from '../support/refusal.ts';
import { startRivalRegistry, type RivalRegistry } from '../support/rivals.ts';
import { connect, createOwner, lookUp } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';
import { randomElement } from '../support/tokens.ts';
import { askRegistry, askWithEvidence, logEntry, post, type Answer } from './ask.ts';

const CASE = 'CR/1/26';
const code = mintCode();
let registry: RivalRegistry;
/** The services, with a registry whose log can be broken in the place of their own. */
let services: Services;
/** What its log is kept in. */
let store: FailingLogStore;
/** Writes of the log wait for it. */
let held = Promise.resolve();
let onWrite = (): void => undefined;
let owner: Owner;

beforeAll(async () => {
  const started = await startServices();
  await started.stop('registry');
  registry = await startRivalRegistry(started, {
    database: join(started.folder, 'registry', 'registry.db'),
    wrapLog: (inner) => {
      store = createFailingLogStore(inner);
      const commit: FailingLogStore['commit'] = async (change) => {
        onWrite();
        await held;
        return store.commit(change);
      };
      return { ...store, commit };
    },
  });
  const registryFile = { ...started.registryFile, url: registry.url };
  services = { ...started, registryFile, publicLog: () => registry.publicLog };
  owner = await createOwner(services);
  await register(code);
});
afterAll(async () => {
  await registry.stop();
  await services.stopAll();
});

async function register(canonical: string): Promise<void> {
  const [activationKey = ''] = await services.createActivationKeys(1);
  const contact = { kind: 'details', telephone: '+44 20 7946 0000' } as const;
  await owner.register({ code: canonical, items: [{ category: 'Shotgun' }], activationKey, contact });
}

const urlsOf = (path: string): string[] => [...services.guardianUrls.values()].map((url) => url + path);

/** How many requests guardians have been sent, or have answered, so far. */
function countAsked(path: string, answered = false): number {
  const lines = services.lines.map((line) => JSON.parse(line) as { service: string; route?: string; status?: number });
  return lines.filter(
    ({ service, route, status }) => /^g\d$/u.test(service) && route === path && (!answered || status === 200),
  ).length;
}

async function readEntries(): Promise<LogEntry[]> {
  const reader = createLogReader(registry.url);
  const { roster } = services.fixture.roster;
  const tree = await VerifiedTree.open(reader, verifyLogCheckpoint(await reader.checkpoint(), roster));
  const runs = await Array.fromAsync(tree.entries(0));
  return runs.flatMap(({ entries }) => entries.map(parseLogEntry));
}

/** What a guardian is to be made to answer. */
interface Target {
  readonly path: '/v1/evaluate' | '/v1/decrypt';
  /** What the log has to hold. */
  readonly entry: LogEntry;
  /** An entry of the same kind that is not quite that. */
  readonly others: readonly LogEntry[];
  readonly body: (log: LogEvidence) => object;
}

/** An entry changed in one way each. */
const variantsOf = (entry: LogEntry, changes: readonly object[]): LogEntry[] =>
  changes.map((change) => Object.assign({}, entry, change));

async function lookupTarget(): Promise<Target> {
  const { fixture, clock } = services;
  const officer = await services.createOfficer();
  const [request, another] = await Promise.all(
    [0, 1].map(async () => officerRequest(fixture, officer, [randomElement()], clock.now)),
  );
  if (request === undefined || another === undefined) throw new Error('there are two requests');
  const [entry, other] = await Promise.all(
    [request, another].map(async (body) => (await entryOf(body, fixture.roster, clock.now)) as LogEntry),
  );
  const changed = [
    { request: randomBytes(32) },
    { officer: 'nobody' },
    { codes: '2-4' },
    { caseCommitment: randomBytes(32) },
  ];
  const others = [other as LogEntry, ...variantsOf(entry as LogEntry, changed)];
  return { path: '/v1/evaluate', entry: entry as LogEntry, others, body: (log) => ({ request, log }) };
}

async function openingTarget(): Promise<Target> {
  const { fixture, clock } = services;
  const [first, second] = await Promise.all(
    ['officer-1', 'officer-2'].map(async (name) => services.createOfficer(name)),
  );
  if (first === undefined || second === undefined) throw new Error('there are two officers');
  const { request, entry } = await createOpening(fixture, { first, second, now: clock.now });
  const changed = [
    { mark: randomBytes(32) },
    { second: 'officer-1' },
    { force: 'nobody' },
    { caseCommitment: randomBytes(32) },
  ];
  const others = variantsOf(entry as LogEntry, changed);
  return { path: '/v1/decrypt', entry: entry as LogEntry, others, body: (log) => ({ ...request, log }) };
}

/** Appends whatever entry to the log: whoever has the registry can. */
const append = async (entry: LogEntry): Promise<LogEvidence> => logEntry(services, randomBytes(32), entry);

const askAll = async ({ path, body }: Target, log: LogEvidence): Promise<Answer[]> =>
  Promise.all(urlsOf(path).map(async (url) => askWithEvidence(services, url, log, body)));

const flipped = (bytes: Uint8Array | undefined): Uint8Array => (bytes ?? new Uint8Array(32)).map((byte) => byte ^ 1);

function withProof(log: LogEvidence, change: (proof: readonly Uint8Array[]) => readonly Uint8Array[]): LogEvidence {
  return { ...log, logged: { ...log.logged, proof: [...change(log.logged.proof)] } };
}

/** Every lie that leaves the log what it is. */
async function* liesAbout(target: Target): AsyncGenerator<[string, LogEvidence]> {
  const { entry, others } = target;
  const [filler] = activations(1) as [LogEntry];
  const before = await append(filler);
  yield ['with another entry in the place of its own', before];
  yield ['with the roster’s entry in the place of its own', { ...before, logged: before.roster }];
  for (const other of others) yield ['with the entry of another request', await append(other)];
  for (const hours of [-2, 2]) yield ['with another hour', await append({ ...entry, hour: entry.hour + hours })];
  const [salt, plain] = [randomBytes(32), formatLogEntry(entry)];
  const hidden = await append({
    kind: 'delayed',
    hour: entry.hour,
    of: entry.kind as 'lookup' | 'opening',
    commitment: delayedCommitment(salt, plain),
    revealBy: entry.hour + 24,
  });
  yield ['hidden, which its force may not', { ...hidden, delayed: { salt, plain } }];
  yield ['hidden, and not shown either', hidden];
  const truth = await append(entry);
  yield ['in an older checkpoint', { ...truth, checkpoint: before.checkpoint, roster: before.roster }];
  const older = { ...before, logged: { ...before.logged, entry: truth.logged.entry } };
  yield ['in an older checkpoint, with another entry’s proof', older];
  yield ['without a proof', withProof(truth, () => [])];
  yield ['with a proof too short', withProof(truth, (proof) => proof.slice(1))];
  yield ['with a proof too long', withProof(truth, (proof) => [...proof, randomBytes(32)])];
  yield ['with a changed proof', withProof(truth, (proof) => [flipped(proof[0]), ...proof.slice(1)])];
  yield ['at another place', { ...truth, logged: { ...truth.logged, index: truth.logged.index - 1 } }];
}

describe.each([
  ['a lookup', lookupTarget],
  ['an opening', openingTarget],
])('%s', (_, create) => {
  it('without its entry is answered by no guardian, whatever it is shown', async () => {
    const target = await create();
    const before = countAsked(target.path, true);
    for await (const [lie, log] of liesAbout(target)) {
      const answers = await askAll(target, log);
      expect(
        answers.map((answer) => answer.code),
        lie,
      ).toEqual(['notLogged', 'notLogged', 'notLogged']);
    }
    expect(countAsked(target.path, true)).toBe(before);
    // With the truth, it is answered: nothing else was wrong with it, and none of the lies was charged.
    const answers = await askAll(target, await append(target.entry));
    expect(answers.map((answer) => answer.code)).toEqual(['ok', 'ok', 'ok']);
  });

  it('logged in a fork of the log is answered by no guardian', async () => {
    const target = await create();
    const { size } = parseCheckpoint(registry.publicLog.latest() as string).checkpoint;
    const fork = createTestLog(services.fixture, activations(size + 40));
    const index = fork.append(target.entry);
    for (const url of urlsOf(target.path)) {
      let answer = await post(url, target.body(fork.evidence(index)));
      expect(answer.code).toBe('sizeConflict');
      // A guardian may hear of the true log meanwhile.
      while (answer.code === 'sizeConflict') {
        const { size: known } = JSON.parse(answer.text) as { size: number };
        answer = await post(url, target.body(fork.evidence(index, { from: known })));
      }
      expect(answer).toMatchObject({ status: 403, code: 'notLogged', field: 'log.consistency' });
    }
    const answers = await askAll(target, await append(target.entry));
    expect(answers.map((answer) => answer.code)).toEqual(['ok', 'ok', 'ok']);
  });
});

/** From now on, nothing is written to the log: it says so at once, or once it is written after all. */
function breakLog(failure: Failure = 'failed'): void {
  store.plan = (operation) => (operation === 'commit' ? failure : null);
}

/** Breaks the log once a request to this path is on its way. */
function breaking(path: string): Fetch {
  return async (url, init) => {
    if ((url as string).endsWith(path)) breakLog();
    return fetch(url, init);
  };
}

const officerWith = async (fetch?: Fetch): Promise<Officer> =>
  new Officer(await connect(services, { fetch }), await services.createOfficer());

/** What `work` is refused with; the log is mended after it. */
async function refusalOf(work: () => Promise<unknown>): Promise<BlindmarkError> {
  try {
    await work();
  } catch (error) {
    return error as BlindmarkError;
  } finally {
    store.plan = neverFails;
  }
  throw new Error('it was answered');
}

describe('a log that cannot be written', () => {
  it.each(['failed', 'persisted'] as const)('has no guardian asked when the write %s', async (failure) => {
    const officer = await officerWith();
    const before = countAsked('/v1/evaluate');
    breakLog(failure);
    const error = await refusalOf(async () => lookUp(officer, code));
    expect(error).toMatchObject({
      code: 'storageFailed',
      kind: 'unavailable',
      retryAfter: expect.any(Number) as number,
    });
    expect(error.remedy).not.toBe('');
    expect(countAsked('/v1/evaluate')).toBe(before);
    expect((await lookUp(officer, code)).result).toBe('hit');
  });

  it('shows no hit, and no miss either, when it breaks between evaluation and lookup', async () => {
    const said = [];
    for (const reading of [code, mintCode()]) {
      const officer = await officerWith(breaking('/v1/lookups'));
      const { code: why, message, retryAfter } = await refusalOf(async () => lookUp(officer, reading));
      said.push({ why, message, retryAfter });
    }
    expect(said[0]).toMatchObject({ why: 'storageFailed' });
    expect(said[1]).toEqual(said[0]);
  });

  it('registers nothing until it can be written again', async () => {
    const canonical = mintCode();
    const before = countAsked('/v1/evaluate');
    breakLog();
    expect((await refusalOf(async () => register(canonical))).code).toBe('storageFailed');
    expect(countAsked('/v1/evaluate')).toBe(before);
    await register(canonical);
    expect((await lookUp(await officerWith(), canonical)).result).toBe('hit');
  });

  it('opens nothing', async () => {
    const [first, second] = await Promise.all(
      ['officer-a', 'officer-b'].map(async (name) => services.createOfficer(name)),
    );
    if (first === undefined || second === undefined) throw new Error('there are two officers');
    const officer = new Officer(await connect(services), first);
    const plan = officer.plan([{ id: '1', reading: code, scheme: 'bm1' }]);
    const [found] = (await Array.fromAsync(officer.lookup(plan, { caseReference: CASE }))) as [LookupResult];
    const { evidence } = found.registrations[0] as LookupResult['registrations'][number];
    const hit: OpenableHit = { caseReference: CASE, caseSalt: found.evidence.caseSalt, ...evidence };
    const [asking, approving] = [
      new Openings(await connect(services), first),
      new Openings(await connect(services), second),
    ];
    const { token } = await asking.ask(hit, { reason: 'returnProperty' });
    const inspected = await approving.inspect(token, CASE);
    const before = countAsked('/v1/decrypt');
    breakLog();
    expect((await refusalOf(async () => approving.approve(inspected))).code).toBe('storageFailed');
    breakLog();
    const outcome = await asking.contact(token, hit);
    store.plan = neverFails;
    expect(outcome).toMatchObject({ status: 'approved' });
    expect(outcome).not.toHaveProperty('contact');
    expect(countAsked('/v1/decrypt')).toBe(before);
    // The approval was taken; it is answered once it is logged.
    expect(await asking.contact(token, hit)).toMatchObject({
      status: 'opened',
      contact: { telephone: '+44 20 7946 0000' },
    });
  });
});

describe('more than can be logged', () => {
  const hashOf = ({ authorization }: Awaited<ReturnType<typeof officerRequest>>): string =>
    bytesToHex(authorizationHash(authorization));
  const requestsOf = async (count: number) => {
    const officer = await services.createOfficer();
    const { fixture, clock } = services;
    return Promise.all(
      Array.from({ length: count }, async () => officerRequest(fixture, officer, [randomElement()], clock.now)),
    );
  };
  const loggedRequests = async (): Promise<string[]> =>
    (await readEntries()).flatMap((entry) => (entry.kind === 'lookup' ? [bytesToHex(entry.request)] : []));

  it('is refused at once with when to come again, and no guardian is asked', async () => {
    const requests = await requestsOf(5);
    const before = countAsked('/v1/evaluate');
    // What failed before is settled first.
    await registry.publicLog.append([]);
    let release = (): void => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    const append256 = async (): Promise<number> => {
      const entries = activations(256).map((entry) => ({ key: randomBytes(32), entry: formatLogEntry(entry) }));
      return (await registry.publicLog.append(entries)).entries.length;
    };
    // One batch is being written; 2,048 entries may wait for it.
    const isWriting = new Promise<void>((resolve) => {
      onWrite = resolve;
    });
    const writing = append256();
    await isWriting;
    const waiting = Array.from({ length: 8 }, append256);
    await expect(append256()).rejects.toThrow(refusal('overloaded'));
    const responses = await Promise.all(
      requests.map(async (request) => {
        const answer = await askRegistry(registry.url, request);
        return { ...answer, problem: JSON.parse(answer.text) as { retryAfter: number } };
      }),
    );
    for (const { status, code: why, problem } of responses) {
      expect([status, why]).toEqual([503, 'overloaded']);
      expect(problem.retryAfter).toBeGreaterThan(0);
    }
    expect(countAsked('/v1/evaluate')).toBe(before);
    release();
    expect(await Promise.all([writing, ...waiting])).toEqual(Array.from({ length: 9 }, () => 256));
    const logged = await loggedRequests();
    for (const request of requests) expect(logged).not.toContain(hashOf(request));
    for (const request of requests) expect((await askRegistry(registry.url, request)).code).toBe('ok');
  });

  it('at ten times the load is answered or refused, each answer logged, and each request once', async () => {
    const requests = await requestsOf(60);
    const before = countAsked('/v1/evaluate', true);
    const answers = await Promise.all(requests.map(async (request) => askRegistry(registry.url, request)));
    for (const { status, text } of answers) {
      if (status === 200) continue;
      expect(status).toBe(503);
      expect((JSON.parse(text) as { retryAfter: number }).retryAfter).toBeGreaterThan(0);
    }
    const answered = requests.filter((_, i) => answers[i]?.status === 200).map(hashOf);
    expect(answered.length).toBeGreaterThan(0);
    const logged = await loggedRequests();
    const sent = new Set(requests.map(hashOf));
    const ours = logged.filter((hash) => sent.has(hash));
    expect(new Set(ours).size).toBe(ours.length);
    for (const hash of answered) expect(ours).toContain(hash);
    expect(countAsked('/v1/evaluate', true) - before).toBeLessThanOrEqual(ours.length * services.guardianUrls.size);
  });
});

// Last: it stops the guardians.
describe('a fork at a size that guardians know', () => {
  it('stops each of them for good: not even what is logged is answered any more', async () => {
    const targets = [await lookupTarget(), await openingTarget()];
    const truths = await Promise.all(targets.map(async ({ entry }) => append(entry)));
    const { size } = parseCheckpoint((truths[1] as LogEvidence).checkpoint).checkpoint;
    const [target] = targets as [Target];
    const [honest] = await askAll(target, truths[0] as LogEvidence);
    expect(honest?.code).toBe('ok');
    const fork = createTestLog(services.fixture, activations(size - 2));
    const index = fork.append({ ...target.entry, hour: hourOf(services.clock.now) });
    expect(fork.size).toBe(size);
    const url = urlsOf(target.path);
    for (const guardian of url) {
      expect(await post(guardian, target.body(fork.evidence(index)))).toMatchObject({ code: 'logForked' });
    }
    for (const [i, each] of targets.entries()) {
      const answers = await askAll(each, truths[i] as LogEvidence);
      expect(answers.map((answer) => answer.code)).toEqual(['logForked', 'logForked', 'logForked']);
    }
    await expect(lookUp(await officerWith(), code)).rejects.toThrow(refusal('logForked'));
  });
});
