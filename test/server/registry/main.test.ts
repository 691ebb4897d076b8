/** `blindmark-registry` as its operator runs it: from an empty folder to a running service, and what it refuses. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatBase64url, utf8ToBytes } from '../../../crypto/bytes.ts';
import { parseCheckpoint, signCheckpoint } from '../../../crypto/checkpoint.ts';
import { registryFileSchema } from '../../../crypto/credential-files.ts';
import { keyGenerationSchema } from '../../../crypto/dkg-messages.ts';
import { parseVerifierKey, SIGNATURE_TYPES } from '../../../crypto/note.ts';
import { createPagesManifest, formatPagesManifest, pagesHash } from '../../../crypto/pages.ts';
import {
  parseRoster,
  parseRosterFingerprint,
  rosterDraftSchema,
  rosterIssuerSchema,
  rosterSchema,
  rosterSignatureSchema,
  signRoster,
  verifyRosterChain,
  type Roster,
} from '../../../crypto/roster.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { STRETCH_FLOOR } from '../../../crypto/stretch.ts';
import { registrationReplySchema, rosterReplySchema } from '../../../crypto/wire.ts';
import { runCommand } from '../../../server/command.ts';
import { readJson, writeJson } from '../../../server/files.ts';
import { readConfig, writeConfig } from '../../../server/registry/config.ts';
import { draftRoster } from '../../../server/registry/draft-roster.ts';
import { readLogKeys, writeLogKeys } from '../../../server/registry/log-key.ts';
import { createProgram } from '../../../server/registry/program.ts';
import { publishRoster } from '../../../server/registry/publish-roster.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { startFakeGuardian } from './fake-guardian.ts';
import { generateKeys } from './key-generation.ts';
import { createMark, logKeysOf, registrationBody } from './world.ts';
import { runHere } from '../../support/run-here.ts';
import { createToken } from '../../support/tokens.ts';

const MAIN = fileURLToPath(new URL('../../../server/registry/main.ts', import.meta.url));
const ORIGIN = 'cli.blindmark.example';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ origin: ORIGIN });
});

/** Commands that ran in a process of their own. */
const ran = new Set<string>();

/** Runs a command to its end: in a process of its own the first time, and from then on in this one. */
async function run(...args: string[]) {
  const [command = ''] = args;
  if (ran.has(command)) {
    const work = async (): Promise<void> => runCommand(createProgram(), [process.execPath, MAIN, ...args]);
    const { code, out, err } = await runHere(work);
    return { status: code, stdout: out, stderr: err };
  }
  ran.add(command);
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

async function runWell(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...args);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const GUARDIANS = ['g1', 'g2', 'g3'].flatMap((id, i) => ['--guardian', `${id}=http://127.0.0.1:${i + 1}`]);

async function init(folder: string, ...more: string[]): Promise<void> {
  const where = ['--folder', folder, '--origin', ORIGIN, '--url', 'http://127.0.0.1:8080'];
  await runWell('init', ...where, ...GUARDIANS, ...more);
}

/** Writes what a first draft is made of; answers the arguments that name it. */
function writeParts(folder: string, epoch = 1): string[] {
  const path = (name: string): string => join(folder, name);
  const { roster } = fixture.roster;
  const { keyGeneration, decryptionKeyGeneration } = generateKeys(fixture, epoch);
  writeJson(path('key-generation.json'), keyGenerationSchema, keyGeneration);
  writeJson(path('decryption.json'), keyGenerationSchema, decryptionKeyGeneration);
  writeJson(path('card.json'), rosterIssuerSchema, roster.issuers[0] as Roster['issuers'][number]);
  const [force] = roster.forces as [Roster['forces'][number]];
  writeJson(path('forces.json'), rosterSchema.shape.forces, [force, { ...force, id: 'second-force' }]);
  writeJson(path('force.json'), rosterSchema.shape.forces.element, { ...force, id: 'third-force' });
  const files = {
    '--key-generation': 'key-generation.json',
    '--decryption-key-generation': 'decryption.json',
    '--issuer': 'card.json',
  };
  return [
    ...Object.entries(files).flatMap(([option, name]) => [option, path(name)]),
    ...['forces.json', 'force.json'].flatMap((name) => ['--force', path(name)]),
    '--authority-root',
    formatBase64url(fixture.authorityRoot.publicKey),
  ];
}

/** Signs a draft by some of the guardians; answers the arguments that name the signatures. */
function signDraft(folder: string, draft: string, by: readonly number[]): string[] {
  const { roster } = readJson(draft, rosterDraftSchema);
  return by.flatMap((i) => {
    const path = join(folder, `signature-${i}.json`);
    const signature = signRoster(roster, fixture.operators[i] as Fixture['operators'][number]);
    writeJson(path, rosterSignatureSchema, { guardian: `g${i + 1}`, signature });
    return ['--signature', path];
  });
}

/** Guardians that cosign the registry's log, whatever becomes of the registry. */
async function startWitnesses(): Promise<string[]> {
  const guardians = await Promise.all([1, 2, 3].map(async (index) => startFakeGuardian(index, fixture)));
  onTestFinished(async () => {
    await Promise.all(guardians.map(async (guardian) => guardian.close()));
  });
  return guardians.map(({ url }) => url);
}

/**
 * A folder with a published roster, made without the command line.
 *
 * @param urls of the guardians; by default nobody answers there
 */
function prepare(urls = ['g1', 'g2', 'g3'].map((_, i) => `http://127.0.0.1:${i + 1}`)): string {
  const folder = createFolder();
  writeConfig(folder, {
    format: 'blindmark-registry-config-v1',
    origin: ORIGIN,
    url: 'http://127.0.0.1:8080',
    host: '127.0.0.1',
    port: 0,
    rosterFingerprint: null,
    allowTestRoster: false,
    guardians: urls.map((url, i) => ({ id: `g${i + 1}`, url })),
    guardianTimeoutMs: 5000,
    pages: null,
  });
  const { forces, issuers } = fixture.roster.roster;
  const authorityRoots = [fixture.authorityRoot.publicKey];
  const keys = generateKeys(fixture, 1);
  const { origin, now } = fixture;
  writeLogKeys(folder, logKeysOf(fixture));
  const logKey = fixture.logKey.publicKey;
  const roster = draftRoster(
    { origin, ...keys, logKey, stretch: STRETCH_FLOOR, authorityRoots, forces, issuers, now },
    null,
  );
  const signatures = fixture.operators.map((operator, i) => ({
    guardian: `g${i + 1}`,
    signature: signRoster(roster, operator),
  }));
  publishRoster(folder, { format: 'blindmark-roster-draft-v1', roster }, signatures);
  return folder;
}

interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<unknown[]>;
}

async function serve(folder: string, ...more: string[]): Promise<Served> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--folder', folder, '--port', '0', ...more]);
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines: string[] = [];
  const listening = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const { msg, port } = JSON.parse(line) as { msg: string; port: number };
    if (msg === 'listening') listening.resolve(port);
  });
  child.once('exit', () => listening.reject(new Error(`ended: ${lines.join()}`)));
  return { url: `http://127.0.0.1:${await listening.promise}`, child, lines, ended };
}

const post = async (url: string, body: unknown): Promise<{ status: number; body: unknown }> => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/registrations`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
};

describe('blindmark-registry', () => {
  it('goes from an empty folder to a served roster, and on to the next', async () => {
    const folder = join(createFolder(), 'new', 'registry');
    await init(folder);
    expect(statSync(join(folder, 'log-key.json')).mode & 0o777).toBe(0o600);
    const first = join(folder, 'draft.json');
    await runWell('draft-roster', '--folder', folder, ...writeParts(folder), '--out', first);
    const said = await runWell(
      'publish-roster',
      '--folder',
      folder,
      '--draft',
      first,
      ...signDraft(folder, first, [0, 1]),
    );
    const fingerprint = parseRosterFingerprint(/Fingerprint: (\S+)/u.exec(said)?.[1] as string);
    const registryFile = readJson(join(folder, 'registry.json'), registryFileSchema);
    expect(registryFile).toMatchObject({ url: 'http://127.0.0.1:8080', rosterFingerprint: fingerprint });

    const draft = join(folder, 'draft-2.json');
    const [second, decryption] = ['second.json', 'second-decryption.json'].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    const keys = generateKeys(fixture, 2);
    writeJson(second, keyGenerationSchema, keys.keyGeneration);
    writeJson(decryption, keyGenerationSchema, keys.decryptionKeyGeneration);
    const files = ['--key-generation', second, '--decryption-key-generation', decryption];
    await runWell('draft-roster', '--folder', folder, ...files, '--out', draft);
    await runWell('publish-roster', '--folder', folder, '--draft', draft, ...signDraft(folder, draft, [1, 2]));

    const { url, child, ended } = await serve(folder);
    const { chain } = rosterReplySchema.parse(await (await fetch(`${url}/v1/roster`)).json());
    const { roster } = verifyRosterChain(chain, fingerprint);
    expect(roster.version).toBe(2);
    expect(roster.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(roster.forces.map(({ id }) => id)).toEqual(['demo-force', 'second-force', 'third-force']);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('stops with its standard input when told to', async () => {
    const folder = prepare();
    const { child, ended } = await serve(folder, '--stop-with-stdin');
    child.stdin?.end();
    expect(await ended).toEqual([0, null]);
  });

  it('keeps every registration and entry that it acknowledged when it is killed, and no token makes two', async () => {
    const folder = prepare(await startWitnesses());
    const attempts = await Promise.all(
      Array.from({ length: 120 }, async () => {
        const token = await createToken(fixture);
        return { token, body: registrationBody(createMark(fixture), token) };
      }),
    );
    const first = await serve(folder);
    /** With the indexes of their entries. */
    const acknowledged = new Map<number, number>();
    // Eight at a time, so that there is always something under way when the twentieth is acknowledged.
    const waiting = attempts.entries();
    let unanswered = 0;
    const client = async (): Promise<void> => {
      for (const [i, { body }] of waiting) {
        const reply = await post(first.url, body).catch(() => null);
        if (reply?.status === 200) acknowledged.set(i, indexIn(reply.body));
        else unanswered += 1;
        if (acknowledged.size >= 20) first.child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    await first.ended;
    expect(acknowledged.size).toBeGreaterThanOrEqual(20);
    expect(unanswered).toBeGreaterThan(0);
    const second = await serve(folder);
    for (const [i, index] of acknowledged) {
      const { token, body } = attempts[i] as (typeof attempts)[number];
      const again = await post(second.url, body);
      expect(again.body).toMatchObject({ result: 'again' });
      expect(indexIn(again.body)).toBe(index);
      expect((await post(second.url, registrationBody(createMark(fixture), token))).body).toMatchObject({
        code: 'tokenSpent',
      });
    }
    // What was not acknowledged is stored or not, with its token spent or not: repeating it comes to one registration.
    const indexes: number[] = [];
    for (const { body } of attempts) indexes.push(indexIn((await post(second.url, body)).body));
    // And to one entry: after the roster's, nothing else is in the log.
    expect(indexes.toSorted((a, b) => a - b)).toEqual(attempts.map((_, i) => i + 1));
    const note = await (await fetch(`${second.url}/log/checkpoint`)).text();
    expect(parseCheckpoint(note).checkpoint.size).toBe(1 + attempts.length);
  });

  it('serves the pages that its configuration names, and names them in its log', async () => {
    const folder = prepare(await startWitnesses());
    const pages = join(folder, 'built');
    mkdirSync(pages);
    const content = utf8ToBytes('<!doctype html><title>Pages</title>');
    const manifest = createPagesManifest([{ path: 'index.html', content }]);
    writeFileSync(join(pages, 'index.html'), content);
    writeFileSync(join(pages, 'pages.json'), formatPagesManifest(manifest));
    writeConfig(folder, { ...readConfig(folder), pages: 'built' });
    const { url } = await serve(folder);
    expect(await (await fetch(`${url}/`)).text()).toContain('<title>Pages</title>');
    expect(await (await fetch(`${url}/registry.json`)).json()).toEqual({
      format: 'blindmark-registry-v1',
      url: 'http://127.0.0.1:8080',
      rosterFingerprint: formatBase64url(readConfig(folder).rosterFingerprint as Uint8Array),
    });
    const readLog = async (): Promise<string> => (await fetch(`${url}/log/tile/entries/000.p/2`)).text();
    await vi.waitFor(
      async () => expect(await readLog()).toContain(`build ${formatBase64url(pagesHash(manifest))}`),
      20_000,
    );
  });

  it('serves the interface alone where it has no pages, and says so', async () => {
    const folder = prepare();
    const none = await serve(folder);
    expect((await fetch(`${none.url}/`)).status).toBe(404);
    expect(none.lines.join('\n')).toContain('no pages are served');
    writeConfig(folder, { ...readConfig(folder), pages: 'nowhere' });
    const unbuilt = await serve(folder);
    expect((await fetch(`${unbuilt.url}/owner/`)).status).toBe(404);
    expect(unbuilt.lines.join('\n')).toContain('npm run pages');
  });

  it('does not serve pages that are not what their list says', async () => {
    const folder = prepare();
    writeFileSync(
      join(folder, 'pages.json'),
      formatPagesManifest(createPagesManifest([{ path: 'index.html', content: utf8ToBytes('x') }])),
    );
    writeConfig(folder, { ...readConfig(folder), pages: '.' });
    const { status, stderr } = await run('serve', '--folder', folder, '--port', '0');
    expect(status).toBe(2);
    expect(stderr).toContain('npm run pages');
  });

  it('keeps where its pages are', async () => {
    const [named, without] = [createFolder(), createFolder()];
    await init(named, '--pages', join(named, 'built'));
    expect(readConfig(named).pages).toBe(join(named, 'built'));
    await init(without, '--no-pages');
    expect(readConfig(without).pages).toBeNull();
  });

  it('shows the log’s keys and how far it goes, while it runs and while it does not', async () => {
    const folder = prepare(await startWitnesses());
    expect(await runWell('log', 'status', '--folder', folder)).toContain('Nothing is in it yet.');
    const { url, child, ended } = await serve(folder);
    const registered = await post(url, registrationBody(createMark(fixture), await createToken(fixture)));
    expect(registered.status).toBe(200);
    const keys = (await runWell('log', 'key', '--folder', folder)).trimEnd().split('\n').map(parseVerifierKey);
    expect(keys).toEqual([
      { name: `${ORIGIN}/log`, type: SIGNATURE_TYPES.ed25519, publicKey: fixture.logKey.publicKey },
      ...fixture.witnesses.map(({ publicKey }, i) => ({
        name: `${ORIGIN}/guardian/g${i + 1}`,
        type: SIGNATURE_TYPES.cosignature,
        publicKey,
      })),
    ]);
    child.kill('SIGTERM');
    await ended;
    const said = await runWell('log', 'status', '--folder', folder);
    expect(said).toContain(`Log: ${ORIGIN}/log, generation 1`);
    expect(said).toContain('Entries: 2');
    expect(said).toContain('Last cosigned checkpoint: 2 entries');
    expect(said.match(/g\d: \d{4}-\d\d-\d\dT/gu)?.length).toBeGreaterThanOrEqual(2);
  });

  it('drafts a successor of its log, which begins at the last cosigned checkpoint, under a key of its own', async () => {
    const folder = prepare(await startWitnesses());
    const { url, child, ended } = await serve(folder);
    await post(url, registrationBody(createMark(fixture), await createToken(fixture)));
    const note = join(folder, 'checkpoint.txt');
    writeFileSync(note, await (await fetch(`${url}/log/checkpoint`)).text());
    child.kill('SIGTERM');
    await ended;
    const { size, root } = parseCheckpoint(readFileSync(note, 'utf8')).checkpoint;
    const out = join(folder, 'successor.json');
    for (const _ of [1, 2]) {
      await runWell('draft-roster', '--folder', folder, '--successor-log', note, '--out', out);
      const { log } = parseRoster(readJson(out, rosterDraftSchema).roster);
      const { seeds } = readLogKeys(folder);
      expect(seeds).toHaveLength(2);
      const publicKey = createSigningKey(seeds[1]).publicKey;
      expect(log).toEqual({ generation: 2, publicKey, start: { size, root }, closed: { size, root } });
    }
    await runWell('publish-roster', '--folder', folder, '--draft', out, ...signDraft(folder, out, [0, 2]));
    expect(await runWell('log', 'status', '--folder', folder)).toContain('still holds generation 1');
    expect(await runWell('log', 'key', '--folder', folder)).toContain(`${ORIGIN}/log-2+`);
  });
});

/** The index of a receipt's entry in a reply. */
function indexIn(body: unknown): number {
  return registrationReplySchema.parse(body).receipt.logged.index;
}

describe('blindmark-registry refuses', () => {
  it('to make a configuration twice, or of what makes none', async () => {
    const folder = createFolder();
    await init(folder);
    const again = await run('init', '--folder', folder, '--origin', ORIGIN, '--url', 'http://127.0.0.1:1');
    expect(again).toMatchObject({ status: 2 });
    expect(again.stderr).toContain('config.json exists');
    const elsewhere = createFolder();
    expect(await run('init', '--folder', elsewhere, '--origin', 'Not An Origin', '--url', 'http://x')).toMatchObject({
      status: 2,
    });
    expect(await run('init', '--folder', elsewhere, '--origin', ORIGIN, '--url', 'gopher://x')).toMatchObject({
      status: 2,
    });
    expect(await run('init', '--folder', elsewhere, '--origin', ORIGIN)).toMatchObject({ status: 2 });
    expect(existsSync(join(elsewhere, 'config.json'))).toBe(false);
  });

  it('to serve without a roster', async () => {
    const folder = createFolder();
    await init(folder);
    const { status, stderr } = await run('serve', '--folder', folder);
    expect(status).toBe(2);
    expect(stderr).toContain('no roster yet');
  });

  it('to serve a log whose key it does not have', async () => {
    const folder = prepare();
    writeLogKeys(folder, { ...readLogKeys(folder), seeds: [new Uint8Array(32)] });
    const { status, stderr } = await run('serve', '--folder', folder, '--port', '0');
    expect(status).toBe(2);
    expect(stderr).toContain('log-key.json does not hold the key');
    rmSync(join(folder, 'log-key.json'));
    expect(await run('serve', '--folder', folder, '--port', '0')).toMatchObject({ status: 2 });
  });

  it('to begin a successor of a log that there is not, or at a checkpoint that nobody cosigned', async () => {
    const folder = createFolder();
    await init(folder);
    const note = join(folder, 'checkpoint.txt');
    const checkpoint = { origin: `${ORIGIN}/log`, size: 1, root: new Uint8Array(32) };
    writeFileSync(note, signCheckpoint(checkpoint, fixture.logKey));
    const args = ['--successor-log', note, '--out', join(folder, 'draft.json')];
    const first = await run('draft-roster', '--folder', folder, ...writeParts(folder), ...args);
    expect(first).toMatchObject({ status: 2 });
    const published = prepare();
    const uncosigned = await run('draft-roster', '--folder', published, ...args);
    expect(uncosigned).toMatchObject({ status: 3 });
    expect(uncosigned.stderr).toContain('0 guardians cosigned');
    expect(readLogKeys(published).seeds).toHaveLength(1);
  });

  it('to serve a roster that is not the pinned one', async () => {
    const folder = prepare();
    writeConfig(folder, { ...readConfig(folder), rosterFingerprint: new Uint8Array(32) });
    const { status, stderr } = await run('serve', '--folder', folder, '--port', '0');
    expect(status).toBe(3);
    expect(stderr).toContain('pinned');
  });

  it('to publish what too few guardians signed', async () => {
    const folder = createFolder();
    await init(folder);
    const draft = join(folder, 'draft.json');
    await runWell('draft-roster', '--folder', folder, ...writeParts(folder), '--out', draft);
    const { status, stderr } = await run(
      'publish-roster',
      '--folder',
      folder,
      '--draft',
      draft,
      ...signDraft(folder, draft, [0]),
    );
    expect(status).toBe(3);
    expect(stderr).toContain('1 guardian operators signed it; 2 are needed');
    expect(existsSync(join(folder, 'roster.json'))).toBe(false);
  });

  it('to draft a test roster unless its configuration allows one', async () => {
    const folder = createFolder();
    await init(folder);
    const args = [
      ...writeParts(folder),
      '--stretch-memory',
      '8',
      '--stretch-passes',
      '1',
      '--out',
      join(folder, 'draft.json'),
    ];
    expect(await run('draft-roster', '--folder', folder, ...args)).toMatchObject({ status: 3 });
    expect(await run('draft-roster', '--folder', folder, ...args, '--test-roster')).toMatchObject({ status: 2 });
  });

  it('to listen on a port that is in use', async () => {
    const folder = prepare();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { status, stderr } = await run('serve', '--folder', folder, '--port', String(port));
    other.close();
    expect(status).toBe(4);
    expect(stderr).toContain('in use');
  });

  it('what it does not know', async () => {
    expect(await run('serve', '--nonsense')).toMatchObject({ status: 2 });
    expect(await run('serve', '--port', '65536')).toMatchObject({ status: 2 });
    expect(await run('--help')).toMatchObject({ status: 0 });
    // A file that is not there is named with what to do.
    const { status, stderr } = await run('serve', '--folder', createFolder());
    expect(status).toBe(2);
    expect(stderr).toContain('config.json: there is no such file');
  });
});
