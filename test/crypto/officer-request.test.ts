import { describe, expect, it } from 'vitest';
import { bytesToHex, formatBase64url } from '../../crypto/bytes.ts';
import { CLOCK_TOLERANCE, OFFICER_CREDENTIAL_SECONDS } from '../../crypto/credential.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { parseMessage } from '../../crypto/message.ts';
import {
  authorizationHash,
  caseCommitment,
  contentHash,
  MAX_OPENING_SECONDS,
  officerAuthorizationSchema,
  readRequestClaims,
  OPENING_SECONDS,
  REQUEST_SECONDS,
  signOfficerRequest,
  verifyOfficerRequest,
} from '../../crypto/officer-request.ts';
import { createSigner, createSigningKey } from '../../crypto/signature.ts';
import { flippedJws, misspeltJws, resign, unsignedJws } from '../support/jws.ts';
import { refusal } from '../support/refusal.ts';
import { force, NOON, officer, officerSigner, smallRoster, verified } from '../support/small-roster.ts';

const roster = verified();
const salt = new Uint8Array(32).fill(8);
const content = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
const signer = await officerSigner();
const asked = {
  purpose: 'evaluation' as const,
  content,
  caseCommitment: caseCommitment(salt, 'CR/1234/26'),
  roster,
  epochs: [1],
  now: NOON,
};
const authorization = await signOfficerRequest(signer, asked);

async function verify(
  changes: Partial<typeof authorization> = {},
  expected: Partial<Parameters<typeof verifyOfficerRequest>[1]> = {},
) {
  return verifyOfficerRequest(
    { ...authorization, ...changes },
    { purpose: 'evaluation', content, roster, now: NOON, ...expected },
  );
}

/** The request with other claims or header, signed by the officer. */
const requestWith = (claims: object, header: object = {}) => ({
  request: resign(authorization.request, officer, claims, header),
});

describe('a signed request', () => {
  it('says who asks what, of whom, when and for which case', async () => {
    const { officer: who, claims, hash } = await verify();
    expect(who.pseudonym).toBe('p-7f3a');
    expect(claims).toMatchObject({
      purpose: 'evaluation',
      content: contentHash('evaluation', content),
      count: 3,
      caseCommitment: asked.caseCommitment,
      origin: 'registry.example',
      roster: roster.hash,
      epochs: [1],
      iat: NOON,
      exp: NOON + REQUEST_SECONDS,
    });
    expect(hash).toEqual(authorizationHash(authorization));
  });

  it('shows nothing of the case but its commitment', () => {
    const payload = Buffer.from(authorization.request.split('.')[1] as string, 'base64url').toString();
    expect(payload).not.toContain('1234');
  });

  it('is another each time, by its nonce', async () => {
    expect((await signOfficerRequest(signer, asked)).request).not.toBe(authorization.request);
    const fixed = () => new Uint8Array(16);
    expect(await signOfficerRequest(signer, asked, fixed)).toEqual(await signOfficerRequest(signer, asked, fixed));
  });

  it('fits its own wire form', () => {
    expect(parseMessage(officerAuthorizationSchema, authorization)).toEqual(authorization);
    expect(() =>
      parseMessage(officerAuthorizationSchema, { ...authorization, request: `${authorization.request}.` }, 'a'),
    ).toThrow(refusal('badInput', 'a.request'));
    expect(() =>
      parseMessage(officerAuthorizationSchema, { ...authorization, forceCredential: `a.b.${'c'.repeat(4093)}` }, 'a'),
    ).toThrow(refusal('badInput', 'a.forceCredential'));
  });

  it.each([
    ['other content', { content: [...content.slice(1), new Uint8Array(32)] }],
    ['content in another order', { content: content.toReversed() }],
    ['another number of elements', { content: content.slice(1) }],
    ['no content', { content: [] }],
    ['another purpose', { purpose: 'lookup' as const }],
  ])('is refused for %s', async (_, expected) => {
    await expect(verify({}, expected)).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused where only its count was signed wrongly', async () => {
    await expect(verify(requestWith({ count: 2 }))).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused for another registry', async () => {
    await expect(verify(requestWith({ origin: 'registry.example2' }))).rejects.toThrow(
      refusal('wrongOrigin', 'request'),
    );
  });

  it('is refused under another roster', async () => {
    const next = verified(smallRoster({ version: 2, predecessor: roster.hash }));
    await expect(verify({}, { roster: next })).rejects.toThrow(refusal('wrongRoster', 'roster'));
    await expect(verify(requestWith({ roster: formatBase64url(next.hash) }))).rejects.toThrow(
      refusal('wrongRoster', 'roster'),
    );
  });

  it('is refused before and after its time', async () => {
    await expect(verify({}, { now: NOON + REQUEST_SECONDS + CLOCK_TOLERANCE })).resolves.toBeDefined();
    await expect(verify({}, { now: NOON + REQUEST_SECONDS + CLOCK_TOLERANCE + 1 })).rejects.toThrow(
      refusal('credentialExpired', 'request'),
    );
    await expect(verify({}, { now: NOON - CLOCK_TOLERANCE })).resolves.toBeDefined();
    await expect(verify({}, { now: NOON - CLOCK_TOLERANCE - 1 })).rejects.toThrow(
      refusal('credentialExpired', 'request'),
    );
  });

  it('is refused for longer than five minutes', async () => {
    await expect(verify(requestWith({ exp: NOON + REQUEST_SECONDS + 1 }))).rejects.toThrow(
      refusal('credentialExpired', 'request'),
    );
  });

  it.each(['evaluation', 'lookup', 'message'] as const)(
    'is refused for longer than five minutes: %s',
    async (purpose) => {
      const long = await signOfficerRequest(signer, { ...asked, purpose, validSeconds: REQUEST_SECONDS + 1 });
      await expect(verify(long, { purpose })).rejects.toThrow(refusal('credentialExpired', 'request'));
    },
  );

  it('for an opening is valid for hours, and for a day at most; so is its approval', async () => {
    const opening = { ...asked, purpose: 'opening' as const };
    const usual = await signOfficerRequest(signer, opening);
    const { claims } = await verify(usual, { purpose: 'opening', now: NOON + OPENING_SECONDS });
    expect(claims.exp).toBe(NOON + OPENING_SECONDS);
    const late = NOON + OPENING_SECONDS + CLOCK_TOLERANCE + 1;
    await expect(verify(usual, { purpose: 'opening', now: late })).rejects.toThrow(
      refusal('credentialExpired', 'request'),
    );
    for (const purpose of ['opening', 'approval'] as const) {
      const longest = await signOfficerRequest(signer, { ...asked, purpose, validSeconds: MAX_OPENING_SECONDS });
      await expect(verify(longest, { purpose })).resolves.toBeDefined();
      const longer = await signOfficerRequest(signer, { ...asked, purpose, validSeconds: MAX_OPENING_SECONDS + 1 });
      await expect(verify(longer, { purpose })).rejects.toThrow(refusal('credentialExpired', 'request'));
    }
  });

  it('is refused under a credential that has expired', async () => {
    const late = NOON - 3600 + OFFICER_CREDENTIAL_SECONDS + CLOCK_TOLERANCE + 1;
    const again = await signOfficerRequest(signer, { ...asked, now: late });
    await expect(verify(again, { now: late })).rejects.toThrow(refusal('credentialExpired', 'officerCredential'));
  });
});

describe('a signer', () => {
  it('may keep its key to itself, and signs 64 bytes', async () => {
    const sign = async (message: Uint8Array): Promise<Uint8Array> => signer.key.sign(message);
    const keeping = { ...signer, key: { publicKey: signer.key.publicKey, sign } };
    expect((await verify(await signOfficerRequest(keeping, asked))).officer.publicKey).toEqual(signer.key.publicKey);
    const short = { ...keeping, key: { ...keeping.key, sign: async () => new Uint8Array(63) } };
    await expect(signOfficerRequest(short, asked)).rejects.toThrow(refusal('badInput', 'signature'));
  });
});

describe('the signature', () => {
  it('is the officer’s: no other’s, not even the force’s', async () => {
    for (const key of [createSigningKey(), force]) {
      const other = await signOfficerRequest({ ...signer, key: createSigner(key) }, asked);
      await expect(verify(other)).rejects.toThrow(refusal('badSignature', 'request'));
    }
  });

  it('does not hold with any bit of any segment changed', async () => {
    for (const [, request] of flippedJws(authorization.request)) {
      await expect(verify({ request })).rejects.toThrow(refusal('badSignature', 'request'));
    }
  });

  it.each([...unsignedJws(authorization.request), ...misspeltJws(authorization.request)])(
    'does not hold with %s',
    async (_, request) => {
      await expect(verify({ request })).rejects.toThrow(refusal('badSignature', 'request'));
    },
  );

  it.each([
    ['of a credential', 'blindmark-officer+jwt'],
    ['of nothing', undefined],
    ['in capitals', 'BLINDMARK-REQUEST+JWS'],
  ])('does not hold over a type %s', async (_, typ) => {
    await expect(verify(requestWith({}, { typ }))).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('does not take a credential for a request', async () => {
    await expect(verify({ request: authorization.officerCredential })).rejects.toThrow(
      refusal('badSignature', 'request'),
    );
  });

  it.each([
    ['no nonce', { nonce: undefined }],
    ['a short nonce', { nonce: 'AAAA' }],
    ['no epochs', { epochs: [] }],
    ['66 elements', { count: 66 }],
    ['a field too many', { note: 'CANARY' }],
    ['a purpose that there is not', { purpose: 'listing' }],
    ['no case', { caseCommitment: undefined }],
  ])('does not make malformed claims good: %s', async (_, claims) => {
    await expect(verify(requestWith(claims))).rejects.toThrow(refusal('badInput'));
  });
});

describe('hashes', () => {
  it('of content tell purposes and boundaries apart', () => {
    expect(contentHash('evaluation', content)).toEqual(labelledHash('request-content', 'evaluation', ...content));
    expect(contentHash('lookup', content)).not.toEqual(contentHash('evaluation', content));
    const joined = [new Uint8Array(64).fill(1)];
    expect(contentHash('lookup', [new Uint8Array(32).fill(1), new Uint8Array(32).fill(1)])).not.toEqual(
      contentHash('lookup', joined),
    );
  });

  it('of a case hide it under the salt, in one Unicode spelling', () => {
    expect(caseCommitment(salt, 'CR/1234/26')).toEqual(labelledHash('case', salt, 'CR/1234/26'));
    expect(caseCommitment(salt.with(0, 1), 'CR/1234/26')).not.toEqual(caseCommitment(salt, 'CR/1234/26'));
    expect(caseCommitment(salt, 'Ä')).toEqual(caseCommitment(salt, 'A\u0308'));
    expect(() => caseCommitment(new Uint8Array(), 'CR/1234/26')).toThrow(refusal('badInput', 'salt'));
  });

  it('of an authorization change with each of its three texts', async () => {
    const all = [
      authorization,
      { ...authorization, request: authorization.officerCredential },
      { ...authorization, officerCredential: authorization.forceCredential },
      { ...authorization, forceCredential: authorization.request },
    ];
    expect(new Set(all.map((one) => bytesToHex(authorizationHash(one)))).size).toBe(4);
  });
});

describe('readRequestClaims', () => {
  it('says what a request says of itself, whoever signed it', () => {
    const claims = readRequestClaims(authorization);
    expect(claims).toMatchObject({ purpose: 'evaluation', roster: roster.hash, iat: NOON, epochs: [1] });
    const [head, body] = authorization.request.split('.') as [string, string];
    expect(readRequestClaims({ ...authorization, request: `${head}.${body}.AA` })).toEqual(claims);
  });

  it.each([
    ['no JWS', 'x'],
    ['no JSON', `a.${formatBase64url(new Uint8Array([1]))}.b`],
    ['other claims', `a.${formatBase64url(new TextEncoder().encode('{}'))}.b`],
  ])('refuses %s', (_, request) => {
    expect(() => readRequestClaims({ ...authorization, request })).toThrow(refusal('badInput'));
  });
});
