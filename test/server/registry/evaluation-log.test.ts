/** `POST /v1/evaluations` and the log: what is in it before guardians are asked, what is not, and what happens when it can't be. */
import { beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { cosignatureTime, isCosignature, parseCheckpoint } from '../../../crypto/checkpoint.ts';
import { evaluationEntry, verifyEvaluationRequest } from '../../../crypto/evaluation.ts';
import { formatLogEntry, hourOf, parseLogEntry } from '../../../crypto/log-entry.ts';
import { verifyCosigned, verifyEntryOf, verifyLogged } from '../../../crypto/log-proof.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { authorizationHash } from '../../../crypto/officer-request.ts';
import { guardianEvaluateSchema, type EvaluationReply, type EvaluationRequest } from '../../../crypto/wire.ts';
import { nodeRsaVerifier } from '../../../server/rsa.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createToken, REDEMPTION } from '../../support/tokens.ts';
import { createBrokenWorld } from './broken-world.ts';
import {
  blindedElements,
  countEntries,
  createWorld,
  entriesOf,
  evaluationBody,
  eventually,
  lookupEvaluation,
  parseEvaluationReply,
  problemOf,
  refusalIn,
  type World,
} from './world.ts';

const DAY = 86_400;

let fixture: Fixture;
let delaying: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ epochs: [1, 2] });
  delaying = await createFixture({ delayDays: 28 });
});

type OwnerRequest = Extract<EvaluationRequest, { purpose: 'registration' }>;

async function ownerRequest(of = fixture): Promise<OwnerRequest> {
  const element = blindedElements(1)[0] as Uint8Array;
  return {
    purpose: 'registration',
    roster: of.roster.hash,
    epochs: [1],
    elements: [element],
    redemptions: [REDEMPTION],
    token: await createToken(of, element),
  };
}

const officerRequest = async (of = fixture, count = 2): Promise<EvaluationRequest> =>
  lookupEvaluation(of, await of.createOfficer(), blindedElements(count));

const ask = async (world: World, request: EvaluationRequest) => world.post('/v1/evaluations', evaluationBody(request));

const answerTo = async (world: World, request: EvaluationRequest): Promise<EvaluationReply> =>
  parseEvaluationReply(await ask(world, request));

const askedOf = (world: World): string[] => world.guardians.flatMap(({ requests }) => requests);

/** What a client makes of the log's part of a reply: the plain entry. */
function verifyLog(of: Fixture, { log, evaluations }: EvaluationReply) {
  const { roster } = of.roster;
  const { checkpoint, cosignatures } = verifyCosigned(log.checkpoint, roster);
  expect(cosignatures.size).toBeGreaterThanOrEqual(roster.threshold);
  for (const { guardian, cosignature } of evaluations) {
    const { witnessKey } = roster.guardians.find(({ id }) => id === guardian) as (typeof roster.guardians)[number];
    expect(isCosignature(checkpoint, witnessKey, cosignature)).toBe(true);
    expect(cosignatureTime(cosignature)).toBeGreaterThanOrEqual(of.now);
  }
  const entry = verifyLogged(log.logged, checkpoint);
  return { entry, plain: log.delayed === null ? entry : parseLogEntry(log.delayed.plain) };
}

async function expectedEntry(of: Fixture, request: EvaluationRequest) {
  const verified = await verifyEvaluationRequest(request, of.roster, of.now, nodeRsaVerifier);
  return evaluationEntry(verified, request, hourOf(of.now));
}

describe('an evaluation', () => {
  it('is in the log before guardians are asked, and its proof comes with the answer', async () => {
    const world = await createWorld(fixture);
    for (const request of [await officerRequest(), await ownerRequest()]) {
      const reply = await answerTo(world, request);
      const { entry } = verifyLog(fixture, reply);
      expect(entry).toEqual(await expectedEntry(fixture, request));
      expect(reply.log.delayed).toBeNull();
    }
    expect(await countEntries(world)).toEqual({ lookup: 1, activation: 1 });
  });

  it('comes to guardians with the roster’s entry under the same checkpoint', async () => {
    const world = await createWorld(fixture);
    const reply = await answerTo(world, await officerRequest());
    await eventually(() => expect(askedOf(world)).toHaveLength(3));
    for (const body of askedOf(world)) {
      const { log } = parseMessage(guardianEvaluateSchema, JSON.parse(body));
      const { checkpoint } = parseCheckpoint(log.checkpoint);
      expect(log.checkpoint).toBe(reply.log.checkpoint);
      expect(verifyLogged(log.roster, checkpoint)).toMatchObject({ kind: 'roster', roster: fixture.roster.hash });
      expect(log.roster.index).toBe(0);
      expect(log.consistency).toBeNull();
    }
  });

  it('has one entry, however often the request is sent, at once or after a restart', async () => {
    const world = await createWorld(fixture);
    const request = await officerRequest();
    const replies = await Promise.all(Array.from({ length: 8 }, async () => answerTo(world, request)));
    await world.restart();
    replies.push(await answerTo(world, request));
    expect(new Set(replies.map(({ log }) => log.logged.index))).toEqual(new Set([1]));
    for (const reply of replies) verifyLog(fixture, reply);
    expect(await countEntries(world)).toEqual({ lookup: 1 });
  });

  it('has one entry after guardians failed to answer it', async () => {
    const world = await createWorld(fixture, { behaviours: ['garbage', 'garbage', 'honest'] });
    const request = await officerRequest();
    expect(refusalIn(await ask(world, request)).code).toBe('guardiansUnavailable');
    expect(await countEntries(world)).toEqual({ lookup: 1 });
    for (const guardian of world.guardians) guardian.behaviour = 'honest';
    verifyLog(fixture, await answerTo(world, request));
    expect(await countEntries(world)).toEqual({ lookup: 1 });
  });

  it('shows its size class, its force and its pseudonym, and neither elements nor the hour’s minutes', async () => {
    const world = await createWorld(fixture);
    for (const [count, codes] of [
      [1, '1'],
      [4, '2-4'],
      [5, '5-16'],
      [64, '17-64'],
    ] as const) {
      const request = await officerRequest(fixture, count);
      const { entry } = verifyLog(fixture, await answerTo(world, request));
      expect(entry).toMatchObject({ kind: 'lookup', force: 'demo-force', officer: 'officer-a', codes });
    }
  });

  it('is hidden for as long as its force’s policy says, from the public and not from who asked', async () => {
    const world = await createWorld(delaying);
    const request = await officerRequest(delaying);
    const reply = await answerTo(world, request);
    const { entry } = verifyLog(delaying, reply);
    const hour = hourOf(delaying.now);
    expect(entry).toMatchObject({ kind: 'delayed', of: 'lookup', hour, revealBy: hour + 24 * 28 });
    const expected = await expectedEntry(delaying, request);
    expect(verifyEntryOf(entry, expected, { delayed: reply.log.delayed, delayDays: 28 })).toEqual(expected);
    expect((await answerTo(world, request)).log.delayed).toEqual(reply.log.delayed);
    // Owners have no force whose policy could hide them.
    expect(verifyLog(delaying, await answerTo(world, await ownerRequest(delaying))).entry.kind).toBe('activation');
    expect(await countEntries(world)).toEqual({ delayed: 1, activation: 1 });
  });
});

describe('a guardian that knows another size of the log', () => {
  const head = async (world: World) => parseCheckpoint(world.publicLog.latest() as string).checkpoint;

  it('is given a consistency proof from there', async () => {
    const world = await createWorld(fixture, { behaviours: ['catchingUp', 'garbage', 'honest'] });
    const [guardian] = world.guardians as [World['guardians'][number]];
    await answerTo(world, await officerRequest());
    guardian.known = await head(world);
    for (let i = 0; i < 5; i++) {
      const reply = await answerTo(world, await officerRequest());
      expect(reply.evaluations.map(({ guardian: id }) => id).sort()).toEqual(['g1', 'g3']);
    }
  });

  it('is given one to there when it knows more than the request’s checkpoint', async () => {
    const world = await createWorld(fixture, { behaviours: ['held', 'garbage', 'honest'] });
    const [guardian] = world.guardians as [World['guardians'][number]];
    const request = await officerRequest();
    const replied = answerTo(world, request);
    await eventually(() => expect(guardian.requests).toHaveLength(1));
    const before = await head(world);
    const entry = formatLogEntry({ kind: 'check', hour: hourOf(fixture.now), request: randomBytes(32) });
    await world.publicLog.append([{ key: randomBytes(32), entry }]);
    guardian.known = await head(world);
    expect(guardian.known.size).toBeGreaterThan(before.size);
    guardian.behaviour = 'catchingUp';
    guardian.release();
    const reply = await replied;
    expect(reply.evaluations.map(({ guardian: id }) => id).sort()).toEqual(['g1', 'g3']);
    expect(parseCheckpoint(reply.log.checkpoint).checkpoint.size).toBe(before.size);
  });
});

describe('what is not logged', () => {
  it('is an owner’s request without a token for an element that never had one', async () => {
    const world = await createWorld(fixture);
    const request = { ...(await ownerRequest()), token: null };
    expect(refusalIn(await ask(world, request))).toEqual({ code: 'tokenRequired', field: 'token' });
    expect(askedOf(world)).toEqual([]);
    expect(await countEntries(world)).toEqual({});
  });

  it('is a repeated request: only another one for an element that was accepted has an entry of its own', async () => {
    const world = await createWorld(fixture);
    const first = await ownerRequest();
    await answerTo(world, first);
    const recovery = { ...first, token: null, epochs: [1, 2] };
    for (let i = 0; i < 3; i++) verifyLog(fixture, await answerTo(world, recovery));
    await answerTo(world, { ...recovery, epochs: [2] });
    expect(await countEntries(world)).toEqual({ activation: 3 });
  });

  it('is what an officer or a force asks beyond the day’s quota; a request that was logged is answered again', async () => {
    const few = await createFixture({ officerCodesPerDay: 3, forceCodesPerDay: 5 });
    const world = await createWorld(few);
    const officer = await few.createOfficer('constable-a');
    const logged = await lookupEvaluation(few, officer, blindedElements(3));
    expect((await ask(world, logged)).status).toBe(200);
    const refused = problemOf(await ask(world, await lookupEvaluation(few, officer, blindedElements(1))));
    expect(refused).toMatchObject({ code: 'quotaExceeded', status: 429 });
    expect(refused.retryAfter).toBe(DAY - (few.now % DAY));
    // The same officer under another key, and another officer of the force.
    const sameName = await few.createOfficer('constable-a');
    expect(refusalIn(await ask(world, await lookupEvaluation(few, sameName, blindedElements(1)))).code).toBe(
      'quotaExceeded',
    );
    const other = await few.createOfficer('constable-b');
    expect(refusalIn(await ask(world, await lookupEvaluation(few, other, blindedElements(3)))).code).toBe(
      'quotaExceeded',
    );
    expect((await ask(world, await lookupEvaluation(few, other, blindedElements(2)))).status).toBe(200);
    expect((await ask(world, logged)).status).toBe(200);
    expect(await countEntries(world)).toEqual({ lookup: 2 });
    world.clock.now += DAY;
    const tomorrow = await few.createOfficer('constable-a', world.clock.now);
    const again = await lookupEvaluation(few, tomorrow, blindedElements(3), { now: world.clock.now });
    expect((await ask(world, again)).status).toBe(200);
  });

  it('is what an issuer’s tokens ask beyond its quota', async () => {
    const few = await createFixture({ issuerCodesPerDay: 2 });
    const world = await createWorld(few);
    const requests = [await ownerRequest(few), await ownerRequest(few), await ownerRequest(few)];
    const statuses = [];
    for (const request of requests) statuses.push((await ask(world, request)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await ask(world, requests[0] as OwnerRequest)).status).toBe(200);
    expect(await countEntries(world)).toEqual({ activation: 2 });
    // What was refused is not taken for accepted.
    expect(refusalIn(await ask(world, { ...(requests[2] as OwnerRequest), token: null })).code).toBe('tokenRequired');
  });

  it('is what a revoked officer asks, by key, credential or pseudonym', async () => {
    const world = await createWorld(fixture);
    const { officer } = await verifiedOfficer();
    const request = await lookupEvaluation(fixture, officer.signer, blindedElements(1));
    for (const hash of [officer.thumbprint, officer.credentialHash]) {
      world.revoked.splice(0, world.revoked.length, hash);
      await world.restart();
      expect(refusalIn(await ask(world, request)).code).toBe('credentialRevoked');
    }
    expect(await countEntries(world)).toEqual({});
    world.revoked.length = 0;
    await world.restart();
    expect((await ask(world, request)).status).toBe(200);
  });
});

async function verifiedOfficer() {
  const signer = await fixture.createOfficer();
  const request = await lookupEvaluation(fixture, signer, blindedElements(1));
  const verified = await verifyEvaluationRequest(request, fixture.roster, fixture.now, nodeRsaVerifier);
  if (verified.purpose !== 'lookup') throw new Error('not an officer');
  return { officer: { ...verified.officer, signer } };
}

describe('when the log can’t take it', () => {
  for (const failure of ['failed', 'persisted'] as const) {
    it(`asks no guardian after a write that ${failure}, and has one entry once it is asked again`, async () => {
      const { world, log } = await createBrokenWorld(fixture);
      const request = await officerRequest();
      log().plan = (operation) => (operation === 'commit' ? failure : null);
      expect(refusalIn(await ask(world, request)).code).toBe('storageFailed');
      expect(askedOf(world)).toEqual([]);
      log().plan = () => null;
      verifyLog(fixture, await answerTo(world, request));
      expect(await countEntries(world)).toEqual({ lookup: 1 });
    });
  }

  it('asks no guardian while too few of them cosign, and goes on once they do', async () => {
    const { world } = await createBrokenWorld(fixture);
    const request = await officerRequest();
    for (const { witness } of world.guardians.slice(1)) witness.behaviour = 'resetting';
    const problem = problemOf(await ask(world, request));
    expect(problem).toMatchObject({ status: 503, code: 'guardiansUnavailable' });
    expect(problem.detail).not.toBe('');
    expect(askedOf(world)).toEqual([]);
    for (const { witness } of world.guardians) witness.behaviour = 'honest';
    await eventually(async () => expect((await ask(world, request)).status).toBe(200));
    expect(await countEntries(world)).toEqual({ lookup: 1 });
  });

  it('does not count what could not be logged against the quota twice', async () => {
    const few = await createFixture({ officerCodesPerDay: 2 });
    const { world, log } = await createBrokenWorld(few);
    const officer = await few.createOfficer();
    const request = await lookupEvaluation(few, officer, blindedElements(2));
    log().plan = (operation) => (operation === 'commit' ? 'failed' : null);
    for (let i = 0; i < 3; i++) expect(refusalIn(await ask(world, request)).code).toBe('storageFailed');
    log().plan = () => null;
    expect((await ask(world, request)).status).toBe(200);
  });

  it('remembers an element as accepted although its log entry failed, for its token was good', async () => {
    const { world, log } = await createBrokenWorld(fixture);
    const request = await ownerRequest();
    log().plan = (operation) => (operation === 'commit' ? 'failed' : null);
    expect(refusalIn(await ask(world, request)).code).toBe('storageFailed');
    log().plan = () => null;
    verifyLog(fixture, await answerTo(world, { ...request, token: null }));
  });

  it('logs nothing of an owner whose element can’t be remembered', async () => {
    const { world, failing } = await createBrokenWorld(fixture);
    failing.operation = 'acceptElement';
    const request = await ownerRequest();
    expect(refusalIn(await ask(world, request)).code).toBe('storageFailed');
    expect(await countEntries(world)).toEqual({});
    failing.operation = null;
    expect((await ask(world, request)).status).toBe(200);
    expect(await countEntries(world)).toEqual({ activation: 1 });
  });
});

describe('ten times the load', () => {
  it('answers or refuses each request, and logs each once', async () => {
    const world = await createWorld(fixture);
    const officer = await fixture.createOfficer();
    const requests = await Promise.all(
      Array.from({ length: 120 }, async () => lookupEvaluation(fixture, officer, blindedElements(1))),
    );
    const replies = await Promise.all(requests.map(async (request) => ask(world, request)));
    for (const reply of replies) expect([200, 503]).toContain(reply.status);
    const answered = requests.filter((_, i) => replies[i]?.status === 200);
    expect(answered.length).toBeGreaterThan(0);
    const logged = (await entriesOf(world)).flatMap((entry) => (entry.kind === 'lookup' ? [entry.request.join()] : []));
    expect(new Set(logged).size).toBe(logged.length);
    for (const request of answered) {
      if (request.purpose === 'lookup') expect(logged).toContain(authorizationHash(request.authorization).join());
    }
  });
});
