/** An officer's evidence: verified offline, and by nobody who changed a word of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../client-sdk/evidence-check.ts';
import { evidenceOf, formatEvidenceFile, isEvidenceFile, parseEvidenceFile } from '../../client-sdk/evidence.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { formatBase64url, randomBytes } from '../../crypto/bytes.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { createFolder } from '../support/folder.ts';
import { refusal } from '../support/refusal.ts';
import { createCli } from '../support/run-cli.ts';
import { connect, createOwner } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';

const CASE = 'CR/1/26';
const runCli = createCli();

let services: Services;
let text: string;
let code: string;
let other: string;
beforeAll(async () => {
  // The force's policy hides who looked up what for two days: the file opens what is hidden.
  services = await startServices({ delayDays: 2 });
  const owner = await createOwner(services);
  [code, other] = [mintCode(), mintCode()];
  for (const [canonical, category] of [
    [code, 'Shotgun'],
    [other, 'Ring'],
  ] as const) {
    const [activationKey] = (await services.createActivationKeys(1)) as [string];
    await owner.register({ code: canonical, items: [{ category }], activationKey, contact: null, status: 'stolen' });
  }
  const signer = await services.createOfficer('officer-a');
  const officer = new Officer(await connect(services), signer);
  const readings = [code, other, mintCode()];
  const plan = officer.plan(readings.map((reading, i) => ({ id: String(i), reading, scheme: 'bm1' })));
  const results = await Array.fromAsync(officer.lookup(plan, { caseReference: CASE }));
  text = formatEvidenceFile({
    origin: services.fixture.origin,
    caseReference: CASE,
    force: 'Demonstration force',
    officer: 'officer-a',
    createdAt: '2026-11-24T15:00:00.000Z',
    chain: officer.registry.chain,
    results: [
      ...results.map((result, i) => {
        const named = { label: `EX/${i}`, reading: readings[i], scheme: 'bm1' };
        return Object.assign(named, evidenceOf(result as LookupResult, [], true));
      }),
      { label: 'EX/3', reading: '!', result: 'notAsked' },
    ],
    openings: [{ match: 1, entry: 2 }],
  });
});
afterAll(async () => {
  await services.stopAll();
});

const fingerprint = (): Uint8Array => services.registryFile.rosterFingerprint;

/** The file as somebody has changed it. */
interface Json {
  [name: string | number]: Json;
}
function changed(change: (file: Json) => void): string {
  const file = JSON.parse(text) as Json;
  change(file);
  return JSON.stringify(file);
}
const registrationOf = (file: Json, at: number): Json => file['results']?.[at]?.['registrations']?.[0] as Json;
const verify = (content: string) => verifyEvidence(parseEvidenceFile(content), fingerprint());

describe('an evidence file', () => {
  it('proves lookups and hits by the fingerprint alone, and says what it does not prove', () => {
    expect(isEvidenceFile(text)).toBe(true);
    const verified = verify(text);
    expect(verified).toMatchObject({
      origin: services.fixture.origin,
      caseReference: CASE,
      force: 'Demonstration force',
      officer: 'officer-a',
      misses: 1,
      unsure: 0,
      notAsked: 1,
      openings: 1,
    });
    expect(verified.lookups).toHaveLength(1);
    expect(verified.hits.map(({ label, found }) => [label, found.code, found.status, found.items])).toEqual([
      ['EX/0', code, 'stolen', [{ category: 'Shotgun' }]],
      ['EX/1', other, 'stolen', [{ category: 'Ring' }]],
    ]);
  });

  it.each<[string, (file: Json) => void, string]>([
    ['another case', (file) => Object.assign(file, { caseReference: 'CR/2/26' }), 'badProof'],
    ['another officer', (file) => Object.assign(file, { officer: 'officer-b' }), 'badProof'],
    ['another force', (file) => Object.assign(file, { force: 'Another force' }), 'badProof'],
    ['another registry’s name', (file) => Object.assign(file, { origin: 'other.example' }), 'badProof'],
    ['another status', (file) => Object.assign(registrationOf(file, 0), { status: 'lost' }), 'badProof'],
    ['other items', (file) => Object.assign(registrationOf(file, 0), { items: [{ category: 'Ring' }] }), 'badProof'],
    ['an earlier date', (file) => Object.assign(registrationOf(file, 0), { registeredOn: '2020-01-01' }), 'badProof'],
    [
      'an earlier entry',
      (file) => Object.assign(registrationOf(file, 0), { registeredBefore: '2020-01-01T00:00:00Z' }),
      'badProof',
    ],
    ['another code', (file) => Object.assign(registrationOf(file, 0), { code: mintCode() }), 'badProof'],
    ['a contact that there is not', (file) => Object.assign(registrationOf(file, 0), { hasContact: true }), 'badProof'],
    [
      'another registration’s row',
      (file) => {
        const [one, two] = [registrationOf(file, 0), registrationOf(file, 1)];
        Object.assign(one['proof'] as Json, { row: two['proof']?.['row'] });
      },
      'badEnvelope',
    ],
    [
      'another tag',
      (file) =>
        Object.assign(registrationOf(file, 0)['proof'] as Json, { lookupTag: formatBase64url(randomBytes(32)) }),
      'badRow',
    ],
    [
      'another registration’s match',
      (file) => {
        const [one, two] = [registrationOf(file, 0), registrationOf(file, 1)];
        Object.assign(one, { match: two['match'] });
      },
      'notLogged',
    ],
    ['no proof of what is registered', (file) => void delete registrationOf(file, 0)['proof'], 'badProof'],
    [
      'a match of another lookup',
      (file) => Object.assign(registrationOf(file, 0)['match'] as Json, { lookup: 0 }),
      'badProof',
    ],
    ['a hit as a miss', (file) => Object.assign(file['results']?.[0] as Json, { result: 'miss' }), 'badProof'],
    ['a miss as a hit', (file) => Object.assign(file['results']?.[2] as Json, { result: 'hit' }), 'badProof'],
    ['a miss as not asked', (file) => Object.assign(file['results']?.[2] as Json, { result: 'notAsked' }), 'badProof'],
    ['a miss that nobody asked for', (file) => void delete file['results']?.[2]?.['evidence'], 'badProof'],
    [
      'another reading',
      (file) => Object.assign(file['results']?.[0] as Json, { reading: 'HV7XU05AHQND', scheme: 'pin' }),
      'badProof',
    ],
    [
      'another request',
      (file) =>
        Object.assign(file['results']?.[2]?.['evidence']?.['lookups']?.[0] as Json, {
          evaluation: formatBase64url(randomBytes(32)),
        }),
      'notLogged',
    ],
    [
      'other hidden fields',
      (file) =>
        Object.assign(file['results']?.[2]?.['evidence']?.['lookups']?.[0]?.['delayed'] as Json, {
          salt: formatBase64url(randomBytes(32)),
        }),
      'notLogged',
    ],
    [
      'another entry',
      (file) => Object.assign(file['results']?.[2]?.['evidence']?.['lookups']?.[0] as Json, { index: 0 }),
      'badProof',
    ],
  ])('is refused with %s', (_, change, expected) => {
    expect(() => verify(changed(change))).toThrow(expect.objectContaining({ code: expected }) as Error);
  });

  it('is refused by another fingerprint, and in another form', () => {
    expect(() => verifyEvidence(parseEvidenceFile(text), randomBytes(32))).toThrow(refusal('badRoster'));
    for (const content of ['', '{', '{"format":"blindmark-evidence-v1"}', text.slice(0, -5)]) {
      expect(() => parseEvidenceFile(content)).toThrow(refusal('badFile', 'file'));
    }
    expect(() => parseEvidenceFile(changed((file) => Object.assign(file, { more: '1' })))).toThrow(refusal('badFile'));
  });

  it('is verified on the command line, which says what is not proven', async () => {
    const path = join(createFolder(), 'evidence.json');
    writeFileSync(path, text);
    const key = ['--fingerprint', formatBase64url(fingerprint())];
    const said = await runCli(['receipt', 'verify', path, ...key]);
    expect(said.code).toBe(0);
    for (const word of [CASE, code, 'Shotgun', 'reported stolen', 'no proof of title', 'showed no registration']) {
      expect(said.out).toContain(word);
    }
    const [record] = (await runCli(['receipt', 'verify', path, ...key, '--json'])).records();
    expect(record).toMatchObject({ verified: true, hits: [{ registration: { code } }, {}], misses: 1 });
    writeFileSync(
      path,
      changed((file) => Object.assign(registrationOf(file, 0), { status: 'lost' })),
    );
    expect((await runCli(['receipt', 'verify', path, ...key])).code).toBe(3);
  });
});
