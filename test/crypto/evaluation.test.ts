import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../crypto/bytes.ts';
import {
  activationEntry,
  evaluationEntry,
  registrationEvaluationHash,
  verifyEvaluationRequest,
  verifyRosterToken,
} from '../../crypto/evaluation.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { authorizationHash, caseCommitment, signOfficerRequest } from '../../crypto/officer-request.ts';
import type { RosterEpoch, RosterIssuer } from '../../crypto/roster.ts';
import { createTokenRequest, finishToken } from '../../crypto/token-request.ts';
import { activationNonce, redemptionCommitment } from '../../crypto/token.ts';
import type { EvaluationRequest } from '../../crypto/wire.ts';
import { BlindSigner, createTokenKey, type TokenKeyPair } from '../../server/issuer/token-key.ts';
import { nodeRsaVerifier } from '../../server/rsa.ts';
import { refusal } from '../support/refusal.ts';
import { NOON, officerSigner, smallRoster, verified } from '../support/small-roster.ts';
import { drawScalar } from '../support/split-key.ts';

type Registration = Extract<EvaluationRequest, { purpose: 'registration' }>;
type Lookup = Extract<EvaluationRequest, { purpose: 'lookup' }>;

const DAY = 86_400;
const [key, oldKey, otherKey] = (await Promise.all([1, 2, 3].map(createTokenKey))) as [
  TokenKeyPair,
  TokenKeyPair,
  TokenKeyPair,
];
const base = smallRoster();
const [issuer] = base.issuers as [RosterIssuer];
const [epoch] = base.epochs as [RosterEpoch];
const plain = smallRoster({
  epochs: [epoch, { ...epoch, epoch: 2, live: false }, { ...epoch, epoch: 3 }],
  issuers: [
    {
      ...issuer,
      tokenKeys: [
        { quarter: '2026-Q3', publicKey: oldKey.publicKey },
        { quarter: '2026-Q4', publicKey: key.publicKey },
      ],
    },
    { ...issuer, id: 'issuer-b', number: 1, tokenKeys: [{ quarter: '2026-Q4', publicKey: otherKey.publicKey }] },
  ],
});
const roster = verified(plain);
const [element, other] = [1, 2].map(() => sodiumGroup.multiplyBase(drawScalar())) as [Uint8Array, Uint8Array];

const redemption = redemptionCommitment(new Uint8Array(32).fill(9));

async function tokenFor(
  changes: { element?: Uint8Array; pair?: TokenKeyPair; issuerName?: string; origin?: string } = {},
): Promise<Uint8Array> {
  const pair = changes.pair ?? key;
  const { request, pending } = await createTokenRequest({
    origin: changes.origin ?? plain.origin,
    issuerName: changes.issuerName ?? 'issuer-a',
    publicKey: pair.publicKey,
    element: changes.element ?? element,
    redemption,
  });
  return finishToken(pending, new BlindSigner(pair).sign(request.blindedMessage));
}

const token = await tokenFor();
const registration: Registration = {
  purpose: 'registration',
  roster: roster.hash,
  epochs: [1],
  elements: [element],
  redemptions: [redemption],
  token,
};
const verify = async (request: EvaluationRequest, now = NOON) =>
  verifyEvaluationRequest(request, roster, now, nodeRsaVerifier);

const signer = await officerSigner();
async function lookupOf(elements: readonly Uint8Array[], epochs: readonly number[], now = NOON): Promise<Lookup> {
  const authorization = await signOfficerRequest(signer, {
    purpose: 'evaluation',
    content: elements,
    caseCommitment: caseCommitment(new Uint8Array(32).fill(1), 'CR/1234/26'),
    roster,
    epochs,
    now,
  });
  return { purpose: 'lookup', epochs: [...epochs], elements: [...elements], authorization };
}
const lookup = await lookupOf([element, other], [3, 1]);

describe('a request for an owner', () => {
  it('names its issuer, and each element by its nonce', async () => {
    const nonces = [activationNonce(plain.origin, element, redemption)];
    const hash = registrationEvaluationHash(registration);
    expect(await verify(registration)).toEqual({ purpose: 'registration', nonces, issuer: plain.issuers[0], hash });
    const again = { ...registration, token: null };
    expect(await verify(again)).toEqual({
      purpose: 'registration',
      nonces,
      issuer: null,
      hash: registrationEvaluationHash(again),
    });
  });

  it('has an entry of its own in the log, by every byte of it', async () => {
    const verified = await verify(registration);
    expect(evaluationEntry(verified, registration, 7)).toEqual({
      kind: 'activation',
      hour: 7,
      request: registrationEvaluationHash(registration),
    });
    expect(activationEntry(registration, 7)).toEqual(evaluationEntry(verified, registration, 7));
    const others: Registration[] = [
      registration,
      { ...registration, roster: new Uint8Array(32) },
      { ...registration, epochs: [3] },
      { ...registration, epochs: [1, 3] },
      { ...registration, epochs: [3, 1] },
      { ...registration, elements: [other] },
      { ...registration, redemptions: [new Uint8Array(32)] },
      { ...registration, token: token.with(0, 1) },
      { ...registration, token: null },
    ];
    const hashes = others.map((request) => bytesToHex(registrationEvaluationHash(request)));
    expect(new Set(hashes).size).toBe(others.length);
  });

  it('is verified alike for every live epoch', async () => {
    expect((await verify({ ...registration, epochs: [3, 1] })).purpose).toBe('registration');
  });

  it('is refused with another element than the token’s', async () => {
    await expect(verify({ ...registration, elements: [other] })).rejects.toThrow(
      refusal('tokenForAnotherElement', 'token'),
    );
  });

  it.each([
    ['a token', token],
    ['none', null],
  ])('is refused with two elements, with %s', async (_, given) => {
    const two = {
      ...registration,
      elements: [element, other],
      redemptions: [redemption, redemption],
      token: given,
    };
    await expect(verify(two)).rejects.toThrow(refusal('badInput', 'elements'));
  });

  it('is refused with any byte of the token changed, for the reason of its field', async () => {
    for (let at = 0; at < token.length; at++) {
      const changed = token.with(at, (token[at] as number) ^ 1);
      const error: unknown = await verify({ ...registration, token: changed }).catch((thrown: unknown) => thrown);
      // Type, nonce, challenge digest, token key, authenticator (RFC 9578 section 6.3).
      const code =
        at < 2
          ? 'badToken'
          : at < 34
            ? 'tokenForAnotherElement'
            : at < 66
              ? 'badToken'
              : at < 98
                ? 'unknownIssuer'
                : 'badToken';
      expect(error, `byte ${at}`).toEqual(refusal(code));
    }
  });

  it('is refused with a token of another registry, or in another issuer’s name', async () => {
    const foreign = await tokenFor({ origin: 'registry.example2' });
    await expect(verify({ ...registration, token: foreign })).rejects.toThrow(refusal('tokenForAnotherElement'));
    const misnamed = await tokenFor({ issuerName: 'issuer-b' });
    await expect(verify({ ...registration, token: misnamed })).rejects.toThrow(refusal('badToken'));
  });

  it('is refused with a token under a key that is not in the roster', async () => {
    const pair = await createTokenKey();
    await expect(verify({ ...registration, token: await tokenFor({ pair }) })).rejects.toThrow(
      refusal('unknownIssuer'),
    );
  });

  it('takes last quarter’s key, and no older or later one', async () => {
    const old = { ...registration, token: await tokenFor({ pair: oldKey }) };
    await expect(verify(old)).resolves.toMatchObject({ issuer: { id: 'issuer-a' } });
    await expect(verify(old, NOON + 100 * DAY)).rejects.toThrow(refusal('unknownIssuer'));
    await expect(verify(registration, NOON + 100 * DAY)).resolves.toMatchObject({ issuer: { id: 'issuer-a' } });
    await expect(verify(registration, NOON - 30 * DAY)).rejects.toThrow(refusal('unknownIssuer'));
  });

  it('counts for the issuer whose key it is', async () => {
    const others = await tokenFor({ pair: otherKey, issuerName: 'issuer-b' });
    await expect(verify({ ...registration, token: others })).resolves.toMatchObject({ issuer: { id: 'issuer-b' } });
    const nonce = activationNonce(plain.origin, element, redemption);
    expect((await verifyRosterToken(others, nonce, roster, NOON, nodeRsaVerifier)).id).toBe('issuer-b');
  });

  it('is refused with another commitment, or not one for each element', async () => {
    const other = redemptionCommitment(new Uint8Array(32).fill(8));
    await expect(verify({ ...registration, redemptions: [other] })).rejects.toThrow(refusal('tokenForAnotherElement'));
    const two = { ...registration, redemptions: [redemption, redemption] };
    await expect(verify(two)).rejects.toThrow(refusal('badInput', 'redemptions'));
  });

  it('is refused under another roster', async () => {
    const changed = { ...registration, roster: roster.hash.with(0, (roster.hash[0] as number) ^ 1) };
    await expect(verify(changed)).rejects.toThrow(refusal('wrongRoster', 'roster'));
  });
});

describe('a request for an officer', () => {
  it('says who asks', async () => {
    expect(await verify(lookup)).toMatchObject({
      purpose: 'lookup',
      officer: { pseudonym: 'p-7f3a' },
      claims: { count: 2, epochs: [3, 1] },
    });
  });

  it('has an entry in the log that says who asks, for which case and how much', async () => {
    const entry = evaluationEntry(await verify(lookup), lookup, 7);
    expect(entry).toEqual({
      kind: 'lookup',
      hour: 7,
      request: authorizationHash(lookup.authorization),
      force: 'force-a',
      officer: 'p-7f3a',
      caseCommitment: caseCommitment(new Uint8Array(32).fill(1), 'CR/1234/26'),
      codes: '2-4',
    });
  });

  it.each<[string, Partial<Lookup>]>([
    ['another element', { elements: [element, element] }],
    ['elements in another order', { elements: [other, element] }],
    ['an element less', { elements: [element] }],
    ['an element more', { elements: [element, other, element] }],
    ['an epoch less', { epochs: [3] }],
    ['epochs in another order', { epochs: [1, 3] }],
  ])('is refused with %s than the officer signed', async (_, change) => {
    await expect(verify({ ...lookup, ...change })).rejects.toThrow(refusal('badSignature'));
  });

  it('is refused once it has expired', async () => {
    await expect(verify(lookup, NOON + 361)).rejects.toThrow(refusal('credentialExpired', 'request'));
  });
});

describe.each<[string, Registration | Lookup]>([
  ['an owner', registration],
  ['an officer', lookup],
])('any request for %s', (_, request) => {
  it.each([
    ['the identity', new Uint8Array(32)],
    ['a non-canonical element', hexToBytes('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')],
  ])('is refused with %s, which it names', async (_, bad) => {
    await expect(verify({ ...request, elements: [bad] })).rejects.toThrow(refusal('badElement', 'elements[0]'));
    await expect(verify({ ...request, elements: [element, bad] })).rejects.toThrow(
      refusal('badElement', 'elements[1]'),
    );
  });

  it('is refused for an epoch that is not live, or is not there', async () => {
    for (const epochs of [[2], [1, 2], [4]]) {
      await expect(verify({ ...request, epochs })).rejects.toThrow(refusal('wrongEpoch', 'epochs'));
    }
  });

  it('is refused with an epoch twice: it would be paid for once', async () => {
    await expect(verify({ ...request, epochs: [1, 1] })).rejects.toThrow(refusal('badInput', 'epochs'));
  });
});
