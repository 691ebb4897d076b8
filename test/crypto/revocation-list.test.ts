import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLOCK_TOLERANCE,
  officerCredentialHash,
  officerThumbprint,
  verifyOfficerCredential,
} from '../../crypto/credential.ts';
import { formatLogEntry, parseLogEntry } from '../../crypto/log-entry.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import {
  createRevocationList,
  MAX_REVOCATION_AGE,
  MAX_REVOKED,
  pseudonymHash,
  revocationEntry,
  revocationListHash,
  signedRevocationListSchema,
  verifyRevocationList,
  type SignedRevocationList,
} from '../../crypto/revocation-list.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { flippedJws, misspeltJws, resign, unsignedJws } from '../support/jws.ts';
import { refusal } from '../support/refusal.ts';
import { force, NOON, officer, officerSigner, smallRoster } from '../support/small-roster.ts';

const roster = smallRoster();
const { origin } = roster;
const signer = await officerSigner();
const verifiedOfficer = await verifyOfficerCredential(signer, roster, NOON);
const forceKey = { key: force, id: 'force-a', origin, forceCredential: signer.forceCredential };
const hashes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => officerThumbprint(new Uint8Array(32).fill(i)));
const list = await createRevocationList(forceKey, hashes(3), NOON);
const verify = async (signed: SignedRevocationList = list, now = NOON, of = roster) =>
  verifyRevocationList(signed, of, 'force-a', now);
const listWith = (claims: object, header: object = {}): SignedRevocationList => ({
  ...list,
  list: resign(list.list, force, claims, header),
});

describe('a list of revocations', () => {
  it('says when it was signed, and revokes what is in it and nothing else', async () => {
    const verified = await verify();
    expect(verified.issuedAt).toBe(NOON);
    expect(verified.force.id).toBe('force-a');
    expect(verified.hash).toEqual(revocationListHash(origin, 'force-a', hashes(3)));
    expect(verified.isRevoked(verifiedOfficer)).toBe(false);
  });

  it.each([
    ['key', officerThumbprint(officer.publicKey)],
    ['credential', officerCredentialHash(signer.officerCredential)],
    ['pseudonym', pseudonymHash('force-a', 'p-7f3a')],
  ])('revokes an officer by %s', async (_, hash) => {
    const verified = await verify(await createRevocationList(forceKey, [...hashes(3), hash], NOON));
    expect(verified.isRevoked(verifiedOfficer)).toBe(true);
    const [other] = roster.forces;
    expect(verified.isRevoked({ ...verifiedOfficer, force: { ...other, id: 'force-b' } as typeof other & {} })).toBe(
      false,
    );
  });

  it('revokes one key and leaves another under the same pseudonym', async () => {
    const verified = await verify(await createRevocationList(forceKey, [verifiedOfficer.thumbprint], NOON));
    const other = { ...verifiedOfficer, thumbprint: officerThumbprint(createSigningKey().publicKey) };
    expect(verified.isRevoked(other)).toBe(false);
  });

  it('is the same set in any order, with repeats, and signs the same for the log at any time', async () => {
    const set = fc.uniqueArray(fc.nat(50), { maxLength: 8 }).map((numbers) => numbers.map((n) => hashes(n + 1)[n]));
    await fc.assert(
      fc.asyncProperty(set, fc.nat(500), async (some, later) => {
        const revoked = some as Uint8Array[];
        const again = [...revoked.toReversed(), ...revoked];
        const a = await verify(await createRevocationList(forceKey, revoked, NOON));
        const b = await verify(await createRevocationList(forceKey, again, NOON + later), NOON + later);
        expect([b.hash, b.signature]).toEqual([a.hash, a.signature]);
        expect(revocationEntry(b, 7)).toEqual(revocationEntry(a, 7));
      }),
      { numRuns: 20 },
    );
  });

  it('has an entry in the log', async () => {
    const verified = await verify();
    const entry = revocationEntry(verified, 500_000);
    expect(entry).toEqual({
      kind: 'revocation',
      hour: 500_000,
      force: 'force-a',
      list: verified.hash,
      signature: verified.signature,
    });
    expect(parseLogEntry(formatLogEntry(entry))).toEqual(entry);
  });

  it('may be empty, and holds so many that it still fits its wire form', async () => {
    expect((await verify(await createRevocationList(forceKey, [], NOON))).isRevoked(verifiedOfficer)).toBe(false);
    const many = Array.from({ length: MAX_REVOKED }, (_, i) => pseudonymHash('force-a', `p-${i}`));
    const signed = await createRevocationList(forceKey, many, NOON);
    expect(parseMessage(signedRevocationListSchema, formatMessage(signedRevocationListSchema, signed))).toEqual(signed);
    await expect(verify(signed)).resolves.toBeDefined();
    await expect(createRevocationList(forceKey, [...many, pseudonymHash('force-a', 'one more')], NOON)).rejects.toThrow(
      refusal('badInput', 'revoked'),
    );
  });

  it('is taken for 15 minutes, and no longer', async () => {
    await expect(verify(list, NOON + MAX_REVOCATION_AGE)).resolves.toBeDefined();
    await expect(verify(list, NOON + MAX_REVOCATION_AGE + 1)).rejects.toThrow(refusal('revocationsStale', 'list'));
    await expect(verify(list, NOON - CLOCK_TOLERANCE)).resolves.toBeDefined();
    await expect(verify(list, NOON - CLOCK_TOLERANCE - 1)).rejects.toThrow(refusal('revocationsStale', 'list'));
  });

  it.each([
    ['by another key', async () => createRevocationList({ ...forceKey, key: officer }, [], NOON)],
    ['with another set than is signed', async () => listWith({ revoked: [] })],
    ['for another force', async () => listWith({ sub: 'force-b' })],
    ['of another type', async () => listWith({}, { typ: 'blindmark-request+jws' })],
    ['with a signature for the log by somebody else', async () => listWith({ setSignature: 'A'.repeat(86) })],
  ])('is refused %s', async (_, make) => {
    await expect(verify(await make())).rejects.toThrow(refusal('badSignature', 'list'));
  });

  it('is refused as another force’s', async () => {
    const forces = [...roster.forces, { ...roster.forces[0], id: 'force-b' }] as typeof roster.forces;
    await expect(verifyRevocationList(list, smallRoster({ forces }), 'force-b', NOON)).rejects.toThrow(
      refusal('badSignature', 'list'),
    );
  });

  it('is refused for another registry', async () => {
    await expect(verify(listWith({ aud: 'registry.example2' }))).rejects.toThrow(refusal('wrongOrigin', 'list'));
  });

  it.each([
    ['malformed hashes', { revoked: ['AA'] }],
    ['no time', { iat: null }],
    ['a field too many', { extra: 1 }],
  ])('is refused with %s', async (_, claims) => {
    await expect(verify(listWith(claims))).rejects.toThrow(refusal('badInput'));
  });

  it('is refused with any bit changed, misspelt or unsigned', async () => {
    const texts = [
      ...flippedJws(list.list).filter((_, i) => i % 11 === 0),
      ...misspeltJws(list.list),
      ...unsignedJws(list.list),
    ];
    for (const [, text] of texts) {
      await expect(verify({ ...list, list: text })).rejects.toThrow(refusal('badSignature', 'list'));
    }
  });

  it('is refused under a certificate that no root of the roster gave, or that has expired', async () => {
    const { forceCredential } = await officerSigner({ root: createSigningKey() });
    await expect(verify({ ...list, forceCredential })).rejects.toThrow(refusal('badCredential', 'forceCredential'));
    const stranger = await officerSigner({ forceId: 'force-c' });
    await expect(verify({ ...list, forceCredential: stranger.forceCredential })).rejects.toThrow(
      refusal('unknownForce', 'forceCredential'),
    );
    const old = await officerSigner({ forceIssued: NOON - 400 * 86_400 });
    await expect(verify({ ...list, forceCredential: old.forceCredential })).rejects.toThrow(
      refusal('credentialExpired', 'forceCredential'),
    );
  });
});
