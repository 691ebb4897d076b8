import request from 'supertest';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActivationKey, formatActivationKey, type ActivationKey } from '../../../crypto/activation-key.ts';
import { formatBase64url, parseBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { CLOCK_TOLERANCE } from '../../../crypto/credential.ts';
import { formatMessage } from '../../../crypto/message.ts';
import { tokenKeyModulus } from '../../../crypto/token-key.ts';
import { createTokenRequest, finishToken } from '../../../crypto/token-request.ts';
import { activationNonce, verifyToken } from '../../../crypto/token.ts';
import { signPacksRequest, VENDOR_REQUEST_SECONDS } from '../../../crypto/vendor-request.ts';
import { issuerInfoSchema, packsRequestSchema } from '../../../crypto/wire.ts';
import type { IssuerTokenKey } from '../../../server/issuer/config.ts';
import { nodeRsaVerifier } from '../../../server/rsa.ts';
import {
  createTokenKeys,
  ISSUER_NUMBER,
  openIssuer,
  otherVendorKey,
  postPacks,
  postToken,
  sellPack,
  vendorKey,
  type TestIssuer,
} from '../../support/issuer.ts';

/** 2027-08-15, in the middle of a quarter. */
const now = 1_818_288_000;
let tokenKeys: readonly IssuerTokenKey[];
let issuer: TestIssuer;

beforeAll(async () => {
  tokenKeys = await createTokenKeys(now);
});
beforeEach(() => {
  issuer = openIssuer({ now, tokenKeys });
});
afterEach(async () => {
  await issuer.ledger.close();
});

function randomMessage(): Uint8Array {
  const message = randomBytes(256);
  message[0] = (message[0] as number) & 0x7f;
  return message;
}

const newKeys = (count: number): ActivationKey[] =>
  Array.from({ length: count }, () => createActivationKey(ISSUER_NUMBER));

/** How many tokens a key still gives: asks until it gives none. */
async function usesLeft(key: ActivationKey): Promise<number> {
  for (let uses = 0; ; uses++) {
    const { status, body } = await postToken(issuer, key, randomMessage());
    if (status === 200) continue;
    expect(body).toMatchObject({ code: 'activationKeyUsedUp' });
    return uses;
  }
}

describe('packs', () => {
  it('are added once, whoever sends them again', async () => {
    const keys = newKeys(5);
    expect((await postPacks(issuer, keys)).body).toEqual({ added: 5, known: 0 });
    expect((await postPacks(issuer, [...keys, ...newKeys(2)])).body).toEqual({ added: 2, known: 5 });
    const others = await postPacks(issuer, keys, { vendor: 'other', signer: otherVendorKey });
    expect(others.body).toEqual({ added: 0, known: 5 });
    expect(issuer.ledger.counts('acme')).toEqual({ keys: 7, activated: 0 });
    expect(issuer.ledger.counts('other')).toEqual({ keys: 0, activated: 0 });
  });

  it.each([
    ['a vendor that is not known', 'unknownVendor', { vendor: 'nobody' }],
    ['somebody in the vendor’s name', 'badSignature', { signer: otherVendorKey }],
    ['a request for another issuer', 'wrongIssuer', { issuer: 'another' }],
  ])('are refused of %s', async (_, code, options) => {
    const reply = await postPacks(issuer, newKeys(1), options);
    expect(reply.status).toBe(403);
    expect(reply.body).toMatchObject({ code });
    expect(issuer.ledger.counts('acme').keys).toBe(0);
  });

  it('are refused when the request has expired', async () => {
    const keyHashes = [randomBytes(32)];
    const at = now - VENDOR_REQUEST_SECONDS - CLOCK_TOLERANCE - 1;
    const old = await signPacksRequest(vendorKey, { issuer: 'demo-issuer', vendor: 'acme', keyHashes, now: at });
    const reply = await request(issuer.app).post('/v1/packs').send(formatMessage(packsRequestSchema, old));
    expect(reply.body).toMatchObject({ code: 'credentialExpired' });
    expect(issuer.ledger.counts('acme').keys).toBe(0);
  });

  it.each([
    ['no packs', { authorization: 'a.b.c', keyHashes: [] }],
    [
      'too many packs',
      { authorization: 'a.b.c', keyHashes: Array<string>(1001).fill(formatBase64url(new Uint8Array(32))) },
    ],
    ['a hash of another length', { authorization: 'a.b.c', keyHashes: [formatBase64url(new Uint8Array(31))] }],
    ['a field too many', { authorization: 'a.b.c', keyHashes: [formatBase64url(new Uint8Array(32))], codes: [] }],
  ])('are refused with %s', async (_, body) => {
    const reply = await request(issuer.app).post('/v1/packs').send(body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'badInput' });
  });
});

describe('an activation key', () => {
  it('becomes a token that verifies', async () => {
    const key = await sellPack(issuer);
    const [origin, element, issuerName] = ['registry.example', randomBytes(32), 'demo-issuer'];
    const { publicKey } = tokenKeys[2] as IssuerTokenKey;
    const { request: asked, pending } = await createTokenRequest({
      origin,
      issuerName,
      publicKey,
      element,
      redemption: element,
    });
    const { body } = await postToken(issuer, key, asked.blindedMessage, asked.tokenKeyId);
    const signature = parseBase64url('blindSignature', (body as { blindSignature: string }).blindSignature, 256);
    const token = await finishToken(pending, signature);
    const keys = [{ issuerName, publicKey }];
    const nonce = activationNonce(origin, element, element);
    expect(await verifyToken(token, { origin, nonce, keys, rsa: nodeRsaVerifier })).toEqual({ issuerName });
    expect(issuer.ledger.counts('acme')).toEqual({ keys: 1, activated: 1 });
  });

  it('is good for three tokens and no fourth', async () => {
    const key = await sellPack(issuer);
    for (let use = 0; use < 3; use++) expect((await postToken(issuer, key, randomMessage())).status).toBe(200);
    const fourth = await postToken(issuer, key, randomMessage());
    expect(fourth.status).toBe(409);
    expect(fourth.body).toMatchObject({ code: 'activationKeyUsedUp', field: 'activationKey' });
  });

  it('is good for three tokens however many ask at once', async () => {
    const key = await sellPack(issuer);
    const replies = await Promise.all(Array.from({ length: 20 }, async () => postToken(issuer, key, randomMessage())));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(3);
  });

  it('answers a request that is made again with the same bytes, at no cost, even when used up', async () => {
    const key = await sellPack(issuer);
    const message = randomMessage();
    const first = await postToken(issuer, key, message);
    expect((await postToken(issuer, key, message)).body).toEqual(first.body);
    expect(await usesLeft(key)).toBe(2);
    expect((await postToken(issuer, key, message)).body).toEqual(first.body);
  });

  it('keeps its count over a restart', async () => {
    const key = await sellPack(issuer);
    const message = randomMessage();
    const first = await postToken(issuer, key, message);
    await issuer.ledger.close();
    issuer = openIssuer({ now, tokenKeys, file: issuer.file });
    expect((await postToken(issuer, key, message)).body).toEqual(first.body);
    expect(await usesLeft(key)).toBe(2);
  });

  it('that the issuer does not know is refused', async () => {
    await sellPack(issuer);
    const reply = await postToken(issuer, createActivationKey(ISSUER_NUMBER), randomMessage());
    expect(reply.status).toBe(403);
    expect(reply.body).toMatchObject({ code: 'activationKeyUnknown' });
  });
});

describe('what is refused spends nothing', () => {
  it('an unknown token key', async () => {
    const key = await sellPack(issuer);
    const reply = await postToken(issuer, key, randomMessage(), randomBytes(32));
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ code: 'unknownTokenKey', field: 'tokenKeyId' });
    expect(await usesLeft(key)).toBe(3);
  });

  it.each([
    ['zero', () => new Uint8Array(256)],
    ['the modulus', () => tokenKeyModulus((tokenKeys[2] as IssuerTokenKey).publicKey)],
    ['above the modulus', () => new Uint8Array(256).fill(255)],
  ])('a blinded message that is %s', async (_, message) => {
    const key = await sellPack(issuer);
    const reply = await postToken(issuer, key, message());
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'badInput', field: 'blindedMessage' });
    expect(await usesLeft(key)).toBe(3);
  });

  it('the token key of a quarter that has not begun, or of one before the last', async () => {
    const key = await sellPack(issuer);
    for (const by of [1, -2]) {
      const reply = await postToken(issuer, key, randomMessage(), issuer.keyId(by));
      expect(reply.body).toMatchObject({ code: 'unknownTokenKey' });
    }
    expect((await postToken(issuer, key, randomMessage(), issuer.keyId(-1))).status).toBe(200);
    expect(await usesLeft(key)).toBe(2);
  });

  it('a body with a field missing, too long or too many', async () => {
    const key = await sellPack(issuer);
    const good = {
      activationKey: formatBase64url(key.bytes),
      tokenKeyId: formatBase64url(issuer.keyId()),
      blindedMessage: formatBase64url(randomMessage()),
    };
    const { tokenKeyId: _, ...without } = good;
    const long = { ...good, activationKey: formatBase64url(Uint8Array.of(...key.bytes, 0)) };
    for (const body of [without, long, { ...good, code: 'X' }]) {
      const reply = await request(issuer.app).post('/v1/tokens').send(body);
      expect(reply.body).toMatchObject({ code: 'badInput' });
    }
    expect(await usesLeft(key)).toBe(3);
  });
});

it('signs under the new quarter’s key from its first second, and then no more under the one before the last', async () => {
  const key = await sellPack(issuer);
  issuer.clock.now = Date.UTC(2027, 9, 1) / 1000 - 1;
  expect((await postToken(issuer, key, randomMessage(), issuer.keyId(1))).body).toMatchObject({
    code: 'unknownTokenKey',
  });
  expect((await postToken(issuer, key, randomMessage(), issuer.keyId(-1))).status).toBe(200);
  issuer.clock.now += 1;
  expect((await postToken(issuer, key, randomMessage(), issuer.keyId(1))).status).toBe(200);
  expect((await postToken(issuer, key, randomMessage(), issuer.keyId(0))).status).toBe(200);
  expect((await postToken(issuer, key, randomMessage(), issuer.keyId(-1))).body).toMatchObject({
    code: 'unknownTokenKey',
  });
});

it('says who it is, with public keys alone', async () => {
  const reply = await request(issuer.app).get('/v1/info');
  const info = issuerInfoSchema.parse(reply.body);
  expect(info).toEqual({
    issuer: 'demo-issuer',
    number: ISSUER_NUMBER,
    tokenKeys: tokenKeys.map(({ quarter, publicKey }) => ({ quarter, publicKey })),
  });
});

it('serves these addresses, and no other that lists or counts', async () => {
  const openApi = await request(issuer.app).get('/openapi.json');
  expect(Object.keys((openApi.body as { paths: object }).paths)).toEqual(['/v1/packs', '/v1/tokens', '/v1/info']);
  for (const path of ['/healthz', '/readyz', '/docs']) {
    const reply = await request(issuer.app).get(path);
    expect(reply.status, path).toBe(200);
  }
  for (const path of ['/', '/v1/packs', '/v1/tokens', '/v1/vendors', '/v1/packs/count']) {
    expect((await request(issuer.app).get(path)).status, path).toBeGreaterThanOrEqual(404);
  }
});

it('counts packs and tokens, and names nobody, in metrics and logs', async () => {
  const key = await sellPack(issuer);
  const message = randomMessage();
  await postToken(issuer, key, message);
  await postToken(issuer, key, message);
  await postToken(issuer, createActivationKey(ISSUER_NUMBER), message);
  const { text } = await request(issuer.app).get('/metrics');
  expect(text).toContain('blindmark_issuer_packs_added_total{service="issuer"} 1');
  expect(text).toContain('blindmark_issuer_tokens_signed_total{result="used",service="issuer"} 1');
  expect(text).toContain('blindmark_issuer_tokens_signed_total{result="again",service="issuer"} 1');
  const said = text + issuer.lines.join('');
  expect(issuer.lines.length).toBeGreaterThanOrEqual(4);
  const secrets = [formatActivationKey(key.bytes), formatBase64url(key.bytes), formatBase64url(message), 'acme'];
  for (const secret of secrets) expect(said).not.toContain(secret);
});
