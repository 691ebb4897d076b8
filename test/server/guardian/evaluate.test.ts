import request from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { hexToBytes, randomBytes } from '../../../crypto/bytes.ts';
import { cosignatureTime, isCosignature } from '../../../crypto/checkpoint.ts';
import {
  createForceCredential,
  createOfficerCredential,
  officerPersons,
  officerThumbprint,
} from '../../../crypto/credential.ts';
import { evaluationEntry, verifyEvaluationRequest } from '../../../crypto/evaluation.ts';
import { hourOf } from '../../../crypto/log-entry.ts';
import { credentialRevoked } from '../../../crypto/revocation-list.ts';
import { evaluate } from '../../../server/guardian/evaluate.ts';
import { nodeRsaVerifier } from '../../../server/rsa.ts';
import { createTestLog } from '../../support/log.ts';
import { refusal } from '../../support/refusal.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { verifyEvaluation } from '../../../crypto/oprf.ts';
import { createSigner, createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { formatBase64url } from '../../../crypto/bytes.ts';
import {
  guardianEvaluateSchema,
  guardianEvaluationSchema,
  guardianInfoSchema,
  type EvaluationRequest,
} from '../../../crypto/wire.ts';
import { createGuardianRoutes } from '../../../server/guardian/app.ts';
import type { Decryptor, Evaluator } from '../../../server/guardian/evaluator.ts';
import { createTokenKey } from '../../../server/issuer/token-key.ts';
import { BlindmarkError } from '../../../crypto/errors.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { codeOf, officerRequest, openGuardian, ownerRequest, parseProblem } from './world.ts';
import { createToken, randomElement } from '../../support/tokens.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ epochs: [1, 2] });
});

const flip = (bytes: Uint8Array, position: number): Uint8Array =>
  bytes.map((byte, i) => (i === position ? byte ^ 1 : byte));

describe('an answer', () => {
  it('holds the evaluations under each live epoch, with one proof each under this guardian’s public share', async () => {
    const guardian = openGuardian(fixture, { index: 2, hasOwnThread: true });
    const elements = [randomElement(), randomElement(), randomElement()];
    const officer = await fixture.createOfficer();
    const response = await guardian.evaluate(await officerRequest(fixture, officer, elements));
    expect(response.status).toBe(200);
    const reply = parseMessage(guardianEvaluationSchema, response.body);
    expect(reply.guardian).toBe('g2');
    expect(reply.evaluations.map(({ epoch }) => epoch)).toEqual([2, 1]);
    for (const { epoch, elements: evaluated, proof } of reply.evaluations) {
      const publicShare = fixture.keys.get(epoch)?.shares[1]?.publicShare as Uint8Array;
      expect(() => verifyEvaluation(publicShare, elements, evaluated, proof)).not.toThrow();
    }
  });

  it('comes with the maximum of 64 elements, and not with one more', async () => {
    const guardian = openGuardian(fixture, { hasOwnThread: true });
    const officer = await fixture.createOfficer();
    const elements = Array.from({ length: 64 }, randomElement);
    expect(codeOf(await guardian.evaluate(await officerRequest(fixture, officer, elements)))).toBe('ok');
    const tooMany = await officerRequest(fixture, officer, elements);
    const body = formatMessage(guardianEvaluateSchema, { request: tooMany, log: guardian.log.evidence(1) });
    const one = formatBase64url(randomElement());
    const more = { ...body, request: { ...body.request, elements: [...body.request.elements, one] } };
    const response = await request(guardian.app).post('/v1/evaluate').send(more);
    expect(parseProblem(response)).toMatchObject({ code: 'badInput', field: 'request.elements' });
  });

  it('says of itself what the roster says', async () => {
    const response = await request(openGuardian(fixture, { index: 3 }).app).get('/v1/info');
    const info = parseMessage(guardianInfoSchema, response.body);
    expect(info).toEqual({
      guardian: 'g3',
      origin: fixture.origin,
      roster: fixture.roster.hash,
      epochs: [2, 1].map((epoch) => ({ epoch, publicShare: fixture.keys.get(epoch)?.shares[2]?.publicShare })),
    });
  });

  it('carries a cosignature over the checkpoint that it was shown', async () => {
    const guardian = openGuardian(fixture, { index: 2 });
    const officer = await fixture.createOfficer();
    const response = await guardian.evaluate(await officerRequest(fixture, officer, [randomElement()]));
    const { cosignature } = parseMessage(guardianEvaluationSchema, response.body);
    const { publicKey } = fixture.witnesses[1] as SigningKey;
    expect(isCosignature(guardian.log.head(), publicKey, cosignature)).toBe(true);
    expect(cosignatureTime(cosignature)).toBe(guardian.clock.now);
  });

  it('is given at five addresses only, beside the operations', () => {
    const routes = createGuardianRoutes({
      guardian: 'g1',
      index: 1,
      roster: fixture.roster,
      witness: { name: 'the log' },
      metrics: { counter: () => undefined },
    } as unknown as Parameters<typeof createGuardianRoutes>[0]);
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'post /v1/evaluate',
      'post /v1/decrypt',
      'post /v1/add-checkpoint',
      'get /v1/{log}/checkpoint',
      'get /v1/info',
    ]);
  });
});

describe('a token', () => {
  it('pays for its element for ever: in each epoch, without it, and after a restart', async () => {
    const guardian = openGuardian(fixture, { maxima: { codesPerIssuerAndDay: 1 } });
    const element = randomElement();
    const token = await createToken(fixture, element);
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], token)))).toBe('ok');
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], token)))).toBe('ok');
    await guardian.restart();
    const again = ownerRequest(fixture, [element], null);
    expect(codeOf(await guardian.evaluate(again))).toBe('ok');
    expect(codeOf(await guardian.evaluate({ ...again, epochs: [1] }))).toBe('ok');
    expect(codeOf(await guardian.evaluate({ ...again, epochs: [2] }))).toBe('ok');
  });

  it('is needed for an element that was not accepted before', async () => {
    const guardian = openGuardian(fixture);
    const known = randomElement();
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [known], await createToken(fixture, known))))).toBe(
      'ok',
    );
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [randomElement()], null)))).toBe('tokenRequired');
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [known], null)))).toBe('ok');
  });

  it('is refused for another element, and nothing is accepted then', async () => {
    const guardian = openGuardian(fixture);
    const [element, other] = [randomElement(), randomElement()];
    const token = await createToken(fixture, element);
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [other], token)))).toBe('tokenForAnotherElement');
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [other], null)))).toBe('tokenRequired');
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], null)))).toBe('tokenRequired');
  });

  it('is refused from an issuer or under a key that is not in the roster', async () => {
    const guardian = openGuardian(fixture);
    const element = randomElement();
    const stranger = await createToken(fixture, element, { key: await createTokenKey() });
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], stranger)))).toBe('unknownIssuer');
    const misnamed = await createToken(fixture, element, { issuerName: 'other-issuer' });
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], misnamed)))).toBe('badToken');
    const elsewhere = await createToken(fixture, element, { origin: 'other.example' });
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], elsewhere)))).toBe('tokenForAnotherElement');
  });

  it('is refused two quarters later, while its element stays accepted', async () => {
    const guardian = openGuardian(fixture);
    const [element, late] = [randomElement(), randomElement()];
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], await createToken(fixture, element))))).toBe(
      'ok',
    );
    guardian.clock.now += 190 * 86_400;
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [late], await createToken(fixture, late))))).toBe(
      'unknownIssuer',
    );
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], null)))).toBe('ok');
  });

  it('is refused with any byte changed, each part for its own reason', async () => {
    const guardian = openGuardian(fixture);
    const element = randomElement();
    const token = await createToken(fixture, element);
    const parts: [number, string][] = [
      [1, 'badToken'],
      [2, 'tokenForAnotherElement'],
      [33, 'tokenForAnotherElement'],
      [34, 'badToken'],
      [66, 'unknownIssuer'],
      [98, 'badToken'],
      [token.length - 1, 'badToken'],
    ];
    for (const [position, code] of parts) {
      expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], flip(token, position))))).toBe(code);
    }
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], null)))).toBe('tokenRequired');
  });
});

describe('an officer’s request', () => {
  const ask = async (
    change: (body: EvaluationRequest & { purpose: 'lookup' }) => EvaluationRequest,
  ): Promise<string> => {
    const officer = await fixture.createOfficer();
    const body = await officerRequest(fixture, officer, [randomElement()]);
    return codeOf(await openGuardian(fixture).evaluate(change(body)));
  };

  it('is refused for other elements, epochs or purposes than the officer signed', async () => {
    expect(await ask((body) => ({ ...body, elements: [randomElement()] }))).toBe('badSignature');
    expect(await ask((body) => ({ ...body, elements: [...body.elements, randomElement()] }))).toBe('badSignature');
    expect(await ask((body) => ({ ...body, epochs: [1] }))).toBe('badSignature');
  });

  it.each(['request', 'officerCredential', 'forceCredential'] as const)(
    'is refused with its %s changed',
    async (part) => {
      const code = await ask((body) => {
        const text = body.authorization[part];
        const position = text.length - 10;
        const changed = `${text.slice(0, position)}${text[position] === 'A' ? 'B' : 'A'}${text.slice(position + 1)}`;
        return { ...body, authorization: { ...body.authorization, [part]: changed } };
      });
      expect(code).toBe(part === 'request' ? 'badSignature' : 'badCredential');
    },
  );

  it('is refused after its end and before its beginning', async () => {
    const guardian = openGuardian(fixture);
    const officer = await fixture.createOfficer();
    const body = await officerRequest(fixture, officer, [randomElement()]);
    guardian.clock.now = fixture.now + 361;
    expect(codeOf(await guardian.evaluate(body))).toBe('credentialExpired');
    guardian.clock.now = fixture.now - 61;
    expect(codeOf(await guardian.evaluate(body))).toBe('credentialExpired');
    guardian.clock.now = fixture.now + 360;
    expect(codeOf(await guardian.evaluate(body))).toBe('ok');
  });

  it('is refused from a force that is not in the roster, and from one that certified itself', async () => {
    const guardian = openGuardian(fixture);
    const credential = async (force: string, root = fixture.authorityRoot) => {
      const forceKey = createSigningKey();
      const key = createSigningKey();
      const { origin, now } = fixture;
      const forceCredential = await createForceCredential(root, { origin, force, publicKey: forceKey.publicKey, now });
      const officerCredential = await createOfficerCredential(forceKey, {
        origin,
        force,
        pseudonym: 'officer',
        persons: officerPersons(forceKey.seed, 'x', { now }),
        publicKey: key.publicKey,
        rosterFingerprint: formatBase64url(fixture.fingerprint),
        now,
      });
      return { key: createSigner(key), officerCredential, forceCredential };
    };
    const stranger = await officerRequest(fixture, await credential('other-force'), [randomElement()]);
    expect(codeOf(await guardian.evaluate(stranger))).toBe('unknownForce');
    const impostor = await credential('demo-force', createSigningKey());
    expect(codeOf(await guardian.evaluate(await officerRequest(fixture, impostor, [randomElement()])))).toBe(
      'badCredential',
    );
  });

  it('is refused when it was made for another registry or under another roster', async () => {
    const elsewhere = await createFixture({ origin: 'other.blindmark.example' });
    const foreign = await officerRequest(elsewhere, await elsewhere.createOfficer(), [randomElement()]);
    const guardian = openGuardian(fixture);
    // Their roots differ too; so the request alone is made for elsewhere, by an officer from here.
    expect(codeOf(await guardian.evaluate(foreign))).toBe('badCredential');
    const officer = await fixture.createOfficer();
    const misdirected = {
      ...fixture,
      roster: { ...fixture.roster, roster: { ...fixture.roster.roster, origin: 'x.example' } },
    };
    expect(codeOf(await guardian.evaluate(await officerRequest(misdirected, officer, [randomElement()])))).toBe(
      'wrongOrigin',
    );
    const stale = { ...fixture, roster: { ...fixture.roster, hash: randomBytes(32) } };
    expect(codeOf(await guardian.evaluate(await officerRequest(stale, officer, [randomElement()])))).toBe(
      'wrongRoster',
    );
    const element = randomElement();
    const token = await createToken(fixture, element);
    expect(codeOf(await guardian.evaluate(ownerRequest(stale, [element], token)))).toBe('wrongRoster');
  });
});

describe('an officer who is revoked', () => {
  it('is refused by the next look at the list, and answered again once the list says so', async () => {
    const guardian = openGuardian(fixture);
    const officer = await fixture.createOfficer();
    const ask = async () => codeOf(await guardian.evaluate(await officerRequest(fixture, officer, [randomElement()])));
    expect(await ask()).toBe('ok');
    guardian.revocations.revoked.push(officerThumbprint(officer.key.publicKey));
    await guardian.revoke();
    expect(await ask()).toBe('credentialRevoked');
    guardian.revocations.revoked = [];
    guardian.clock.now += 1;
    await guardian.revoke();
    expect(await ask()).toBe('ok');
  });

  it('is refused without a list that is young enough, and nothing is charged', async () => {
    const guardian = openGuardian(fixture, { maxima: { codesPerOfficerAndDay: 1 } });
    const officer = await fixture.createOfficer();
    await guardian.revoke();
    guardian.revocations.isReachable = false;
    guardian.clock.now += 901;
    const body = await officerRequest(fixture, officer, [randomElement()], guardian.clock.now);
    expect(parseProblem(await guardian.evaluate(body))).toMatchObject({ code: 'revocationsStale', retryAfter: 60 });
    // Owners are not concerned.
    const element = randomElement();
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], await createToken(fixture, element))))).toBe(
      'ok',
    );
    guardian.revocations.isReachable = true;
    await guardian.revoke();
    expect(codeOf(await guardian.evaluate(body))).toBe('ok');
  });

  it('while what was seen of the log is written is refused, and nothing is charged', async () => {
    const officer = await fixture.createOfficer();
    const body = await officerRequest(fixture, officer, [randomElement()]);
    const verified = await verifyEvaluationRequest(body, fixture.roster, fixture.now, nodeRsaVerifier);
    const log = createTestLog(fixture);
    const evidence = log.evidence(log.append(evaluationEntry(verified, body, hourOf(fixture.now))));
    const unasked = async (): Promise<never> => Promise.reject(new Error('neither charged nor evaluated'));
    let isRevoked = false;
    const asked = evaluate(
      { request: body, log: evidence },
      {
        guardian: 'g1',
        roster: fixture.roster,
        maxima: { codesPerOfficerAndDay: 9, codesPerForceAndDay: 9, codesPerIssuerAndDay: 9 },
        ledger: { acceptToken: unasked, areAccepted: () => false, chargeOfficer: unasked },
        witness: {
          observe: async () => {
            isRevoked = true;
            return Promise.resolve(new Uint8Array(72));
          },
        },
        revocations: {
          check: async () => {
            if (isRevoked) throw credentialRevoked();
            return Promise.resolve();
          },
        },
        evaluator: { evaluate: unasked },
        rsa: nodeRsaVerifier,
        now: () => fixture.now,
      },
    );
    await expect(asked).rejects.toEqual(refusal('credentialRevoked'));
    expect(isRevoked).toBe(true);
  });
});

describe('an element or epoch', () => {
  it.each([
    ['the identity', new Uint8Array(32)],
    ['a non-canonical encoding', hexToBytes(`00${'ff'.repeat(31)}`)],
    ['a negative field element', hexToBytes(`01${'00'.repeat(31)}`)],
    ['no point of the group', new Uint8Array(32).fill(0xff)],
  ])('is refused as %s before anything is charged', async (_, element) => {
    const guardian = openGuardian(fixture, { maxima: { codesPerOfficerAndDay: 1 } });
    const officer = await fixture.createOfficer();
    const wrong = await guardian.evaluate(await officerRequest(fixture, officer, [randomElement(), element]));
    expect(parseProblem(wrong)).toMatchObject({ code: 'badElement', field: 'elements[1]' });
    expect(codeOf(await guardian.evaluate(ownerRequest(fixture, [element], randomBytes(354))))).toBe('badElement');
    expect(codeOf(await guardian.evaluate(await officerRequest(fixture, officer, [randomElement()])))).toBe('ok');
  });

  it('is refused of an epoch that is retired, unknown or named twice', async () => {
    const retired = await createFixture({
      epochs: [1, 2],
      change: (roster) => ({
        ...roster,
        epochs: roster.epochs.map((epoch) => ({ ...epoch, live: epoch.epoch === 2 })),
      }),
    });
    const guardian = openGuardian(retired);
    const body = ownerRequest(retired, [randomElement()], null);
    expect(codeOf(await guardian.evaluate({ ...body, epochs: [1] }))).toBe('wrongEpoch');
    expect(codeOf(await guardian.evaluate({ ...body, epochs: [2, 1] }))).toBe('wrongEpoch');
    expect(codeOf(await guardian.evaluate({ ...body, epochs: [3] }))).toBe('wrongEpoch');
    expect(codeOf(await guardian.evaluate({ ...body, epochs: [2, 2] }))).toBe('badInput');
  });
});

describe('work that fails', () => {
  it('is not charged again when it is repeated', async () => {
    let fails = true;
    const real = openGuardian(fixture);
    const evaluator: Evaluator & Decryptor = {
      evaluate: async (epoch, elements) => {
        if (fails) throw new BlindmarkError('overloaded', 'too much to do', { retryAfter: 2 });
        return { epoch, elements: [...elements], proof: new Uint8Array(64) };
      },
      decrypt: async () => Promise.reject(new BlindmarkError('unavailable', 'not asked for here')),
    };
    const guardian = openGuardian(fixture, {
      evaluator,
      maxima: { codesPerOfficerAndDay: 1, codesPerIssuerAndDay: 1 },
    });
    const officer = await fixture.createOfficer();
    const body = await officerRequest(fixture, officer, [randomElement()]);
    const element = randomElement();
    const owned = ownerRequest(fixture, [element], await createToken(fixture, element));
    for (const request of [body, owned]) expect(codeOf(await guardian.evaluate(request))).toBe('overloaded');
    fails = false;
    for (const request of [body, owned]) expect(codeOf(await guardian.evaluate(request))).toBe('ok');
    expect(codeOf(await real.evaluate(body))).toBe('ok');
  });
});

describe('logs and metrics', () => {
  it('hold neither elements nor tokens nor who asked', async () => {
    const guardian = openGuardian(fixture);
    const element = randomElement();
    const token = await createToken(fixture, element);
    const officer = await fixture.createOfficer('canary-pseudonym');
    await guardian.evaluate(ownerRequest(fixture, [element], token));
    await guardian.evaluate(await officerRequest(fixture, officer, [element]));
    await guardian.evaluate(ownerRequest(fixture, [randomElement()], token));
    const metrics = (await request(guardian.app).get('/metrics')).text;
    expect(metrics).toContain('blindmark_guardian_codes_total{purpose="lookup",charged="yes",service="guardian"} 1');
    const written = guardian.lines.join('') + metrics;
    for (const secret of [formatBase64url(element), formatBase64url(token).slice(0, 40), 'canary-pseudonym']) {
      expect(written).not.toContain(secret);
    }
  });
});
