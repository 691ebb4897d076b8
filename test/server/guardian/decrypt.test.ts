/** Contact envelopes: what a guardian decrypts, in part, for two officers; and everything for which it does not. */
import { ristretto255 } from '@noble/curves/ed25519.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { isCosignature } from '../../../crypto/checkpoint.ts';
import { contactElement, contactEnvelopeHash, openContactEnvelope } from '../../../crypto/contact-envelope.ts';
import {
  createForceCredential,
  createOfficerCredential,
  officerPersons,
  officerCredentialHash,
  officerThumbprint,
} from '../../../crypto/credential.ts';
import { combineDecryptions, verifyDecryption } from '../../../crypto/decryption.ts';
import { delayedCommitment, formatLogEntry, hourOf, type EntryOf, type LogEntry } from '../../../crypto/log-entry.ts';
import { parseMessage } from '../../../crypto/message.ts';
import type { OfficerSigner } from '../../../crypto/officer-request.ts';
import { verifyEvaluation } from '../../../crypto/oprf.ts';
import { pseudonymHash } from '../../../crypto/revocation-list.ts';
import { createSigner, createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { guardianDecryptionSchema } from '../../../crypto/wire-openings.ts';
import { guardianEvaluationSchema } from '../../../crypto/wire.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createTestLog } from '../../support/log.ts';
import { refusal } from '../../support/refusal.ts';
import { subsets, type SplitKey } from '../../support/split-key.ts';
import { createToken, randomElement } from '../../support/tokens.ts';
import {
  codeOf,
  createOpening,
  openGuardian,
  ownerRequest,
  parseProblem,
  sealTestEnvelope,
  type OpeningOptions,
  type TestGuardian,
  type TestOpening,
} from './world.ts';

const { Point } = ristretto255;
const { Fn } = Point;

let fixture: Fixture;
let first: OfficerSigner;
let second: OfficerSigner;
beforeAll(async () => {
  fixture = await createFixture();
  first = await fixture.createOfficer('officer-a');
  second = await fixture.createOfficer('officer-b');
});

const opening = async (options: Partial<OpeningOptions> = {}): Promise<TestOpening> =>
  createOpening(fixture, { first, second, ...options });

const shareOf = (index: number): Uint8Array =>
  (fixture.decryptionKeys.get(1) as SplitKey).shares[index - 1]?.publicShare as Uint8Array;

describe('a partial decryption', () => {
  it('opens the envelope with any other guardian’s and the code’s key, and with nothing less', async () => {
    const commitment = randomBytes(32);
    const codeKey = randomBytes(32);
    const envelope = sealTestEnvelope(fixture, commitment, codeKey);
    const asked = await opening({ commitment, envelope });
    const log = createTestLog(fixture);
    const guardians = [1, 2, 3].map((index) => openGuardian(fixture, { index, log, hasOwnThread: true }));
    const parts = await Promise.all(
      guardians.map(async (guardian, i) => {
        const reply = parseMessage(guardianDecryptionSchema, (await guardian.decrypt(asked)).body);
        const { guardian: id, element: part, proof } = reply;
        return { guardian: id, element: part, proof, index: i + 1, publicShare: shareOf(i + 1) };
      }),
    );
    const { groupKey } = fixture.decryptionKeys.get(1) as SplitKey;
    const element = contactElement(envelope);
    for (const pair of subsets(parts, 2)) {
      const { shared, faults } = combineDecryptions(element, pair, 2, groupKey);
      expect(faults).toEqual([]);
      expect(openContactEnvelope(envelope, { shared, codeKey, commitment })).toMatchObject({
        telephone: '+44 20 7946 0000',
      });
      expect(() => openContactEnvelope(envelope, { shared, codeKey: randomBytes(32), commitment })).toThrow(
        refusal('badEnvelope'),
      );
    }
    for (const part of parts) {
      expect(() => combineDecryptions(element, [part], 2, groupKey)).toThrow(refusal('guardiansUnavailable'));
      expect(() => openContactEnvelope(envelope, { shared: part.element, codeKey, commitment })).toThrow(
        refusal('badEnvelope'),
      );
    }
  });

  it('has a proof under this guardian’s share of the decryption key, and its cosignature of the checkpoint', async () => {
    const guardian = openGuardian(fixture, { index: 2 });
    const asked = await opening();
    const reply = parseMessage(guardianDecryptionSchema, (await guardian.decrypt(asked)).body);
    expect([reply.guardian, reply.epoch]).toEqual(['g2', 1]);
    const element = contactElement(asked.request.envelope);
    expect(() => verifyDecryption(shareOf(2), element, reply)).not.toThrow();
    // No proof of an evaluation: the contexts differ, and so do the keys.
    expect(() => verifyEvaluation(shareOf(2), [element], [reply.element], reply.proof)).toThrow(refusal('badProof'));
    const { publicKey } = fixture.witnesses[1] as SigningKey;
    expect(isCosignature(guardian.log.head(), publicKey, reply.cosignature)).toBe(true);
  });

  it('costs the first officer one code, once', async () => {
    const guardian = openGuardian(fixture, { maxima: { codesPerOfficerAndDay: 1 } });
    const asked = await opening();
    expect(codeOf(await guardian.decrypt(asked))).toBe('ok');
    expect(codeOf(await guardian.decrypt(asked))).toBe('ok');
    await guardian.restart();
    guardian.clock.now += 300;
    expect(codeOf(await guardian.decrypt(asked))).toBe('ok');
    guardian.clock.now = fixture.now;
    expect(codeOf(await guardian.decrypt(await opening()))).toBe('quotaExceeded');
    // Whoever approved has not been charged.
    expect(codeOf(await guardian.decrypt(await opening({ first: second, second: first })))).toBe('ok');
  });

  it('is given hours after the asking, with the approval’s entry, for as long as the approval is valid', async () => {
    const guardian = openGuardian(fixture);
    const asked = await opening({ approvedAt: fixture.now + 3 * 3600 });
    // The first look at the force's list is over before the clock goes on.
    await guardian.revoke();
    guardian.clock.now += 3 * 3600;
    expect(codeOf(await guardian.decrypt(asked))).toBe('ok');
    guardian.clock.now += 400;
    expect(parseProblem(await guardian.decrypt(asked))).toMatchObject({ code: 'credentialExpired' });
  });
});

describe('an opening is refused, and nothing is charged,', () => {
  /** Tries an opening that must not be; then one that may, to officers who may have one code. */
  async function refusalOf(make: (guardian: TestGuardian) => Promise<TestOpening>) {
    const guardian = openGuardian(fixture, { maxima: { codesPerForceAndDay: 1 } });
    const asked = await make(guardian);
    const problem = parseProblem(await guardian.decrypt(asked));
    guardian.clock.now = fixture.now;
    guardian.revocations.revoked = [];
    guardian.revocations.isReachable = true;
    await guardian.restart();
    expect(codeOf(await guardian.decrypt(await opening()))).toBe('ok');
    return { code: problem.code, field: problem.field };
  }

  const change =
    (alter: (request: TestOpening['request']) => TestOpening['request'], options: Partial<OpeningOptions> = {}) =>
    async (): Promise<TestOpening> =>
      opening({ ...options, change: alter });

  it('when the same person stands on both sides: by key, by pseudonym, or by what the force says', async () => {
    const sameOfficer = { code: 'sameOfficer', field: 'request' };
    expect(await refusalOf(async () => opening({ second: first }))).toEqual(sameOfficer);
    // The same person with another key, and the same key under another pseudonym.
    const otherKey = await fixture.createOfficer('officer-a');
    expect(await refusalOf(async () => opening({ second: otherKey }))).toEqual(sameOfficer);
    const otherName = await createOfficerCredential(fixture.forceKey, {
      origin: fixture.origin,
      force: 'demo-force',
      pseudonym: 'officer-z',
      persons: officerPersons(fixture.forceKey.seed, 'z', fixture),
      publicKey: first.key.publicKey,
      rosterFingerprint: formatBase64url(fixture.fingerprint),
      now: fixture.now,
    });
    expect(await refusalOf(async () => opening({ second: { ...first, officerCredential: otherName } }))).toEqual(
      sameOfficer,
    );
    // Another key under another pseudonym, as the force hands them out at each run, to one and the same person.
    const reissued = await fixture.createOfficer('officer-y', fixture.now - 6 * 3600, 'officer-a');
    expect(await refusalOf(async () => opening({ second: reissued }))).toEqual(sameOfficer);
  });

  it('when the two are of two forces', async () => {
    const two = await createFixture({
      change: (roster) => ({
        ...roster,
        forces: [...roster.forces, { ...(roster.forces[0] as (typeof roster.forces)[number]), id: 'other-force' }],
      }),
    });
    const [forceKey, key] = [createSigningKey(), createSigner(createSigningKey())];
    const { origin, now } = two;
    const stranger: OfficerSigner = {
      key,
      officerCredential: await createOfficerCredential(forceKey, {
        origin,
        force: 'other-force',
        pseudonym: 'officer-q',
        persons: officerPersons(forceKey.seed, 'q', { now }),
        publicKey: key.publicKey,
        rosterFingerprint: formatBase64url(two.fingerprint),
        now,
      }),
      forceCredential: await createForceCredential(two.authorityRoot, {
        origin,
        force: 'other-force',
        publicKey: forceKey.publicKey,
        now,
      }),
    };
    const asked = await createOpening(two, { first: await two.createOfficer('officer-a'), second: stranger });
    expect(codeOf(await openGuardian(two).decrypt(asked))).toBe('badSignature');
  });

  it.each([
    ['the first', 'key', () => officerThumbprint(first.key.publicKey)],
    ['the second', 'key', () => officerThumbprint(second.key.publicKey)],
    ['the first', 'credential', () => officerCredentialHash(first.officerCredential)],
    ['the second', 'credential', () => officerCredentialHash(second.officerCredential)],
    ['the first', 'pseudonym', () => pseudonymHash('demo-force', 'officer-a')],
    ['the second', 'pseudonym', () => pseudonymHash('demo-force', 'officer-b')],
  ])('when %s officer’s %s is revoked', async (_, _what, hash) => {
    const revoke = async (guardian: TestGuardian): Promise<TestOpening> => {
      guardian.revocations.revoked.push(hash());
      await guardian.revoke();
      return opening();
    };
    expect(await refusalOf(revoke)).toEqual({ code: 'credentialRevoked', field: 'officerCredential' });
  });

  it('when the first officer was revoked between the asking and the approval', async () => {
    const guardian = openGuardian(fixture);
    expect(codeOf(await guardian.decrypt(await opening()))).toBe('ok');
    const asked = await opening({ approvedAt: fixture.now + 600 });
    guardian.revocations.revoked.push(officerThumbprint(first.key.publicKey));
    guardian.clock.now += 600;
    // The list at hand is young enough; the next look finds the new one.
    await guardian.revoke();
    expect(codeOf(await guardian.decrypt(asked))).toBe('credentialRevoked');
  });

  it('when the force’s list of revocations is missing', async () => {
    const lose = async (guardian: TestGuardian): Promise<TestOpening> => {
      guardian.revocations.isReachable = false;
      await guardian.restart();
      return opening();
    };
    expect(await refusalOf(lose)).toEqual({ code: 'revocationsStale', field: 'officerCredential' });
  });

  it('when it was not approved in time, or a credential has expired', async () => {
    const late = async (guardian: TestGuardian): Promise<TestOpening> => {
      const after = fixture.now + 4 * 3600 + 61;
      guardian.clock.now = after;
      return opening({ approvedAt: after });
    };
    expect(await refusalOf(late)).toEqual({ code: 'openingExpired', field: 'expiresAt' });
    const old = await fixture.createOfficer('officer-c', fixture.now - 12 * 3600 - 61);
    expect(await refusalOf(async () => opening({ second: old }))).toEqual({
      code: 'credentialExpired',
      field: 'officerCredential',
    });
    expect(await refusalOf(async () => opening({ first: old }))).toEqual({
      code: 'credentialExpired',
      field: 'officerCredential',
    });
  });

  it('when the approval is for another case, or of another opening', async () => {
    const badSignature = { code: 'badSignature', field: 'request' };
    expect(await refusalOf(async () => opening({ approvedCase: randomBytes(32) }))).toEqual(badSignature);
    const another = await opening();
    expect(await refusalOf(change((request) => ({ ...request, second: another.request.second })))).toEqual(
      badSignature,
    );
    expect(await refusalOf(change((request) => ({ ...request, first: another.request.first })))).toEqual(badSignature);
    expect(await refusalOf(change((request) => ({ ...request, first: request.second })))).toEqual(badSignature);
    expect(await refusalOf(change((request) => ({ ...request, second: request.first })))).toEqual(badSignature);
  });

  it.each([
    ['match', { match: 2 }],
    ['reason', { reason: 'other' as const }],
    ['commitment', { commitment: new Uint8Array(32).fill(7) }],
    ['explanation', undefined],
    ['expiresAt', undefined],
  ])('when its %s is not what the officers signed', async (field, value) => {
    const altered = change((request) => {
      const { details } = request;
      const changes =
        value ??
        (field === 'explanation'
          ? { explanation: details.explanation.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) }
          : { expiresAt: details.expiresAt + 1 });
      return { ...request, details: { ...details, ...changes } };
    });
    expect(await refusalOf(altered)).toEqual({ code: 'badSignature', field: 'request' });
  });

  it('when the envelope is not the one that the officers signed for', async () => {
    const altered = change((request) => ({
      ...request,
      envelope: sealTestEnvelope(fixture, request.details.commitment),
    }));
    expect(await refusalOf(altered)).toEqual({ code: 'badEnvelope', field: 'envelopeHash' });
  });

  it('when the epoch is not live', async () => {
    const retired = await createFixture({
      epochs: [1, 2],
      change: (roster) => ({
        ...roster,
        epochs: roster.epochs.map((epoch) => ({ ...epoch, live: epoch.epoch === 2 })),
      }),
    });
    const [a, b] = [await retired.createOfficer('a'), await retired.createOfficer('b')];
    const guardian = openGuardian(retired);
    expect(codeOf(await guardian.decrypt(await createOpening(retired, { first: a, second: b })))).toBe('wrongEpoch');
    expect(codeOf(await guardian.decrypt(await createOpening(retired, { first: a, second: b, epoch: 2 })))).toBe('ok');
  });
});

describe('an envelope that is not its registration’s', () => {
  const multiply = (element: Uint8Array, factor: bigint): Uint8Array =>
    Point.fromBytes(element).multiply(factor).toBytes();

  /** Two officers who are honest, or both corrupt, ask for somebody else's envelope under a registration that they matched. */
  const refusedAs = async (envelope: Uint8Array, commitment: Uint8Array) => {
    const guardian = openGuardian(fixture);
    const problem = parseProblem(await guardian.decrypt(await opening({ commitment, envelope })));
    return { code: problem.code, field: problem.field, status: problem.status };
  };

  it('is refused when it is copied under another label', async () => {
    const envelope = sealTestEnvelope(fixture, randomBytes(32));
    expect(await refusedAs(envelope, randomBytes(32))).toMatchObject({ code: 'badEnvelope', status: 403 });
  });

  it('is refused when its elements are rescaled under another label', async () => {
    const victim = sealTestEnvelope(fixture, randomBytes(32));
    const factor = Fn.fromBytes(Uint8Array.from([5, ...new Uint8Array(31)]));
    const [r, rPrime] = [victim.subarray(0, 32), victim.subarray(32, 64)].map((part) => multiply(part, factor)) as [
      Uint8Array,
      Uint8Array,
    ];
    const rescaled = concatBytes(r, rPrime, victim.subarray(64));
    expect(await refusedAs(rescaled, randomBytes(32))).toMatchObject({ code: 'badEnvelope', status: 403 });
  });

  it('is refused when a stranger’s R stands in an own envelope', async () => {
    const victim = sealTestEnvelope(fixture, randomBytes(32));
    const commitment = randomBytes(32);
    const own = sealTestEnvelope(fixture, commitment);
    const mixed = [
      concatBytes(victim.subarray(0, 32), own.subarray(32)),
      concatBytes(victim.subarray(0, 64), own.subarray(64)),
      concatBytes(victim.subarray(0, 128), own.subarray(128)),
      concatBytes(own.subarray(0, 128), victim.subarray(128)),
    ];
    for (const envelope of mixed) {
      expect(await refusedAs(envelope, commitment)).toMatchObject({ code: 'badEnvelope', status: 403 });
    }
    // Under its own label, untouched, it is an envelope like any other.
    expect(codeOf(await openGuardian(fixture).decrypt(await opening({ commitment, envelope: own })))).toBe('ok');
  });

  it('is refused with an element that is none', async () => {
    const commitment = randomBytes(32);
    const envelope = sealTestEnvelope(fixture, commitment);
    const identity = concatBytes(new Uint8Array(32), envelope.subarray(32));
    expect(await refusedAs(identity, commitment)).toMatchObject({ code: 'badElement' });
  });
});

describe('each endpoint has its own key', () => {
  it('a contact sent through evaluate comes back under the evaluation key, which opens nothing', async () => {
    const commitment = randomBytes(32);
    const codeKey = randomBytes(32);
    const envelope = sealTestEnvelope(fixture, commitment, codeKey);
    const element = contactElement(envelope);
    const body = ownerRequest(fixture, [element], await createToken(fixture, element));
    const log = createTestLog(fixture);
    const parts = await Promise.all(
      [1, 2].map(async (index) => {
        const guardian = openGuardian(fixture, { index, log });
        const reply = parseMessage(guardianEvaluationSchema, (await guardian.evaluate(body)).body);
        const [evaluation] = reply.evaluations as [(typeof reply.evaluations)[number]];
        const [evaluated] = evaluation.elements as [Uint8Array];
        // It is no decryption, neither under the decryption share nor in the decryption's context.
        const part = { element: evaluated, proof: evaluation.proof };
        for (const share of [shareOf(index), fixture.keys.get(1)?.shares[index - 1]?.publicShare as Uint8Array]) {
          expect(() => verifyDecryption(share, element, part)).toThrow(refusal('badProof'));
        }
        return { index, evaluated };
      }),
    );
    const lagrange = parts.map(({ index, evaluated }) =>
      Point.fromBytes(evaluated).multiply(index === 1 ? 2n : Fn.ORDER - 1n),
    ) as [InstanceType<typeof Point>, InstanceType<typeof Point>];
    const shared = lagrange[0].add(lagrange[1]).toBytes();
    expect(() => openContactEnvelope(envelope, { shared, codeKey, commitment })).toThrow(refusal('badEnvelope'));
  });

  it('a code sent through decrypt is no contact envelope', async () => {
    const commitment = randomBytes(32);
    const envelope = sealTestEnvelope(fixture, commitment);
    const disguised = concatBytes(randomElement(), envelope.subarray(32));
    const asked = await opening({ commitment, envelope: disguised });
    expect(codeOf(await openGuardian(fixture).decrypt(asked))).toBe('badEnvelope');
  });
});

describe('the log', () => {
  it('must hold the opening itself, with both pseudonyms, this case and this registration', async () => {
    const guardian = openGuardian(fixture, { maxima: { codesPerOfficerAndDay: 1 } });
    const asked = await opening();
    const entry = asked.entry as EntryOf<'opening'>;
    const log = createTestLog(fixture);
    const refused = async (shown: LogEntry): Promise<unknown> => {
      const from = log.size;
      const evidence = log.evidence(log.append(shown), from === 1 ? {} : { from });
      const { code, field, status } = parseProblem(await guardian.decryptWith(asked, evidence));
      return { code, field, status };
    };
    const notLogged = { code: 'notLogged', field: 'log', status: 403 };
    const others: LogEntry[] = [
      { kind: 'activation', hour: entry.hour, request: randomBytes(32) },
      { ...entry, mark: randomBytes(32) },
      { ...entry, caseCommitment: randomBytes(32) },
      { ...entry, first: entry.second, second: entry.first },
      { ...entry, second: 'officer-c' },
      { ...entry, force: 'other-force' },
    ];
    for (const shown of others) expect(await refused(shown)).toEqual(notLogged);
    for (const hours of [-2, 2]) {
      expect(await refused({ ...entry, hour: entry.hour + hours })).toMatchObject({ field: 'log.logged.entry' });
    }
    expect(guardian.witness.latest()).toBeUndefined();
    expect(codeOf(await guardian.decryptWith(asked, log.evidence(log.append(entry))))).toBe('ok');
  });

  it('must hold this very opening: no entry serves for another by the same officers, of the same case and registration', async () => {
    const guardian = openGuardian(fixture);
    const again = { commitment: randomBytes(32), caseCommitment: randomBytes(32), markSalt: randomBytes(32) };
    const [asked, later] = [await opening(again), await opening(again)];
    const log = createTestLog(fixture);
    const index = log.append(asked.entry as LogEntry);
    expect(codeOf(await guardian.decryptWith(asked, log.evidence(index)))).toBe('ok');
    expect(codeOf(await guardian.decryptWith(asked, log.evidence(index)))).toBe('ok');
    expect(codeOf(await guardian.decryptWith(later, log.evidence(index)))).toBe('notLogged');
    const own = log.append(later.entry as LogEntry);
    expect(codeOf(await guardian.decryptWith(later, log.evidence(own, { from: log.size - 1 })))).toBe('ok');
  });

  it('may hide it for as long as the force’s policy allows', async () => {
    const policy = await createFixture({ delayDays: 2 });
    const [a, b] = [await policy.createOfficer('a'), await policy.createOfficer('b')];
    const asked = await createOpening(policy, { first: a, second: b });
    const plain = formatLogEntry(asked.entry as LogEntry);
    const salt = randomBytes(32);
    const hour = hourOf(policy.now);
    const hide = (revealBy: number): LogEntry => ({
      kind: 'delayed',
      hour,
      of: 'opening',
      commitment: delayedCommitment(salt, plain),
      revealBy,
    });
    const log = createTestLog(policy);
    const guardian = openGuardian(policy);
    const codeFor = async (revealBy: number): Promise<string> =>
      codeOf(await guardian.decryptWith(asked, log.evidence(log.append(hide(revealBy)), { delayed: { salt, plain } })));
    expect(await codeFor(hour + 2 * 24 + 1)).toBe('notLogged');
    expect(await codeFor(hour + 2 * 24)).toBe('ok');
  });

  it('that forked opens nothing', async () => {
    const guardian = openGuardian(fixture);
    expect(codeOf(await guardian.decrypt(await opening()))).toBe('ok');
    const asked = await opening();
    const fork = createTestLog(fixture);
    const index = fork.append(asked.entry as LogEntry);
    expect(codeOf(await guardian.decryptWith(asked, fork.evidence(index)))).toBe('logForked');
    expect(codeOf(await guardian.decrypt(await opening()))).toBe('logForked');
  });
});

describe('logs and metrics', () => {
  it('hold neither commitment nor case nor who asked', async () => {
    const guardian = openGuardian(fixture);
    const asked = await opening();
    expect(codeOf(await guardian.decrypt(asked))).toBe('ok');
    await guardian.decrypt(await opening({ second: first }));
    const written = guardian.lines.join('');
    const { details, envelope } = asked.request;
    const secrets = [details.commitment, contactEnvelopeHash(envelope), contactElement(envelope)].map(formatBase64url);
    for (const secret of [...secrets, 'officer-a', 'officer-b']) expect(written).not.toContain(secret);
  });
});
