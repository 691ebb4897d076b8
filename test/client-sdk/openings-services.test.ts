/** Openings and messages against the real services: registry, guardians, log and the force's list of revocations. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContactChoice } from '../../client-sdk/contacts.ts';
import { readExplanation } from '../../client-sdk/explanations.ts';
import type { RetryPolicy } from '../../client-sdk/http.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Openings, type OpenableHit } from '../../client-sdk/openings.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { officerThumbprint } from '../../crypto/credential.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import type { OfficerSigner } from '../../crypto/officer-request.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';
import { refusal } from '../support/refusal.ts';
import { startServices, type Services } from '../support/services.ts';

const CASE = 'CR/1/26';
const details: ContactChoice = {
  kind: 'details',
  name: 'A. Keeper',
  email: 'keeper@example.org',
  second: { name: 'B.' },
};
let services: Services;
let owner: Owner;
let firstSigner: OfficerSigner;
let first: Openings;
let second: Openings;
beforeAll(async () => {
  services = await startServices();
  const storage = { append: async () => undefined };
  const vault = await Vault.create({
    phrase: createRecoveryPhrase(),
    passphrase: 'a passphrase',
    storage,
    parameters: CHEAP_STRETCH,
  });
  owner = await Owner.open(await connect(), vault, services.registryFile);
  firstSigner = await services.createOfficer('officer-a');
  first = new Openings(await connect(), firstSigner);
  second = new Openings(await connect(), await services.createOfficer('officer-b'));
});
afterAll(async () => {
  await services.stopAll();
});

async function connect(retry: Partial<RetryPolicy> = { firstDelayMs: 1 }): Promise<Registry> {
  const { registryFile, clock } = services;
  return Registry.connect(registryFile.url, { ...connectionOf(registryFile), retry, now: () => clock.now });
}

async function register(contact: ContactChoice) {
  const [activationKey] = await services.createActivationKeys(1);
  const code = mintCode();
  const items = [{ category: 'Shotgun', make: 'AYA' }];
  return owner.register({ code, items, activationKey: activationKey as string, contact });
}

/** The hit of a code, as the first officer has it after a lookup. */
async function lookUp(code: string, signer = firstSigner): Promise<OpenableHit> {
  const officer = new Officer(await connect(), signer);
  const plan = officer.plan([{ id: '1', reading: code, scheme: 'bm1' }]);
  const [result] = await Array.fromAsync(officer.lookup(plan, { caseReference: CASE }));
  const { registrations, evidence } = result as LookupResult;
  const [found] = registrations;
  if (found === undefined) throw new Error('it is not found');
  return { caseReference: CASE, caseSalt: evidence.caseSalt, ...found.evidence };
}

async function open(hit: OpenableHit): Promise<string> {
  const { token } = await first.ask(hit, { reason: 'returnProperty', explanation: 'In a van.' });
  await second.approve(await second.inspect(token, CASE));
  return token;
}

describe('a contact', () => {
  it('is opened by two officers, in the log, and the owner reads who did', async () => {
    const mark = await register(details);
    const hit = await lookUp(mark.canonical);
    const { token } = await first.ask(hit, { reason: 'suspectedTheft' });
    expect(await first.contact(token, hit)).toMatchObject({ status: 'pending' });
    const inspected = await second.inspect(token, CASE);
    expect(inspected).toMatchObject({ status: 'pending', reason: 'suspectedTheft', askedBy: 'officer-a' });
    const logged = await second.approve(inspected);
    const outcome = await first.contact(token, hit);
    expect(outcome).toEqual({ status: 'opened', contact: details, logged, faults: [] });
    const { lines } = await owner.history(mark);
    expect(lines.map(({ entry }) => entry.kind)).toEqual(['registration', 'match', 'opening']);
    expect(lines[2]).toMatchObject({
      index: logged?.entry,
      entry: { force: 'demo-force', first: 'officer-a', second: 'officer-b' },
    });
  });

  it('is approved once, and has one entry in the log', async () => {
    const mark = await register(details);
    const hit = await lookUp(mark.canonical);
    const { token } = await first.ask(hit, { reason: 'safety' });
    const inspected = await second.inspect(token, CASE);
    const logged = await second.approve(inspected);
    expect((await second.inspect(token, CASE)).status).toBe('opened');
    expect(await first.contact(token, hit)).toMatchObject({ status: 'opened', logged });
    await expect(second.approve(inspected)).rejects.toThrow(refusal('openingNotPending'));
    const { lines } = await owner.history(mark);
    expect(lines.filter(({ entry }) => entry.kind === 'opening')).toHaveLength(1);
  });

  it('is replaced by its owner, and asked for as it is now', async () => {
    const mark = await register(details);
    const old = await lookUp(mark.canonical);
    await owner.replaceContact(mark, { kind: 'details', telephone: '101' });
    await expect(first.ask(old, { reason: 'safety' })).rejects.toThrow(refusal('badEnvelope', 'envelopeHash'));
    const fresh = await lookUp(mark.canonical);
    const token = await open(fresh);
    expect(await first.contact(token, fresh)).toMatchObject({ contact: { kind: 'details', telephone: '101' } });
    await owner.replaceContact(owner.find(mark.canonical, 'bm1'), null);
    await expect(first.ask(await lookUp(mark.canonical), { reason: 'safety' })).rejects.toThrow(
      refusal('badEnvelope', 'contactEnvelope'),
    );
  });

  it('is gone with its registration, even between asking and approval', async () => {
    const mark = await register(details);
    const hit = await lookUp(mark.canonical);
    const { token } = await first.ask(hit, { reason: 'safety' });
    const inspected = await second.inspect(token, CASE);
    await owner.withdraw(mark);
    await expect(second.approve(inspected)).rejects.toThrow(refusal('notFound'));
    await expect(first.contact(token, hit)).rejects.toThrow(refusal('notFound'));
  });

  it('needs a match of this case by this force', async () => {
    const [one, two] = [
      await lookUp((await register(details)).canonical),
      await lookUp((await register(details)).canonical),
    ];
    await expect(first.ask({ ...one, match: two.match }, { reason: 'safety' })).rejects.toThrow(refusal('notMatched'));
    await expect(first.ask({ ...one, caseSalt: two.caseSalt }, { reason: 'safety' })).rejects.toThrow(
      refusal('notMatched'),
    );
    await expect(first.ask({ ...one, lookupTag: two.lookupTag }, { reason: 'safety' })).rejects.toThrow(
      refusal('notFound'),
    );
  });

  it('comes with what the officer wrote to the force, which only the force reads', async () => {
    const hit = await lookUp((await register(details)).canonical);
    const token = await open(hit);
    const { fixture } = services;
    const force = {
      format: 'blindmark-force-v1' as const,
      origin: fixture.origin,
      force: 'demo-force',
      seed: fixture.forceKey.seed,
      exchangeSecret: fixture.forceExchange.secret,
      forceCredential: fixture.forceCredential,
    };
    expect(await readExplanation(first.registry, token, force)).toEqual({
      text: 'In a van.',
      reason: 'returnProperty',
      askedBy: 'officer-a',
      match: hit.match.logged.index,
    });
    await expect(readExplanation(first.registry, token, { ...force, force: 'other' })).rejects.toThrow(
      refusal('badFile', 'force'),
    );
    await expect(
      readExplanation(first.registry, token, { ...force, exchangeSecret: new Uint8Array(32).fill(9) }),
    ).rejects.toThrow(refusal('badEnvelope'));
  });
});

describe('a message', () => {
  it('reaches a keeper who left no contact but a key, and is erased once it is acknowledged', async () => {
    const mark = await register({ kind: 'relay' });
    const hit = await lookUp(mark.canonical);
    const { token } = await first.ask(hit, { reason: 'returnProperty' });
    await second.approve(await second.inspect(token, CASE));
    const outcome = await first.contact(token, hit);
    if (outcome.status !== 'opened') throw new Error('it is not opened');
    expect(await owner.messages(mark)).toEqual({ messages: [], refused: [] });
    await first.leaveMessage(token, hit, outcome.contact, { text: 'Please call.', replyTo: '101' });
    const { messages } = await owner.messages(mark);
    expect(messages).toMatchObject([
      { text: 'Please call.', replyTo: '101', force: 'demo-force', officer: 'officer-a' },
    ]);
    // It is of the very opening that the log tells of.
    const { lines } = await owner.history(mark);
    const opening = lines.find(({ entry }) => entry.kind === 'opening')?.entry;
    expect(opening).toMatchObject({ caseCommitment: messages[0]?.caseCommitment, force: messages[0]?.force });
    const ids = messages.map(({ id }) => id);
    expect((await owner.messages(mark, ids)).messages).toEqual([]);
    expect((await owner.messages(mark)).messages).toEqual([]);
  });

  it('is left under an opened opening alone', async () => {
    const mark = await register({ kind: 'relay' });
    const hit = await lookUp(mark.canonical);
    const { token } = await first.ask(hit, { reason: 'safety' });
    const contact = { kind: 'relay' as const, exchangeKey: officerThumbprint(new Uint8Array(32)) };
    await expect(first.leaveMessage(token, hit, contact, { text: 'x' })).rejects.toThrow(refusal('openingNotPending'));
  });
});

describe('a revoked officer', () => {
  it('cannot approve, though the opening was asked for before', async () => {
    const hit = await lookUp((await register(details)).canonical);
    const { token } = await first.ask(hit, { reason: 'safety' });
    const signer = await services.createOfficer('officer-x');
    const colleague = new Openings(await connect(), signer);
    const inspected = await colleague.inspect(token, CASE);
    await services.revocations.revoke(officerThumbprint(signer.key.publicKey));
    await expect(colleague.approve(inspected)).rejects.toThrow(refusal('credentialRevoked'));
    await expect(second.approve(await second.inspect(token, CASE))).resolves.not.toBeNull();
  });

  it('has its openings refused that wait for approval', async () => {
    const signer = await services.createOfficer('officer-y');
    const asker = new Openings(await connect(), signer);
    const hit = await lookUp((await register(details)).canonical, signer);
    const { token } = await asker.ask(hit, { reason: 'safety' });
    const inspected = await second.inspect(token, CASE);
    await services.revocations.revoke(officerThumbprint(signer.key.publicKey));
    await expect(second.approve(inspected)).rejects.toThrow(refusal('credentialRevoked'));
    expect(await asker.contact(token, hit)).toMatchObject({ status: 'pending' });
  });
});

describe('with guardians down', () => {
  it('opens while enough are up; else it stays approved, and opens once they are back', async () => {
    const hit = await lookUp((await register(details)).canonical);
    await services.stop('g3');
    const token = await open(hit);
    expect(await first.contact(token, hit)).toMatchObject({ status: 'opened', contact: details });
    const later = await first.ask(hit, { reason: 'safety' });
    const inspected = await second.inspect(later.token, CASE);
    await services.stop('g2');
    // Each attempt waits for the guardians.
    const impatient = new Openings(await connect({ attempts: 1 }), await services.createOfficer('officer-b'));
    await expect(impatient.approve(inspected)).rejects.toThrow(refusal('guardiansUnavailable'));
    expect(await first.contact(later.token, hit)).toMatchObject({ status: 'approved' });
    await services.restart('g2');
    expect(await first.contact(later.token, hit)).toMatchObject({ status: 'opened', contact: details });
  });
});
