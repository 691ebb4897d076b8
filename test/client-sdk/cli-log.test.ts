/** The `blindmark` command about the public log: histories, receipts, disclosures and case files, in the program itself. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCaseRecord, openCaseFile } from '../../client-sdk/case-file.ts';
import { formatBase64url } from '../../crypto/bytes.ts';
import { formatCredentialFile, officerFileSchema, registryFileSchema } from '../../crypto/credential-files.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { createCli, type CliResult } from '../support/run-cli.ts';
import { startServices, type Services } from '../support/services.ts';

const runCli = createCli();

let services: Services;
let folder: string;
let seed: Uint8Array;
/** Index of the entry of the status's change. */
let change: number;
const code = mintCode();
const at = (name: string): string => join(folder, name);
const passphrase = { BLINDMARK_PASSPHRASE: 'four words of mine' };
const owner = async (command: string, ...args: string[]): Promise<CliResult> =>
  runCli(['owner', command, ...args, '--vault', at('my.vault')], passphrase);
const receipt = async (command: string, ...args: string[]): Promise<CliResult> =>
  runCli(['receipt', command, ...args], passphrase);
const lookUp = async (...args: string[]): Promise<CliResult> =>
  runCli(['officer', 'lookup', '--credential', at('officer.json'), '--case', 'CR/1234/26', ...args]);

beforeAll(async () => {
  services = await startServices();
  folder = mkdtempSync(join(tmpdir(), 'blindmark-cli-'));
  writeFileSync(at('registry.json'), formatCredentialFile(registryFileSchema, services.registryFile));
  const { key, officerCredential, forceCredential } = await services.createOfficer();
  const { format: _, ...connection } = services.registryFile;
  ({ seed } = key);
  const file = { format: 'blindmark-officer-v1' as const, ...connection, seed, officerCredential, forceCredential };
  writeFileSync(at('officer.json'), formatCredentialFile(officerFileSchema, file));
  await owner('new');
  const [activationKey = ''] = await services.createActivationKeys(1);
  const register = ['--registry-file', at('registry.json'), '--activation-key', activationKey, '--code', code];
  expect(await owner('register', ...register, '--item', 'category=Shotgun,make=AYA')).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await services.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

describe('with the registry at hand', () => {
  let lookup: { lookup: number; index: number };

  it('a lookup says where it and its hit are in the log, and keeps the hit in a case file', async () => {
    const words = await lookUp('--case-file', at('hits.case'), code);
    expect(words.code).toBe(0);
    const [, registered, match, request] =
      /in the public log before .* UTC \(entry (\d+)\); shown to you by entry (\d+), for your lookup in entry (\d+)/u.exec(
        words.out,
      ) ?? [];
    lookup = { lookup: Number(request), index: Number(match) };
    expect(lookup.index).toBeGreaterThan(lookup.lookup);
    expect(lookup.lookup).toBeGreaterThan(Number(registered));
    expect(statSync(at('hits.case')).mode & 0o777).toBe(0o600);
    const again = await lookUp('--case-file', at('hits.case'), '--json', code);
    const records = openCaseFile(readFileSync(at('hits.case'), 'utf8'), seed);
    expect(records).toHaveLength(2);
    expect(findCaseRecord(records, { match: lookup.index })).toMatchObject({
      caseReference: 'CR/1234/26',
      scheme: 'bm1',
    });
    const shown = again.records()[0] as {
      registrations: { match: { index: number; lookup: number; receipt: string }; registered: { index: number } }[];
      evidence: { lookups: { index: number; checkpoint: string }[] };
    };
    expect(shown.registrations[0]?.registered.index).toBe(Number(registered));
    expect(shown.registrations[0]?.match.lookup).toBe(shown.evidence.lookups[0]?.index);
    expect(shown.registrations[0]?.match.receipt).toMatch(/^c2sp\.org\/tlog-proof@v1\n/u);
    expect(shown.evidence.lookups[0]?.checkpoint).toContain(`${services.fixture.origin}/log\n`);
  });

  it('a case file of another credential is left as it is, before anything is asked for', async () => {
    writeFileSync(at('other.case'), 'something else\n');
    const refused = await lookUp('--case-file', at('other.case'), code);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('case file') as string });
    expect(readFileSync(at('other.case'), 'utf8')).toBe('something else\n');
  });

  it('an owner reads what happened, in words and as JSON', async () => {
    expect(await owner('status', '--code', code, '--set', 'stolen')).toMatchObject({ code: 0 });
    const { code: exitCode, out, err } = await owner('history', code);
    expect(exitCode).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^\d+ \w+ \d{4}, \d\d:00 to \d\d:00 UTC: it was registered \(entry \d+\)$/u);
    expect(lines[1]).toContain(
      `an officer’s lookup found it; entry ${lookup.lookup} says which force’s (entry ${lookup.index})`,
    );
    expect(lines[3]).toContain('its status was changed');
    expect(err).toContain('4 lines, each verified');
    const records = (await owner('history', '--code', code, '--json')).records();
    expect(records).toMatchObject([
      { kind: 'registration' },
      { kind: 'match', index: lookup.index, lookup: lookup.lookup },
      { kind: 'match' },
      { kind: 'action', action: 'status' },
    ]);
    change = records[3]?.['index'] as number;
    for (const record of records) expect(record['hour']).toMatch(/^\d{4}-\d\d-\d\dT\d\dZ$/u);
  });

  it('needs one code', async () => {
    expect(await owner('history')).toMatchObject({ code: 2 });
    expect(await owner('history', code, '--code', code)).toMatchObject({ code: 2 });
    expect(await owner('history', mintCode())).toMatchObject({ code: 3 });
  });
});

describe('with no service running', () => {
  const fingerprint = (): string => formatBase64url(services.registryFile.rosterFingerprint);
  beforeAll(async () => {
    for (const name of ['registry', 'issuer', 'g1', 'g2', 'g3']) await services.stop(name);
  });

  it('an owner writes a receipt, and anyone verifies it', async () => {
    const written = await owner('receipt', code, '--out', at('registration.receipt'));
    expect(written).toMatchObject({ code: 0, err: '' });
    const text = readFileSync(at('registration.receipt'), 'utf8');
    for (const secret of [code, 'Shotgun', 'AYA']) expect(text).not.toContain(secret);
    const verified = await receipt('verify', at('registration.receipt'), '--fingerprint', fingerprint());
    expect(verified.code).toBe(0);
    expect(verified.out).toMatch(
      /^Verified: by \d+ \w+ \d{4} at \d\d:\d\d UTC the guardians (?:g\d, )+g\d had vouched that entry \d+ of the public log of test\.blindmark\.example records that something was registered; of which code and for whom, this receipt does not say\.\n$/u,
    );
    const asJson = await receipt(
      'verify',
      at('registration.receipt'),
      '--registry-file',
      at('registry.json'),
      '--json',
    );
    expect(asJson.records()).toMatchObject([
      { verified: true, origin: services.fixture.origin, kind: 'registration', testRoster: true },
    ]);
    expect(asJson.records()[0]).not.toHaveProperty('code');
  });

  it('and one of a change, by its entry', async () => {
    const entry = ['--entry', String(change)];
    expect(await owner('receipt', code, '--out', at('change.receipt'), ...entry)).toMatchObject({ code: 0 });
    const verified = await receipt('verify', at('change.receipt'), '--fingerprint', fingerprint());
    expect(verified.out).toContain(
      `entry ${change} of the public log of test.blindmark.example records that a registration’s status was changed`,
    );
    const unknown = await owner('receipt', code, '--out', at('y.receipt'), '--entry', String(change + 1000));
    expect(unknown).toMatchObject({ code: 3, err: expect.stringContaining('no receipt of that entry') as string });
    const nonsense = await owner('receipt', code, '--out', at('y.receipt'), '--entry', 'first');
    expect(nonsense).toMatchObject({ code: 2 });
    expect(existsSync(at('y.receipt'))).toBe(false);
  });

  it('an owner discloses the code to a court, not by accident', async () => {
    const unasked = await receipt('disclose', code, '--vault', at('my.vault'), '--out', at('court.json'));
    expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
    const written = await receipt('disclose', code, '--vault', at('my.vault'), '--out', at('court.json'), '--yes');
    expect(written).toMatchObject({ code: 0, err: '' });
    expect(statSync(at('court.json')).mode & 0o777).toBe(0o600);
    const verified = await receipt('verify', at('court.json'), '--fingerprint', fingerprint());
    expect(verified.code).toBe(0);
    expect(verified.out.replaceAll('-', '')).toContain(`records the code ${code} (bm1) as registered on `);
    expect(verified.out).toContain('with its keeper, for Shotgun, AYA, by the holder of the disclosed key.\n');
    expect(
      (await receipt('verify', at('court.json'), '--fingerprint', fingerprint(), '--json')).records(),
    ).toMatchObject([
      { verified: true, kind: 'registration', scheme: 'bm1', code, items: [{ category: 'Shotgun', make: 'AYA' }] },
    ]);
  });

  it('what does not verify is refused, and what is no receipt is said to be', async () => {
    const file = JSON.parse(readFileSync(at('registration.receipt'), 'utf8')) as { receipt: string };
    writeFileSync(
      at('false.receipt'),
      JSON.stringify({ ...file, receipt: file.receipt.replace(/index (\d+)/u, 'index 0') }),
    );
    const verify = async (name: string, ...args: string[]): Promise<CliResult> => receipt('verify', at(name), ...args);
    expect(await verify('false.receipt', '--fingerprint', fingerprint())).toMatchObject({ code: 3 });
    const other = formatBase64url(new Uint8Array(32));
    expect(await verify('registration.receipt', '--fingerprint', other)).toMatchObject({ code: 3 });
    expect(await verify('officer.json', '--fingerprint', fingerprint())).toMatchObject({ code: 2 });
    expect(await verify('registration.receipt')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--fingerprint') as string,
    });
    expect(await verify('none.receipt', '--fingerprint', fingerprint())).toMatchObject({ code: 2 });
  });
});
