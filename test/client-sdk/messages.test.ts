import { beforeEach, describe, expect, it } from 'vitest';
import { signOfficerRequest } from '../../crypto/officer-request.ts';
import { messagesHash, relayBoxHash, relayMessageId, sealRelayMessage } from '../../crypto/relay-message.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { createSigner, createSigningKey, isSignature } from '../../crypto/signature.ts';
import type { MessagesReply } from '../../crypto/wire-openings.ts';
import { fetchMessages } from '../../client-sdk/messages.ts';
import { Openings } from '../../client-sdk/openings.ts';
import { createFixture } from '../support/fixture.ts';
import { commitmentOfCase, startHandRegistry, type HandRegistry, type KnownHit } from './hand-registry.ts';

const fixture = await createFixture();
const signer = await fixture.createOfficer('officer-a');
const opening = new Uint8Array(32).fill(7);
let hand: HandRegistry;
let hit: KnownHit;
beforeEach(async () => {
  hand = await startHandRegistry(fixture);
  hit = hand.createHit();
});

type Sealed = MessagesReply['messages'][number];

/** What an officer leaves, without the registry's help. */
async function leave(text: string, by = signer, to = hit.secrets.exchangeKey.publicKey): Promise<Sealed> {
  const box = sealRelayMessage({ text, replyTo: '101' }, to, { origin: fixture.origin, opening });
  const authorization = await signOfficerRequest(by, {
    purpose: 'message',
    content: [opening, relayBoxHash(box)],
    caseCommitment: commitmentOfCase(hit),
    roster: fixture.roster,
    epochs: [1],
    now: fixture.now,
  });
  return { id: relayMessageId(opening, box), opening, receivedOn: '2026-11-25', box, authorization };
}

const fetchAll = async (acknowledged: Uint8Array[] = []) => fetchMessages(hand.registry, hit, acknowledged);

describe('messages for an owner', () => {
  it('come from the officer who opened the contact, and say which case of which force it is', async () => {
    const officer = new Openings(hand.registry, signer);
    const colleague = new Openings(hand.registry, await fixture.createOfficer('officer-b'));
    const { token } = await officer.ask(hit, { reason: 'returnProperty' });
    await colleague.approve(await colleague.inspect(token, hit.caseReference));
    const outcome = await officer.contact(token, hit);
    if (outcome.status !== 'opened') throw new Error('it is not opened');
    await officer.leaveMessage(token, hit, outcome.contact, { text: 'Found. Please call.', replyTo: '101' });
    const { messages, refused } = await fetchAll();
    expect(refused).toEqual([]);
    expect(messages).toMatchObject([
      {
        text: 'Found. Please call.',
        replyTo: '101',
        receivedOn: '2026-11-25',
        force: 'demo-force',
        forceName: 'Demonstration force',
        officer: 'officer-a',
        caseCommitment: commitmentOfCase(hit),
      },
    ]);
  });

  it('are fetched by a request that the mark’s key signs, with what has arrived', async () => {
    const sealed = await leave('Please call.');
    hand.lies.inbox = () => ({ messages: [sealed] });
    const [message] = (await fetchAll()).messages;
    await fetchAll([message?.id as Uint8Array]);
    expect(hand.fetched.map(({ acknowledged }) => acknowledged)).toEqual([[], [sealed.id]]);
    for (const { ownerPublicKey, lookupTag, issuedAt, acknowledged, signature } of hand.fetched) {
      expect([ownerPublicKey, lookupTag]).toEqual([hit.secrets.signingKey.publicKey, hit.lookupTag]);
      const hash = messagesHash(fixture.origin, hit.commitment, issuedAt, acknowledged);
      expect(isSignature(ownerPublicKey, hash, signature)).toBe(true);
    }
    expect(hand.asked.at(-1)).toBe(`/v1/registrations/${Buffer.from(hit.commitment).toString('base64url')}/messages`);
  });

  it('are opened though the registry calls them otherwise: they are known by what they are', async () => {
    const sealed = await leave('Please call.');
    hand.lies.inbox = () => ({ messages: [{ ...sealed, id: new Uint8Array(32) }] });
    expect((await fetchAll()).messages[0]?.id).toEqual(sealed.id);
  });

  it('are read for as long as they wait: by when they were signed', async () => {
    const sealed = await leave('Please call.');
    const later = await startHandRegistry(fixture, () => fixture.now + 300 * 86_400);
    later.lies.inbox = () => ({ messages: [sealed] });
    expect((await fetchMessages(later.registry, hit, [])).messages).toHaveLength(1);
  });

  it.each<[string, () => Promise<Sealed>]>([
    ['was sealed to another mark', async () => leave('x', signer, createExchangeKey().publicKey)],
    ['belongs to another opening', async () => ({ ...(await leave('x')), opening: new Uint8Array(32) })],
    ['was changed', async () => changed(await leave('x'))],
    ['comes with another message’s request', async () => ({ ...(await leave('x')), ...only(await leave('y')) })],
    [
      'was signed by nobody of the roster’s forces',
      async () => leave('x', { ...signer, key: createSigner(createSigningKey()) }),
    ],
    ['was signed under another roster', async () => leaveUnder(new Uint8Array(32))],
  ])('are refused one by one: one that %s', async (_, make) => {
    const [good, bad] = [await leave('Please call.'), await make()];
    hand.lies.inbox = () => ({ messages: [bad, good] });
    const { messages, refused } = await fetchAll();
    expect(messages.map(({ text }) => text)).toEqual(['Please call.']);
    expect(refused).toEqual([relayMessageId(bad.opening, bad.box)]);
  });

  const changed = (sealed: Sealed): Sealed => ({ ...sealed, box: sealed.box.with(99, (sealed.box[99] as number) ^ 1) });
  const only = ({ authorization }: Sealed) => ({ authorization });
  async function leaveUnder(hash: Uint8Array): Promise<Sealed> {
    const sealed = await leave('x');
    const authorization = await signOfficerRequest(signer, {
      purpose: 'message',
      content: [opening, relayBoxHash(sealed.box)],
      caseCommitment: commitmentOfCase(hit),
      roster: { ...fixture.roster, hash },
      epochs: [1],
      now: fixture.now,
    });
    return { ...sealed, authorization };
  }
});
