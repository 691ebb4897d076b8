/** The commands about contacts, openings, messages and revocations, against the real services: each as a process the first time. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  forceFileSchema,
  formatCredentialFile,
  officerFileSchema,
  registryFileSchema,
} from '../../crypto/credential-files.ts';
import { officerThumbprint, verifyOfficerCredential } from '../../crypto/credential.ts';
import { parseMessage } from '../../crypto/message.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { verifyRevocationList } from '../../crypto/revocation-list.ts';
import { revocationsSchema } from '../../crypto/wire-openings.ts';
import { createCli, type CliResult } from '../support/run-cli.ts';
import type { TestOfficer } from '../support/fixture.ts';
import { startServices, type Services } from '../support/services.ts';

const runCli = createCli();

const CASE = 'CR/4711/26';
let services: Services;
let folder: string;
const at = (name: string): string => join(folder, name);
const passphrase = { BLINDMARK_PASSPHRASE: 'four words of mine' };
const owner = async (command: string, ...args: string[]): Promise<CliResult> =>
  runCli(['owner', command, '--vault', at('my.vault'), ...args], passphrase);
const officer = async (command: string, name: string, ...args: string[]): Promise<CliResult> =>
  runCli(['officer', command, '--credential', at(`${name}.json`), ...args]);
const authority = async (...args: string[]): Promise<CliResult> => runCli(['authority', ...args]);
const ofForce = (): string[] => ['--force', at('force.json'), '--registry-file', at('registry.json')];

const signers = new Map<string, TestOfficer>();
async function writeOfficer(name: string): Promise<void> {
  const signer = await services.createOfficer(name);
  signers.set(name, signer);
  const { format: _, ...connection } = services.registryFile;
  const { officerCredential, forceCredential } = signer;
  const file = {
    format: 'blindmark-officer-v1' as const,
    ...connection,
    seed: signer.key.seed,
    officerCredential,
    forceCredential,
  };
  writeFileSync(at(`${name}.json`), formatCredentialFile(officerFileSchema, file));
}

beforeAll(async () => {
  services = await startServices();
  folder = mkdtempSync(join(tmpdir(), 'blindmark-cli-'));
  writeFileSync(at('registry.json'), formatCredentialFile(registryFileSchema, services.registryFile));
  const { origin, forceKey, forceExchange, forceCredential } = services.fixture;
  writeFileSync(
    at('force.json'),
    formatCredentialFile(forceFileSchema, {
      format: 'blindmark-force-v1',
      origin,
      force: 'demo-force',
      seed: forceKey.seed,
      exchangeSecret: forceExchange.secret,
      forceCredential,
    }),
  );
  for (const name of ['first', 'second', 'lost']) await writeOfficer(name);
  expect(await owner('new', '--json')).toMatchObject({ code: 0, err: '' });
});
afterAll(async () => {
  await services.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

async function register(code: string, ...args: string[]): Promise<CliResult> {
  const [key = ''] = await services.createActivationKeys(1);
  const item = ['--item', 'category=Shotgun'];
  const common = ['--registry-file', at('registry.json'), '--activation-key', key, '--code', code, ...item];
  return owner('register', ...common, ...args);
}

/** Looks a code up, and says which entry its match has. */
async function lookUp(code: string, caseFile: string): Promise<string> {
  const looked = await officer(
    'lookup',
    'first',
    '--case',
    CASE,
    '--case-file',
    at(caseFile),
    '--scheme',
    'bm1',
    '--json',
    code,
  );
  expect(looked.code).toBe(0);
  const [{ registrations }] = looked.records() as [{ registrations: { match: { index: number } }[] }];
  return String(registrations[0]?.match.index);
}

const fromCase = (caseFile = 'case'): string[] => ['--case-file', at(caseFile)];

// Each command is a process of its own, and there are many.
const patient = { timeout: 240_000 };

describe('a contact', patient, () => {
  it('goes from the owner’s file to the officer’s screen, by two officers', async () => {
    const code = mintCode();
    writeFileSync(at('contact.json'), JSON.stringify({ name: 'A. Keeper', email: 'keeper@example.org' }));
    expect(await register(code, '--contact-file', at('contact.json'))).toMatchObject({ code: 0, err: '' });
    expect((await owner('contact', '--code', code, '--json')).records()).toMatchObject([
      { code, contact: { name: 'A. Keeper', email: 'keeper@example.org' } },
    ]);
    const match = await lookUp(code, 'case');
    expect(statSync(at('case')).mode & 0o777).toBe(0o600);
    const opened = await officer(
      'open',
      'first',
      ...fromCase(),
      '--case',
      CASE,
      '--match',
      match,
      '--reason',
      'returnProperty',
      '--json',
    );
    expect(opened).toMatchObject({ code: 0, err: '' });
    const [{ token }] = opened.records() as [{ token: string }];

    expect(await officer('contact', 'first', token, ...fromCase())).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringContaining('No colleague has approved') as string,
    });
    const shown = await officer('approve', 'second', token, '--case', CASE, '--show');
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(
      /Officer first of demo-force .* match \d+,\nto return property.*\n.*(?:4 hours 0|3 hours 5\d) minutes left/u,
    );
    expect(await officer('approve', 'second', token, '--case', 'CR/1/26', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('another case') as string,
    });
    expect(await officer('approve', 'first', token, '--case', CASE, '--yes')).toMatchObject({ code: 3 });
    expect(await officer('approve', 'second', token, '--case', CASE)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes') as string,
    });
    const approved = await officer('approve', 'second', token, '--case', CASE, '--yes');
    expect(approved.out).toMatch(/^Approved: entry \d+ of the public log, hour .*: first asked, second approved\.$/mu);
    const again = await officer('approve', 'second', token, '--case', CASE, '--yes', '--json');
    expect(again.records()).toMatchObject([{ status: 'opened' }]);

    const contact = await officer('contact', 'first', token, ...fromCase());
    expect(contact).toMatchObject({ code: 0, err: '' });
    expect(contact.out).toContain('  Name: A. Keeper\n  E-mail: keeper@example.org\n');
    expect((await officer('contact', 'first', token, ...fromCase(), '--json')).records()).toMatchObject([
      { contact: { kind: 'details', name: 'A. Keeper' }, logged: { first: 'first', second: 'second' } },
    ]);
    // The case file opens for the officer who looked up alone.
    expect(await officer('contact', 'second', token, ...fromCase())).toMatchObject({ code: 2, out: '' });
    for (const name of ['contact', 'keeper', 'A. Keeper']) {
      expect(readFileSync(at('case'), 'utf8')).not.toContain(name);
      expect(services.lines.join('')).not.toContain('keeper@example.org');
    }
  });

  it('is not left unless it is given, and can be left, replaced and taken away later', async () => {
    const code = mintCode();
    const registered = await register(code);
    expect(registered).toMatchObject({ code: 0, err: expect.stringContaining('No contact was left') as string });
    await lookUp(code, 'none');
    expect(await officer('open', 'first', ...fromCase('none'), '--reason', 'safety')).toMatchObject({
      code: 3,
      err: expect.stringContaining('no way to be reached') as string,
    });
    expect((await owner('contact', '--code', code, '--contact', 'relay', '--json')).records()).toMatchObject([
      { contact: { kind: 'relay' } },
    ]);
    expect(await owner('contact', '--code', code, '--contact', 'prompt')).toMatchObject({ code: 2 });
    expect((await owner('contact', '--code', code)).out).toContain('messages alone');
    expect((await owner('contact', '--code', code, '--contact', 'none', '--json')).records()).toMatchObject([
      { contact: null },
    ]);
    expect((await owner('contact', '--code', code)).out).toContain('No contact');
  });

  it('of a table’s rows stands in its columns', async () => {
    const codes = [mintCode(), mintCode()];
    const rows = [`a,${codes[0]},Bicycle,C. Keeper,c@example.org`, `b,${codes[1]},Bicycle,D. Keeper,`];
    writeFileSync(at('marks.csv'), `id,code,category,keeper,contact\n${rows.join('\n')}\n`);
    const keys = await services.createActivationKeys(2);
    writeFileSync(at('packs.csv'), `activation_key\n${keys.join('\n')}\n`);
    const common = ['--registry-file', at('registry.json'), '--scheme', 'bm1'];
    const tables = ['--from', at('marks.csv'), '--activation-keys', at('packs.csv')];
    expect(await owner('register', ...common, '--code', 'x', '--contact', 'table')).toMatchObject({ code: 2 });
    expect((await owner('register', ...common, ...tables, '--contact', 'table', '--json')).records()).toMatchObject([
      { id: 'a', result: 'registered' },
      { id: 'b', result: 'registered' },
    ]);
    const contacts: unknown[] = [];
    for (const code of codes)
      contacts.push((await owner('contact', '--code', code, '--json')).records()[0]?.['contact']);
    expect(contacts).toEqual([{ kind: 'details', name: 'C. Keeper', email: 'c@example.org' }, null]);
  });
});

describe('an explanation', patient, () => {
  it('is read by the force, and needed with the reason other', async () => {
    const code = mintCode();
    await register(code, '--contact', 'relay');
    await lookUp(code, 'other');
    const open = async (...args: string[]) =>
      officer('open', 'first', ...fromCase('other'), '--json', '--reason', ...args);
    expect(await open('other')).toMatchObject({ code: 2 });
    expect(await open('curiosity')).toMatchObject({ code: 2 });
    expect(await open('safety', '--hours', '25')).toMatchObject({ code: 2 });
    expect(await open('safety', '--case', 'CR/1/26')).toMatchObject({ code: 2 });
    writeFileSync(at('why.txt'), 'By order of the inspector.\n');
    const [{ token }] = (await open('other', '--explanation-file', at('why.txt'), '--hours', '1')).records() as [
      { token: string },
    ];
    const read = await authority('explanation', token, ...ofForce(), '--json');
    expect(read.records()).toMatchObject([
      { explanation: 'By order of the inspector.', askedBy: 'first', reason: 'other' },
    ]);
  });
});

describe('a message', patient, () => {
  it('goes to the keeper, and stays until it is erased', async () => {
    const code = mintCode();
    await register(code, '--contact', 'relay');
    await lookUp(code, 'relay');
    const asked = await officer('open', 'first', ...fromCase('relay'), '--reason', 'returnProperty', '--json');
    const [{ token }] = asked.records() as [{ token: string }];
    writeFileSync(at('text.txt'), 'Your bicycle was found.\nPlease call.\n');
    const leave = [
      'message',
      'first',
      token,
      ...fromCase('relay'),
      '--text-file',
      at('text.txt'),
      '--reply-to',
      '101',
    ] as const;
    expect(await officer(...leave)).toMatchObject({ code: 4 });
    await officer('approve', 'second', token, '--case', CASE, '--yes');
    expect((await officer('contact', 'first', token, ...fromCase('relay'))).out).toContain('messages alone');
    expect((await owner('messages', '--code', code)).err).toContain('No message waits');
    expect(await officer(...leave)).toMatchObject({ code: 0 });
    const shown = await owner('messages', '--code', code);
    expect(shown.out).toMatch(
      /^\d+ \w+ \d{4}, Demonstration force, officer first \(opening in entry \d+ of the public log\):\n {2}Your bicycle was found\.\n {2}Please call\.\n {2}Answer to: 101$/mu,
    );
    expect((await owner('messages', '--code', code, '--erase', '--json')).records()).toMatchObject([
      { text: 'Your bicycle was found.\nPlease call.', replyTo: '101', force: 'demo-force', officer: 'first' },
    ]);
    expect((await owner('messages', '--code', code, '--json')).records()).toEqual([]);
  });
});

describe('revocations', patient, () => {
  const published = async () => {
    const reply = await fetch(`${services.registryFile.url}/v1/revocations/demo-force`);
    const list = parseMessage(revocationsSchema, await reply.json());
    return verifyRevocationList(list, services.fixture.roster.roster, 'demo-force', services.clock.now);
  };
  const isRevoked = async (name: string) => {
    const verified = await verifyOfficerCredential(
      signers.get(name) as TestOfficer,
      services.fixture.roster.roster,
      services.clock.now,
    );
    return (await published()).isRevoked(verified);
  };

  it('begin with a list of nothing, which is published', async () => {
    expect(await authority('revoke', '--revoked', at('revoked.json'), '--pseudonym', 'x')).toMatchObject({ code: 2 });
    expect(existsSync(at('revoked.json'))).toBe(false);
    expect(await authority('revocations', ...ofForce(), '--revoked', at('revoked.json'), '--once')).toMatchObject({
      code: 2,
    });
    expect(await authority('revoke', '--revoked', at('revoked.json'), '--force', at('force.json'))).toMatchObject({
      code: 0,
    });
    expect(await authority('revoke', '--revoked', at('revoked.json'))).toMatchObject({ code: 2 });
    const once = await authority('revocations', ...ofForce(), '--revoked', at('revoked.json'), '--once', '--json');
    expect(once.records()).toMatchObject([{ result: 'taken', revoked: 0 }]);
    expect(await isRevoked('lost')).toBe(false);
  });

  it('are published again and again, and within seconds once there is another', async () => {
    const program = join(resolve(import.meta.dirname, '../..'), 'client-sdk/cli/main.ts');
    const list = ['--revoked', at('revoked.json'), '--every', '30', '--stop-with-stdin', '--json'];
    const child = spawn(process.execPath, [program, 'authority', 'revocations', ...ofForce(), ...list]);
    let out = '';
    const said = async (text: string): Promise<void> =>
      new Promise((done) => {
        child.stdout.on('data', (chunk: Buffer) => {
          out += chunk.toString();
          if (out.includes(text)) done();
        });
      });
    await said('"revoked":0');
    const revoked = await authority(
      'revoke',
      '--revoked',
      at('revoked.json'),
      '--credential',
      at('lost.json'),
      '--pseudonym',
      'officer-z',
      '--key',
      Buffer.from(officerThumbprint(new Uint8Array(32))).toString('base64url'),
      '--json',
    );
    expect(revoked.records()).toMatchObject([{ added: 4, published: 4 }]);
    await said('"revoked":4');
    expect(await isRevoked('lost')).toBe(true);
    expect(await isRevoked('first')).toBe(false);
    child.stdin.end();
    const code = await new Promise((done) => {
      child.once('close', done);
    });
    expect(code).toBe(0);
  });

  it('name what is wrong with how they are used', async () => {
    const publish = async (...args: string[]) =>
      authority('revocations', ...ofForce(), '--revoked', at('revoked.json'), ...args);
    expect(await publish('--every', '5')).toMatchObject({ code: 2, err: expect.stringContaining('every') as string });
    writeFileSync(at('broken.json'), '{}');
    expect(await authority('revocations', ...ofForce(), '--revoked', at('broken.json'))).toMatchObject({ code: 2 });
    expect(await authority('revoke', '--revoked', at('revoked.json'), '--key', 'AA')).toMatchObject({ code: 2 });
  });
});

describe('a force', patient, () => {
  it('has an exchange key for the roster', async () => {
    const seal = ['--plain', '--json'];
    await authority('root', '--origin', 'registry.example', '--out', at('root.json'), ...seal);
    const made = await authority('force', '--root', at('root.json'), '--id', 'force-x', '--out', at('x.json'), ...seal);
    expect(made.records()).toMatchObject([
      { force: 'force-x', exchangeKey: expect.stringMatching(/^[\w-]{43}$/u) as string },
    ]);
  });
});

describe('help', () => {
  it('is there for each of these commands', async () => {
    const commands = [
      'owner contact',
      'owner messages',
      'officer open',
      'officer approve',
      'officer contact',
      'officer message',
      'authority revoke',
      'authority revocations',
      'authority explanation',
    ];
    const helps = await Promise.all(commands.map(async (command) => runCli([...command.split(' '), '--help'])));
    expect(helps.map(({ code }) => code)).toEqual(commands.map(() => 0));
    helps.forEach(({ out }, i) => {
      expect(out).toContain(`Usage: blindmark ${commands[i]}`);
    });
  });
});
