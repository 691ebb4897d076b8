/** The `blindmark` command, against the real services: each of its commands as a process the first time. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatCredentialFile, officerFileSchema, registryFileSchema } from '../../crypto/credential-files.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { createCli, type CliResult } from '../support/run-cli.ts';
import { startServices, type Services } from '../support/services.ts';

const runCli = createCli();

let services: Services;
let folder: string;
const at = (name: string): string => join(folder, name);
const passphrase = { BLINDMARK_PASSPHRASE: 'four words of mine' };
const owner = async (command: string, ...args: string[]): Promise<CliResult> =>
  runCli(['owner', command, '--vault', at('my.vault'), ...args], passphrase);
const registry = (): string[] => ['--registry-file', at('registry.json')];

async function writeOfficer(name: string): Promise<string> {
  const { key, officerCredential, forceCredential } = await services.createOfficer();
  const { format: _, ...connection } = services.registryFile;
  const file = {
    format: 'blindmark-officer-v1' as const,
    ...connection,
    seed: key.seed,
    officerCredential,
    forceCredential,
  };
  writeFileSync(at(name), formatCredentialFile(officerFileSchema, file));
  return at(name);
}

beforeAll(async () => {
  services = await startServices();
  folder = mkdtempSync(join(tmpdir(), 'blindmark-cli-'));
  writeFileSync(at('registry.json'), formatCredentialFile(registryFileSchema, services.registryFile));
  await writeOfficer('officer.json');
  const made = await owner('new', '--json');
  expect(made).toMatchObject({ code: 0, err: '' });
});
afterAll(async () => {
  await services.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

const lookUp = async (...args: string[]): Promise<CliResult> =>
  runCli(['officer', 'lookup', '--credential', at('officer.json'), '--case', 'CR/1234/26', ...args]);

describe('help', () => {
  it('is there at each level', async () => {
    const commands = ['', 'owner', 'owner register', 'officer', 'officer lookup', 'vendor mint', 'authority officer'];
    const helps = await Promise.all(
      commands.map(async (command) => runCli([...command.split(' '), '--help'].filter(Boolean))),
    );
    helps.forEach(({ code, out }, i) => {
      expect(code).toBe(0);
      expect(out).toContain(`Usage: ${`blindmark ${commands[i]}`.trim()} [options]`);
    });
  });

  it('comes with a mistake in use, which ends with 2', async () => {
    expect(await runCli(['owner', 'register'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--help') as string,
    });
    expect(await runCli(['nonsense'])).toMatchObject({ code: 2 });
  });
});

describe('an owner', () => {
  it('is told a recovery phrase, and the vault is sealed and private', async () => {
    const { code, out } = await runCli(['owner', 'new', '--vault', at('other.vault')], passphrase);
    expect(code).toBe(0);
    expect(out.match(/^ +\d+\. [a-z]+$/gmu)).toHaveLength(12);
    expect(statSync(at('other.vault')).mode & 0o777).toBe(0o600);
    expect(await runCli(['owner', 'new', '--vault', at('other.vault')], passphrase)).toMatchObject({ code: 2 });
    expect(
      await runCli(['owner', 'new', '--vault', at('third.vault')], { BLINDMARK_PASSPHRASE: 'short' }),
    ).toMatchObject({ code: 2 });
    expect(existsSync(at('third.vault'))).toBe(false);
  });

  it('needs the passphrase, and is told how to give it', async () => {
    const { code, err } = await runCli(['owner', 'list', '--vault', at('my.vault')]);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('BLINDMARK_PASSPHRASE') as string });
    const wrong = await runCli(['owner', 'list', '--vault', at('my.vault')], {
      BLINDMARK_PASSPHRASE: 'four words of yours',
    });
    expect(wrong.code).toBe(2);
  });

  it('registers, is found, reports, replaces, withdraws and recovers', async () => {
    const code = mintCode();
    const [key = ''] = await services.createActivationKeys(1);
    const item = ['--item', 'category=Shotgun,make=AYA,model=No. 4, 16 bore'];
    const registered = await owner('register', ...registry(), '--activation-key', key, '--code', code, ...item);
    expect(registered).toMatchObject({
      code: 0,
      out: expect.stringContaining('Shotgun, AYA, No. 4, 16 bore') as string,
    });
    const changed = await owner('status', '--code', code, '--set', 'stolen', '--json');
    expect(changed.records()).toMatchObject([{ scheme: 'bm1', code, status: 'stolen', stage: 'registered' }]);
    await owner('replace', '--code', code, '--item', 'category=Rifle', '--item', 'category=Bicycle,make=Brompton');
    const looked = await lookUp('--json', code.toLowerCase());
    expect(looked.code).toBe(0);
    expect(looked.records()).toMatchObject([
      {
        id: '1',
        result: 'hit',
        candidates: 2,
        registrations: [{ status: 'stolen', items: [{ category: 'Rifle' }, { make: 'Brompton' }] }],
      },
    ]);
    expect((await owner('list', '--json')).records()).toMatchObject([{ code, status: 'stolen' }]);
    const { phrase } = (
      await runCli(['owner', 'new', '--vault', at('stranger.vault'), '--json'], passphrase)
    ).records()[0] as { phrase: string };
    const stranger = await runCli(
      ['owner', 'recover', '--vault', at('stranger2.vault'), ...registry(), '--code', code],
      {
        ...passphrase,
        BLINDMARK_PHRASE: phrase,
      },
    );
    expect(stranger).toMatchObject({ code: 3, err: expect.stringContaining('no registration of this code') as string });
    expect(await owner('withdraw', '--code', code)).toMatchObject({ code: 0 });
    expect((await lookUp('--json', code)).records()).toMatchObject([{ result: 'miss' }]);
    expect(await owner('withdraw', '--code', code)).toMatchObject({ code: 3 });
  });

  it('recovers a mark on an empty machine', async () => {
    const made = await runCli(['owner', 'new', '--vault', at('lost.vault'), '--json'], passphrase);
    const { phrase } = made.records()[0] as { phrase: string };
    const code = mintCode();
    const [key = ''] = await services.createActivationKeys(1);
    const env = { ...passphrase, BLINDMARK_ACTIVATION_KEY: key };
    await runCli(
      ['owner', 'register', '--vault', at('lost.vault'), ...registry(), '--code', code, '--item', 'category=Ring'],
      env,
    );
    const words = phrase.toUpperCase().replaceAll(' ', '  ');
    const recovered = await runCli(
      ['owner', 'recover', '--vault', at('new.vault'), ...registry(), '--code', code, '--json'],
      {
        ...passphrase,
        BLINDMARK_PHRASE: words,
      },
    );
    expect(recovered.records()).toMatchObject([{ code, stage: 'registered', items: [{ category: 'Ring' }] }]);
  });

  it('is told what is wrong with a mistyped code, a mistyped key and an impossible item', async () => {
    const code = mintCode();
    const [key = ''] = await services.createActivationKeys(1);
    const wrongCode = code.slice(0, -1) + (code.endsWith('7') ? '8' : '7');
    const attempts = [
      ['--activation-key', key, '--code', wrongCode, '--item', 'category=Ring'],
      ['--activation-key', key.slice(2), '--code', code, '--item', 'category=Ring'],
      ['--activation-key', key, '--code', code, '--item', 'colour=red'],
      ['--activation-key', key, '--code', code],
      ['--activation-key', key, '--item', 'category=Ring'],
    ];
    for (const args of attempts) {
      const { code: exitCode, err } = await owner('register', ...registry(), ...args);
      expect(exitCode).toBe(2);
      for (const secret of [wrongCode, code, key]) expect(err).not.toContain(secret);
    }
  });
});

describe('tables', () => {
  it('register row by row, resume, and look up, out of a spreadsheet', async () => {
    const codes = [mintCode(), mintCode()];
    const rows = [
      'id;scheme;code;category;make;model;keeper;contact',
      `A;bm1;${codes[0]};Shotgun;AYA;No. 4;Somebody;somebody@example.org`,
      `B;bm1;${codes[0]};Rifle;Müller;;Somebody;`,
      `C;numeric;1,16E+12;Ring;;;;`,
      `D;;${codes[1]};Painting;;;;`,
      'E;numeric;0011641801192;Ring;;;;',
    ];
    writeFileSync(at('marks.csv'), Buffer.from(`${rows.join('\r\n')}\r\n`, 'latin1'));
    const keys = await services.createActivationKeys(3);
    writeFileSync(at('packs.csv'), `\ufeffactivation_key\r\n${keys.join('\r\n')}\r\n`);
    const run = async (): Promise<CliResult> =>
      owner('register', ...registry(), '--activation-keys', at('packs.csv'), '--from', at('marks.csv'), '--json');
    const first = await run();
    expect(first.code).toBe(2);
    expect(
      new Map(first.records().map(({ id, result, error }) => [id, result ?? (error as { field: string }).field])),
    ).toEqual(
      new Map([
        ['C', 'row 4'],
        ['A', 'registered'],
        ['B', 'registered'],
        ['D', 'registered'],
        ['E', 'registered'],
      ]),
    );
    expect((await run()).records().map(({ result }) => result)).toEqual([
      undefined,
      'again',
      'again',
      'again',
      'again',
    ]);

    const reads = [
      'id,scheme,read',
      `1,bm1,${codes[0]}`,
      '2,numeric,11641801192',
      `3,,${mintCode()}`,
      '4,numeric,1.16E+12',
      '5,vin,too short',
      `1,bm1,${codes[1]}`,
    ];
    writeFileSync(at('reads.csv'), `${reads.join('\n')}\n`);
    const looked = await lookUp('--from', at('reads.csv'), '--json', '--resume', at('results.jsonl'));
    expect(looked.code).toBe(2);
    expect(looked.records().map(({ id, result, error }) => [id, result ?? (error as { code: string }).code])).toEqual([
      ['4', 'badInput'],
      ['1', 'hit'],
      ['2', 'hit'],
      ['3', 'miss'],
      ['5', 'noSchemeFits'],
      ['1', 'hit'],
    ]);
    const [, hit] = looked.records() as { registrations?: { items: unknown[] }[] }[];
    expect(hit?.registrations?.[0]?.items).toEqual([
      { category: 'Shotgun', make: 'AYA', model: 'No. 4' },
      { category: 'Rifle', make: 'Müller' },
    ]);
    // A torn last line is asked for again, and what could not be looked up too.
    const kept = readFileSync(at('results.jsonl'), 'utf8');
    writeFileSync(at('results.jsonl'), kept.slice(0, -20));
    const resumed = await lookUp('--from', at('reads.csv'), '--json', '--resume', at('results.jsonl'));
    expect(resumed.records().map(({ id }) => id)).toEqual(['4', '5', '1']);
  });

  it('register under what is said for all, and take nothing beside it that is for one', async () => {
    const [minted, numeric] = [mintCode(), '190400131'];
    const rows = [`id,scheme,code,category`, `A,bm1,${minted},Rifle`, `B,,${numeric},Ring`];
    writeFileSync(at('stolen.csv'), rows.join('\n'));
    writeFileSync(at('packs2.csv'), ['activation_key', ...(await services.createActivationKeys(2))].join('\n'));
    const files = ['--activation-keys', at('packs2.csv'), '--from', at('stolen.csv')];
    const both = await owner('register', ...registry(), ...files, '--item', 'category=Ring');
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('beside --from') as string });
    const done = await owner(
      'register',
      ...registry(),
      ...files,
      '--status',
      'stolen',
      '--scheme',
      'numeric',
      '--json',
    );
    expect(done.records().map(({ result }) => result)).toEqual(['registered', 'registered']);
    expect(done.err).toContain('begins with 0');
    const looked = (await lookUp('--json', '--scheme', 'numeric', numeric)).records();
    expect(looked).toMatchObject([{ result: 'hit', registrations: [{ status: 'stolen', code: numeric }] }]);
    // A further item of a known code is not taken for registered.
    writeFileSync(at('stolen.csv'), [...rows, `C,bm1,${minted},Bicycle`].join('\n'));
    const more = await owner('register', ...registry(), ...files, '--scheme', 'numeric', '--json');
    expect(more.records()).toMatchObject([
      { error: { code: 'alreadyRegistered' } },
      { error: { code: 'alreadyRegistered' } },
      { result: 'again' },
    ]);
  });

  it('are looked up again for another case, or when the reading has changed', async () => {
    const code = mintCode();
    const options = ['--scheme', 'bm1', '--json', '--resume', at('resume.jsonl')];
    const run = async (reading: string, reference: string): Promise<unknown[]> => {
      const asked = ['officer', 'lookup', '--credential', at('officer.json'), '--case', reference];
      return (await runCli([...asked, ...options, reading])).records();
    };
    expect(await run(code, 'CR/1')).toHaveLength(1);
    expect(await run(code, 'CR/1')).toHaveLength(0);
    expect(await run(code, 'CR/2')).toHaveLength(1);
    expect(await run(mintCode(), 'CR/1')).toHaveLength(1);
    for (const secret of ['CR/1', code]) expect(readFileSync(at('resume.jsonl'), 'utf8')).not.toContain(secret);
  });

  it('say how many codes a lookup would cost, and ask nobody', async () => {
    const { code, out, records } = await lookUp('--dry-run', '--json', 'MODT8782?', '--scheme', 'letters-digits');
    expect(code).toBe(0);
    expect(records()).toEqual([{ readings: 1, codes: 10 }]);
    expect(out).not.toContain('MODT');
  });
});

describe('exit codes', () => {
  it('say that a service can’t be reached', async () => {
    const file = { ...services.registryFile, url: 'http://127.0.0.1:1' };
    writeFileSync(at('nowhere.json'), formatCredentialFile(registryFileSchema, file));
    const { code, records } = await runCli(
      [
        'owner',
        'recover',
        '--vault',
        at('my.vault'),
        '--registry-file',
        at('nowhere.json'),
        '--code',
        mintCode(),
        '--json',
      ],
      passphrase,
    );
    expect(code).toBe(4);
    expect(records()).toMatchObject([{ error: { code: 'unreachable' } }]);
  });

  it('say that an officer was refused', async () => {
    // Longer than a request is valid, and no longer than guardians’ clocks may be ahead.
    services.clock.now += 500;
    try {
      expect(await lookUp(mintCode())).toMatchObject({ code: 3, err: expect.stringContaining('expired') as string });
    } finally {
      services.clock.now -= 500;
    }
  });
});

describe('mistakes', () => {
  it.each([
    ['a bad origin', ['authority', 'root', '--origin', 'BAD ORIGIN', '--out', '/dev/null/x']],
    [
      'a vendor’s number',
      [
        'vendor',
        'new',
        '--id',
        'v',
        '--name',
        'V',
        '--issuer',
        'i',
        '--issuer-number',
        'abc',
        '--issuer-url',
        'http://a',
        '--out',
        'x',
      ],
    ],
    ['a folder that is none', ['owner', 'new', '--vault', '/dev/null/x/my.vault']],
  ])('in arguments are explained without a stack: %s', async (_, args) => {
    const files = args[0] === 'vendor' ? registry() : [];
    const { code, err } = await runCli([...args, ...files], passphrase);
    expect(code).toBeGreaterThan(1);
    expect(err).not.toMatch(/^ +at /mu);
  });

  it('of a pseudonym make no credential that never works', async () => {
    await runCli(['authority', 'root', '--origin', services.fixture.origin, '--out', at('r.json'), '--plain']);
    await runCli(['authority', 'force', '--root', at('r.json'), '--id', 'met', '--out', at('f.json'), '--plain']);
    const issue = ['authority', 'officer', '--force', at('f.json'), ...registry(), '--out', at('o.json')];
    const args = [...issue, '--officer', 'PC 1234'];
    expect(await runCli([...args, '--pseudonym', 'PC John Smith'])).toMatchObject({ code: 2 });
    expect(existsSync(at('o.json'))).toBe(false);
  });

  it('of a phrase for another vault are not passed over', async () => {
    const { phrase } = (
      await runCli(['owner', 'new', '--vault', at('theirs.vault'), '--json'], passphrase)
    ).records()[0] as { phrase: string };
    const env = { ...passphrase, BLINDMARK_PHRASE: phrase };
    const { code, err } = await runCli(
      ['owner', 'recover', '--vault', at('my.vault'), ...registry(), '--code', mintCode()],
      env,
    );
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('another recovery phrase') as string });
  });
});

describe('authorities', () => {
  it('make roots, forces and officers, sealed where it matters', async () => {
    const out = (name: string): string[] => ['--out', at(name), '--json'];
    const root = await runCli(
      ['authority', 'root', '--origin', services.fixture.origin, ...out('root.json')],
      passphrase,
    );
    expect(root.records()).toMatchObject([{ publicKey: expect.stringMatching(/^[\w-]{43}$/u) as string }]);
    expect(readFileSync(at('root.json'), 'utf8')).toContain('blindmark-sealed-v1');
    const force = await runCli(
      ['authority', 'force', '--root', at('root.json'), '--id', 'met', ...out('force.json')],
      passphrase,
    );
    expect(force.code).toBe(0);
    const issue = ['authority', 'officer', '--force', at('force.json'), ...registry(), ...out('another.json')];
    const args = [...issue, '--officer', 'PC 1234'];
    expect(await runCli(issue, passphrase)).toMatchObject({ code: 2 });
    expect(await runCli([...issue, '--officer', ' '], passphrase)).toMatchObject({ code: 2 });
    expect(await runCli([...args, '--hours', '13'], passphrase)).toMatchObject({ code: 2 });
    expect(await runCli(args, { BLINDMARK_PASSPHRASE: 'four words of yours' })).toMatchObject({ code: 2 });
    expect(await runCli(args, passphrase)).toMatchObject({ code: 0 });
    const { officerCredential } = JSON.parse(readFileSync(at('another.json'), 'utf8')) as { officerCredential: string };
    expect(Buffer.from(officerCredential.split('.')[1] as string, 'base64url').toString()).not.toMatch(/pc ?1234/iu);
    const { code, err } = await runCli([
      'officer',
      'lookup',
      '--credential',
      at('another.json'),
      '--case',
      'X',
      mintCode(),
    ]);
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringContaining('not in the roster') as string });
  });
});
