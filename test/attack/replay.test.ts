/**
 * Replays: requests that somebody captured, sent again. To another registry, under another epoch or roster, after their time,
 * or beside what they already did, they are refused; also after guardian, registry and issuer were restarted on their files.
 * The byte-identical repetition is answered again and costs nothing, which the quota shows.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../crypto/bytes.ts';
import { parseActivationKey } from '../../crypto/activation-key.ts';
import type { ErrorCode } from '../../crypto/errors.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import { formatMessage } from '../../crypto/message.ts';
import { authorizationHash, type OfficerSigner } from '../../crypto/officer-request.ts';
import { historyHash, withdrawalHash } from '../../crypto/registration.ts';
import type { Roster, RosterIssuer } from '../../crypto/roster.ts';
import { sign } from '../../crypto/signature.ts';
import { createTokenRequest } from '../../crypto/token-request.ts';
import {
  actionRequestSchema,
  historyRequestSchema,
  lookupRequestSchema,
  tokenRequestSchema,
  type ActionRequest,
  type EvaluationRequest,
} from '../../crypto/wire.ts';
import type { Fixture } from '../support/fixture.ts';
import { startServices, type Services } from '../support/services.ts';
import { officerRequest, ownerRequest } from '../server/guardian/world.ts';
import { createToken, randomElement, REDEMPTION } from '../support/tokens.ts';
import { changeRow, createMark, lookup, pathOf, registrationBody, type Mark } from '../server/registry/world.ts';
import { askGuardian, askGuardians, askRegistry, post, postMessage } from './ask.ts';

/** Noon, so that minutes more are the same day. */
const NOON = Math.floor(Date.now() / 86_400_000) * 86_400 + 43_200;
/** When what was made at noon has ended, however slow the machine is. */
const LATER = NOON + 500;
const QUOTA = 3;

let here: Services;
/** Another registry with the same authority root, force and issuer key: all that it does not share is its name and its shares. */
let elsewhere: Services;
let fixture: Fixture;
const url = (path: string): string => here.registryFile.url + path;
const guardians = ['g1', 'g2', 'g3'] as const;

beforeAll(async () => {
  const limits = { now: NOON, epochs: [1, 2], officerCodesPerDay: QUOTA };
  here = await startServices({ ...limits, issuerCodesPerDay: 1000 });
  ({ fixture } = here);
  const sameKeys = (roster: Roster): Roster => ({
    ...roster,
    authorityRoots: [fixture.authorityRoot.publicKey],
    issuers: roster.issuers.map((issuer) => ({
      ...issuer,
      tokenKeys: (fixture.roster.roster.issuers[0] as RosterIssuer).tokenKeys,
    })),
  });
  const origin = 'elsewhere.example';
  elsewhere = await startServices({ ...limits, origin, change: sameKeys });
  const { authorityRoot, forceKey } = fixture;
  const { publicKey } = forceKey;
  const forceCredential = await createForceCredential(authorityRoot, {
    origin,
    force: 'demo-force',
    publicKey,
    now: NOON,
  });
  await elsewhere.revocations.sign('demo-force', { key: forceKey, origin, forceCredential });
});
afterAll(async () => {
  await Promise.all([here.stopAll(), elsewhere.stopAll()]);
});

/** What each guardian and the registry say, of one registry. */
async function askAll(services: Services, request: EvaluationRequest): Promise<string[]> {
  const answers = await Promise.all([askGuardians(services, request), askRegistry(services.registryFile.url, request)]);
  return answers.flat().map(({ code }) => code);
}
const everywhere = (code: ErrorCode | 'ok'): string[] => [code, code, code, code];

async function restartAll(): Promise<void> {
  await here.restart('registry');
  for (const id of guardians) await here.restart(id);
}

const elements = (count: number): Uint8Array[] => Array.from({ length: count }, randomElement);
let officers = 0;
const createOfficer = async (): Promise<OfficerSigner> => here.createOfficer(`officer-${officers++}`);

describe('an officer’s request', () => {
  it('again, byte for byte, is answered by each guardian and costs nothing, before and after a restart', async () => {
    const officer = await createOfficer();
    const request = await officerRequest(fixture, officer, elements(QUOTA));
    const before = await askGuardian(here, 'g1', request);
    expect(await askAll(here, request)).toEqual(everywhere('ok'));
    await restartAll();
    expect(await askAll(here, request)).toEqual(everywhere('ok'));
    const after = await askGuardian(here, 'g1', request);
    // The elements are the same; the proof is drawn anew.
    const answered = [before, after].map(
      ({ text }) => (JSON.parse(text) as { evaluations: { elements: string[] }[] }).evaluations[0]?.elements,
    );
    expect(answered[0]).toEqual(answered[1]);
    // The quota was used up by the first, and by no more than the first.
    expect(await askAll(here, await officerRequest(fixture, officer, elements(1)))).toEqual(
      everywhere('quotaExceeded'),
    );
    const spared = await createOfficer();
    const small = await officerRequest(fixture, spared, elements(1));
    for (let i = 0; i < QUOTA + 2; i++) expect(await askAll(here, small)).toEqual(everywhere('ok'));
    const rest = await officerRequest(fixture, spared, elements(QUOTA - 1));
    expect(await askAll(here, rest)).toEqual(everywhere('ok'));
  });

  it('captured at one guardian and sent to another is charged there once, as if the registry had relayed it', async () => {
    const officer = await createOfficer();
    const request = await officerRequest(fixture, officer, elements(QUOTA));
    for (const id of guardians) {
      for (let i = 0; i < 2; i++) {
        expect((await askGuardian(here, id, request)).code).toBe('ok');
      }
    }
    expect(await askAll(here, await officerRequest(fixture, officer, elements(1)))).toEqual(
      everywhere('quotaExceeded'),
    );
  });

  it('is refused at another registry that trusts the same root, force and issuer', async () => {
    const officer = await createOfficer();
    const request = await officerRequest(fixture, officer, elements(1));
    expect(await askAll(elsewhere, request)).toEqual(everywhere('wrongOrigin'));
    // With credentials for there, the request itself still names the registry that it was signed for.
    const { authorityRoot, forceKey, fingerprint } = fixture;
    const { origin } = elsewhere.fixture;
    const common = { origin, force: 'demo-force', now: NOON };
    const signer: OfficerSigner = {
      key: officer.key,
      forceCredential: await createForceCredential(authorityRoot, { ...common, publicKey: forceKey.publicKey }),
      officerCredential: await createOfficerCredential(forceKey, {
        ...common,
        pseudonym: 'officer-there',
        persons: officerPersons(forceKey.seed, 'there', { now: NOON }),
        publicKey: officer.key.publicKey,
        rosterFingerprint: formatBase64url(fingerprint),
      }),
    };
    expect(await askAll(elsewhere, await officerRequest(fixture, signer, elements(1)))).toEqual(
      everywhere('wrongOrigin'),
    );
    const forThere = await officerRequest(elsewhere.fixture, signer, elements(1));
    expect(await askAll(elsewhere, forThere)).toEqual(everywhere('ok'));
    expect(await askAll(here, forThere)).toEqual(everywhere('wrongOrigin'));
  });

  it('is refused under other epochs than it was signed for', async () => {
    const officer = await createOfficer();
    const request = await officerRequest(fixture, officer, elements(1));
    expect(await askAll(here, { ...request, epochs: [1] })).toEqual(everywhere('badSignature'));
    expect(await askAll(here, { ...request, epochs: [1, 2] })).toEqual(everywhere('badSignature'));
  });
});

describe('an owner’s token', () => {
  it('again is answered and costs nothing; it pays for its element in each live epoch, also after a restart', async () => {
    const element = randomElement();
    const request = ownerRequest(fixture, [element], await createToken(fixture, element));
    expect(await askAll(here, request)).toEqual(everywhere('ok'));
    await restartAll();
    for (const epochs of [[2, 1], [1], [2]]) {
      expect(await askAll(here, { ...request, epochs })).toEqual(everywhere('ok'));
      expect(await askAll(here, { ...request, epochs, token: null })).toEqual(everywhere('ok'));
    }
    expect(await askAll(here, { ...request, epochs: [3] })).toEqual(everywhere('wrongEpoch'));
  });

  it('is refused at another registry under the same issuer key, also under its roster', async () => {
    const element = randomElement();
    const request = ownerRequest(fixture, [element], await createToken(fixture, element));
    expect(await askAll(elsewhere, request)).toEqual(everywhere('wrongRoster'));
    const renamed = { ...request, roster: elsewhere.fixture.roster.hash };
    expect(await askAll(elsewhere, renamed)).toEqual(everywhere('tokenForAnotherElement'));
    const without = { ...renamed, token: null };
    expect(await askAll(here, request)).toEqual(everywhere('ok'));
    expect(await askAll(elsewhere, without)).toEqual(everywhere('tokenRequired'));
  });
});

describe('a lookup', () => {
  const look = async (request: Awaited<ReturnType<typeof lookup>>): Promise<string> =>
    (await postMessage(url('/v1/lookups'), lookupRequestSchema, request)).code;

  it('is answered again byte for byte, and no second one is made under its evaluation, also after a restart', async () => {
    const officer = await createOfficer();
    const evaluation = await officerRequest(fixture, officer, elements(2));
    expect((await askRegistry(here.registryFile.url, evaluation)).code).toBe('ok');
    const hash = authorizationHash(evaluation.authorization);
    const tags = [randomBytes(32), randomBytes(32)];
    const first = await lookup(fixture, officer, hash, tags);
    const second = await lookup(fixture, officer, hash, tags);
    expect(await look(first)).toBe('ok');
    expect(await look(first)).toBe('ok');
    expect(await look(second)).toBe('replayed');
    await here.restart('registry');
    expect(await look(first)).toBe('ok');
    expect(await look(second)).toBe('replayed');
    expect(await look({ ...first, tags: [tags[1], tags[0]] as Uint8Array[] })).toBe('badSignature');
    here.clock.now = LATER;
    expect(await look(first)).toBe('credentialExpired');
    here.clock.now = NOON;
  });

  it('is refused under an evaluation of another officer, of another registry, or of nobody', async () => {
    const [officer, colleague] = [await createOfficer(), await createOfficer()];
    const evaluation = await officerRequest(fixture, colleague, elements(1));
    expect((await askRegistry(here.registryFile.url, evaluation)).code).toBe('ok');
    const hash = authorizationHash(evaluation.authorization);
    expect(await look(await lookup(fixture, officer, hash, [randomBytes(32)]))).toBe('evaluationRequired');
    expect(await look(await lookup(fixture, officer, randomBytes(32), [randomBytes(32)]))).toBe('evaluationRequired');
    const body = await lookup(fixture, colleague, hash, [randomBytes(32)]);
    const there = `${elsewhere.registryFile.url}/v1/lookups`;
    expect((await postMessage(there, lookupRequestSchema, body)).code).toBe('wrongOrigin');
    expect(
      await look(
        await lookup(
          fixture,
          colleague,
          hash,
          Array.from({ length: 3 }, () => randomBytes(32)),
        ),
      ),
    ).toBe('evaluationRequired');
  });
});

describe('a registration', () => {
  const register = async (mark: Mark, token: Uint8Array): Promise<string> =>
    (await post(url('/v1/registrations'), registrationBody(mark, token))).code;
  const act = async (mark: Mark, action: ActionRequest): Promise<string> =>
    (await postMessage(url(pathOf(mark.row.commitment, 'actions')), actionRequestSchema, action)).code;
  const proofOf = (mark: Mark) => ({ lookupTag: mark.lookupTag, ownerPublicKey: mark.signingKey.publicKey });
  const withdrawal = (mark: Mark, version: number): ActionRequest => {
    const signature = sign(mark.signingKey, withdrawalHash(fixture.origin, mark.row.commitment, version));
    return { kind: 'withdraw', ...proofOf(mark), version, signature };
  };

  it('again is answered, and its token makes no other, also after a restart or a withdrawal', async () => {
    const token = await createToken(fixture, randomElement());
    const [mark, another] = [createMark(fixture), createMark(fixture)];
    expect(await register(mark, token)).toBe('ok');
    await here.restart('registry');
    expect(await register(mark, token)).toBe('ok');
    expect(await register(another, token)).toBe('tokenSpent');
    expect(await act(mark, withdrawal(mark, 1))).toBe('ok');
    await here.restart('registry');
    expect(await register(mark, token)).toBe('tokenSpent');
    expect(await register(another, token)).toBe('tokenSpent');
  });

  it('is made once by two tokens for one element', async () => {
    const element = randomElement();
    const [one, two] = [await createToken(fixture, element), await createToken(fixture, element)];
    expect(one).not.toEqual(two);
    expect(await register(createMark(fixture), one)).toBe('ok');
    expect(await register(createMark(fixture), two)).toBe('tokenSpent');
  });

  it('is refused at another registry', async () => {
    const mark = createMark(fixture);
    const token = await createToken(fixture, randomElement());
    const body = registrationBody(mark, token);
    expect((await post(`${elsewhere.registryFile.url}/v1/registrations`, body)).code).toBe('badRow');
    // Even a row made for there finds its token to be of here.
    const theirs = createMark(elsewhere.fixture);
    const moved = registrationBody(theirs, token);
    expect((await post(`${elsewhere.registryFile.url}/v1/registrations`, moved)).code).toBe('tokenForAnotherElement');
  });

  it('is not changed by an action sent again later, to another address or after the withdrawal', async () => {
    const mark = createMark(fixture);
    const other = createMark(fixture);
    for (const made of [mark, other])
      expect(await register(made, await createToken(fixture, randomElement()))).toBe('ok');
    const stolen: ActionRequest = {
      kind: 'status',
      ...proofOf(mark),
      row: changeRow(fixture, mark, { version: 2, status: 'stolen' }),
    };
    const recovered: ActionRequest = {
      kind: 'status',
      ...proofOf(mark),
      row: changeRow(fixture, mark, { version: 3, status: 'recovered' }),
    };
    expect(await act(mark, stolen)).toBe('ok');
    expect(await act(mark, stolen)).toBe('ok');
    expect(await act(mark, recovered)).toBe('ok');
    await here.restart('registry');
    expect(await act(mark, stolen)).toBe('versionConflict');
    expect(await act(other, recovered)).toBe('badInput');
    expect(await act(mark, withdrawal(mark, 2))).toBe('versionConflict');
    expect(await act(other, withdrawal(mark, 3))).toBe('badSignature');
    expect(await act(mark, withdrawal(mark, 3))).toBe('ok');
    await here.restart('registry');
    expect(await act(mark, withdrawal(mark, 3))).toBe('notFound');
    expect(await act(mark, recovered)).toBe('notFound');
  });

  it('is read by a request of the last minutes, of this registration and this registry alone', async () => {
    const mark = createMark(fixture);
    expect(await register(mark, await createToken(fixture, randomElement()))).toBe('ok');
    const signed = (origin: string) => ({
      ...proofOf(mark),
      issuedAt: NOON,
      signature: sign(mark.signingKey, historyHash(origin, mark.row.commitment, NOON)),
    });
    const read = async (body: ReturnType<typeof signed>, commitment = mark.row.commitment): Promise<string> =>
      (await postMessage(url(pathOf(commitment, 'history')), historyRequestSchema, body)).code;
    const request = signed(fixture.origin);
    expect(await read(request)).toBe('ok');
    expect(await read(request)).toBe('ok');
    expect(await read({ ...request, issuedAt: NOON + 1 })).toBe('badSignature');
    expect(await read(request, createMark(fixture).row.commitment)).toBe('badSignature');
    expect(await read(signed('elsewhere.example'))).toBe('badSignature');
    here.clock.now = LATER;
    expect(await read(request)).toBe('credentialExpired');
    here.clock.now = NOON - 120;
    expect(await read(request)).toBe('credentialExpired');
    here.clock.now = NOON;
  });
});

describe('an activation key', () => {
  it('is used once by a request that is sent again, and three times in all', async () => {
    const [printed = ''] = await here.createActivationKeys(1);
    const activationKey = parseActivationKey(printed).bytes;
    const issuer = fixture.roster.roster.issuers[0] as RosterIssuer;
    const { publicKey } = issuer.tokenKeys[0] as RosterIssuer['tokenKeys'][number];
    const ask = async () => {
      const { origin } = fixture;
      const options = { origin, issuerName: issuer.id, publicKey, element: randomElement(), redemption: REDEMPTION };
      const { request } = await createTokenRequest(options);
      return formatMessage(tokenRequestSchema, { activationKey, ...request });
    };
    const requests = [await ask(), await ask(), await ask(), await ask()];
    const exchange = async (i: number) => post(`${issuer.url}/v1/tokens`, requests[i]);
    const first = await exchange(0);
    for (let i = 0; i < 5; i++) expect((await exchange(0)).text).toBe(first.text);
    expect((await exchange(1)).code).toBe('ok');
    expect((await exchange(2)).code).toBe('ok');
    expect((await exchange(3)).code).toBe('activationKeyUsedUp');
    expect((await exchange(0)).text).toBe(first.text);
    // Another pack's request under this key is another use.
    expect(formatBase64url(activationKey)).toBe(requests[3]?.activationKey);
  });
});

// Last, since it makes the services forget: nothing that ends as early is taken after it.
describe('an officer’s request that has ended', () => {
  it('is refused, after a restart too, and when the clock is set back to before its end', async () => {
    const officer = await createOfficer();
    const request = await officerRequest(fixture, officer, elements(1));
    expect(await askAll(here, request)).toEqual(everywhere('ok'));
    here.clock.now = LATER;
    expect(await askAll(here, request)).toEqual(everywhere('credentialExpired'));
    await restartAll();
    expect(await askAll(here, request)).toEqual(everywhere('credentialExpired'));
    // What others ask makes the guardians forget the request: forgotten, it is not taken again.
    const later = await officerRequest(fixture, await createOfficer(), elements(1), LATER);
    expect(await askAll(here, later)).toEqual(everywhere('ok'));
    await postMessage(
      url('/v1/lookups'),
      lookupRequestSchema,
      await lookup(fixture, officer, randomBytes(32), [randomBytes(32)], LATER),
    );
    here.clock.now = NOON;
    expect(await askAll(here, request)).toEqual(everywhere('credentialExpired'));
    await restartAll();
    expect(await askAll(here, request)).toEqual(everywhere('credentialExpired'));
  });
});
