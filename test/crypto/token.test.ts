import { createPrivateKey } from 'node:crypto';
import { invert } from '@noble/curves/abstract/modular.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes, randomBytes } from '../../crypto/bytes.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { tokenKeyId, tokenKeyModulus } from '../../crypto/token-key.ts';
import {
  createTokenRequest,
  finishToken,
  pendingTokenSchema,
  tokenRequestOf,
  webCryptoRsaVerifier,
  type PendingToken,
} from '../../crypto/token-request.ts';
import {
  activationNonce,
  redemptionCommitment,
  challengeDigest,
  formatToken,
  formatTokenChallenge,
  formatTokenInput,
  parseToken,
  TOKEN_INPUT_BYTES,
  verifyToken,
} from '../../crypto/token.ts';
import { BlindSigner, createTokenKey, type TokenKeyPair } from '../../server/issuer/token-key.ts';
import { nodeRsaVerifier } from '../../server/rsa.ts';
import { hasForeignVectors, readForeignVectors, readVectors } from '../support/vectors.ts';

/** RFC 9578 appendix B.2. */
interface Vector {
  readonly skS: string;
  readonly pkS: string;
  readonly token_challenge: string;
  readonly nonce: string;
  readonly blind: string;
  readonly token_request: string;
  readonly token_response: string;
  readonly token: string;
}

const vectors = [
  ...(readVectors('rfc9578-type2.json') as Vector[]),
  ...(hasForeignVectors ? (readForeignVectors('rfc9578-type2.json') as Vector[]) : []),
];

/** The challenges of the RFC's vectors, from their description. */
const context = hexToBytes('8e7acc900e393381e8810b7c9e4a68b5163f1f880ab6688a6ffe780923609e88');
const CHALLENGES = [
  { issuerName: 'issuer.example', redemptionContext: context, originInfo: 'origin.example' },
  { issuerName: 'issuer.example', originInfo: 'origin.example' },
  { issuerName: 'issuer.example', originInfo: 'foo.example,bar.example' },
  { issuerName: 'issuer.example', originInfo: '' },
  { issuerName: 'issuer.example', redemptionContext: context, originInfo: '' },
];

function keyPair(vector: Vector): TokenKeyPair {
  const pem = Buffer.from(vector.skS, 'hex').toString('utf8');
  const privateKey = new Uint8Array(createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }));
  return { publicKey: hexToBytes(vector.pkS), privateKey };
}

function pendingOf(vector: Vector): PendingToken {
  const publicKey = hexToBytes(vector.pkS);
  const modulus = BigInt(`0x${bytesToHex(tokenKeyModulus(publicKey))}`);
  const inverse = invert(BigInt(`0x${vector.blind}`), modulus)
    .toString(16)
    .padStart(512, '0');
  return {
    publicKey,
    nonce: hexToBytes(vector.nonce),
    challengeDigest: sha256(hexToBytes(vector.token_challenge)),
    // After token type and truncated token key id.
    blindedMessage: hexToBytes(vector.token_request).slice(3),
    inverse: hexToBytes(inverse),
  };
}

describe.each(vectors.map((vector, i) => ({ i, vector })))('RFC 9578 type 0x0002, vector $i', ({ vector }) => {
  it('has a challenge that is formatted alike', () => {
    const formatted = CHALLENGES.map((challenge) => bytesToHex(formatTokenChallenge(challenge)));
    expect(formatted).toContain(vector.token_challenge);
  });

  it('is signed by the issuer to the same bytes', () => {
    const signer = new BlindSigner(keyPair(vector));
    const pending = pendingOf(vector);
    expect(bytesToHex(signer.sign(pending.blindedMessage))).toBe(vector.token_response);
    // The RFC's request names the key by the last byte of its id.
    expect(signer.tokenKeyId[31]).toBe(hexToBytes(vector.token_request)[2]);
    expect(tokenRequestOf(pending).tokenKeyId).toEqual(signer.tokenKeyId);
  });

  it('is finished by the owner to the same token', async () => {
    const token = await finishToken(pendingOf(vector), hexToBytes(vector.token_response));
    expect(bytesToHex(token)).toBe(vector.token);
  });

  it('verifies, by node:crypto and by WebCrypto', async () => {
    const token = parseToken(hexToBytes(vector.token));
    const publicKey = hexToBytes(vector.pkS);
    expect(token.tokenKeyId).toEqual(tokenKeyId(publicKey));
    expect(bytesToHex(formatToken(token))).toBe(vector.token);
    for (const rsa of [nodeRsaVerifier, webCryptoRsaVerifier]) {
      expect(await rsa(publicKey, formatTokenInput(token), token.authenticator)).toBe(true);
      expect(await rsa(publicKey, formatTokenInput({ ...token, nonce: context }), token.authenticator)).toBe(false);
    }
  });
});

it('verifies the RFC’s tokens without redemption context as any token of this registry', async () => {
  const [, withoutContext] = vectors as [Vector, Vector];
  const keys = [{ issuerName: 'issuer.example', publicKey: hexToBytes(withoutContext.pkS) }];
  const expected = { origin: 'origin.example', nonce: hexToBytes(withoutContext.nonce), keys, rsa: nodeRsaVerifier };
  expect(await verifyToken(hexToBytes(withoutContext.token), expected)).toEqual({ issuerName: 'issuer.example' });
});

const origin = 'registry.example';
const element = randomBytes(32);
const redemption = redemptionCommitment(randomBytes(32));
const nonce = activationNonce(origin, element, redemption);
let [key, otherKey]: TokenKeyPair[] = [];
let [signer, otherSigner]: BlindSigner[] = [];
let token: Uint8Array;

async function obtainToken(issuerName: string, pair: TokenKeyPair, forOrigin = origin): Promise<Uint8Array> {
  const { publicKey } = pair;
  const { request, pending } = await createTokenRequest({
    origin: forOrigin,
    issuerName,
    publicKey,
    element,
    redemption,
  });
  return finishToken(pending, new BlindSigner(pair).sign(request.blindedMessage));
}

beforeAll(async () => {
  [key, otherKey] = await Promise.all([createTokenKey(), createTokenKey()]);
  [signer, otherSigner] = [new BlindSigner(key), new BlindSigner(otherKey)];
  token = await obtainToken('issuer-a', key);
});

/** What a service expects; the same public key twice, under two names, is told apart by the challenge. */
const expected = () => ({
  origin,
  nonce,
  keys: [
    { issuerName: 'issuer-b', publicKey: key?.publicKey as Uint8Array },
    { issuerName: 'issuer-a', publicKey: key?.publicKey as Uint8Array },
  ],
  rsa: nodeRsaVerifier,
});

describe('a token', () => {
  it('verifies, and says whose it is', async () => {
    expect(await verifyToken(token, expected())).toEqual({ issuerName: 'issuer-a' });
    expect(await verifyToken(token, { ...expected(), rsa: webCryptoRsaVerifier })).toEqual({ issuerName: 'issuer-a' });
  });

  it('is refused when any of its bytes is changed, each for its own reason', async () => {
    const reasonAt = (at: number): string => {
      if (at < 2) return 'badToken';
      if (at < 34) return 'tokenForAnotherElement';
      return at >= 66 && at < TOKEN_INPUT_BYTES ? 'unknownIssuer' : 'badToken';
    };
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      await expect(verifyToken(changed, expected()), `byte ${at}`).rejects.toMatchObject({ code: reasonAt(at) });
    }
  });

  it.each([
    ['one byte short', () => token.slice(0, -1)],
    ['one byte long', () => concatBytes(token, new Uint8Array(1))],
    ['empty', () => new Uint8Array()],
  ])('is refused %s', async (_, make) => {
    await expect(verifyToken(make(), expected())).rejects.toMatchObject({ code: 'badToken', field: 'token' });
  });

  it('pays for its own element alone', async () => {
    const other = activationNonce(origin, randomBytes(32), redemption);
    await expect(verifyToken(token, { ...expected(), nonce: other })).rejects.toMatchObject({
      code: 'tokenForAnotherElement',
    });
  });

  it('pays for nobody who does not know the secret behind its nonce', async () => {
    const other = activationNonce(origin, element, redemptionCommitment(randomBytes(32)));
    await expect(verifyToken(token, { ...expected(), nonce: other })).rejects.toMatchObject({
      code: 'tokenForAnotherElement',
    });
  });

  it('counts at its own registry alone, even for the same element', async () => {
    const elsewhere = {
      ...expected(),
      origin: 'other.example',
      nonce: activationNonce('other.example', element, redemption),
    };
    await expect(verifyToken(token, elsewhere)).rejects.toMatchObject({ code: 'tokenForAnotherElement' });
    await expect(verifyToken(token, { ...expected(), origin: 'other.example' })).rejects.toMatchObject({
      code: 'badToken',
    });
  });

  it('of an issuer that does not count is refused', async () => {
    const foreign = await obtainToken('issuer-a', otherKey as TokenKeyPair);
    await expect(verifyToken(foreign, expected())).rejects.toMatchObject({ code: 'unknownIssuer' });
    await expect(verifyToken(token, { ...expected(), keys: [] })).rejects.toMatchObject({ code: 'unknownIssuer' });
  });

  it('under a key id with a signature by another key is refused', async () => {
    const parsed = parseToken(token);
    const foreign = parseToken(await obtainToken('issuer-a', otherKey as TokenKeyPair));
    const forged = formatToken({ ...parsed, authenticator: foreign.authenticator });
    await expect(verifyToken(forged, expected())).rejects.toMatchObject({ code: 'badToken' });
  });

  it('under a key that a roster spells otherwise is under no key', async () => {
    const publicKey = Uint8Array.of(...(key as TokenKeyPair).publicKey, 0);
    const named = formatToken({ ...parseToken(token), tokenKeyId: tokenKeyId(publicKey) });
    const keys = [{ issuerName: 'issuer-a', publicKey }];
    await expect(verifyToken(named, { ...expected(), keys })).rejects.toMatchObject({ code: 'unknownIssuer' });
  });
});

describe('a challenge', () => {
  it('differs by each of its fields', () => {
    const base = { issuerName: 'a', originInfo: 'b' };
    const variants = [
      base,
      { ...base, issuerName: 'ab' },
      { ...base, originInfo: '' },
      { ...base, redemptionContext: context },
    ];
    expect(new Set(variants.map((challenge) => bytesToHex(challengeDigest(challenge)))).size).toBe(variants.length);
  });

  it.each([
    ['issuerName', { issuerName: '', originInfo: 'b' }],
    ['redemptionContext', { issuerName: 'a', originInfo: 'b', redemptionContext: new Uint8Array(31) }],
    ['originInfo', { issuerName: 'a', originInfo: 'b'.repeat(65_536) }],
  ])('with a wrong %s is refused', (field, challenge) => {
    expect(() => formatTokenChallenge(challenge)).toThrow(expect.objectContaining({ code: 'badInput', field }));
  });
});

describe('a request', () => {
  const start = async () =>
    createTokenRequest({
      origin,
      issuerName: 'issuer-a',
      publicKey: (key as TokenKeyPair).publicKey,
      element,
      redemption,
    });

  it('goes on after an interruption with the same bytes, to the same token', async () => {
    const { request, pending } = await start();
    const kept = JSON.stringify(formatMessage(pendingTokenSchema, pending));
    const restored = parseMessage(pendingTokenSchema, JSON.parse(kept));
    expect(tokenRequestOf(restored)).toEqual(request);
    const signature = (signer as BlindSigner).sign(request.blindedMessage);
    const [first, second] = [await finishToken(pending, signature), await finishToken(restored, signature)];
    expect(second).toEqual(first);
    expect(await verifyToken(second, expected())).toEqual({ issuerName: 'issuer-a' });
  });

  it('shows nothing of nonce, challenge or blind, and is never the same twice', async () => {
    const [{ request, pending }, second] = [await start(), await start()];
    const sent = bytesToHex(concatBytes(request.tokenKeyId, request.blindedMessage));
    for (const secret of [pending.nonce, pending.challengeDigest, pending.inverse]) {
      expect(sent).not.toContain(bytesToHex(secret));
    }
    expect(second.request.blindedMessage).not.toEqual(request.blindedMessage);
  });

  it('is not finished by anything but the issuer’s signature', async () => {
    const { request, pending } = await start();
    const good = (signer as BlindSigner).sign(request.blindedMessage);
    const changed = good.slice();
    changed[200] = (changed[200] as number) ^ 1;
    const foreign = (otherSigner as BlindSigner).sign(Uint8Array.of(0, ...request.blindedMessage.slice(1)));
    for (const reply of [changed, foreign, new Uint8Array(256), new Uint8Array(256).fill(255)]) {
      await expect(finishToken(pending, reply)).rejects.toMatchObject({ code: 'badToken', field: 'blindSignature' });
    }
    await expect(finishToken(pending, good.slice(1))).rejects.toMatchObject({
      code: 'badInput',
      field: 'blindSignature',
    });
  });

  it('is not finished with another blind', async () => {
    const [{ request, pending }, other] = [await start(), await start()];
    const signature = (signer as BlindSigner).sign(request.blindedMessage);
    const mixed = { ...pending, inverse: other.pending.inverse };
    await expect(finishToken(mixed, signature)).rejects.toMatchObject({ code: 'badToken' });
  });

  it('is made under a token key alone', async () => {
    const options = { origin, issuerName: 'issuer-a', publicKey: new Uint8Array(342), element, redemption };
    await expect(createTokenRequest(options)).rejects.toMatchObject({ code: 'badInput', field: 'publicKey' });
    const publicKey = (key as TokenKeyPair).publicKey;
    await expect(createTokenRequest({ ...options, publicKey, element: new Uint8Array(31) })).rejects.toMatchObject({
      code: 'badInput',
      field: 'element',
    });
  });
});
