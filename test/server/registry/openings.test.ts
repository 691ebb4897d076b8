/** Asking for an opening, and reading it. What an approval does: opening-approvals.test.ts. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { contactEnvelopeHash, sealContactEnvelope } from '../../../crypto/contact-envelope.ts';
import { officerThumbprint } from '../../../crypto/credential.ts';
import type { OfficerSigner } from '../../../crypto/officer-request.ts';
import { openingId } from '../../../crypto/opening.ts';
import type { RosterEpoch } from '../../../crypto/roster.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { openingAskedSchema } from '../../../crypto/wire-openings.ts';
import {
  accepted,
  ask,
  CONTACT,
  createAsk,
  createOfficer,
  createOpeningWorld,
  lookUp,
  pathOf,
  postAsk,
  readOpening,
  refusalOf,
  register,
  signAs,
  withdraw,
  type AskOptions,
  type Hit,
  type OpeningWorld,
} from './opening-world.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

let world: OpeningWorld;
let officer: OfficerSigner;
let hit: Hit;

beforeAll(async () => {
  world = await createOpeningWorld();
  officer = await createOfficer(world);
  hit = await lookUp(world, officer, await register(world));
});

afterAll(async () => world.close());

describe('asking', () => {
  it('is kept until somebody approves, and opens and logs nothing', async () => {
    const before = await world.entries();
    const asked = await createAsk(world, officer, hit);
    const { details, authorization } = asked;
    const { id, expiresAt } = accepted(await postAsk(world, asked), openingAskedSchema);
    expect(id).toEqual(openingId(world.fixture.origin, details, authorization));
    expect(expiresAt).toBe(details.expiresAt);
    expect(await readOpening(world, id)).toEqual({
      status: 'pending',
      details,
      first: authorization,
      second: null,
      result: null,
      faults: [],
    });
    await world.restart();
    expect(await readOpening(world, id)).toMatchObject({ status: 'pending', details });
    expect(await world.entries()).toEqual(before);
    expect(world.guardians.flatMap(({ requests }) => requests.filter(({ path }) => path === '/v1/decrypt'))).toEqual(
      [],
    );
  });

  it('answers the same request the same, even when the keeper has replaced the contact', async () => {
    const own = await lookUp(world, officer, await register(world));
    const asked = await createAsk(world, officer, own);
    const first = await postAsk(world, asked);
    const other = accepted(await postAsk(world, await createAsk(world, officer, own)), openingAskedSchema);
    expect(other.id).not.toEqual(accepted(first, openingAskedSchema).id);
    const replaced = { ...own.mark.row, contactEnvelope: null, version: 2 };
    expect(await world.stores.registrations.replace(replaced, 1, [])).toBe('replaced');
    expect((await postAsk(world, asked)).body).toEqual(first.body);
    expect((await postAsk(world, await createAsk(world, officer, own))).status).not.toBe(200);
  });

  it('may be asked by another officer of the force, under the same case', async () => {
    const colleague = await createOfficer(world);
    const response = await postAsk(world, await createAsk(world, colleague, hit));
    expect(response.status).toBe(200);
  });

  it.each(['before', 'after'] as const)('is kept once when the store fails %s', async (when) => {
    const asked = await createAsk(world, officer, hit);
    world.broken.set('openings.addOpening', when);
    expect(refusalOf(await postAsk(world, asked))).toMatchObject({ code: 'storageFailed' });
    world.broken.clear();
    const { id } = accepted(await postAsk(world, asked), openingAskedSchema);
    expect(await readOpening(world, id)).toMatchObject({ status: 'pending' });
  });
});

describe('refusals of asking', () => {
  const refuse = async (options: AskOptions, asking = officer, asked = hit): Promise<unknown> =>
    refusalOf(await postAsk(world, await createAsk(world, asking, asked, options)));

  it('a registration that does not exist, or not under this tag', async () => {
    const notFound = { code: 'notFound', field: 'details.commitment' };
    expect(await refuse({ change: { commitment: randomBytes(32) } })).toEqual({
      code: 'notMatched',
      field: 'details.match',
    });
    expect(await refuse({ lookupTag: randomBytes(32) })).toEqual(notFound);
  });

  it('a registration that was withdrawn, before or in between', async () => {
    const notFound = { code: 'notFound', field: 'details.commitment' };
    const gone = await lookUp(world, officer, await register(world));
    const asked = await createAsk(world, officer, gone);
    world.broken.set('openings.addOpening', async () => {
      expect((await withdraw(world, gone.mark)).status).toBe(200);
    });
    expect(refusalOf(await postAsk(world, asked))).toEqual(notFound);
    const id = openingId(world.fixture.origin, asked.details, asked.authorization);
    expect(refusalOf(await world.get(pathOf(id)))).toEqual({ code: 'notFound', field: 'id' });
    expect(refusalOf(await postAsk(world, asked))).toEqual(notFound);
  });

  it('a registration of which the officer’s quota says no more: asking after one costs a code, whatever the answer', async () => {
    const small = await createOpeningWorld({ officerCodesPerDay: 3 });
    onTestFinished(async () => small.close());
    const asking = await createOfficer(small);
    const gone = await lookUp(small, asking, await register(small));
    expect((await withdraw(small, gone.mark)).status).toBe(200);
    const codes: string[] = [];
    for (let i = 0; i < 4; i++) codes.push(refusalOf(await postAsk(small, await createAsk(small, asking, gone))).code);
    expect(codes).toEqual(['notFound', 'notFound', 'quotaExceeded', 'quotaExceeded']);
  });

  it('a registration without a contact', async () => {
    const silent = await lookUp(world, officer, await register(world, null));
    expect(await refuse({}, officer, silent)).toEqual({ code: 'badEnvelope', field: 'details.envelopeHash' });
  });

  it('another epoch than the registration’s, live or not', async () => {
    expect(await refuse({ change: { epoch: 1 } })).toEqual({ code: 'badInput', field: 'details.epoch' });
    expect(await refuse({ change: { epoch: 3 } })).toMatchObject({ code: 'wrongEpoch' });
  });

  it('another envelope than the registration has', async () => {
    const other = contactEnvelopeHash(randomBytes(512));
    expect(await refuse({ change: { envelopeHash: other } })).toEqual({ code: 'badEnvelope', field: 'envelopeHash' });
  });

  it('an envelope that was sealed for another registration', async () => {
    const { groupKey } = (world.fixture.roster.roster.epochs[1] as RosterEpoch).decryption;
    const foreign = { groupKey, codeKey: randomBytes(32), commitment: randomBytes(32) };
    const mark = await register(world, sealContactEnvelope(CONTACT, foreign));
    const copied = await lookUp(world, officer, mark);
    expect(await refuse({}, officer, copied)).toEqual({ code: 'badEnvelope', field: 'contactEnvelope' });
  });

  it('a match that is none, is not there yet, or is of another registration or case', async () => {
    const notMatched = { code: 'notMatched', field: 'details.match' };
    const other = await lookUp(world, officer, await register(world), hit.caseCommitment);
    for (const match of [hit.lookup, 0, 10 ** 9, other.match]) {
      expect(await refuse({ change: { match } })).toEqual(notMatched);
    }
    const another = await lookUp(world, officer, hit.mark);
    expect(await refuse({ caseCommitment: another.caseCommitment })).toEqual(notMatched);
    expect(await refuse({ change: { match: another.match } })).toEqual(notMatched);
    const right = { change: { match: another.match }, caseCommitment: another.caseCommitment };
    expect((await postAsk(world, await createAsk(world, officer, hit, right))).status).toBe(200);
  });

  it('another force’s match', async () => {
    const stranger = await createOfficer(world, { force: 'other-force' });
    expect(await refuse({}, stranger)).toEqual({ code: 'notMatched', field: 'details.match' });
  });

  it('details that are not those that were signed', async () => {
    const asked = await createAsk(world, officer, hit);
    const changes = [{ reason: 'safety' as const }, { match: 0 }, { explanation: randomBytes(1096) }];
    for (const change of changes) {
      const response = await postAsk(world, { ...asked, details: { ...asked.details, ...change } });
      expect(refusalOf(response)).toEqual({ code: 'badSignature', field: 'request' });
    }
  });

  it('a request that was signed for another end, or for too long', async () => {
    const expiresAt = world.clock.now + HOUR;
    expect(await refuse({ change: { expiresAt } })).toEqual({ code: 'badSignature', field: 'request' });
    expect(await refuse({ validSeconds: DAY + 1 })).toEqual({ code: 'credentialExpired', field: 'request' });
  });

  it('a request for another purpose', async () => {
    const asked = await createAsk(world, officer, hit);
    const authorization = await signAs(world, officer, 'approval', [randomBytes(32)], hit.caseCommitment);
    expect(refusalOf(await postAsk(world, { ...asked, authorization }))).toEqual({
      code: 'badSignature',
      field: 'request',
    });
  });

  it('a revoked officer', async () => {
    const key = createSigningKey();
    const revoked = await createOfficer(world, { key });
    const asked = await createAsk(world, revoked, hit);
    await world.revoke(officerThumbprint(key.publicKey));
    expect(refusalOf(await postAsk(world, asked))).toMatchObject({ code: 'credentialRevoked' });
  });
});

describe('reading', () => {
  it('knows an opening by its identifier alone', async () => {
    expect(refusalOf(await world.get(pathOf(randomBytes(32))))).toEqual({ code: 'notFound', field: 'id' });
    expect(refusalOf(await world.get('/v1/openings/abc'))).toMatchObject({ code: 'badInput' });
    expect((await world.get('/v1/openings')).status).toBe(405);
  });
});

describe('time', () => {
  it('ends an opening that nobody approves, and forgets it a month later', async () => {
    const timed = await createOpeningWorld();
    onTestFinished(async () => timed.close());
    const { id, request } = await ask(timed);
    const { expiresAt } = request.details;
    timed.clock.now = expiresAt + 61;
    expect(await readOpening(timed, id)).toMatchObject({ status: 'expired', result: null });
    expect(refusalOf(await postAsk(timed, request))).toEqual({ code: 'openingExpired', field: 'expiresAt' });
    timed.clock.now = expiresAt + 29 * DAY;
    await timed.restart();
    expect(await readOpening(timed, id)).toMatchObject({ status: 'expired' });
    timed.clock.now = expiresAt + 30 * DAY;
    await timed.restart();
    await expect.poll(async () => (await timed.get(pathOf(id))).status, { timeout: 30_000 }).toBe(404);
  });

  it('refuses an officer whose credential has run out', async () => {
    const timed = await createOpeningWorld();
    onTestFinished(async () => timed.close());
    const brief = await createOfficer(timed, { validSeconds: HOUR });
    const found = await lookUp(timed, brief, await register(timed));
    const asked = await createAsk(timed, brief, found);
    timed.clock.now += HOUR + 61;
    expect(refusalOf(await postAsk(timed, asked))).toEqual({ code: 'credentialExpired', field: 'officerCredential' });
  });
});

it('lets no officer ask for more than the day’s quota, and charges a request once', async () => {
  // A lookup and two openings.
  const small = await createOpeningWorld({ officerCodesPerDay: 3 });
  onTestFinished(async () => small.close());
  const asking = await createOfficer(small);
  const found = await lookUp(small, asking, await register(small));
  const [first, second, third] = [
    await createAsk(small, asking, found),
    await createAsk(small, asking, found),
    await createAsk(small, asking, found),
  ];
  for (const asked of [first, second, first, second]) expect((await postAsk(small, asked)).status).toBe(200);
  expect(refusalOf(await postAsk(small, third))).toMatchObject({ code: 'quotaExceeded' });
});
