/**
 * A keeper's contact against everybody who is short of something: one officer alone, whoever has the registry and its log,
 * stolen guardians, the code without officers, officers without the code. Every subset is tried against real guardians.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContactChoice } from '../../client-sdk/contacts.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Openings, type OpenableHit } from '../../client-sdk/openings.ts';
import { parseOpeningToken } from '../../client-sdk/opening-token.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { concatBytes, formatBase64url, parseBase64url, randomBytes } from '../../crypto/bytes.ts';
import { contactElement, contactEnvelopeHash, openContactEnvelope } from '../../crypto/contact-envelope.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { hourOf, markHash } from '../../crypto/log-entry.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import {
  caseCommitment,
  signOfficerRequest,
  type OfficerAuthorization,
  type OfficerSigner,
  type Purpose,
} from '../../crypto/officer-request.ts';
import { openingHash, openingId, sealExplanation, type OpeningDetails } from '../../crypto/opening.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import { createSigner, createSigningKey } from '../../crypto/signature.ts';
import { combine, type PartialEvaluation } from '../../crypto/threshold.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';
import { startServices, type Services } from '../support/services.ts';
import { subsets, type SplitKey } from '../support/split-key.ts';
import { askWithEvidence, logEntry, post, send, type Answer } from './ask.ts';
import { filesOf, takeLoot } from './loot.ts';

const CASE = 'CR/1/26';
const CONTACT: ContactChoice = { kind: 'details', name: 'A. Keeper', telephone: '+44 20 7946 0000' };
let services: Services;
let owner: Owner;
let first: OfficerSigner;
let second: OfficerSigner;
/** Of the contact that is attacked: nobody ever opens it rightly but where a subset may. */
let hit: OpenableHit;

async function connect(): Promise<Registry> {
  const { registryFile, clock } = services;
  return Registry.connect(registryFile.url, { ...connectionOf(registryFile), now: () => clock.now });
}

async function registerAndLookUp(signer: OfficerSigner, contact = CONTACT): Promise<OpenableHit> {
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  const code = mintCode();
  await owner.register({ code, items: [{ category: 'Shotgun' }], activationKey, contact });
  const officer = new Officer(await connect(), signer);
  const plan = officer.plan([{ id: '1', reading: code, scheme: 'bm1' }]);
  const [result] = await Array.fromAsync(officer.lookup(plan, { caseReference: CASE }));
  const { registrations, evidence } = result as LookupResult;
  const [found] = registrations;
  if (found === undefined) throw new Error('it is not found');
  return { caseReference: CASE, caseSalt: evidence.caseSalt, ...found.evidence };
}

beforeAll(async () => {
  services = await startServices();
  const storage = { append: async () => undefined };
  const vault = { phrase: createRecoveryPhrase(), passphrase: 'a passphrase', storage, parameters: CHEAP_STRETCH };
  owner = await Owner.open(await connect(), await Vault.create(vault), services.registryFile);
  [first, second] = await Promise.all([services.createOfficer('officer-a'), services.createOfficer('officer-b')]);
  hit = await registerAndLookUp(first);
});
afterAll(async () => {
  await services.stopAll();
});

const envelopeOf = ({ row }: OpenableHit): Uint8Array => row.contactEnvelope as Uint8Array;
const decryptionKey = (): SplitKey => services.fixture.decryptionKeys.get(1) as SplitKey;

function detailsOf(of: OpenableHit, changes: Partial<OpeningDetails> = {}): OpeningDetails {
  const { origin, forceExchange } = services.fixture;
  const { commitment } = of.row;
  return {
    commitment,
    epoch: 1,
    envelopeHash: contactEnvelopeHash(envelopeOf(of)),
    match: of.match.logged.index,
    reason: 'safety',
    explanation: sealExplanation('', forceExchange.publicKey, { origin, force: 'demo-force', commitment }),
    expiresAt: services.clock.now + 3600,
    ...changes,
  };
}

async function sign(
  by: OfficerSigner,
  purpose: Purpose,
  content: readonly Uint8Array[],
  of = hit,
  expiresAt?: number,
): Promise<OfficerAuthorization> {
  const { now } = services.clock;
  return signOfficerRequest(by, {
    purpose,
    content,
    caseCommitment: caseCommitment(of.caseSalt, of.caseReference),
    roster: services.fixture.roster,
    epochs: [1],
    now,
    ...(expiresAt === undefined ? {} : { validSeconds: expiresAt - now }),
  });
}

const ask = async (by: OfficerSigner, details: OpeningDetails, of = hit): Promise<OfficerAuthorization> =>
  sign(by, 'opening', [openingHash(services.fixture.origin, details)], of, details.expiresAt);
const approve = async (
  by: OfficerSigner,
  details: OpeningDetails,
  asked: OfficerAuthorization,
  of = hit,
): Promise<OfficerAuthorization> => sign(by, 'approval', [openingId(services.fixture.origin, details, asked)], of);

/** What a request claims to be, as the log would have to say it. */
const pseudonymOf = ({ officerCredential }: OfficerAuthorization): string =>
  (JSON.parse(Buffer.from(officerCredential.split('.')[1] as string, 'base64url').toString()) as { sub: string }).sub;

/** Asks every guardian to decrypt, with whatever entry its evidence takes: whoever has the registry has its log. */
async function askGuardians(
  request: { details: OpeningDetails; first: OfficerAuthorization; second: OfficerAuthorization },
  envelope = envelopeOf(hit),
): Promise<Answer[]> {
  const { details, first: asked, second: approved } = request;
  const markSalt = randomBytes(32);
  const log = await logEntry(services, randomBytes(32), {
    kind: 'opening',
    hour: hourOf(services.clock.now),
    request: labelledHash('opening-request', openingId(services.fixture.origin, details, asked)),
    mark: markHash(markSalt, details.commitment),
    caseCommitment: caseCommitment(hit.caseSalt, hit.caseReference),
    force: 'demo-force',
    first: pseudonymOf(asked),
    second: pseudonymOf(approved),
  });
  const urls = [...services.guardianUrls.values()].map((url) => `${url}/v1/decrypt`);
  return Promise.all(
    urls.map(async (url) =>
      askWithEvidence(services, url, log, (seen) => ({ ...request, envelope, markSalt, log: seen })),
    ),
  );
}

/** The parts in guardians' answers, those of the group's members in the order of their indexes. */
function partsOf(answers: readonly Answer[]): PartialEvaluation[] {
  return answers.flatMap(({ code, text }, i) => {
    if (code !== 'ok') return [];
    const { element } = JSON.parse(text) as { element: string };
    return [{ index: i + 1, evaluatedElements: [parseBase64url('element', element, 32)] }];
  });
}

/** An officer that nobody certified, and one of a force that nobody certified. */
async function forgedOfficers(): Promise<OfficerSigner[]> {
  const { origin, now, fingerprint } = services.fixture;
  const [root, forceKey] = [createSigningKey(), createSigningKey()];
  const key = createSigner(createSigningKey());
  const facts = { origin, force: 'demo-force', now };
  const officerCredential = await createOfficerCredential(forceKey, {
    ...facts,
    pseudonym: 'officer-x',
    persons: officerPersons(forceKey.seed, 'x', { now }),
    publicKey: key.publicKey,
    rosterFingerprint: formatBase64url(fingerprint),
  });
  const forceCredential = await createForceCredential(root, { ...facts, publicKey: forceKey.publicKey });
  return [
    { key, officerCredential, forceCredential: services.fixture.forceCredential },
    { key, officerCredential, forceCredential },
    // A stolen credential without its key.
    { ...second, key },
  ];
}

/** All that officers can have guardians say, whoever of the two they are, with the registry's help and forged colleagues'. */
async function obtain(officers: readonly OfficerSigner[]): Promise<{ answers: Answer[]; parts: PartialEvaluation[] }> {
  const details = detailsOf(hit);
  const people = [...officers, ...(officers.length < 2 ? await forgedOfficers() : [])];
  const answers: Answer[] = [];
  for (const asker of people) {
    for (const approver of people) {
      const asked = await ask(asker, details);
      const approved = await approve(approver, details, asked);
      answers.push(...(await askGuardians({ details, first: asked, second: approved })));
      answers.push(...(await askGuardians({ details, first: asked, second: asked })));
    }
  }
  const perRound = services.guardianUrls.size;
  const rounds = Array.from({ length: answers.length / perRound }, (_, i) =>
    partsOf(answers.slice(i * perRound, (i + 1) * perRound)),
  );
  return { answers, parts: rounds.find((parts) => parts.length > 0) ?? [] };
}

/** Whether a contact opens with these parts, however few, combined in any way, and the code's key or guesses at it. */
function opens(parts: readonly PartialEvaluation[], codeKeys: readonly Uint8Array[], of = hit): boolean {
  const envelope = envelopeOf(of);
  const byIndex = [...new Map(parts.map((part) => [part.index, part])).values()];
  const combined = [1, 2, 3].flatMap((size) => subsets(byIndex, size).flatMap((chosen) => combine(chosen, size)));
  const elements = [
    ...combined,
    contactElement(envelope),
    decryptionKey().groupKey,
    ...parts.flatMap((p) => p.evaluatedElements),
  ];
  return elements.some((shared) =>
    codeKeys.some((codeKey) => {
      try {
        return openContactEnvelope(envelope, { shared, codeKey, commitment: of.row.commitment }).kind === 'details';
      } catch (error) {
        if (isBlindmarkError(error, 'badEnvelope')) return false;
        throw error;
      }
    }),
  );
}

describe('who opens a contact', () => {
  it('is the code together with two officers, or with t stolen guardians: of all 64 subsets, those alone', async () => {
    const HOLDINGS = ['code', 'first', 'second', 'g1', 'g2', 'g3'] as const;
    const obtained = new Map<string, PartialEvaluation[]>();
    for (const officers of [[], [first], [second], [first, second]]) {
      const { answers, parts } = await obtain(officers);
      obtained.set(officers.map(({ officerCredential }) => officerCredential).join(), parts);
      // Each guardian by itself.
      if (officers.length < 2) expect(answers.map(({ code }) => code)).not.toContain('ok');
      else expect(parts).toHaveLength(3);
    }
    for (let mask = 0; mask < 2 ** HOLDINGS.length; mask++) {
      const held = HOLDINGS.filter((_, i) => (mask & (1 << i)) !== 0);
      const has = (name: (typeof HOLDINGS)[number]): boolean => held.includes(name);
      const officers = [...(has('first') ? [first] : []), ...(has('second') ? [second] : [])];
      const given = obtained.get(officers.map(({ officerCredential }) => officerCredential).join()) ?? [];
      const stolen = decryptionKey().shares.filter(({ index }) => has(`g${index as 1 | 2 | 3}`));
      const element = contactElement(envelopeOf(hit));
      const made = stolen.map(({ index, secret }) => ({
        index,
        evaluatedElements: [sodiumGroup.multiply(secret, element)],
      }));
      // What the registry has besides is at hand in every case: row, tag, parts.
      const { row, lookupTag } = hit;
      const codeKeys = has('code') ? [hit.codeKey] : [lookupTag, row.salt, row.commitment, new Uint8Array(32)];
      const enough = stolen.length >= 2 || officers.length === 2;
      expect({ held, opens: opens([...made, ...given], codeKeys) }).toEqual({ held, opens: has('code') && enough });
    }
  });

  it('is nobody with one guardian’s part and an officer: t-1 shares and one officer are t-1 shares', async () => {
    const { answers, parts } = await obtain([first]);
    expect(parts).toEqual([]);
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['sameOfficer', 'badSignature', 'badCredential']));
  });
});

describe('an officer alone', () => {
  it('gets nothing through the registry: not by approving, not by a second credential of one pseudonym', async () => {
    const theirs = await registerAndLookUp(first);
    const { token } = await new Openings(await connect(), first).ask(theirs, { reason: 'safety' });
    const { id } = parseOpeningToken(token);
    const url = `${services.registryFile.url}/v1/openings/${formatBase64url(id)}/approvals`;
    const twin = await services.createOfficer('officer-a');
    for (const signer of [first, twin]) {
      const authorization = await sign(signer, 'approval', [id], theirs);
      expect(await post(url, { authorization })).toMatchObject({ status: 403, code: 'sameOfficer' });
    }
    const asked = await send(url.replace('/approvals', ''));
    expect(JSON.parse(asked.text)).toMatchObject({ status: 'pending', result: null });
  });

  it('gets nothing with a colleague’s approval of something else', async () => {
    const [one, two] = [detailsOf(hit), detailsOf(hit, { reason: 'courtOrder' })];
    const [asked, other] = [await ask(first, one), await ask(first, two)];
    const approved = await approve(second, two, other);
    for (const answer of await askGuardians({ details: one, first: asked, second: approved })) {
      expect(answer).toMatchObject({ status: 403, code: 'badSignature' });
    }
  });
});

describe('a contact sent another way', () => {
  it('through evaluate comes back under the evaluation key, which opens nothing', async () => {
    const R = contactElement(envelopeOf(hit));
    const factor = sodiumGroup.reduceScalar(randomBytes(64));
    const elements = [R, sodiumGroup.multiply(factor, R)];
    const authorization = await sign(first, 'evaluation', elements);
    const request = { purpose: 'lookup' as const, epochs: [1], elements, authorization };
    const answer = await post(`${services.registryFile.url}/v1/evaluations`, request);
    expect(answer.code).toBe('ok');
    const reply = JSON.parse(answer.text) as {
      evaluations: { guardian: string; evaluations: { elements: [string, string] }[] }[];
    };
    const inverse = sodiumGroup.invertScalar(factor);
    const parts = reply.evaluations.map(({ guardian, evaluations }) => {
      const [plain, scaled] = (evaluations[0]?.elements ?? []).map((text) => parseBase64url('element', text, 32)) as [
        Uint8Array,
        Uint8Array,
      ];
      expect(sodiumGroup.multiply(inverse, scaled)).toEqual(plain);
      return { index: Number(guardian.slice(1)), evaluatedElements: [plain] };
    });
    expect(parts.length).toBeGreaterThanOrEqual(2);
    expect(opens(parts, [hit.codeKey])).toBe(false);
    // Nor together with a stolen share of the other key.
    const [share] = decryptionKey().shares as [SplitKey['shares'][number]];
    const stolen = { index: share.index, evaluatedElements: [sodiumGroup.multiply(share.secret, R)] };
    const mixed = [stolen, ...parts.filter(({ index }) => index !== share.index)];
    expect(opens(mixed, [hit.codeKey])).toBe(false);
  });

  it('under a registration of one’s own, copied or rescaled, is refused by everyone', async () => {
    const own = await registerAndLookUp(first);
    const victim = envelopeOf(hit);
    const factor = sodiumGroup.reduceScalar(randomBytes(64));
    const part = (envelope: Uint8Array, i: number): Uint8Array => envelope.slice(32 * i, 32 * i + 32);
    const scale = (i: number): Uint8Array => sodiumGroup.multiply(factor, part(victim, i));
    const rest = victim.slice(64);
    const forged = [
      victim,
      concatBytes(scale(0), scale(1), rest),
      concatBytes(part(victim, 0), part(victim, 1), envelopeOf(own).slice(64)),
      concatBytes(scale(0), scale(1), envelopeOf(own).slice(64)),
      concatBytes(part(victim, 0), envelopeOf(own).slice(32)),
    ];
    for (const contactEnvelope of forged) {
      const theirs = { ...own, row: { ...own.row, contactEnvelope } };
      const details = detailsOf(theirs);
      const asked = await ask(first, details, theirs);
      const approved = await approve(second, details, asked, theirs);
      const answers = await askGuardians({ details, first: asked, second: approved }, contactEnvelope);
      for (const answer of answers) expect(['badEnvelope', 'badElement']).toContain(answer.code);
    }
  });

  it('with the parts of another opening stays shut', async () => {
    const other = await registerAndLookUp(first);
    const asker = new Openings(await connect(), first);
    const colleague = new Openings(await connect(), second);
    const { token } = await asker.ask(other, { reason: 'safety' });
    await colleague.approve(await colleague.inspect(token, CASE));
    const { text } = await send(
      `${services.registryFile.url}/v1/openings/${formatBase64url(parseOpeningToken(token).id)}`,
    );
    const { result } = JSON.parse(text) as { result: { decryptions: { guardian: string; element: string }[] } };
    const parts = result.decryptions.map(({ guardian, element }) => ({
      index: Number(guardian.slice(1)),
      evaluatedElements: [parseBase64url('element', element, 32)],
    }));
    expect(opens(parts, [other.codeKey], other)).toBe(true);
    expect(opens(parts, [hit.codeKey, other.codeKey])).toBe(false);
    // Whoever has the token has the parts, and without the code nothing.
    const { row, lookupTag } = other;
    expect(opens(parts, [lookupTag, row.commitment, row.salt, hit.codeKey], other)).toBe(false);
  });
});

describe('what is left of openings', () => {
  it('holds neither contact nor code, in any file or line of registry and guardians', () => {
    const loot = takeLoot(services.folder, filesOf(services.folder), services.lines);
    const { codeKey, lookupTag, row } = hit;
    expect([codeKey, lookupTag].map(loot.holds)).toEqual([false, false]);
    expect(['A. Keeper', '20 7946 0000', CASE].map(loot.mentions)).toEqual([false, false, false]);
    // While what is stored is found: the sealed envelope.
    expect(loot.holds(row.contactEnvelope as Uint8Array)).toBe(true);
  });
});
