/** The registry with real guardians: their own refusals and quotas, as the registry's callers see them. */
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bytesToHex, randomBytes } from '../../../crypto/bytes.ts';
import { blind, codeInput, finalize, type Blinded } from '../../../crypto/oprf.ts';
import { authorizationHash } from '../../../crypto/officer-request.ts';
import { openItemEnvelope, sealItemEnvelope } from '../../../crypto/item-envelope.ts';
import { parseMessage } from '../../../crypto/message.ts';
import {
  registrationCommitment,
  registrationIndex,
  verifyRow,
  type RegistrationRow,
} from '../../../crypto/registration.ts';
import { createRevocationList } from '../../../crypto/revocation-list.ts';
import type { Roster } from '../../../crypto/roster.ts';
import type { SigningKey } from '../../../crypto/signature.ts';
import { stretch } from '../../../crypto/stretch.ts';
import { combineVerified } from '../../../crypto/threshold.ts';
import { lookupReplySchema, type EvaluationReply, type EvaluationRequest } from '../../../crypto/wire.ts';
import { openGuardian } from '../../../server/guardian/guardian.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { shareEvaluator } from '../../support/evaluator.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { sharesOf } from '../../support/services.ts';
import { createFolder } from '../../support/folder.ts';
import {
  blindedElements,
  countEntries,
  createMark,
  createWorld,
  evaluationBody,
  eventually,
  lookup,
  lookupBody,
  lookupEvaluation,
  parseEvaluationReply,
  problemOf,
  registrationBody,
  type Mark,
  type World,
} from './world.ts';
import { createToken, REDEMPTION } from '../../support/tokens.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ officerCodesPerDay: 6, forceCodesPerDay: 1000 });
});

interface RealGuardian {
  readonly id: string;
  readonly url: string;
  readonly server: Server;
}

async function startGuardian(i: number, parent: string, clock: { now: number }): Promise<RealGuardian> {
  const id = `g${i + 1}`;
  const folder = join(parent, id);
  mkdirSync(folder);
  const { forceKey: key, origin, forceCredential } = fixture;
  const now = (): number => clock.now;
  const keys = sharesOf(fixture, i + 1);
  const guardian = openGuardian({
    id,
    roster: fixture.roster,
    keys,
    witnessKey: fixture.witnesses[i] as SigningKey,
    maxima: { codesPerOfficerAndDay: 1000, codesPerForceAndDay: 1000, codesPerIssuerAndDay: 1000 },
    folder,
    evaluator: shareEvaluator(keys),
    now,
    log: createLog('guardian', { level: 'silent' }),
    metrics: createMetrics('guardian'),
    fetchRevocations: async () => createRevocationList({ key, id: 'demo-force', origin, forceCredential }, [], now()),
  });
  const server = createServer(guardian.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await guardian.close();
  });
  return { id, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function createRealWorld(): Promise<{ world: World; real: RealGuardian[] }> {
  const folder = createFolder();
  const clock = { now: fixture.now };
  const real = await Promise.all([0, 1, 2].map(async (i) => startGuardian(i, folder, clock)));
  return { world: await createWorld(fixture, { addresses: real }), real };
}

/** A code with its blinded element. */
type Reading = Blinded & { readonly code: string };

const ask = async (world: World, evaluation: EvaluationRequest) =>
  world.post('/v1/evaluations', evaluationBody(evaluation));

/** Tag and key of a code, as an honest client makes them of the answers. */
async function secretsOf(reply: EvaluationReply, blinded: readonly Reading[], position: number) {
  const { threshold, guardians, epochs } = fixture.roster.roster;
  const [key] = epochs as [Roster['epochs'][number]];
  const answers = reply.evaluations.map(({ guardian, evaluations: [evaluation] }) => {
    const { index } = guardians.find(({ id }) => id === guardian) as Roster['guardians'][number];
    const { elements, proof } = evaluation as NonNullable<typeof evaluation>;
    const publicShare = key.publicShares[index - 1] as Uint8Array;
    return { guardian, index, evaluatedElements: elements, proof, publicShare };
  });
  const elements = blinded.map(({ element }) => element);
  const { combined } = combineVerified(elements, answers, threshold, key.groupKey);
  const { code, blind: scalar } = blinded[position] as Reading;
  const y = finalize(codeInput(fixture.origin, 'bm1', code), scalar, combined[position] as Uint8Array);
  return stretch(y, { origin: fixture.origin, epoch: key.epoch, parameters: key.stretch });
}

const read = (code: string): Reading => ({ code, ...blind(codeInput(fixture.origin, 'bm1', code)) });

function ownerRequest(element: Uint8Array, token: Uint8Array | null): EvaluationRequest {
  return {
    purpose: 'registration',
    roster: fixture.roster.hash,
    epochs: [1],
    elements: [element],
    redemptions: [REDEMPTION],
    token,
  };
}

describe('the whole way', () => {
  it('from an owner’s code to the officer who reads it, and to nobody who reads another', async () => {
    const { world } = await createRealWorld();
    // The owner.
    const marked = read('8EQ71S02SG3JTS93');
    const token = await createToken(fixture, marked.element);
    const reply = parseEvaluationReply(await ask(world, ownerRequest(marked.element, token)));
    const { lookupTag, codeKey } = await secretsOf(reply, [marked], 0);
    const { signingKey, row: blank } = createMark(fixture);
    const commitment = registrationCommitment(blank.salt, lookupTag, signingKey.publicKey);
    const items = [{ category: 'Shotgun', make: 'AYA' }];
    const change: Partial<RegistrationRow> = {
      index: registrationIndex(fixture.origin, lookupTag),
      salt: blank.salt,
      commitment,
      itemEnvelope: sealItemEnvelope({ items, ownerPublicKey: signingKey.publicKey }, codeKey, commitment),
    };
    const mark: Mark = { ...createMark(fixture, { signingKey, change }), lookupTag, codeKey };
    expect((await world.post('/v1/registrations', registrationBody(mark, token))).body).toMatchObject({
      result: 'registered',
    });
    // The officer, with two readings.
    const officer = await fixture.createOfficer();
    const readings = ['8EQ71S02SG3JTS93', '8EQ71S02SG3JTS94'].map(read);
    const evaluation = await lookupEvaluation(
      fixture,
      officer,
      readings.map(({ element }) => element),
    );
    const answered = parseEvaluationReply(await ask(world, evaluation));
    const tags = await Promise.all(readings.map(async (_, i) => secretsOf(answered, readings, i)));
    const asked = await lookup(
      fixture,
      officer,
      authorizationHash(evaluation.authorization),
      tags.map((tag) => tag.lookupTag),
    );
    const { results } = parseMessage(lookupReplySchema, (await world.post('/v1/lookups', lookupBody(asked))).body);
    const [hit, miss] = results.map((slots) => slots.flatMap(({ registration }) => registration ?? []));
    expect(miss).toEqual([]);
    const [row] = hit as [RegistrationRow];
    const opened = openItemEnvelope(row.itemEnvelope, tags[0]?.codeKey as Uint8Array, row.commitment);
    verifyRow(fixture.origin, row, { lookupTag, ownerPublicKey: opened.ownerPublicKey });
    expect(opened.items).toEqual(items);
  });
});

describe('guardians’ own decisions', () => {
  it('ask for a token once, and answer its element without one ever after', async () => {
    const { world } = await createRealWorld();
    const [element] = blindedElements(1) as [Uint8Array];
    const refused = problemOf(await ask(world, ownerRequest(element, null)));
    expect(refused.code).toBe('tokenRequired');
    const token = await createToken(fixture, element);
    const first = await ask(world, ownerRequest(element, token));
    expect(first.status).toBe(200);
    const again = parseEvaluationReply(await ask(world, ownerRequest(element, null)));
    const elementsOf = (reply: EvaluationReply) =>
      Object.fromEntries(
        reply.evaluations.map(({ guardian, evaluations }) => [guardian, evaluations[0]?.elements.map(bytesToHex)]),
      );
    const before = elementsOf(parseEvaluationReply(first));
    for (const [guardian, elements] of Object.entries(elementsOf(again))) {
      if (guardian in before) expect(elements).toEqual(before[guardian]);
    }
    expect(again.evaluations).toHaveLength(2);
  });

  it('bound an officer’s codes by quota, and answer the byte-identical request beyond it', async () => {
    const { world } = await createRealWorld();
    const officer = await fixture.createOfficer();
    const request = await lookupEvaluation(fixture, officer, blindedElements(6));
    expect((await ask(world, request)).status).toBe(200);
    expect((await ask(world, request)).status).toBe(200);
    const problem = problemOf(await ask(world, await lookupEvaluation(fixture, officer, blindedElements(1))));
    expect(problem).toMatchObject({ code: 'quotaExceeded', status: 429 });
    expect(problem.retryAfter).toBeGreaterThan(0);
    expect(problem.retryAfter).toBeLessThanOrEqual(86_400);
    expect((await ask(world, request)).status).toBe(200);
  });

  it('lose nothing by a 503: the same request, sent again when guardians are back, costs nothing more', async () => {
    const { world, real } = await createRealWorld();
    const officer = await fixture.createOfficer();
    const request = await lookupEvaluation(fixture, officer, blindedElements(6));
    const ports = real.slice(1).map(({ server }) => (server.address() as AddressInfo).port);
    await Promise.all(
      real.slice(1).map(async ({ server }) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        await closed;
      }),
    );
    expect(problemOf(await ask(world, request))).toMatchObject({ code: 'guardiansUnavailable', status: 503 });
    await Promise.all(
      real
        .slice(1)
        .map(async ({ server }, i) => new Promise<void>((resolve) => server.listen(ports[i], '127.0.0.1', resolve))),
    );
    await eventually(async () => expect((await ask(world, request)).status).toBe(200));
    expect(await countEntries(world)).toEqual({ lookup: 1 });
  });

  it('take no request that was made for another guardian’s roster', async () => {
    const { world } = await createRealWorld();
    const [element] = blindedElements(1) as [Uint8Array];
    const request = { ...ownerRequest(element, await createToken(fixture, element)), roster: randomBytes(32) };
    expect(problemOf(await ask(world, request as EvaluationRequest)).code).toBe('wrongRoster');
  });
});
