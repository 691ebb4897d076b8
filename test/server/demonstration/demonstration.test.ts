/** `npm start` and its services as real processes: what a newcomer sees, and what kill -9 does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCheckpoint } from '../../../crypto/checkpoint.ts';
import { mintCode } from '../../../crypto/mint-code.ts';
import { parseVerifierKey, SIGNATURE_TYPES } from '../../../crypto/note.ts';
import {
  layoutOf,
  ORIGIN,
  portOf,
  PROGRAMS,
  PROJECT_FOLDER,
  type ServiceName,
} from '../../../server/demonstration/layout.ts';
import { startProgram } from '../../../server/demonstration/programs.ts';
import { runCli } from '../../support/run-cli.ts';

const passphrase = { BLINDMARK_PASSPHRASE: 'four words of mine' };
let folder: string;
let firstPort: number;
let start: Started;

interface Started {
  readonly child: ChildProcess;
  readonly printed: () => string;
  readonly ended: Promise<number | null>;
}

const data = (): string => join(folder, 'data');
const demo = (name: string): string => join(data(), 'demo', name);

/** The first of five free ports in a row, as far as a look can tell. */
async function findPorts(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  server.close();
  // Below the range that systems hand out by themselves.
  return 10_000 + (port % 20_000);
}

function launch(port?: number): Started {
  const args = port === undefined ? [] : ['--port', String(port)];
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [join(PROJECT_FOLDER, 'server/start.ts'), ...args], {
    env: { PATH, NODE_COMPILE_CACHE, BLINDMARK_DATA: data() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((done) => {
    child.once('close', done);
  });
  return { child, printed: () => printed, ended };
}

async function untilRunning(started: Started): Promise<void> {
  while (!started.printed().includes('Ctrl-C stops everything')) {
    if (started.child.exitCode !== null) throw new Error(`it ended: ${started.printed()}`);
    await wait(50);
  }
}

async function isAlive(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok === true;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blindmark-demo-'));
  // As it is when it is a volume.
  mkdirSync(data());
  firstPort = await findPorts();
  start = launch(firstPort);
  await untilRunning(start);
  // Two key generations and a dozen passphrases, on whatever machine.
}, 400_000);
afterAll(async () => {
  start.child.kill('SIGTERM');
  await start.ended;
  rmSync(folder, { recursive: true, force: true });
});

async function owner(command: string, ...args: string[]) {
  return runCli(['owner', command, '--vault', join(folder, 'my.vault'), ...args], passphrase);
}

/** Looks one code up, or a table of them. */
async function lookUp(...what: string[]): Promise<unknown[]> {
  const args = ['officer', 'lookup', '--credential', demo('officer-b.json'), '--case', 'CR/1', '--json'];
  return (await runCli([...args, ...what])).records();
}

const code = mintCode();

// Processes by the dozen, each with its Argon2id.
describe('the demonstration', { timeout: 300_000 }, () => {
  it('prints what to open, what to try, and that it protects nobody', () => {
    const printed = start.printed();
    expect(printed).toContain(`http://127.0.0.1:${firstPort}/docs`);
    expect(printed).toContain('protect nobody');
    expect(printed).toContain('npx blindmark owner new');
    expect(readdirSync(join(data(), 'demo'))).toEqual(
      expect.arrayContaining(['registry.json', 'officer-a.json', 'officer-b.json', 'vendor.json', 'packs.csv']),
    );
    const keys = readFileSync(demo('packs.csv'), 'utf8').split('\r\n').slice(1, -1);
    expect(keys).toHaveLength(10);
  });

  it('serves the pages that it prints, which the log names', async () => {
    for (const path of ['', 'owner/', 'police/', 'check/', 'log/']) {
      const url = `http://127.0.0.1:${firstPort}/${path}`;
      expect(start.printed()).toContain(`${url} `);
      const reply = await fetch(url);
      expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    }
    const audited = await runCli(['audit', '--registry-file', demo('registry.json')]);
    expect(audited).toMatchObject({ code: 0 });
    expect(audited.out).toMatch(/Pages: .* verify/u);
  });

  it('prints where the public log is, and the key that it is verified by', async () => {
    const [, url = ''] = /The log: +(\S+)\n/u.exec(start.printed()) ?? [];
    const [, text = ''] = /Its key: +(\S+)\n/u.exec(start.printed()) ?? [];
    const { name: origin, type, publicKey } = parseVerifierKey(text);
    expect(type).toBe(SIGNATURE_TYPES.ed25519);
    const note = await (await fetch(url)).text();
    expect(verifyCheckpoint(note, { origin, publicKey })).toMatchObject({ origin: `${ORIGIN}/log` });
  });

  it('registers and finds', async () => {
    await owner('new');
    const [, activationKey = ''] = readFileSync(demo('packs.csv'), 'utf8').split('\r\n');
    const args = ['--registry-file', demo('registry.json'), '--activation-key', activationKey, '--code', code];
    expect(await owner('register', ...args, '--item', 'category=Shotgun')).toMatchObject({ code: 0 });
    expect(await lookUp('--scheme', 'bm1', code)).toMatchObject([
      { result: 'hit', registrations: [{ items: [{ category: 'Shotgun' }] }] },
    ]);
  });

  it('says so when its port is taken, and leaves the other alone', async () => {
    const second = launch(firstPort);
    expect(await second.ended).toBe(4);
    expect(second.printed()).toContain(`Port ${firstPort}, for the registry, is in use`);
    expect(second.printed()).toContain('--port');
    // The roster names the ports.
    const moved = launch(firstPort - 1);
    expect(await moved.ended).toBe(2);
    expect(moved.printed()).toContain(`has its registry on port ${firstPort} already`);
    expect(moved.printed()).toContain('BLINDMARK_DATA=');
    expect(await isAlive(firstPort)).toBe(true);
  });

  it('stops everything on Ctrl-C, and keeps everything', async () => {
    start.child.kill('SIGINT');
    expect(await start.ended).toBe(0);
    for (const service of ['registry', 'g1', 'g2', 'g3', 'issuer'] as const) {
      expect(await isAlive(portOf(service, firstPort))).toBe(false);
    }
    // On the port that it had.
    start = launch();
    await untilRunning(start);
    expect(await isAlive(firstPort)).toBe(true);
    expect(await lookUp('--scheme', 'bm1', code)).toMatchObject([{ result: 'hit' }]);
    expect(await owner('status', '--code', code)).toMatchObject({ code: 0 });
  });

  it('takes its services with it, however it ends', async () => {
    start.child.kill('SIGKILL');
    await start.ended;
    for (let attempt = 0; attempt < 200 && (await isAlive(firstPort)); attempt++) await wait(50);
    expect(await isAlive(firstPort)).toBe(false);
  });
});

describe('kill -9 under load', { timeout: 300_000 }, () => {
  const running = new Map<ServiceName, ChildProcess>();

  async function serve(service: ServiceName): Promise<void> {
    const layout = layoutOf(data());
    const log = openSync(join(folder, `${service}.log`), 'a');
    const program = service === 'registry' || service === 'issuer' ? PROGRAMS[service] : PROGRAMS.guardian;
    const secret = service === 'registry' ? undefined : readFileSync(layout.passphraseOf(service), 'utf8').trim();
    running.set(
      service,
      startProgram(program, ['serve', '--folder', layout.folderOf(service)], log, { passphrase: secret }),
    );
    closeSync(log);
    while (!(await isAlive(portOf(service, firstPort)))) await wait(20);
  }

  async function kill(service: ServiceName): Promise<void> {
    const child = running.get(service) as ChildProcess;
    const ended = new Promise((done) => {
      child.once('exit', done);
    });
    child.kill('SIGKILL');
    await ended;
  }

  afterAll(async () => {
    await Promise.all([...running.keys()].map(kill));
  });

  it('of registry, guardian and issuer loses no acknowledged registration, and spends no token twice', async () => {
    for (const service of ['registry', 'g1', 'g2', 'g3', 'issuer'] as const) await serve(service);
    const packs = join(folder, 'packs.csv');
    await runCli([
      'vendor',
      'mint',
      '--credential',
      demo('vendor.json'),
      '--count',
      '12',
      '--out',
      packs,
      '--with-codes',
    ]);
    const marks = readFileSync(packs, 'utf8')
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(',') as [string, string, string]);
    const table = [
      'id,scheme,code,category',
      ...marks.map(([, scheme, minted], i) => `M${i},${scheme},${minted},Bicycle`),
    ];
    writeFileSync(join(folder, 'marks.csv'), table.join('\n'));

    const files = [
      '--registry-file',
      demo('registry.json'),
      '--activation-keys',
      packs,
      '--from',
      join(folder, 'marks.csv'),
    ];
    const victims: ServiceName[] = ['registry', 'g1', 'issuer', 'registry', 'g2'];
    let printed = '';
    const over = new AbortController();
    const run = async () =>
      runCli(
        ['owner', 'register', '--vault', join(folder, 'my.vault'), ...files, '--json', '--parallel', '3'],
        passphrase,
        (text) => {
          printed += text;
        },
      );
    const killer = (async () => {
      for (const victim of victims) {
        const acknowledged = printed.length;
        while (printed.length === acknowledged && !over.signal.aborted) await wait(10);
        if (over.signal.aborted) return;
        await kill(victim);
        await serve(victim);
      }
    })();
    const first = await run();
    over.abort();
    await killer;
    const acknowledged = first.records().flatMap(({ id, result }) => (result === undefined ? [] : [id as string]));
    // What was interrupted goes on, by the same requests.
    const rest = await run();
    expect(rest.records().map(({ result }) => result)).toEqual(
      marks.map(() => expect.stringMatching(/^(registered|again)$/u) as string),
    );
    const again = rest.records().flatMap(({ id, result }) => (result === 'again' ? [id as string] : []));
    expect(again).toEqual(expect.arrayContaining(acknowledged));
    const reads = ['id,scheme,read', ...marks.map(([, scheme, minted], i) => `M${i},${scheme},${minted}`)];
    writeFileSync(join(folder, 'reads.csv'), reads.join('\n'));
    expect(await lookUp('--from', join(folder, 'reads.csv'))).toMatchObject(
      marks.map((_, i) => ({ id: `M${i}`, result: 'hit', registrations: [{ items: [{ category: 'Bicycle' }] }] })),
    );
    // Each key paid for one registration alone: two of its three uses are left.
    const [key] = marks[0] as [string, string, string];
    const spend = async () =>
      owner(
        'register',
        '--registry-file',
        demo('registry.json'),
        '--activation-key',
        key,
        '--code',
        mintCode(),
        '--item',
        'category=Ring',
      );
    expect([(await spend()).code, (await spend()).code, (await spend()).code]).toEqual([0, 0, 3]);
  });
});
