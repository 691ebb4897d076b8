/** Messages for owners who gave no other way to be reached. */
import type { Response } from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { officerThumbprint } from '../../../crypto/credential.ts';
import { formatMessage } from '../../../crypto/message.ts';
import type { OfficerAuthorization, OfficerSigner } from '../../../crypto/officer-request.ts';
import {
  MAX_MESSAGES_OF_OPENING,
  MESSAGE_SIZES,
  messagesHash,
  openRelayMessage,
  relayBoxHash,
  relayMessageId,
  sealRelayMessage,
} from '../../../crypto/relay-message.ts';
import { createExchangeKey, SEALED_TO_OVERHEAD } from '../../../crypto/seal.ts';
import { sign, type SigningKey } from '../../../crypto/signature.ts';
import {
  messagesReplySchema,
  messagesRequestSchema,
  openingReplySchema,
  relayReplySchema,
  relayRequestSchema,
  type MessagesReply,
  type MessagesRequest,
} from '../../../crypto/wire-openings.ts';
import {
  accepted,
  ask,
  createApproval,
  createOfficer,
  createOpeningWorld,
  pathOf,
  postApproval,
  refusalOf,
  register,
  signAs,
  withdraw,
  type Asked,
  type KeptMark,
  type OpeningWorld,
} from './opening-world.ts';

const exchange = createExchangeKey();

let world: OpeningWorld;
let asked: Asked;

async function openOne(): Promise<Asked> {
  const mark = await register(world, { kind: 'relay', exchangeKey: exchange.publicKey });
  const opening = await ask(world, { mark });
  const approval = await createApproval(world, await createOfficer(world), opening);
  accepted(await postApproval(world, opening.id, approval), openingReplySchema);
  return opening;
}

beforeAll(async () => {
  world = await createOpeningWorld();
});

beforeEach(async () => {
  asked = await openOne();
});

afterAll(async () => world.close());

const sealFor = ({ id }: Asked, text = 'We found it; please call us.'): Uint8Array =>
  sealRelayMessage({ text }, exchange.publicKey, { origin: world.fixture.origin, opening: id });

async function authorize(
  { id, caseCommitment }: Pick<Asked, 'id' | 'caseCommitment'>,
  officer: OfficerSigner,
  box: Uint8Array,
): Promise<OfficerAuthorization> {
  return signAs(world, officer, 'message', [id, relayBoxHash(box)], caseCommitment);
}

const post = async (id: Uint8Array, box: Uint8Array, authorization: OfficerAuthorization): Promise<Response> =>
  world.post(pathOf(id, '/messages'), formatMessage(relayRequestSchema, { box, authorization }));

/** Leaves a message as the officer who asked. */
async function leave(opening: Asked, text?: string): Promise<Uint8Array> {
  const box = sealFor(opening, text);
  const response = await post(opening.id, box, await authorize(opening, opening.first, box));
  expect(accepted(response, relayReplySchema)).toEqual({ result: 'left' });
  return box;
}

interface FetchOptions {
  readonly acknowledged?: readonly Uint8Array[];
  readonly key?: SigningKey;
  readonly issuedAt?: number;
  readonly change?: Partial<MessagesRequest>;
}

async function fetchAs({ lookupTag, signingKey, row }: KeptMark, options: FetchOptions = {}): Promise<Response> {
  const { acknowledged = [], key = signingKey, issuedAt = world.clock.now } = options;
  const { commitment } = row;
  const body: MessagesRequest = {
    lookupTag,
    ownerPublicKey: key.publicKey,
    issuedAt,
    acknowledged: [...acknowledged],
    signature: sign(key, messagesHash(world.fixture.origin, commitment, issuedAt, acknowledged)),
    ...options.change,
  };
  const path = `/v1/registrations/${formatBase64url(commitment)}/messages`;
  return world.post(path, formatMessage(messagesRequestSchema, body));
}

const inbox = async (mark: KeptMark, acknowledged: readonly Uint8Array[] = []): Promise<MessagesReply['messages']> =>
  accepted(await fetchAs(mark, { acknowledged }), messagesReplySchema).messages;

describe('messages', () => {
  it('reach the owner as they were left, oldest first, as often as asked for, over a restart', async () => {
    const boxes = [await leave(asked, 'one'), await leave(asked, 'two')];
    const messages = await inbox(asked.mark);
    expect(messages.map(({ box }) => box)).toEqual(boxes);
    const context = { origin: world.fixture.origin, opening: asked.id };
    expect(messages.map(({ box }) => openRelayMessage(box, exchange, context).text)).toEqual(['one', 'two']);
    const day = new Date(world.clock.now * 1000).toISOString().slice(0, 10);
    for (const { id, opening, box, receivedOn, authorization } of messages) {
      expect(id).toEqual(relayMessageId(asked.id, box));
      expect([opening, receivedOn]).toEqual([asked.id, day]);
      expect(authorization.officerCredential).toBe(asked.first.officerCredential);
    }
    await world.restart();
    expect(await inbox(asked.mark)).toEqual(messages);
  });

  it('may be left by any officer of the force who has the case', async () => {
    const colleague = await createOfficer(world);
    const box = sealFor(asked);
    expect((await post(asked.id, box, await authorize(asked, colleague, box))).status).toBe(200);
  });

  it('are erased once they are acknowledged, and are not left a second time', async () => {
    const box = sealFor(asked);
    const authorization = await authorize(asked, asked.first, box);
    await post(asked.id, box, authorization);
    const kept = await leave(asked, 'another');
    expect(await inbox(asked.mark, [relayMessageId(asked.id, box)])).toMatchObject([{ box: kept }]);
    expect(await inbox(asked.mark)).toMatchObject([{ box: kept }]);
    expect(accepted(await post(asked.id, box, authorization), relayReplySchema)).toEqual({ result: 'again' });
    expect(await inbox(asked.mark)).toMatchObject([{ box: kept }]);
    expect(await inbox(asked.mark, [randomBytes(32)])).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)('are left once when the store fails %s', async (when) => {
    const box = sealFor(asked);
    const authorization = await authorize(asked, asked.first, box);
    world.broken.set('openings.addMessage', when);
    expect(refusalOf(await post(asked.id, box, authorization))).toMatchObject({ code: 'storageFailed' });
    world.broken.clear();
    const result = when === 'before' ? 'left' : 'again';
    expect(accepted(await post(asked.id, box, authorization), relayReplySchema)).toEqual({ result });
    expect(await inbox(asked.mark)).toMatchObject([{ box }]);
  });

  it.each(['before', 'after'] as const)('are not lost when their erasure fails %s', async (when) => {
    const box = await leave(asked);
    const acknowledged = [relayMessageId(asked.id, box)];
    world.broken.set('openings.acknowledgeMessages', when);
    expect(refusalOf(await fetchAs(asked.mark, { acknowledged }))).toMatchObject({ code: 'storageFailed' });
    world.broken.clear();
    expect(await inbox(asked.mark)).toHaveLength(when === 'before' ? 1 : 0);
    expect(await inbox(asked.mark, acknowledged)).toEqual([]);
  });

  it(`wait at most ${MAX_MESSAGES_OF_OPENING} of one opening at a time`, async () => {
    for (let i = 0; i < MAX_MESSAGES_OF_OPENING; i++) await leave(asked, `message ${i}`);
    const box = sealFor(asked);
    const authorization = await authorize(asked, asked.first, box);
    expect(refusalOf(await post(asked.id, box, authorization))).toEqual({ code: 'quotaExceeded', field: 'box' });
    const waiting = await inbox(asked.mark);
    expect(waiting).toHaveLength(MAX_MESSAGES_OF_OPENING);
    await inbox(asked.mark, [(waiting[0] as { id: Uint8Array }).id]);
    expect((await post(asked.id, box, authorization)).status).toBe(200);
  });

  it('are gone with the registration', async () => {
    const box = await leave(asked);
    expect((await withdraw(world, asked.mark)).status).toBe(200);
    expect(refusalOf(await fetchAs(asked.mark))).toEqual({ code: 'notFound', field: 'commitment' });
    expect(await world.stores.openings.listMessages(asked.mark.row.commitment)).toEqual([]);
    const authorization = await authorize(asked, asked.first, box);
    expect(refusalOf(await post(asked.id, box, authorization))).toEqual({ code: 'notFound', field: 'id' });
  });
});

describe('refusals of leaving', () => {
  afterEach(async () => {
    expect(await inbox(asked.mark)).toEqual([]);
  });

  it('an opening that is not opened, or does not exist', async () => {
    const pending = await ask(world, { mark: asked.mark, first: asked.first });
    const box = sealFor(pending);
    const authorization = await authorize(pending, pending.first, box);
    expect(refusalOf(await post(pending.id, box, authorization))).toEqual({ code: 'openingNotPending', field: 'id' });
    const unknown = { ...asked, id: randomBytes(32) };
    expect(refusalOf(await post(unknown.id, box, await authorize(unknown, asked.first, box)))).toEqual({
      code: 'notFound',
      field: 'id',
    });
  });

  it('another force’s officer, and another case', async () => {
    const refusal = { code: 'badSignature', field: 'authorization.request' };
    const box = sealFor(asked);
    const stranger = await createOfficer(world, { force: 'other-force' });
    expect(refusalOf(await post(asked.id, box, await authorize(asked, stranger, box)))).toEqual(refusal);
    const elsewhere = { ...asked, caseCommitment: randomBytes(32) };
    expect(refusalOf(await post(asked.id, box, await authorize(elsewhere, asked.first, box)))).toEqual(refusal);
  });

  it('a signature over another message, opening or purpose', async () => {
    const box = sealFor(asked);
    const other = await openOne();
    const authorizations = [
      await authorize(asked, asked.first, sealFor(asked)),
      await authorize({ ...asked, id: other.id }, asked.first, box),
      await signAs(world, asked.first, 'approval', [asked.id, relayBoxHash(box)], asked.caseCommitment),
    ];
    for (const authorization of authorizations) {
      const refusal = refusalOf(await post(asked.id, box, authorization));
      expect(refusal).toEqual({ code: 'badSignature', field: 'request' });
    }
  });

  it('a revoked officer', async () => {
    const revoked = await createOfficer(world);
    const box = sealFor(asked);
    const authorization = await authorize(asked, revoked, box);
    await world.revoke(officerThumbprint(revoked.key.publicKey));
    expect(refusalOf(await post(asked.id, box, authorization))).toMatchObject({ code: 'credentialRevoked' });
  });

  it('a box of a size that none has', async () => {
    const authorization = await authorize(asked, asked.first, sealFor(asked));
    const sizes = MESSAGE_SIZES.map((size) => size + SEALED_TO_OVERHEAD + 1);
    for (const size of [0, 1000, ...sizes]) {
      const body = { ...formatMessage(relayRequestSchema, { box: sealFor(asked), authorization }) };
      const response = await world.post(pathOf(asked.id, '/messages'), {
        ...body,
        box: formatBase64url(randomBytes(size)),
      });
      expect(refusalOf(response)).toEqual({ code: 'badInput', field: 'box' });
    }
  });
});

describe('refusals of fetching', () => {
  it('somebody else’s registration, or one that does not exist', async () => {
    await leave(asked);
    const refusal = { code: 'notFound', field: 'commitment' };
    const other = await register(world, null);
    expect(refusalOf(await fetchAs(asked.mark, { key: other.signingKey }))).toEqual(refusal);
    expect(refusalOf(await fetchAs({ ...asked.mark, lookupTag: other.lookupTag }))).toEqual(refusal);
    const nowhere = { ...asked.mark, row: { ...asked.mark.row, commitment: randomBytes(32) } };
    expect(refusalOf(await fetchAs(nowhere))).toEqual(refusal);
    expect(await inbox(other)).toEqual([]);
  });

  it('a signature over something else, and erases nothing', async () => {
    const box = await leave(asked);
    const refusal = { code: 'badSignature', field: 'signature' };
    const changes: Partial<MessagesRequest>[] = [
      { acknowledged: [relayMessageId(asked.id, box)] },
      { issuedAt: world.clock.now - 1 },
      { signature: randomBytes(64) },
    ];
    for (const change of changes) expect(refusalOf(await fetchAs(asked.mark, { change }))).toEqual(refusal);
    expect(await inbox(asked.mark)).toHaveLength(1);
  });

  it('a request that is too old, or from the future', async () => {
    for (const issuedAt of [world.clock.now - 301, world.clock.now + 61]) {
      const refusal = refusalOf(await fetchAs(asked.mark, { issuedAt }));
      expect(refusal).toEqual({ code: 'credentialExpired', field: 'issuedAt' });
    }
  });
});
