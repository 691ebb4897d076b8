import { beforeEach, describe, expect, it } from 'vitest';
import { cosignCheckpoint } from '../../crypto/checkpoint.ts';
import type { Contact } from '../../crypto/contact.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import { hourOf } from '../../crypto/log-entry.ts';
import { MAX_OPENING_SECONDS, OPENING_SECONDS, type OfficerSigner } from '../../crypto/officer-request.ts';
import { openExplanation, openingHash } from '../../crypto/opening.ts';
import { createSigner, createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import type { OpeningReply } from '../../crypto/wire-openings.ts';
import { Openings } from '../../client-sdk/openings.ts';
import { formatOpeningToken, parseOpeningToken } from '../../client-sdk/opening-token.ts';
import { createFixture } from '../support/fixture.ts';
import { refusal } from '../support/refusal.ts';
import { partOf, startHandRegistry, type HandRegistry, type KnownHit } from './hand-registry.ts';

const details: Contact = { kind: 'details', name: 'A. Keeper', telephone: '+44 20 7946 0000' };
const fixture = await createFixture({
  change: (roster) => ({ ...roster, forces: [...roster.forces, { ...roster.forces[0], id: 'other-force' } as never] }),
});
const firstSigner = await fixture.createOfficer('officer-a');
const secondSigner = await fixture.createOfficer('officer-b');

let now = fixture.now;
let hand: HandRegistry;
let first: Openings;
let second: Openings;
let hit: KnownHit;
beforeEach(async () => {
  now = fixture.now;
  hand = await startHandRegistry(fixture, () => now);
  first = new Openings(hand.registry, firstSigner);
  second = new Openings(hand.registry, secondSigner);
  hit = hand.createHit(details);
});

const ask = async (of = hit) => (await first.ask(of, { reason: 'returnProperty' })).token;
const approve = async (token: string) => second.approve(await second.inspect(token, hit.caseReference));
const opened = async () => {
  const token = await ask();
  await approve(token);
  return token;
};
/** Has the registry say something else of an opening. */
const lie = (change: (reply: OpeningReply) => OpeningReply): void => {
  hand.lies.reply = change;
};
type Result = NonNullable<OpeningReply['result']>;
const lieOfResult = (change: (result: Result) => Result): void => {
  lie((reply) => (reply.result === null ? reply : { ...reply, result: change(reply.result) }));
};

async function signerOfForce(force: string, pseudonym: string): Promise<OfficerSigner> {
  const [forceKey, key] = [createSigningKey(), createSigner(createSigningKey())];
  const { origin, now: at } = fixture;
  const forceCredential = await createForceCredential(fixture.authorityRoot, {
    origin,
    force,
    publicKey: forceKey.publicKey,
    now: at,
  });
  const officerCredential = await createOfficerCredential(forceKey, {
    origin,
    force,
    pseudonym,
    persons: officerPersons(forceKey.seed, pseudonym, { now: at }),
    publicKey: key.publicKey,
    rosterFingerprint: Buffer.from(fixture.fingerprint).toString('base64url'),
    now: at,
  });
  return { key, officerCredential, forceCredential };
}

describe('an opening', () => {
  it('goes from the officer who asks to the colleague and back, and opens the contact on the officer’s machine', async () => {
    const asked = await first.ask(hit, { reason: 'suspectedTheft', explanation: 'In a van.', validSeconds: 3600 });
    expect(asked.expiresAt).toBe(fixture.now + 3600);
    expect(await first.contact(asked.token, hit)).toEqual({
      status: 'pending',
      expiresAt: asked.expiresAt,
      faults: [],
    });
    const toApprove = await second.inspect(asked.token, 'CR/1/26');
    expect(toApprove).toMatchObject({
      status: 'pending',
      reason: 'suspectedTheft',
      force: 'demo-force',
      askedBy: 'officer-a',
      match: hit.match.logged.index,
      expiresAt: asked.expiresAt,
    });
    const logged = await second.approve(toApprove);
    expect(logged).toMatchObject({ first: 'officer-a', second: 'officer-b', hour: hourOf(fixture.now) });
    expect(await first.contact(asked.token, hit)).toEqual({ status: 'opened', contact: details, logged, faults: [] });
    // The free text is for the force's key alone.
    const box = toApprove.asked.details.explanation;
    const context = { origin: fixture.origin, force: 'demo-force', commitment: hit.commitment };
    expect(openExplanation(fixture.forceExchange, box, context)).toBe('In a van.');
  });

  it('is asked for four hours unless it is said otherwise, and for no more than a day', async () => {
    expect((await first.ask(hit, { reason: 'safety' })).expiresAt).toBe(fixture.now + OPENING_SECONDS);
    const long = await first.ask(hit, { reason: 'safety', validSeconds: MAX_OPENING_SECONDS });
    expect((await second.inspect(long.token, hit.caseReference)).expiresAt).toBe(fixture.now + MAX_OPENING_SECONDS);
  });

  it('can be read long after it was opened, under a log that has grown', async () => {
    const token = await opened();
    now += 40 * 86_400;
    hand.createHit();
    await hand.registry.underCurrentRoster(async () => undefined);
    expect(await first.contact(token, hit)).toMatchObject({ status: 'opened', contact: details });
  });

  it('may be hidden in the log for as long as the force’s policy says', async () => {
    const delayed = await createFixture({ delayDays: 2 });
    const hiding = await startHandRegistry(delayed);
    hiding.lies.delayHours = 48;
    const theirs = hiding.createHit(details);
    const [asker, colleague] = await Promise.all(
      ['officer-a', 'officer-b'].map(async (name) => new Openings(hiding.registry, await delayed.createOfficer(name))),
    );
    const { token } = await (asker as Openings).ask(theirs, { reason: 'safety' });
    const inspected = await (colleague as Openings).inspect(token, theirs.caseReference);
    await expect((colleague as Openings).approve(inspected)).resolves.toMatchObject({ second: 'officer-b' });
    expect(await (asker as Openings).contact(token, theirs)).toMatchObject({ status: 'opened', contact: details });
    hiding.lies.delayHours = 49;
    const later = await (asker as Openings).ask(theirs, { reason: 'safety' });
    const again = await (colleague as Openings).inspect(later.token, theirs.caseReference);
    await expect((colleague as Openings).approve(again)).rejects.toThrow(refusal('notLogged'));
  });
});

describe('asking', () => {
  it('sends nothing where it could come to nothing', async () => {
    const sent = hand.asked.length;
    await expect(first.ask(hand.createHit(null), { reason: 'safety' })).rejects.toThrow(
      refusal('badEnvelope', 'contactEnvelope'),
    );
    await expect(first.ask(hit, { reason: 'other' })).rejects.toThrow(refusal('badInput', 'explanation'));
    await expect(first.ask(hit, { reason: 'other', explanation: ' \n' })).rejects.toThrow(
      refusal('badInput', 'explanation'),
    );
    await expect(first.ask(hit, { reason: 'safety', explanation: 'x'.repeat(2000) })).rejects.toThrow(
      refusal('badInput', 'explanation'),
    );
    const { contactEnvelope } = hand.createHit(details).row;
    const foreign = { ...hit, row: { ...hit.row, contactEnvelope } };
    await expect(first.ask(foreign, { reason: 'safety' })).rejects.toThrow(refusal('badEnvelope', 'contactEnvelope'));
    expect(hand.asked.slice(sent)).toEqual([]);
  });
});

describe('what a colleague sees', () => {
  it('is refused for another case than the colleague knows', async () => {
    const token = await ask();
    await expect(second.inspect(token, 'CR/2/26')).rejects.toThrow(refusal('badInput', 'case'));
    const { id } = parseOpeningToken(token);
    const resalted = formatOpeningToken({ id, caseSalt: new Uint8Array(32) });
    await expect(second.inspect(resalted, hit.caseReference)).rejects.toThrow(refusal('badInput', 'case'));
  });

  it('is refused to the officer who asked, by key, by pseudonym or by person', async () => {
    const token = await ask();
    await expect(first.inspect(token, hit.caseReference)).rejects.toThrow(refusal('sameOfficer', 'credential'));
    const twin = new Openings(hand.registry, await fixture.createOfficer('officer-a'));
    await expect(twin.inspect(token, hit.caseReference)).rejects.toThrow(refusal('sameOfficer', 'credential'));
    const reissued = new Openings(hand.registry, await fixture.createOfficer('officer-z', fixture.now, 'officer-a'));
    await expect(reissued.inspect(token, hit.caseReference)).rejects.toThrow(refusal('sameOfficer', 'credential'));
  });

  it('is refused to another force', async () => {
    const token = await ask();
    const stranger = new Openings(hand.registry, await signerOfForce('other-force', 'officer-c'));
    await expect(stranger.inspect(token, hit.caseReference)).rejects.toThrow(refusal('badCredential', 'credential'));
  });

  it('is refused once it has expired', async () => {
    const token = await ask();
    now += OPENING_SECONDS + 61;
    await expect(second.inspect(token, hit.caseReference)).rejects.toThrow(refusal('openingExpired'));
  });

  it.each<[string, Partial<OpeningReply['details']>]>([
    ['reason', { reason: 'courtOrder' }],
    ['registration', { commitment: new Uint8Array(32) }],
    ['match', { match: 0 }],
    ['time', { expiresAt: fixture.now + 2 }],
  ])('is refused when the registry shows another %s than was signed', async (_, change) => {
    const token = await ask();
    lie((reply) => ({ ...reply, details: { ...reply.details, ...change } }));
    await expect(second.inspect(token, hit.caseReference)).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused when the registry shows another opening of the case', async () => {
    const token = await ask();
    const other = await ask();
    const { id } = parseOpeningToken(other);
    let shown: OpeningReply | undefined;
    lie((reply) => (shown = reply));
    await second.inspect(other, hit.caseReference);
    lie(() => shown as OpeningReply);
    await expect(second.inspect(token, hit.caseReference)).rejects.toThrow(refusal('badReply'));
    expect(id).toEqual((await second.inspect(other, hit.caseReference)).token.id);
  });

  it('still says what was approved, after it was opened', async () => {
    const token = await opened();
    now += 30 * 86_400;
    const late = new Openings(hand.registry, await fixture.createOfficer('officer-d', now));
    expect(await late.inspect(token, hit.caseReference)).toMatchObject({ status: 'opened', askedBy: 'officer-a' });
  });
});

describe('a contact whose time is over', () => {
  it('is not opened again, and is said to be over', async () => {
    const token = await opened();
    expect(await first.contact(token, hit)).toMatchObject({ status: 'opened' });
    lie((reply) => ({ ...reply, result: null }));
    // In time, whoever leaves out what guardians answered is taken to have none.
    expect(await first.contact(token, hit)).toMatchObject({ status: 'approved' });
    now += 30 * 86_400;
    await expect(first.contact(token, hit)).rejects.toThrow(refusal('openingExpired', 'token'));
  });
});

describe('a reply with an opened contact', () => {
  const contact = async (token: string) => first.contact(token, hit);

  it('is refused for another hit', async () => {
    const token = await opened();
    await expect(first.contact(token, hand.createHit(details))).rejects.toThrow(refusal('badInput', 'token'));
    const otherMatch = { ...hit, match: { logged: { index: 99 } } };
    await expect(first.contact(token, otherMatch)).rejects.toThrow(refusal('badInput', 'token'));
  });

  it('is refused without an approval, or with one of the same officer or for another opening', async () => {
    const token = await opened();
    lie((reply) => ({ ...reply, second: null }));
    await expect(contact(token)).rejects.toThrow(refusal('badReply'));
    lie((reply) => ({ ...reply, second: reply.first }));
    await expect(contact(token)).rejects.toThrow(refusal('badSignature', 'request'));
    lie((reply) => reply);
    const other = await opened();
    let foreign: OpeningReply['second'] = null;
    lie((reply) => {
      foreign = reply.second;
      return reply;
    });
    await contact(other);
    lie((reply) => ({ ...reply, second: foreign }));
    await expect(contact(token)).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused when it is of another opening of the same contact', async () => {
    const [token, other] = [await opened(), await opened()];
    let foreign: OpeningReply | undefined;
    lie((reply) => (foreign = reply));
    await contact(other);
    lie(() => foreign as OpeningReply);
    await expect(contact(token)).rejects.toThrow(refusal('badReply'));
  });

  it.each<[string, (result: Result) => Result, 'notLogged' | 'badProof' | 'badCheckpoint']>([
    ['another entry', (r) => ({ ...r, logged: hand.log.logged(0) }), 'notLogged'],
    ['another salt of the mark', (r) => ({ ...r, markSalt: new Uint8Array(32) }), 'notLogged'],
    ['another index', (r) => ({ ...r, logged: { ...r.logged, index: 0 } }), 'badProof'],
    ['no proof', (r) => ({ ...r, logged: { ...r.logged, proof: [] } }), 'badProof'],
    [
      'a checkpoint of too few guardians',
      (r) => ({ ...r, checkpoint: hand.log.note({ cosigners: [1] }) }),
      'badCheckpoint',
    ],
    ['an older checkpoint', (r) => ({ ...r, checkpoint: hand.log.note({ size: 1 }) }), 'badProof'],
    ['hidden fields', (r) => ({ ...r, delayed: { salt: new Uint8Array(32), plain: r.logged.entry } }), 'notLogged'],
  ])('is refused with %s', async (_, change, code) => {
    const token = await opened();
    lieOfResult(change);
    await expect(contact(token)).rejects.toThrow(refusal(code));
  });

  it.each([
    ['officers', { second: 'officer-c' }],
    ['case', { caseCommitment: new Uint8Array(32) }],
    ['force', { force: 'other-force' }],
    ['registration', { mark: new Uint8Array(32) }],
  ])('is refused when the log tells of another %s', async (_, change) => {
    hand.lies.entry = (entry) => ({ ...entry, ...change });
    const token = await ask();
    await expect(approve(token)).rejects.toThrow(refusal('notLogged'));
    await expect(contact(token)).rejects.toThrow(refusal('notLogged'));
  });

  it('names a guardian whose part is false, and goes on with the others', async () => {
    const token = await opened();
    lieOfResult((result) => {
      const [liar, ...others] = result.decryptions as [Result['decryptions'][number]];
      return {
        ...result,
        decryptions: [{ ...liar, element: fixture.decryptionKeys.get(1)?.groupKey as Uint8Array }, ...others],
      };
    });
    expect(await contact(token)).toMatchObject({
      status: 'opened',
      contact: details,
      faults: [{ guardian: 'g1', code: 'badProof' }],
    });
  });

  it('counts no part of a guardian that did not cosign this very checkpoint', async () => {
    const token = await opened();
    const witness = fixture.witnesses[0] as SigningKey;
    lieOfResult((result) => {
      const cosignature = cosignCheckpoint(hand.log.head(1), witness, now);
      return {
        ...result,
        decryptions: result.decryptions.map((part, i) => (i === 0 ? { ...part, cosignature } : part)),
      };
    });
    expect(await contact(token)).toMatchObject({
      status: 'opened',
      faults: [{ guardian: 'g1', code: 'badCheckpoint' }],
    });
    lieOfResult((result) => ({
      ...result,
      decryptions: result.decryptions.map((part) => ({ ...part, cosignature: new Uint8Array(72) })),
    }));
    await expect(contact(token)).rejects.toThrow(refusal('guardiansUnavailable'));
  });

  it('opens nothing with one guardian, with parts under the evaluation key, or with one guardian’s part twice', async () => {
    hand.lies.guardians = [2];
    const token = await opened();
    await expect(contact(token)).rejects.toThrow(refusal('guardiansUnavailable'));
    lieOfResult((result) => ({
      ...result,
      decryptions: [1, 2, 3].map((number) => {
        const cosignature = cosignCheckpoint(hand.log.head(), fixture.witnesses[number - 1] as SigningKey, now);
        return partOf(fixture.keys, number, hit.row.contactEnvelope as Uint8Array, cosignature);
      }),
    }));
    await expect(contact(token)).rejects.toThrow(refusal('guardiansUnavailable'));
    lieOfResult((result) => ({ ...result, decryptions: [...result.decryptions, ...result.decryptions] }));
    await expect(contact(token)).rejects.toThrow(refusal('guardiansUnavailable'));
    lieOfResult((result) => {
      const [part] = result.decryptions as [Result['decryptions'][number]];
      return { ...result, decryptions: [part, { ...part, guardian: 'g1' }] };
    });
    await expect(contact(token)).rejects.toThrow(refusal('guardiansUnavailable'));
  });

  it('does not open with another code’s key', async () => {
    const token = await opened();
    await expect(first.contact(token, { ...hit, codeKey: new Uint8Array(32) })).rejects.toThrow(refusal('badEnvelope'));
  });

  it('is not called opened while there is no result', async () => {
    const token = await ask();
    lie((reply) => ({ ...reply, status: 'opened' }));
    expect(await contact(token)).toMatchObject({ status: 'approved' });
  });

  it('says while it waits whom it waits for', async () => {
    const token = await opened();
    const faults = [{ guardian: 'g3', code: 'timedOut' as const }];
    lie((reply) => ({ ...reply, status: 'approved', result: null, faults }));
    expect(await contact(token)).toMatchObject({ status: 'approved', faults });
  });
});

describe('a signed request', () => {
  it('covers the details that the token stands for', async () => {
    const token = await ask();
    const { asked } = await second.inspect(token, hit.caseReference);
    expect(openingHash(fixture.origin, asked.details)).toHaveLength(32);
    expect(asked.details.commitment).toEqual(hit.commitment);
    expect(asked.details.explanation).toHaveLength(1024 + 72);
  });
});

describe('a message', () => {
  it('is left for a keeper who is reached in no other way, and for nobody else', async () => {
    const relayed = hand.createHit();
    const token = await ask(relayed);
    await approve(token);
    const outcome = await first.contact(token, relayed);
    if (outcome.status !== 'opened') throw new Error('it is not opened');
    expect(outcome.contact).toEqual({ kind: 'relay', exchangeKey: relayed.secrets.exchangeKey.publicKey });
    await expect(first.leaveMessage(token, relayed, outcome.contact, { text: 'Please call.' })).resolves.toBe('left');
    await expect(first.leaveMessage(token, relayed, details, { text: 'Please call.' })).rejects.toThrow(
      refusal('badInput', 'message'),
    );
    await expect(first.leaveMessage(token, relayed, outcome.contact, { text: '' })).rejects.toThrow(
      refusal('badInput', 'message.text'),
    );
  });
});

describe('a token', () => {
  it('survives white space, and nothing else', async () => {
    const token = await ask();
    const spaced = ` ${token.slice(0, 40)}\n  ${token.slice(40)} `;
    expect(parseOpeningToken(spaced)).toEqual(parseOpeningToken(token));
    const letters = token.split('');
    for (let i = 0; i < letters.length; i += 3) {
      const changed = letters.with(i, letters[i] === 'A' ? 'B' : 'A').join('');
      expect(() => parseOpeningToken(changed)).toThrow(refusal('badInput', 'token'));
    }
    expect(token).toMatch(/^opening-[\w-]{91}$/u);
    for (const text of [
      '',
      'token',
      token.slice('opening-'.length),
      token.slice(1),
      `${token}A`,
      `${token.slice(0, -1)}=`,
    ]) {
      expect(() => parseOpeningToken(text)).toThrow(refusal('badInput', 'token'));
    }
  });
});
