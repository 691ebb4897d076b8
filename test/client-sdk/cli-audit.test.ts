/** `blindmark audit`, as a process, against a log that is served over HTTP. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAuditState } from '../../client-sdk/audit-state.ts';
import { formatBase64url, randomBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCredentialFile, registryFileSchema } from '../../crypto/credential-files.ts';
import type { LogEntry } from '../../crypto/log-entry.ts';
import { createPagesManifest, formatPagesManifest, pagesHash } from '../../crypto/pages.ts';
import { rosterHash } from '../../crypto/roster.ts';
import { AuditWorld } from '../support/audit-world.ts';
import { createFolder } from '../support/folder.ts';
import { createCli, type CliResult } from '../support/run-cli.ts';

const runCli = createCli();

const hourNow = () => Math.floor(Date.now() / 3_600_000);
const activation = (): LogEntry => ({ kind: 'activation', hour: hourNow(), request: randomBytes(32) });

let server: Server;
let url: string;
let world: AuditWorld;
/** Holds replies to what is below this path back; none by default. */
let slowPath: string | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    const bytes = world.get(path);
    response.statusCode = bytes === null ? 404 : 200;
    setTimeout(() => response.end(bytes ?? ''), slowPath !== undefined && path.startsWith(slowPath) ? 200 : 0);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

let folder: string;
const at = (name: string) => join(folder, name);
const fingerprint = () => rosterHash(world.chain[0]?.roster as Uint8Array);

beforeEach(() => {
  slowPath = undefined;
  world = new AuditWorld();
  world.append(...Array.from({ length: 300 }, activation));
  world.log.publish(Math.floor(Date.now() / 1000));
  folder = createFolder();
  const file = { format: 'blindmark-registry-v1' as const, url, rosterFingerprint: fingerprint() };
  writeFileSync(at('registry.json'), formatCredentialFile(registryFileSchema, file));
});

const audit = async (...args: string[]): Promise<CliResult> => {
  return runCli(['audit', '--registry-file', at('registry.json'), '--state', at('state.json'), ...args]);
};
const evidence = () => ['--evidence', at('evidence.json')];

describe('blindmark audit', () => {
  it('says what the log holds, and goes on from there', async () => {
    const first = await audit();
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain('registry.example/log: 301 entries. All of it verifies, and the rules are kept.');
    expect(first.out).toContain('activation: 300');
    expect(first.out).toContain('g3: 20');
    world.append(activation());
    world.log.publish(Math.floor(Date.now() / 1000));
    expect((await audit()).out).toContain('302 entries (1 new)');
    expect(parseAuditState('state', readFileSync(at('state.json'))).audited).toBe(302);
  });

  it('says so as JSON', async () => {
    const { code, records } = await audit('--json');
    expect(code).toBe(0);
    expect(records()).toMatchObject([
      {
        origin: 'registry.example',
        log: 'registry.example/log',
        size: 301,
        root: formatBase64url(world.log.head().root),
        auditedBefore: 0,
        audited: 301,
        lost: 0,
        totals: { kinds: { activation: 300, roster: 1 }, forces: [], hidden: 0 },
        findings: [],
        evidence: null,
      },
    ]);
  });

  it('takes address and fingerprint, and needs no state', async () => {
    const given = ['audit', '--url', url, '--fingerprint', formatBase64url(fingerprint())];
    expect(await runCli(given)).toMatchObject({ code: 0 });
  });

  it('ends with 1 when something is wrong, saves the evidence, and never writes over it', async () => {
    expect(await audit()).toMatchObject({ code: 0 });
    const state = readFileSync(at('state.json'), 'utf8');
    world.append(utf8ToBytes('no entry'));
    world.log.publish(Math.floor(Date.now() / 1000));
    const { code, out } = await audit(...evidence());
    expect(code).toBe(1);
    expect(out).toContain('SOMETHING IS WRONG');
    expect(out).toContain('entry 301: it is malformed');
    expect(out).toContain(at('evidence.json'));
    const saved = readFileSync(at('evidence.json'), 'utf8');
    expect(JSON.parse(saved)).toMatchObject({ findings: [{ rule: 'entry', index: 301 }], entries: [{ index: 301 }] });

    const again = await audit('--json', ...evidence());
    expect(again.code).toBe(1);
    expect(again.records()).toMatchObject([{ findings: [{ rule: 'entry' }], evidence: at('evidence-2.json') }]);
    expect(readFileSync(at('evidence.json'), 'utf8')).toBe(saved);
    expect(readFileSync(at('state.json'), 'utf8'), 'the state is as it was').toBe(state);
  });

  it('compares the pages that are served with what the log says of them', async () => {
    expect((await audit()).out).toContain('Pages: none are served here.');
    const content = utf8ToBytes('<!doctype html>');
    const manifest = createPagesManifest([{ path: 'index.html', content }]);
    const build = formatBase64url(pagesHash(manifest));
    world.files.set('', content);
    world.files.set('pages.json', formatPagesManifest(manifest));
    world.files.set('registry.json', readFileSync(at('registry.json')));
    const index = world.append({ kind: 'pages', hour: hourNow(), build: pagesHash(manifest) });
    world.log.publish(Math.floor(Date.now() / 1000));
    expect((await audit()).out).toContain(
      `Pages: 1 file, build ${build}: the log names them in entry ${index}, and all of them verify.`,
    );
    expect((await audit('--json')).records()).toMatchObject([{ pages: { build, files: 1, entry: index } }]);

    world.files.set('', utf8ToBytes('<!doctype html><script src="https://evil.example/"></script>'));
    const { code, out } = await audit('--pages', url, ...evidence());
    expect(code).toBe(1);
    expect(out).toContain('index.html: it is not as the list of files says (pages)');
    expect(out).toContain('It holds the files as they were served');
    expect(out).not.toContain('and all of them verify');
    expect(JSON.parse(readFileSync(at('evidence.json'), 'utf8'))).toMatchObject({ pages: [{ path: 'index.html' }] });
  });

  it('finds a rewritten log', async () => {
    await audit();
    world = new AuditWorld();
    world.append(...Array.from({ length: 300 }, activation));
    world.log.publish(Math.floor(Date.now() / 1000));
    const { code, out } = await audit(...evidence());
    expect(code).toBe(1);
    expect(out).toContain('are not those of the last audit’s checkpoint (fork)');
    expect(existsSync(at('evidence.json'))).toBe(true);
  });

  it('says what is wrong even where the evidence cannot be saved', async () => {
    world.log.falsify('log/tile/0/000', () => new Uint8Array(8192));
    const { code, out, err } = await audit('--evidence', at('nowhere/evidence.json'));
    expect(code).toBe(1);
    expect(out).toContain('tile/0/000: ');
    expect(err).toContain('The evidence could not be saved.');
  });

  it('ends with 2 or 3 where it could not be made', async () => {
    expect(await audit('--url', url)).toMatchObject({ code: 2 });
    expect(await runCli(['audit', '--url', url])).toMatchObject({ code: 2 });
    expect(await audit('--guardian', 'g1')).toMatchObject({ code: 2 });
    writeFileSync(at('state.json'), 'nothing');
    expect(await audit()).toMatchObject({ code: 2 });
    const other = ['audit', '--url', url, '--fingerprint', formatBase64url(randomBytes(32))];
    expect(await runCli(other)).toMatchObject({ code: 3 });
  });

  it('keeps its state on Ctrl-C, and goes on from there', async () => {
    world.append(...Array.from({ length: 5000 }, activation));
    world.log.publish(Math.floor(Date.now() / 1000));
    slowPath = 'log/tile/entries';
    const program = join(import.meta.dirname, '../../client-sdk/cli/main.ts');
    const args = ['audit', '--registry-file', at('registry.json'), '--state', at('state.json')];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let [err, isSent] = ['', false];
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    // Bundles are read eight at a time; the first of the second lot says that some are judged.
    const onRequest = (request: { url?: string }): void => {
      if (isSent || request.url !== '/log/tile/entries/009') return;
      isSent = true;
      child.kill('SIGINT');
    };
    server.on('request', onRequest);
    const code = await new Promise((resolve) => {
      child.once('close', resolve);
    });
    server.off('request', onRequest);
    expect(err).toContain('cancelled');
    expect(code).toBe(4);
    const { audited } = parseAuditState('state', readFileSync(at('state.json')));
    expect(audited).toBeGreaterThan(0);
    expect(audited).toBeLessThan(5301);
    slowPath = undefined;
    const resumed = await audit('--json');
    expect(resumed.code).toBe(0);
    expect(resumed.records()).toMatchObject([
      { auditedBefore: audited, audited: 5301, totals: { kinds: { activation: 5300 } } },
    ]);
  });
});
