import { CompactSign } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, formatJsonBytes, randomBytes } from '../../crypto/bytes.ts';
import { CLOCK_TOLERANCE, importSigningKey } from '../../crypto/credential.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import {
  signPacksRequest,
  VENDOR_REQUEST_SECONDS,
  verifyPacksRequest,
  type PacksRequest,
} from '../../crypto/vendor-request.ts';
import { packsRequestSchema } from '../../crypto/wire.ts';

const now = 1_800_000_000;
const [key, otherKey] = [createSigningKey(), createSigningKey()];
const keyHashes = Array.from({ length: 3 }, () => randomBytes(32));
const vendors = [
  { id: 'other', publicKey: otherKey.publicKey },
  { id: 'vendor', publicKey: key.publicKey },
];
const expected = { issuer: 'issuer', vendors, now };
const options = { issuer: 'issuer', vendor: 'vendor', keyHashes, now };

let request: PacksRequest;
beforeAll(async () => {
  request = await signPacksRequest(key, options);
});

/** A JWS by the right key over whatever claims. */
async function signClaims(claims: Record<string, unknown>, header: { typ?: string } = { typ: 'blindmark-packs+jws' }) {
  return new CompactSign(formatJsonBytes(claims))
    .setProtectedHeader({ alg: 'EdDSA', ...header })
    .sign(await importSigningKey(key));
}

const claimsOf = (jws: string) =>
  JSON.parse(Buffer.from(jws.split('.')[1] as string, 'base64url').toString('utf8')) as Record<string, unknown>;

describe('a vendor’s request', () => {
  it('verifies after its way over the wire, and again', async () => {
    const received = parseMessage(
      packsRequestSchema,
      JSON.parse(JSON.stringify(formatMessage(packsRequestSchema, request))),
    );
    expect(await verifyPacksRequest(received, expected)).toEqual({ vendor: 'vendor' });
    expect(await verifyPacksRequest(received, { ...expected, now: now + VENDOR_REQUEST_SECONDS })).toEqual({
      vendor: 'vendor',
    });
  });

  it('carries a thousand keys within the limits of a message', async () => {
    const many = Array.from({ length: 1000 }, () => randomBytes(32));
    const large = await signPacksRequest(key, { ...options, keyHashes: many });
    const text = JSON.stringify(formatMessage(packsRequestSchema, large));
    expect(text.length).toBeLessThan(64 * 1024);
    expect(await verifyPacksRequest(parseMessage(packsRequestSchema, JSON.parse(text)), expected)).toEqual({
      vendor: 'vendor',
    });
  });

  it('is refused when any character of its signature is changed', async () => {
    const { authorization } = request;
    const payloadStart = authorization.indexOf('.') + 1;
    const payloadEnd = authorization.lastIndexOf('.');
    for (let at = 0; at < authorization.length; at++) {
      const other = authorization[at] === 'A' ? 'B' : 'A';
      const changed = authorization.slice(0, at) + other + authorization.slice(at + 1);
      // A changed payload may name another vendor; whatever it says, it does not verify.
      const codes = at >= payloadStart && at < payloadEnd ? ['badSignature', 'unknownVendor'] : ['badSignature'];
      await expect(
        verifyPacksRequest({ ...request, authorization: changed }, expected),
        `character ${at}`,
      ).rejects.toSatisfy((error: { code: string }) => codes.includes(error.code));
    }
  });

  it('is refused when any byte of its packs is changed', async () => {
    for (let at = 0; at < 32 * keyHashes.length; at++) {
      const changed = keyHashes.map((hash) => hash.slice());
      const hash = changed[Math.floor(at / 32)] as Uint8Array;
      hash[at % 32] = (hash[at % 32] as number) ^ 1;
      await expect(verifyPacksRequest({ ...request, keyHashes: changed }, expected)).rejects.toMatchObject({
        code: 'badSignature',
        message: expect.stringContaining('other packs') as string,
      });
    }
  });

  it.each([
    ['fewer packs', keyHashes.slice(1)],
    ['more packs', [...keyHashes, randomBytes(32)]],
    ['another order', keyHashes.toReversed()],
  ])('is refused with %s than were signed', async (_, changed) => {
    await expect(verifyPacksRequest({ ...request, keyHashes: changed }, expected)).rejects.toMatchObject({
      code: 'badSignature',
    });
  });

  it('is refused at another issuer, even one that knows the vendor', async () => {
    await expect(verifyPacksRequest(request, { ...expected, issuer: 'another' })).rejects.toMatchObject({
      code: 'wrongIssuer',
    });
  });

  it('is refused of a vendor that is not known, and of one in another’s name', async () => {
    await expect(verifyPacksRequest(request, { ...expected, vendors: vendors.slice(0, 1) })).rejects.toMatchObject({
      code: 'unknownVendor',
    });
    const impostor = await signPacksRequest(otherKey, options);
    await expect(verifyPacksRequest(impostor, expected)).rejects.toMatchObject({ code: 'badSignature' });
  });

  it('is refused before and after its time', async () => {
    const late = { ...expected, now: now + VENDOR_REQUEST_SECONDS + CLOCK_TOLERANCE + 1 };
    await expect(verifyPacksRequest(request, late)).rejects.toMatchObject({ code: 'credentialExpired' });
    const early = { ...expected, now: now - CLOCK_TOLERANCE - 1 };
    await expect(verifyPacksRequest(request, early)).rejects.toMatchObject({ code: 'credentialExpired' });
  });

  it('is refused when it says that it is valid for longer', async () => {
    const claims = { ...claimsOf(request.authorization), exp: now + VENDOR_REQUEST_SECONDS + 1 };
    const authorization = await signClaims(claims);
    await expect(verifyPacksRequest({ keyHashes, authorization }, expected)).rejects.toMatchObject({
      code: 'credentialExpired',
    });
  });

  it('is refused under another type, with a claim too many, and with one missing', async () => {
    const claims = claimsOf(request.authorization);
    const { content: _, ...without } = claims;
    const attempts = [
      await signClaims(claims, { typ: 'blindmark-request+jws' }),
      await signClaims(claims, {}),
      await signClaims({ ...claims, more: true }),
      await signClaims(without),
      'a.b',
      '',
      `${formatBase64url(formatJsonBytes({ alg: 'none' }))}.${request.authorization.split('.')[1]}.`,
    ];
    for (const authorization of attempts) {
      await expect(verifyPacksRequest({ keyHashes, authorization }, expected)).rejects.toMatchObject({
        code: 'badSignature',
      });
    }
  });
});
