/**
 * Forgers: whoever makes up a roster, an issuer, a force or an authority root; and a relay, which changes what passes through
 * it to the guardians. Each is refused for its own reason: by every guardian at its own address, by the registry, and where it
 * is about rosters by the clients.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fetch } from '../../client-sdk/http.ts';
import { Registry } from '../../client-sdk/registry.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import type { ErrorCode } from '../../crypto/errors.ts';
import { formatMessage } from '../../crypto/message.ts';
import { authorizationHash, signOfficerRequest, type OfficerSigner } from '../../crypto/officer-request.ts';
import {
  rosterHash,
  signRoster,
  verifyRosterChain,
  type Roster,
  type RosterForce,
  type RosterIssuer,
  type SignedRoster,
} from '../../crypto/roster.ts';
import { createSigner, createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { lookupRequestSchema, rosterReplySchema, type EvaluationRequest, type RosterReply } from '../../crypto/wire.ts';
import { createTokenKey } from '../../server/issuer/token-key.ts';
import { createFixture, signByOperators, type Fixture, type TokenKey } from '../support/fixture.ts';
import { resign } from '../support/jws.ts';
import { createTestLog } from '../support/log.ts';
import { startServices, type Services } from '../support/services.ts';
import { officerRequest, ownerRequest } from '../server/guardian/world.ts';
import { createToken, randomElement } from '../support/tokens.ts';
import { askGuardians, askRegistry, postMessage } from './ask.ts';

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
  const answers = await Promise.all([askGuardians(services, request), askRegistry(services.registryFile.url, request)]);
  return answers.flat().map(({ code }) => code);
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
    key: createSigner(key),
    forceCredential: await createForceCredential(root, { origin, force, publicKey: forceKey.publicKey, now }),
    officerCredential: await createOfficerCredential(options.officerSigner ?? forceKey, {
      origin,
      force: options.officerForce ?? force,
      pseudonym: 'officer-x',
      persons: officerPersons(forceKey.seed, 'x', { now }),
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
    ['asks for it as an owner', (r) => ownerRequest(fixture, r.elements.slice(1), null), 'tokenRequired'],
    ['asks for all of it as an owner', (r) => ownerRequest(fixture, r.elements, null), 'badInput'],
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
    await expectRefused(ownerRequest(fixture, [element, guess], null), 'badInput');
    await expectRefused(ownerRequest(fixture, [guess], null), 'tokenRequired');
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
  const ownForce = {
    ...(fixture.roster.roster.forces[0] as RosterForce),
    id: 'my-force',
    name: 'Mine',
    codesPerDay: 1_000_000,
    codesPerOfficerAndDay: 1_000_000,
  };
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
    const connect = async (chain: SignedRoster[], log: RosterReply['log'] = null): Promise<Registry> => {
      const fetch: Fetch = async () => Response.json(formatMessage(rosterReplySchema, { chain, log }));
      return Registry.connect(url, { rosterFingerprint, allowTestRoster: true, fetch });
    };
    const genuine = async (chain: SignedRoster[]): Promise<Registry> => {
      const roster = verifyRosterChain(chain, rosterFingerprint, { allowTestRoster: true });
      const log = createTestLog({ ...fixture, chain, roster });
      return connect(chain, { checkpoint: log.note(), logged: log.logged(0) });
    };
    await expect(genuine([...fixture.chain])).resolves.toBeInstanceOf(Registry);
    const grown = [...fixture.chain, signByOperators(successor(), fixture.operators)];
    await expect(genuine(grown)).resolves.toBeInstanceOf(Registry);
    for (const [what, chain, field] of forgedChains()) {
      await expect(connect(chain), what).rejects.toMatchObject({ code: 'badRoster', field });
    }
  });

  it('makes no request good at a guardian', async () => {
    for (const [, chain] of forgedChains()) {
      const { roster: bytes } = chain.at(-1) as SignedRoster;
      if (bytes === fixture.chain[0]?.roster) continue;
      const forged = { ...fixture, roster: { ...fixture.roster, hash: rosterHash(bytes) } };
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

describe('what the services say to a forger', () => {
  it('quotes nothing that he sent', async () => {
    const element = randomElement();
    const token = await createToken(fixture, element, { key: await createTokenKey() });
    for (const { text } of await askGuardians(services, ownerRequest(fixture, [element], token))) {
      expect(text).not.toContain(Buffer.from(element).toString('base64url'));
      expect(text).not.toContain(Buffer.from(token).toString('base64url').slice(0, 40));
    }
  });
});
