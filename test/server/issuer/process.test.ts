/** The issuer as it is run: real processes, real files, and kill -9 in the middle of the work. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  activationKeyHash,
  createActivationKey,
  formatActivationKey,
  type ActivationKey,
} from '../../../crypto/activation-key.ts';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { formatMessage } from '../../../crypto/message.ts';
import { quarterOf, rosterIssuerSchema, shiftQuarter } from '../../../crypto/roster.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { tokenKeyId } from '../../../crypto/token-key.ts';
import { signPacksRequest } from '../../../crypto/vendor-request.ts';
import { packsRequestSchema, tokenRequestSchema } from '../../../crypto/wire.ts';

const program = fileURLToPath(new URL('../../../server/issuer/main.ts', import.meta.url));
const PASSPHRASE = 'canary passphrase of the issuer';
const parent = mkdtempSync(join(tmpdir(), 'issuer-'));
const folder = join(parent, 'demo');
const vendor = createSigningKey();
const now = (): number => Math.floor(Date.now() / 1000);

/** Everything that any of the processes wrote. */
let output = '';

function start(args: readonly string[], passphrase = PASSPHRASE): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, BLINDMARK_PASSPHRASE: passphrase },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  return child;
}

/** Runs a command to its end. */
async function run(args: readonly string[], passphrase?: string): Promise<{ code: number; said: string }> {
  const before = output.length;
  const child = start(args, passphrase);
  const [code] = (await once(child, 'close')) as [number];
  return { code, said: output.slice(before) };
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function serve(): Promise<Running> {
  const before = output.length;
  const child = start(['serve', '--folder', folder, '--port', '0', '--stop-with-stdin']);
  let port: string | undefined;
  while (port === undefined) {
    if (child.exitCode !== null) throw new Error(`the issuer did not start: ${output.slice(before)}`);
    await Promise.race([once(child.stdout as Readable, 'data'), once(child, 'close')]);
    [, port] = /"port":(\d+),"msg":"listening"/u.exec(output.slice(before)) ?? [];
  }
  return { child, url: `http://127.0.0.1:${port}` };
}

async function stop({ child }: Running, how: NodeJS.Signals | 'stdin'): Promise<number | null> {
  const closed = once(child, 'exit') as Promise<[number | null]>;
  if (how === 'stdin') child.stdin?.end();
  else child.kill(how);
  return (await closed)[0];
}

async function post({ url }: Running, path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: reply.status, body: await reply.json() };
}

async function addPacks(issuer: Running, keys: readonly ActivationKey[]): Promise<void> {
  const keyHashes = keys.map((key) => activationKeyHash(key.bytes));
  const body = await signPacksRequest(vendor, { issuer: 'demo-issuer', vendor: 'acme', keyHashes, now: now() });
  const reply = await post(issuer, '/v1/packs', formatMessage(packsRequestSchema, body));
  expect(reply.body).toEqual({ added: keys.length, known: 0 });
}

/** A use of an activation key. */
interface Use {
  readonly key: ActivationKey;
  readonly blindedMessage: Uint8Array;
}

function newUse(key: ActivationKey): Use {
  const blindedMessage = randomBytes(256);
  blindedMessage[0] = (blindedMessage[0] as number) & 0x7f;
  return { key, blindedMessage };
}

let currentKeyId: Uint8Array;
const ask = async (issuer: Running, { key, blindedMessage }: Use) =>
  post(
    issuer,
    '/v1/tokens',
    formatMessage(tokenRequestSchema, { activationKey: key.bytes, tokenKeyId: currentKeyId, blindedMessage }),
  );

/** Every file in the issuer's folder, as bytes. */
const readFolder = (): Buffer => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));

const createSearch = (contents: Buffer) => (what: Uint8Array | string) =>
  contents.includes(Buffer.from(what as Uint8Array));

const sold: ActivationKey[] = [];
function mint(count: number): ActivationKey[] {
  const keys = Array.from({ length: count }, () => createActivationKey(7));
  sold.push(...keys);
  return keys;
}

let running: Running | undefined;

beforeAll(async () => {
  const init = ['init', '--folder', folder, '--id', 'demo-issuer', '--name', 'Demo', '--number', '7', '--port', '0'];
  expect(await run([...init, '--url', 'https://issuer.example'])).toMatchObject({ code: 0 });
  const publicKey = formatBase64url(vendor.publicKey);
  const add = ['add-vendor', '--folder', folder, '--id', 'acme', '--name', 'Acme', '--public-key', publicKey];
  expect(await run(add)).toMatchObject({ code: 0 });
  const card = rosterIssuerSchema.parse(JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')));
  const current = quarterOf(now());
  expect(card.tokenKeys.map((key) => key.quarter)).toEqual([current, shiftQuarter(current, 1)]);
  currentKeyId = tokenKeyId((card.tokenKeys[0] as (typeof card.tokenKeys)[number]).publicKey);
  running = await serve();
});

afterAll(async () => {
  if (running?.child.exitCode === null && running.child.signalCode === null) await stop(running, 'SIGKILL');
  rmSync(parent, { recursive: true, force: true });
});

describe('the commands', () => {
  it('do not set up an issuer over another', async () => {
    const init = ['init', '--folder', folder, '--id', 'x', '--name', 'X', '--number', '8'];
    expect(await run(init)).toMatchObject({ code: 2, said: expect.stringContaining('already') as string });
  });

  it('refuse a short passphrase, a vendor twice, a quarter that has its key, and a wrong passphrase', async () => {
    const elsewhere = ['init', '--folder', `${folder}-2`, '--id', 'x', '--name', 'X', '--number', '8'];
    expect(await run(elsewhere, 'short')).toMatchObject({ code: 2 });
    const publicKey = formatBase64url(createSigningKey().publicKey);
    const again = ['add-vendor', '--folder', folder, '--id', 'acme', '--name', 'Acme', '--public-key', publicKey];
    expect(await run(again)).toMatchObject({ code: 2, said: expect.stringContaining('--id') as string });
    const addKey = ['add-key', '--folder', folder, '--quarter', quarterOf(now())];
    expect(await run(addKey)).toMatchObject({ code: 2, said: expect.stringContaining('mark buyers') as string });
    expect(await run(addKey, 'another passphrase')).toMatchObject({ code: 2 });
    expect(await run(['serve', '--folder', folder], 'another passphrase')).toMatchObject({ code: 2 });
  });

  it('add the token key of a later quarter, to keys and card', async () => {
    const quarter = shiftQuarter(quarterOf(now()), 2);
    expect(await run(['add-key', '--folder', folder, '--quarter', quarter])).toMatchObject({ code: 0 });
    const card = rosterIssuerSchema.parse(JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')));
    expect(card.tokenKeys.map((key) => key.quarter)).toContain(quarter);
  });

  it('say what they need', async () => {
    expect(await run(['init'])).toMatchObject({ code: 2, said: expect.stringContaining('--id') as string });
    expect(await run(['serve', '--folder', `${folder}-none`])).toMatchObject({ code: 2 });
    expect(await run(['--help'])).toMatchObject({ code: 0, said: expect.stringContaining('add-vendor') as string });
  });

  it('leave secrets readable by their owner alone', () => {
    for (const name of ['config.json', 'token-keys.json', 'issuer.db']) {
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    }
  });
});

describe('a running issuer', () => {
  it('keeps every acknowledged use through kill -9 under load, and gives no key a fourth', async () => {
    const keys = mint(60);
    let issuer = running as Running;
    await addPacks(issuer, keys);
    const acknowledged: { use: Use; body: unknown }[] = [];
    // Four attempts a key, in turns, by eight clients; the process is killed after a third of what it will grant.
    const attempts = Array.from({ length: 4 }, () => keys.map(newUse)).flat();
    const client = async (): Promise<void> => {
      for (let use = attempts.shift(); use !== undefined; use = attempts.shift()) {
        try {
          const { status, body } = await ask(issuer, use);
          if (status === 200) acknowledged.push({ use, body });
        } catch {
          return; // The process is gone, and with it the reply.
        }
        if (acknowledged.length >= 60) issuer.child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    expect(attempts.length).toBeGreaterThan(0);
    expect(issuer.child.signalCode ?? (await once(issuer.child, 'exit'))[1]).toBe('SIGKILL');
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);

    issuer = running = await serve();
    for (const { use, body } of acknowledged) {
      expect(await ask(issuer, use)).toEqual({ status: 200, body });
    }
    for (const key of keys) {
      const before = acknowledged.filter(({ use }) => use.key === key).length;
      let after = 0;
      while ((await ask(issuer, newUse(key))).status === 200) after++;
      expect(before + after).toBeLessThanOrEqual(3);
    }
  });

  it('keeps no activation key in clear, in no file and no log', async () => {
    const [key] = mint(1) as [ActivationKey];
    const issuer = running as Running;
    await addPacks(issuer, [key]);
    expect((await ask(issuer, newUse(key))).status).toBe(200);
    expect((await ask(issuer, newUse(createActivationKey(9)))).status).toBe(403);
    expect(readdirSync(folder)).toContain('issuer.db-wal');
    const metrics = await (await fetch(`${issuer.url}/metrics`)).text();
    const found = createSearch(Buffer.concat([readFolder(), Buffer.from(output + metrics)]));
    // What is looked for would be found: the hash is there.
    expect(found(activationKeyHash(key.bytes))).toBe(true);
    expect(found('"code":"activationKeyUnknown"')).toBe(true);
    expect(found(PASSPHRASE)).toBe(false);
    for (const { bytes } of sold) {
      const spelled = formatActivationKey(bytes);
      // The number in the first byte is no secret.
      const forms = [bytes.subarray(1), formatBase64url(bytes), spelled, spelled.replaceAll('-', '')];
      for (const form of forms) expect(found(form)).toBe(false);
    }
  });

  it('reports counts alone, and stops in good order', async () => {
    expect(await stop(running as Running, 'stdin')).toBe(0);
    const { code, said } = await run(['report', '--folder', folder]);
    expect(code).toBe(0);
    expect(said).toBe(`acme: ${sold.length} packs, ${sold.length} activated\n`);
    expect(readdirSync(folder)).not.toContain('issuer.db-wal');
    running = await serve();
    expect(await stop(running, 'SIGTERM')).toBe(0);
  });
});
