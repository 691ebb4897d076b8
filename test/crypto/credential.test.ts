import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBase64url } from '../../crypto/bytes.ts';
import {
  checkValidity,
  CLOCK_TOLERANCE,
  createOfficerCredential,
  isSameOfficer,
  OFFICER_CREDENTIAL_SECONDS,
  officerPersons,
  verifyForceCredential,
  verifyJws,
  verifyOfficerCredential,
} from '../../crypto/credential.ts';
import { labelledHash } from '../../crypto/hash.ts';
import type { RosterForce } from '../../crypto/roster.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { flippedJws, misspeltJws, resign, signJws, unsignedJws } from '../support/jws.ts';
import { refusal } from '../support/refusal.ts';
import { force, NOON, officer, officerSigner, root, smallRoster } from '../support/small-roster.ts';

const roster = smallRoster();
const [forceA] = roster.forces as [RosterForce];
const signer = await officerSigner();
const stranger = createSigningKey();
const FORCE_FIELD = 'forceCredential';
const OFFICER_FIELD = 'officerCredential';

async function verify(changes: Partial<typeof signer> = {}, now = NOON, against = roster) {
  return verifyOfficerCredential({ ...signer, ...changes }, against, now);
}

/** The officer's credential with other claims, signed by the force. */
const officerWith = (claims: object, header: object = {}) => ({
  officerCredential: resign(signer.officerCredential, force, claims, header),
});
/** The force's credential with other claims, signed by the root. */
const forceWith = (claims: object, header: object = {}) => ({
  forceCredential: resign(signer.forceCredential, root, claims, header),
});

describe('the chain of an officer’s credential', () => {
  it('says who asks', async () => {
    expect(await verify()).toEqual({
      force: forceA,
      pseudonym: 'p-7f3a',
      persons: officerPersons(force.seed, 'officer 7f3a', { now: NOON - 3600 }),
      publicKey: officer.publicKey,
      thumbprint: labelledHash('officer-key', officer.publicKey),
      credentialHash: labelledHash('officer-credential', signer.officerCredential),
    });
  });

  it('may start from any root of the roster', async () => {
    const roots = [stranger.publicKey, root.publicKey, officer.publicKey];
    expect((await verify({}, NOON, smallRoster({ authorityRoots: roots }))).pseudonym).toBe('p-7f3a');
  });

  it('is refused under another root', async () => {
    const other = await officerSigner({ root: stranger });
    await expect(verify(other)).rejects.toThrow(refusal('badCredential', FORCE_FIELD));
    await expect(verify({}, NOON, smallRoster({ authorityRoots: [stranger.publicKey] }))).rejects.toThrow(
      refusal('badCredential', FORCE_FIELD),
    );
  });

  it('is refused for a force that is not in the roster', async () => {
    await expect(verify(await officerSigner({ forceId: 'force-b' }))).rejects.toThrow(
      refusal('unknownForce', FORCE_FIELD),
    );
    await expect(verify({}, NOON, smallRoster({ forces: [] }))).rejects.toThrow(refusal('unknownForce', FORCE_FIELD));
  });

  it('is refused if another than the force signed the officer’s', async () => {
    for (const forceKey of [stranger, root, officer]) {
      await expect(verify(await officerSigner({ forceKey }))).rejects.toThrow(refusal('badCredential', OFFICER_FIELD));
    }
  });

  it('is refused if the officer’s names another force than its signer, even one of the roster', async () => {
    const two = smallRoster({
      forces: [forceA, { ...forceA, id: 'force-b' }],
    });
    const mixed = await officerSigner({ officerForce: 'force-b' });
    await expect(verify(mixed, NOON, two)).rejects.toThrow(refusal('badCredential', OFFICER_FIELD));
  });

  it('is refused for another registry, each credential for itself', async () => {
    const origin = 'registry.example2';
    await expect(verify(await officerSigner({ forceOrigin: origin }))).rejects.toThrow(
      refusal('wrongOrigin', FORCE_FIELD),
    );
    await expect(verify(await officerSigner({ officerOrigin: origin }))).rejects.toThrow(
      refusal('wrongOrigin', OFFICER_FIELD),
    );
    await expect(verify({}, NOON, smallRoster({ origin }))).rejects.toThrow(refusal('wrongOrigin', FORCE_FIELD));
  });

  it('holds for the force alone, by the same rules', async () => {
    const { forceCredential } = signer;
    expect(await verifyForceCredential(forceCredential, roster, NOON)).toEqual({
      force: forceA,
      publicKey: force.publicKey,
    });
    const other = smallRoster({ authorityRoots: [stranger.publicKey] });
    await expect(verifyForceCredential(forceCredential, other, NOON)).rejects.toThrow(
      refusal('badCredential', FORCE_FIELD),
    );
    await expect(verifyForceCredential(forceCredential, smallRoster({ forces: [] }), NOON)).rejects.toThrow(
      refusal('unknownForce', FORCE_FIELD),
    );
    const moved = smallRoster({ origin: 'registry.example2' });
    await expect(verifyForceCredential(forceCredential, moved, NOON)).rejects.toThrow(
      refusal('wrongOrigin', FORCE_FIELD),
    );
    await expect(verifyForceCredential(forceCredential, roster, NOON + 366 * 86_400)).rejects.toThrow(
      refusal('credentialExpired', FORCE_FIELD),
    );
  });

  it('does not take one credential for the other', async () => {
    await expect(verify({ forceCredential: signer.officerCredential })).rejects.toThrow(
      refusal('unknownForce', FORCE_FIELD),
    );
    await expect(verify({ officerCredential: signer.forceCredential })).rejects.toThrow(
      refusal('badCredential', OFFICER_FIELD),
    );
    // By their type alone: the right claims, signed by the right key.
    await expect(verify(forceWith({}, { typ: 'blindmark-officer+jwt' }))).rejects.toThrow(
      refusal('badCredential', FORCE_FIELD),
    );
    await expect(verify(officerWith({}, { typ: 'blindmark-force+jwt' }))).rejects.toThrow(
      refusal('badCredential', OFFICER_FIELD),
    );
    await expect(verify(officerWith({}, { typ: undefined }))).rejects.toThrow(refusal('badCredential', OFFICER_FIELD));
  });
});

describe('times', () => {
  const end = NOON - 3600 + OFFICER_CREDENTIAL_SECONDS;

  it('are kept to the second, with a minute’s tolerance', async () => {
    await expect(verify({}, end + CLOCK_TOLERANCE)).resolves.toBeDefined();
    await expect(verify({}, end + CLOCK_TOLERANCE + 1)).rejects.toThrow(refusal('credentialExpired', OFFICER_FIELD));
    await expect(verify({}, NOON - 3600 - CLOCK_TOLERANCE)).resolves.toBeDefined();
    await expect(verify({}, NOON - 3600 - CLOCK_TOLERANCE - 1)).rejects.toThrow(
      refusal('credentialExpired', FORCE_FIELD),
    );
  });

  it('refuse an officer’s credential that is not yet valid under a force’s that is', async () => {
    const early = await officerSigner({ forceIssued: NOON - 7200, officerIssued: NOON + 3600 });
    await expect(verify(early)).rejects.toThrow(refusal('credentialExpired', OFFICER_FIELD));
  });

  it('refuse a force’s credential that has expired', async () => {
    const old = await officerSigner({ forceIssued: NOON - 366 * 86_400 });
    await expect(verify(old)).rejects.toThrow(refusal('credentialExpired', FORCE_FIELD));
  });

  it('refuse an officer’s credential for longer than twelve hours, though its force signed it', async () => {
    const [iat, exp] = [NOON - 120, NOON - 120 + OFFICER_CREDENTIAL_SECONDS];
    await expect(verify(officerWith({ iat, exp }))).resolves.toBeDefined();
    await expect(verify(officerWith({ iat, exp: exp + 1 }))).rejects.toThrow(
      refusal('credentialExpired', OFFICER_FIELD),
    );
  });

  it('are never made longer than that', async () => {
    const long = await createOfficerCredential(force, {
      origin: 'registry.example',
      force: 'force-a',
      pseudonym: 'p',
      persons: officerPersons(force.seed, 'p', { now: NOON, validSeconds: 86_400 }),
      publicKey: officer.publicKey,
      rosterFingerprint: formatBase64url(new Uint8Array(32)),
      now: NOON,
      validSeconds: 86_400,
    });
    const claims = JSON.parse(Buffer.from(long.split('.')[1] as string, 'base64url').toString()) as {
      iat: number;
      exp: number;
    };
    expect(claims.exp - claims.iat).toBe(OFFICER_CREDENTIAL_SECONDS);
  });

  it.each([
    ['ends before it begins', { iat: 100, exp: 99 }],
    ['ends when it begins', { iat: 100, exp: 100 }],
  ])('refuse a period that %s', (_, claims) => {
    expect(() => checkValidity('request', claims, 100)).toThrow(refusal('credentialExpired', 'request'));
  });
});

describe.each([
  ['forceCredential', FORCE_FIELD, root],
  ['officerCredential', OFFICER_FIELD, force],
] as const)('the %s', (name, field, key) => {
  const text = signer[name];

  it('is refused with any bit of any segment changed', async () => {
    for (const [segment, changed] of flippedJws(text)) {
      const error: unknown = await verify({ [name]: changed }).catch((thrown: unknown) => thrown);
      const code = (error as { code?: string }).code;
      // Only the payload's claim of a force is looked at before the signature.
      expect(
        segment === 1 && name === 'forceCredential' ? ['badCredential', 'unknownForce'] : ['badCredential'],
      ).toContain(code);
      expect(error).toMatchObject({ name: 'BlindmarkError', field });
    }
  });

  it.each(unsignedJws(text))('is refused with %s', async (_, changed) => {
    await expect(verify({ [name]: changed })).rejects.toThrow(refusal('badCredential', field));
  });

  it.each(misspeltJws(text))('is refused with %s', async (_, changed) => {
    await expect(verify({ [name]: changed })).rejects.toThrow(refusal('badCredential', field));
  });

  it.each([
    ['another algorithm’s name', { alg: 'ES256' }],
    ['an extension that must be understood', { crit: ['exp2'], exp2: 1 }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
  ])('is refused with %s', async (_, header) => {
    await expect(verify({ [name]: resign(text, key, {}, header) })).rejects.toThrow(refusal('badCredential', field));
  });

  it('is never verified by a key that it brings itself', async () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: formatBase64url(stranger.publicKey) };
    await expect(verify({ [name]: resign(text, stranger, {}, { jwk }) })).rejects.toThrow(
      refusal('badCredential', field),
    );
  });

  it('is refused for a payload that is no JSON', async () => {
    const typ = name === 'forceCredential' ? 'blindmark-force+jwt' : 'blindmark-officer+jwt';
    await expect(verify({ [name]: signJws(key, { alg: 'EdDSA', typ }, '{]') })).rejects.toThrow(
      refusal('badCredential', field),
    );
  });
});

describe('the persons of a credential', () => {
  const midnight = NOON + 12 * 3600;
  const persons = (now: number, validSeconds?: number, staffId = 'PC 1234', seed = force.seed): string[] =>
    officerPersons(seed, staffId, { now, validSeconds }).map(formatBase64url);

  it('are one for each UTC day on which it may be taken, clocks being a minute apart', () => {
    expect(persons(NOON - 3600)).toHaveLength(1);
    expect(persons(midnight - 3600)).toHaveLength(2);
    expect(persons(midnight - 3600, 3600 - CLOCK_TOLERANCE - 1)).toHaveLength(1);
    expect(persons(midnight - 3600, 3600 - CLOCK_TOLERANCE)).toHaveLength(2);
    expect(persons(midnight + CLOCK_TOLERANCE)).toHaveLength(1);
    expect(persons(midnight + CLOCK_TOLERANCE - 1)).toHaveLength(2);
  });

  it('have one in common whenever two of one person’s may be taken at one time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -90_000, max: 90_000 }),
        fc.integer({ min: 1, max: OFFICER_CREDENTIAL_SECONDS }),
        fc.integer({ min: 1, max: OFFICER_CREDENTIAL_SECONDS }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (start, first, second, share) => {
          // The second begins at any moment at which the first may still be taken.
          const later = NOON + start + Math.floor((first + 2 * CLOCK_TOLERANCE) * share);
          const days = persons(NOON + start, first);
          expect(persons(later, second).some((day) => days.includes(day))).toBe(true);
        },
      ),
    );
  });

  it('are others for each day, officer and force, and say nothing without the force’s key', () => {
    const all = [
      persons(midnight - 3600),
      persons(NOON + 86_400 * 5, 3600),
      persons(NOON, 3600, 'PC 1235'),
      persons(NOON, 3600, 'PC 1234', root.seed),
    ].flat();
    expect(new Set(all).size).toBe(5);
  });

  it('are of whoever is meant, however written, and of nobody without a name', () => {
    for (const name of ['pc1234', ' PC\u00a01234', 'ＰＣ 1234']) {
      expect(persons(NOON, undefined, name)).toEqual(persons(NOON));
    }
    for (const name of ['', ' ', 'a'.repeat(101), 'a\u0000']) {
      expect(() => persons(NOON, undefined, name)).toThrow(refusal('badInput', 'officer'));
    }
  });

  it('must be there for both days of a credential around midnight', async () => {
    const [iat, exp] = [NOON + 6 * 3600, midnight + 6 * 3600];
    const both = persons(iat);
    await expect(verify(officerWith({ iat, exp, persons: both }), midnight)).resolves.toBeDefined();
    for (const person of both) {
      await expect(verify(officerWith({ iat, exp, persons: [person] }), midnight)).rejects.toThrow(
        refusal('badCredential', OFFICER_FIELD),
      );
    }
  });

  it('make two credentials one officer’s', async () => {
    const known = await verify();
    const other = { pseudonym: 'p-1', publicKey: stranger.publicKey, thumbprint: stranger.publicKey };
    const [day] = known.persons as [Uint8Array];
    expect(isSameOfficer(known, { ...known, ...other, persons: [new Uint8Array(32), day] })).toBe(true);
    expect(isSameOfficer(known, { ...known, ...other, persons: [new Uint8Array(32)] })).toBe(false);
    expect(isSameOfficer(known, { ...known, ...other, persons: [], pseudonym: known.pseudonym })).toBe(true);
    expect(isSameOfficer(known, { ...known, ...other, persons: [], publicKey: known.publicKey })).toBe(true);
  });
});

describe('claims that are signed but malformed', () => {
  const PERSON = formatBase64url(new Uint8Array(32));
  it.each([
    ['no key', { cnf: undefined }],
    ['a key of another curve', { cnf: { jwk: { kty: 'OKP', crv: 'X25519', x: formatBase64url(new Uint8Array(32)) } } }],
    ['a key too short', { cnf: { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' } } }],
    ['no origin', { aud: undefined }],
    ['a list of origins', { aud: ['registry.example'] }],
    ['no pseudonym', { sub: undefined }],
    ['a pseudonym with a slash', { sub: 'a/b' }],
    ['no end', { exp: undefined }],
    ['an end in words', { exp: '2026' }],
    ['no beginning', { iat: undefined }],
    ['no fingerprint', { roster: undefined }],
    ['no person', { persons: undefined }],
    ['persons of no day', { persons: [] }],
    ['a person too short', { persons: ['AAAA'] }],
    ['persons of more days than it touches', { persons: [PERSON, PERSON] }],
    ['persons of three days', { persons: [PERSON, PERSON, PERSON] }],
  ])('are refused in the officer’s: %s', async (_, claims) => {
    await expect(verify(officerWith(claims))).rejects.toThrow(refusal('badCredential', OFFICER_FIELD));
  });

  it.each([
    ['no key', { cnf: undefined }],
    ['no origin', { aud: undefined }],
    ['no force', { sub: undefined }],
    ['no end', { exp: undefined }],
  ])('are refused in the force’s: %s', async (_, claims) => {
    await expect(verify(forceWith(claims))).rejects.toThrow(refusal('badCredential', FORCE_FIELD));
  });
});

describe('verifyJws', () => {
  it('takes no key of small order, under which one signature fits any text', async () => {
    const identity = new Uint8Array(32).with(0, 1);
    const [head, body] = signJws(stranger, { alg: 'EdDSA', typ: 't' }, { a: 1 }).split('.');
    // R: the identity; S: zero.
    const forged = `${head}.${body}.${formatBase64url(new Uint8Array(64).with(0, 1))}`;
    await expect(verifyJws(forged, identity, 't', 'request', 'badSignature')).rejects.toThrow(refusal('badSignature'));
  });

  it('gives the payload, and the code that its caller chose', async () => {
    const text = signJws(stranger, { alg: 'EdDSA', typ: 't' }, { a: 1 });
    expect(await verifyJws(text, stranger.publicKey, 't', 'request', 'badSignature')).toEqual({ payload: { a: 1 } });
    await expect(verifyJws(text, officer.publicKey, 't', 'request', 'badSignature')).rejects.toThrow(
      refusal('badSignature', 'request'),
    );
    await expect(verifyJws(text, stranger.publicKey, 'T', 'request', 'badSignature')).rejects.toThrow(
      refusal('badSignature'),
    );
  });
});
