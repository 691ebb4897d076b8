/**
 * Forgers: whoever makes up a roster, an issuer, a force or an authority root; and a relay (a registry that lies) which changes
 * what passes through it. Each is refused for its own reason: by every guardian at its own address, by the registry, and by
 * the clients.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fetch } from '../../client-sdk/http.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import { createForceCredential, createOfficerCredential } from '../../crypto/credential.ts';
import type { ErrorCode } from '../../crypto/errors.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { authorizationHash, signOfficerRequest, type OfficerSigner } from '../../crypto/officer-request.ts';
import { blindEvaluate } from '../../crypto/oprf.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import {
  rosterChainSchema,
  rosterHash,
  signRoster,
  type Roster,
  type RosterForce,
  type RosterIssuer,
  type SignedRoster,
} from '../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import {
  evaluationReplySchema,
  evaluationRequestSchema,
  lookupReplySchema,
  lookupRequestSchema,
  type EvaluationReply,
  type EvaluationRequest,
  type LookupReply,
} from '../../crypto/wire.ts';
import { createTokenKey } from '../../server/issuer/token-key.ts';
import { CHEAP_STRETCH, createFixture, signByOperators, type Fixture, type TokenKey } from '../support/fixture.ts';
import { resign } from '../support/jws.ts';
import { startServices, type Services } from '../support/services.ts';
import { splitKey, type KeyShare } from '../support/split-key.ts';
import { createToken, officerRequest, ownerRequest, randomElement } from '../server/guardian/world.ts';
import { createMark } from '../server/registry/world.ts';
import { askGuardian, askRegistry, postMessage, type Answer } from './ask.ts';

type OwnerRequest = EvaluationRequest & { purpose: 'registration' };
type OfficerRequest = EvaluationRequest & { purpose: 'lookup' };

let services: Services;
let fixture: Fixture;
let otherTokenKey: TokenKey;
const rivalForceKey = createSigningKey();

/** A second force and a second issuer, both in the roster; epochs 2 and 3 live, epoch 1 retired. */
const enlarge = (roster: Roster): Roster => ({
  ...roster,
  epochs: roster.epochs.map((epoch) => ({ ...epoch, live: epoch.epoch !== 1 })),
  forces: [...roster.forces, { ...(roster.forces[0] as RosterForce), id: 'rival-force' }],
  issuers: [
    ...roster.issuers,
    {
      ...(roster.issuers[0] as RosterIssuer),
      number: 8,
      id: 'other-issuer',
      tokenKeys: [{ quarter: roster.issuers[0]?.tokenKeys[0]?.quarter as string, publicKey: otherTokenKey.publicKey }],
    },
  ],
});

beforeAll(async () => {
  otherTokenKey = await createTokenKey();
  services = await startServices({ epochs: [1, 2, 3], officerCodesPerDay: 100, change: enlarge });
  ({ fixture } = services);
});
afterAll(async () => {
  await services.stopAll();
});

/** What all guardians, and the registry, say to a request. */
async function askEverybody(request: EvaluationRequest): Promise<string[]> {
  const answers = await Promise.all([
    ...[...services.guardianUrls.values()].map(async (url) => askGuardian(url, request)),
    askRegistry(services.registryFile.url, request),
  ]);
  return answers.map(({ code }) => code);
}

async function expectRefused(request: EvaluationRequest, code: ErrorCode): Promise<void> {
  expect(await askEverybody(request)).toEqual([code, code, code, code]);
}

const flip = (bytes: Uint8Array, position: number): Uint8Array =>
  bytes.map((byte, i) => (i === position ? byte ^ 1 : byte));

describe('a token', () => {
  it('under an issuer’s key that is not in the roster is refused', async () => {
    const element = randomElement();
    const key = await createTokenKey();
    const token = await createToken(fixture, element, { key });
    await expectRefused(ownerRequest(fixture, [element], token), 'unknownIssuer');
    const named = await createToken(fixture, element, { key, issuerName: 'an-issuer-of-my-own' });
    await expectRefused(ownerRequest(fixture, [element], named), 'unknownIssuer');
  });

  it('of one issuer under the key of another is refused', async () => {
    const element = randomElement();
    const borrowed = await createToken(fixture, element, { key: otherTokenKey, issuerName: 'demo-issuer' });
    await expectRefused(ownerRequest(fixture, [element], borrowed), 'badToken');
    const lent = await createToken(fixture, element, { issuerName: 'other-issuer' });
    await expectRefused(ownerRequest(fixture, [element], lent), 'badToken');
  });

  it('that names a key of the roster, and is signed by another, is refused', async () => {
    const element = randomElement();
    const [good, forged] = [
      await createToken(fixture, element),
      await createToken(fixture, element, { key: await createTokenKey() }),
    ];
    const grafted = Uint8Array.from([...good.slice(0, 98), ...forged.slice(98)]);
    await expectRefused(ownerRequest(fixture, [element], grafted), 'badToken');
  });

  it('signed for another element is refused', async () => {
    const token = await createToken(fixture, randomElement());
    await expectRefused(ownerRequest(fixture, [randomElement()], token), 'tokenForAnotherElement');
  });

  it.each([
    ['type', 1, 'badToken'],
    ['nonce', 2, 'tokenForAnotherElement'],
    ['challenge', 34, 'badToken'],
    ['key', 66, 'unknownIssuer'],
    ['authenticator', 98, 'badToken'],
  ] as const)('with its %s changed is refused', async (_, position, code) => {
    const element = randomElement();
    const token = await createToken(fixture, element);
    await expectRefused(ownerRequest(fixture, [element], flip(token, position)), code);
  });
});

/** Credentials of a force and an officer, by whatever keys. */
async function credentials(options: {
  readonly root?: SigningKey;
  readonly force?: string;
  readonly forceKey?: SigningKey;
  readonly officerForce?: string;
  readonly officerSigner?: SigningKey;
}): Promise<OfficerSigner> {
  const { root = fixture.authorityRoot, force = 'demo-force', forceKey = createSigningKey() } = options;
  const { origin, now } = fixture;
  const key = createSigningKey();
  return {
    key,
    forceCredential: await createForceCredential(root, { origin, force, publicKey: forceKey.publicKey, now }),
    officerCredential: await createOfficerCredential(options.officerSigner ?? forceKey, {
      origin,
      force: options.officerForce ?? force,
      pseudonym: 'officer-x',
      publicKey: key.publicKey,
      rosterFingerprint: Buffer.from(fixture.fingerprint).toString('base64url'),
      now,
    }),
  };
}

const asOfficer = async (signer: OfficerSigner): Promise<OfficerRequest> =>
  officerRequest(fixture, signer, [randomElement()]);

describe('a credential', () => {
  it('of a force that is not in the roster is refused, though the authority root certified it', async () => {
    await expectRefused(await asOfficer(await credentials({ force: 'unknown-force' })), 'unknownForce');
  });

  it('of a force certified by a root that is not in the roster is refused', async () => {
    await expectRefused(await asOfficer(await credentials({ root: createSigningKey() })), 'badCredential');
  });

  it('of a force that certified itself, or that an officer or another force certified, is refused', async () => {
    const own = createSigningKey();
    await expectRefused(await asOfficer(await credentials({ root: own, forceKey: own })), 'badCredential');
    const officer = await fixture.createOfficer();
    await expectRefused(await asOfficer(await credentials({ root: officer.key })), 'badCredential');
    await expectRefused(await asOfficer(await credentials({ root: fixture.forceKey })), 'badCredential');
  });

  it('of an officer signed by another officer, by another force, or by nobody, is refused', async () => {
    const officer = await fixture.createOfficer();
    const { forceKey } = fixture;
    await expectRefused(await asOfficer(await credentials({ forceKey, officerSigner: officer.key })), 'badCredential');
    await expectRefused(
      await asOfficer(await credentials({ forceKey, officerSigner: rivalForceKey })),
      'badCredential',
    );
    await expectRefused(await asOfficer(await credentials({ forceKey, officerForce: 'rival-force' })), 'badCredential');
  });

  it('of one kind in the place of the other is refused', async () => {
    const signer = await fixture.createOfficer();
    const { forceCredential, officerCredential } = signer;
    await expectRefused(await asOfficer({ ...signer, officerCredential: forceCredential }), 'badCredential');
    await expectRefused(await asOfficer({ ...signer, forceCredential: officerCredential }), 'unknownForce');
  });

  it('that a force made good for more than twelve hours is refused', async () => {
    const signer = await fixture.createOfficer();
    const officerCredential = resign(signer.officerCredential, fixture.forceKey, { exp: fixture.now + 86_400 });
    await expectRefused(await asOfficer({ ...signer, officerCredential }), 'credentialExpired');
  });
});

describe('a relay that changes an officer’s request', () => {
  let officer: OfficerSigner;
  let signed: OfficerRequest;
  beforeAll(async () => {
    officer = await fixture.createOfficer('relayed-officer');
    signed = await officerRequest(fixture, officer, [randomElement(), randomElement()]);
  });
  const [guess, other] = [randomElement(), randomElement()];

  it.each<[string, (request: OfficerRequest) => EvaluationRequest, ErrorCode]>([
    [
      'puts its own guess in the place of an element',
      (r) => ({ ...r, elements: [r.elements[0] as Uint8Array, guess] }),
      'badSignature',
    ],
    ['adds its own guess', (r) => ({ ...r, elements: [...r.elements, guess] }), 'badSignature'],
    ['leaves an element out', (r) => ({ ...r, elements: r.elements.slice(1) }), 'badSignature'],
    ['changes the order', (r) => ({ ...r, elements: r.elements.toReversed() }), 'badSignature'],
    ['asks for itself alone', (r) => ({ ...r, elements: [guess, other] }), 'badSignature'],
    ['asks under fewer epochs', (r) => ({ ...r, epochs: [3] }), 'badSignature'],
    ['changes the order of the epochs', (r) => ({ ...r, epochs: [2, 3] }), 'badSignature'],
    ['asks under a retired epoch', (r) => ({ ...r, epochs: [3, 2, 1] }), 'wrongEpoch'],
    ['asks under an epoch that never was', (r) => ({ ...r, epochs: [4] }), 'wrongEpoch'],
    ['asks for an epoch twice', (r) => ({ ...r, epochs: [3, 2, 2] }), 'badInput'],
    [
      'signs the request anew with a key of its own',
      (r) => ({
        ...r,
        authorization: { ...r.authorization, request: resign(r.authorization.request, rivalForceKey, {}) },
      }),
      'badSignature',
    ],
    ['asks for it as an owner', (r) => ownerRequest(fixture, r.elements, null), 'tokenRequired'],
    ['asks for its own guess as an owner', () => ownerRequest(fixture, [guess], null), 'tokenRequired'],
  ])('%s', async (_, change, code) => {
    await expectRefused(change(signed), code);
  });

  it('puts it under another officer’s credential, or another force’s', async () => {
    const colleague = await fixture.createOfficer('colleague');
    const rival = await credentials({ force: 'rival-force', forceKey: rivalForceKey });
    const withChain = (chain: Partial<OfficerRequest['authorization']>): OfficerRequest => ({
      ...signed,
      authorization: { ...signed.authorization, ...chain },
    });
    await expectRefused(withChain({ officerCredential: colleague.officerCredential }), 'badSignature');
    await expectRefused(withChain({ forceCredential: rival.forceCredential }), 'badCredential');
    const { forceCredential, officerCredential } = rival;
    await expectRefused(withChain({ forceCredential, officerCredential }), 'badSignature');
  });

  it('uses a signature for one purpose for the other', async () => {
    const elements = [randomElement()];
    const evaluation = authorizationHash(signed.authorization);
    const common = { caseCommitment: randomBytes(32), roster: fixture.roster, epochs: [3, 2], now: fixture.now };
    const forLookup = await signOfficerRequest(officer, { ...common, purpose: 'lookup', content: elements });
    await expectRefused({ purpose: 'lookup', epochs: [3, 2], elements, authorization: forLookup }, 'badSignature');
    const content = [evaluation, ...elements];
    const forEvaluation = await signOfficerRequest(officer, { ...common, purpose: 'evaluation', content });
    const url = `${services.registryFile.url}/v1/lookups`;
    const body = { evaluation, tags: elements, authorization: forEvaluation };
    expect((await postMessage(url, lookupRequestSchema, body)).code).toBe('badSignature');
  });

  it('has cost the officer nothing: the whole quota is left', async () => {
    const elements = (count: number): Uint8Array[] => Array.from({ length: count }, randomElement);
    for (const count of [64, 36]) {
      expect(await askEverybody(await officerRequest(fixture, officer, elements(count)))).toEqual([
        'ok',
        'ok',
        'ok',
        'ok',
      ]);
    }
    await expectRefused(await officerRequest(fixture, officer, elements(1)), 'quotaExceeded');
  });
});

describe('a relay that changes an owner’s request', () => {
  let element: Uint8Array;
  let paid: OwnerRequest;
  beforeAll(async () => {
    element = randomElement();
    paid = ownerRequest(fixture, [element], await createToken(fixture, element));
  });
  const guess = randomElement();

  it.each<[string, (request: OwnerRequest) => EvaluationRequest, ErrorCode]>([
    ['strips the token', (r) => ({ ...r, token: null }), 'tokenRequired'],
    ['spends the token on its own guess', (r) => ({ ...r, elements: [guess] }), 'tokenForAnotherElement'],
    ['adds its own guess', (r) => ({ ...r, elements: [...r.elements, guess] }), 'badInput'],
    ['doubles the element', (r) => ({ ...r, elements: [element, element] }), 'badInput'],
    ['names another roster', (r) => ({ ...r, roster: randomBytes(32) }), 'wrongRoster'],
    ['asks under a retired epoch', (r) => ({ ...r, epochs: [1] }), 'wrongEpoch'],
  ])('%s', async (_, change, code) => {
    await expectRefused(change(paid), code);
  });

  it('adds its own guess to an element that was accepted', async () => {
    expect(await askEverybody(paid)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(await askEverybody({ ...paid, token: null })).toEqual(['ok', 'ok', 'ok', 'ok']);
    await expectRefused(ownerRequest(fixture, [element, guess], null), 'tokenRequired');
  });
});

/** A roster like the real one in which the forger has a say. */
function forge(change: Partial<Roster>): Roster {
  return { ...fixture.roster.roster, ...change };
}

const forgers = [1, 2, 3].map(() => createSigningKey());
const forgedGuardians = (): Roster['guardians'] =>
  fixture.roster.roster.guardians.map((guardian, i) => ({
    ...guardian,
    operatorKey: (forgers[i] as SigningKey).publicKey,
  }));

/** The roster after the real one. */
const successor = (change: Partial<Roster> = {}): Roster =>
  forge({ version: 2, predecessor: fixture.roster.hash, ...change });

const withSignatures = (signed: SignedRoster, signatures: SignedRoster['signatures']): SignedRoster => ({
  ...signed,
  signatures,
});

/** The forged chains, by what is wrong, with the field that the refusal names. */
function forgedChains(): [what: string, chain: SignedRoster[], field: string][] {
  const [first] = fixture.chain as [SignedRoster];
  const { operators } = fixture;
  const ownGuardians = signByOperators(forge({ guardians: forgedGuardians() }), forgers);
  const ownForce = { id: 'my-force', name: 'Mine', codesPerDay: 1_000_000, codesPerOfficerAndDay: 1_000_000 };
  const more = successor({ forces: [...fixture.roster.roster.forces, ownForce] });
  const [one, two] = signByOperators(more, operators).signatures as [
    SignedRoster['signatures'][number],
    SignedRoster['signatures'][number],
  ];
  const draft = signByOperators(more, operators);
  const byForger = { guardian: 'g2', signature: signRoster(draft.roster, forgers[1] as SigningKey) };
  return [
    ['guardians of his own making', [ownGuardians], 'chain'],
    ['the first roster with a force of his own', [signByOperators(forge({ forces: [ownForce] }), operators)], 'chain'],
    ['a later roster in the place of the first', [draft], 'chain'],
    ['a first roster that nobody signed', [withSignatures(first, [])], 'signatures'],
    ['a first roster that t-1 signed', [withSignatures(first, first.signatures.slice(1))], 'signatures'],
    ['a successor that t-1 signed', [first, withSignatures(draft, [one])], 'signatures'],
    ['a successor that one operator signed twice', [first, withSignatures(draft, [one, one])], 'signatures'],
    [
      'a successor with one signature under two names',
      [first, withSignatures(draft, [one, { ...one, guardian: 'g2' }])],
      'signatures',
    ],
    [
      'a successor that a stranger signed too',
      [first, withSignatures(draft, [one, { ...two, guardian: 'g9' }])],
      'signatures',
    ],
    ['a successor signed in a guardian’s name', [first, withSignatures(draft, [one, byForger])], 'signatures'],
    [
      'a successor signed by the guardians that it names itself',
      [first, signByOperators(successor({ guardians: forgedGuardians() }), forgers)],
      'signatures',
    ],
    [
      'signatures of another successor',
      [first, withSignatures(signByOperators(successor(), operators), [one, two])],
      'signatures',
    ],
  ];
}

describe('a roster of the forger’s own making', () => {
  it('is refused by clients, whatever is wrong with it', async () => {
    const { url, rosterFingerprint } = services.registryFile;
    const connect = async (chain: SignedRoster[]): Promise<Registry> => {
      const fetch: Fetch = async () => Response.json(formatMessage(rosterChainSchema, { chain }));
      return Registry.connect(url, { rosterFingerprint, allowTestRoster: true, fetch });
    };
    await expect(connect([...fixture.chain])).resolves.toBeInstanceOf(Registry);
    const genuine = [...fixture.chain, signByOperators(successor(), fixture.operators)];
    await expect(connect(genuine)).resolves.toBeInstanceOf(Registry);
    for (const [what, chain, field] of forgedChains()) {
      await expect(connect(chain), what).rejects.toMatchObject({ code: 'badRoster', field });
    }
  });

  it('makes no request good at a guardian', async () => {
    for (const [, chain] of forgedChains()) {
      const { roster: bytes } = chain.at(-1) as SignedRoster;
      if (bytes === fixture.chain[0]?.roster) continue;
      const forged = { ...fixture, roster: { roster: fixture.roster.roster, hash: rosterHash(bytes) } };
      const element = randomElement();
      await expectRefused(ownerRequest(forged, [element], await createToken(fixture, element)), 'wrongRoster');
      await expectRefused(await officerRequest(forged, await fixture.createOfficer(), [element]), 'wrongRoster');
    }
  });

  it('of another registry, with its own keys, makes no request good either', async () => {
    const elsewhere = await createFixture({ origin: 'forger.example', epochs: [2, 3] });
    const request = await officerRequest(elsewhere, await elsewhere.createOfficer(), [randomElement()]);
    await expectRefused(request, 'badCredential');
  });
});

/** A `fetch` through a registry that changes its replies at one path. */
function lying(path: RegExp, change: (reply: unknown, request: string) => unknown): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!path.test(url as string) || !response.ok) return response;
    return Response.json(change(await response.json(), init?.body as string));
  };
}

async function connect(fetch?: Fetch): Promise<Registry> {
  const { registryFile } = services;
  return Registry.connect(registryFile.url, { ...connectionOf(registryFile), fetch, retry: { attempts: 1 } });
}

async function lookUp(code: string, fetch: Fetch): Promise<LookupResult> {
  const officer = new Officer(
    await connect(fetch),
    await services.createOfficer(`officer-${mintCode().toLowerCase()}`),
  );
  const plan = officer.plan([{ id: 'a', reading: code, scheme: 'bm1' }]);
  const [result] = await Array.fromAsync(officer.lookup(plan, { caseReference: 'CR/1/26' }));
  return result as LookupResult;
}

type Evaluations = EvaluationReply['evaluations'];

describe('a registry that changes the guardians’ answers', () => {
  const changing = (change: (evaluations: Evaluations, request: EvaluationRequest) => Evaluations): Fetch =>
    lying(/\/v1\/evaluations$/u, (reply, request) => {
      const parsed = parseMessage(evaluationReplySchema, reply);
      const asked = parseMessage(evaluationRequestSchema, JSON.parse(request));
      return formatMessage(evaluationReplySchema, { ...parsed, evaluations: change(parsed.evaluations, asked) });
    });
  /** The first guardian's answer changed, the rest as they are. */
  const first = (
    change: (evaluation: Evaluations[number], request: EvaluationRequest) => Evaluations[number],
  ): ReturnType<typeof changing> =>
    changing(([evaluation, ...rest], request) => [change(evaluation as Evaluations[number], request), ...rest]);
  const absent = (evaluations: Evaluations): string =>
    ['g1', 'g2', 'g3'].find((id) => !evaluations.some(({ guardian }) => guardian === id)) as string;
  /** A fake guardian: another share, and a proof that is good for it. */
  const fake = splitKey(2, 3).shares[0] as KeyShare;
  const evaluateFake = (publicShare: Uint8Array) =>
    first((evaluation, { elements }) => ({
      ...evaluation,
      evaluations: evaluation.evaluations.map(({ epoch }) => {
        const { evaluatedElements, proof } = blindEvaluate(fake.secret, publicShare, elements);
        return { epoch, elements: evaluatedElements, proof };
      }),
    }));
  const retired = (): Uint8Array => fixture.keys.get(3)?.shares[0]?.publicShare as Uint8Array;

  it.each<[string, () => Fetch, ErrorCode]>([
    ['a fake guardian’s, with its own proof', () => evaluateFake(fake.publicShare), 'guardiansUnavailable'],
    ['a fake guardian’s, with a proof for a true public share', () => evaluateFake(retired()), 'guardiansUnavailable'],
    [
      'one guardian’s under the name of another',
      () =>
        changing(([one, two]) => [
          one as Evaluations[number],
          { ...(two as Evaluations[number]), guardian: absent([one, two] as Evaluations) },
        ]),
      'guardiansUnavailable',
    ],
    ['one guardian’s twice', () => changing(([one]) => [one, one] as Evaluations), 'badReply'],
    ['a stranger’s', () => first((evaluation) => ({ ...evaluation, guardian: 'g9' })), 'badReply'],
    ['too few', () => changing((evaluations) => evaluations.slice(1)), 'guardiansUnavailable'],
    ['of one epoch alone', () => first((e) => ({ ...e, evaluations: e.evaluations.slice(1) })), 'guardiansUnavailable'],
    [
      'of one epoch under the name of the other',
      () => first((e) => ({ ...e, evaluations: e.evaluations.map((x) => ({ ...x, epoch: 5 - x.epoch })) })),
      'guardiansUnavailable',
    ],
    [
      'of elements that were not asked for',
      () => first((e) => ({ ...e, evaluations: e.evaluations.map((x) => ({ ...x, elements: [randomElement()] })) })),
      'guardiansUnavailable',
    ],
  ])('%s', async (_, lyingFetch, code) => {
    await expect(lookUp(mintCode(), lyingFetch())).rejects.toMatchObject({ code });
  });

  it('with old answers to another request', async () => {
    let old: Evaluations | undefined;
    const replaying = changing((evaluations) => (old ??= evaluations));
    await lookUp(mintCode(), replaying);
    await expect(lookUp(mintCode(), replaying)).rejects.toMatchObject({ code: 'guardiansUnavailable' });
  });
});

describe('a registry that changes registrations', () => {
  const [code, another] = [mintCode(), mintCode()];
  let rows: LookupReply['results'][number];
  const slots = (change: (slot: LookupReply['results'][number][number], i: number) => typeof slot): Fetch =>
    lying(/\/v1\/lookups$/u, (reply) => {
      const { results } = parseMessage(lookupReplySchema, reply);
      return formatMessage(lookupReplySchema, { results: results.map((places) => places.map(change)) });
    });
  const rowsWith = (change: (row: NonNullable<(typeof rows)[number]['registration']>) => typeof row): Fetch =>
    slots((slot) => (slot.registration === null ? slot : { ...slot, registration: change(slot.registration) }));

  beforeAll(async () => {
    const storage = { append: async (): Promise<void> => {} };
    const phrase = createRecoveryPhrase();
    const vault = await Vault.create({ phrase, passphrase: 'a passphrase', storage, parameters: CHEAP_STRETCH });
    const owner = await Owner.open(await connect(), vault, services.registryFile);
    const keys = await services.createActivationKeys(2);
    const items = [{ category: 'Shotgun' }];
    await owner.register({ code, items, activationKey: keys[0] as string });
    await owner.register({ code: another, items, activationKey: keys[1] as string });
    await lookUp(
      another,
      slots((slot) => ((rows = [...(rows ?? []), slot]), slot)),
    );
    expect(await lookUp(code, fetch)).toMatchObject({ result: 'hit', refused: 0 });
  });

  const mine = createSigningKey();
  it.each<[string, () => Fetch]>([
    ['flips a status', () => rowsWith((row) => ({ ...row, status: 'stolen' }))],
    ['changes a date', () => rowsWith((row) => ({ ...row, registeredOn: '2020-01-01' }))],
    ['changes a version', () => rowsWith((row) => ({ ...row, version: 2 }))],
    ['changes an epoch', () => rowsWith((row) => ({ ...row, epoch: 2 }))],
    ['changes a salt', () => rowsWith((row) => ({ ...row, salt: randomBytes(32) }))],
    ['changes an envelope', () => rowsWith((row) => ({ ...row, itemEnvelope: flip(row.itemEnvelope, 40) }))],
    ['adds a contact', () => rowsWith((row) => ({ ...row, contactEnvelope: new Uint8Array(512) }))],
    ['changes a signature', () => rowsWith((row) => ({ ...row, rowSignature: flip(row.rowSignature, 0) }))],
    [
      'answers with another code’s',
      () =>
        rowsWith(
          () =>
            rows.find((slot) => slot.registration !== null)?.registration as NonNullable<
              (typeof rows)[number]['registration']
            >,
        ),
    ],
    ['makes one up', () => rowsWith(() => createMark(fixture, { signingKey: mine }).row)],
    [
      'makes one up at the right place',
      () =>
        rowsWith(
          ({ index, salt, commitment }) =>
            createMark(fixture, { signingKey: mine, change: { index, salt, commitment } }).row,
        ),
    ],
  ])('%s', async (_, lyingFetch) => {
    expect(await lookUp(code, lyingFetch())).toMatchObject({ result: 'miss', refused: 1, registrations: [] });
  });

  it('answers for fewer tags than were asked for', async () => {
    const fewer = lying(/\/v1\/lookups$/u, (reply) => ({ results: (reply as LookupReply).results.slice(1) }));
    await expect(lookUp(code, fewer)).rejects.toMatchObject({ code: 'badReply' });
  });

  it('puts a made-up claim beside the true one, which alone is believed', async () => {
    const beside = slots((slot, i) => (i === 1 ? { ...slot, registration: createMark(fixture).row } : slot));
    // Two live epochs are asked for, and the lie stands beside both.
    expect(await lookUp(code, beside)).toMatchObject({
      result: 'hit',
      refused: 2,
      registrations: [{ status: 'withKeeper' }],
    });
  });
});

describe('what a registry that lies says to people', () => {
  const saying =
    (problem: object): Fetch =>
    async () =>
      Response.json(
        { type: 't', title: 't', status: 403, code: 'notFound', detail: 'No', ...problem },
        { status: 403 },
      );
  const connectTo = async (fetch: Fetch): Promise<Registry> => {
    const { url, rosterFingerprint } = services.registryFile;
    return Registry.connect(url, { rosterFingerprint, allowTestRoster: true, fetch, retry: { attempts: 1 } });
  };

  it('is repeated when it is plain', async () => {
    const remedy = 'Ask again tomorrow.';
    await expect(connectTo(saying({ remedy }))).rejects.toMatchObject({ code: 'notFound', message: 'No', remedy });
  });

  it.each([
    ['a control sequence that clears the screen', { detail: '\u001b[2J' }],
    ['an 8-bit control sequence', { remedy: '\u009b2J' }],
    ['text that reads backwards', { remedy: '\u202egnorw' }],
    ['a guardian’s name that is none', { guardians: ['g1\u0007'] }],
    ['more than anyone reads', { detail: 'x'.repeat(100_000) }],
    ['a code that does not exist', { code: 'trustMe' }],
  ])('is not repeated when it is %s', async (_, problem) => {
    const message = 'The service answered with HTTP status 403';
    const expected = { code: 'badReply', message, remedy: undefined, guardians: undefined };
    await expect(connectTo(saying(problem))).rejects.toMatchObject(expected);
  });
});

describe('what the services say to a forger', () => {
  it('quotes nothing that he sent', async () => {
    const element = randomElement();
    const token = await createToken(fixture, element, { key: await createTokenKey() });
    const answers: Answer[] = await Promise.all(
      [...services.guardianUrls.values()].map(async (url) => askGuardian(url, ownerRequest(fixture, [element], token))),
    );
    for (const { text } of answers) {
      expect(text).not.toContain(Buffer.from(element).toString('base64url'));
      expect(text).not.toContain(Buffer.from(token).toString('base64url').slice(0, 40));
    }
  });
});
