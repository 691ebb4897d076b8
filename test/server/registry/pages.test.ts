/** How the registry serves the pages: which bytes, under which headers, and never others than the manifest lists. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { formatBase64url, utf8ToBytes } from '../../../crypto/bytes.ts';
import { createPagesManifest, formatPagesManifest, pagesHash } from '../../../crypto/pages.ts';
import { readPages, type PagesBuild } from '../../../server/registry/pages-build.ts';
import { openPages } from '../../../server/registry/pages.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import { createTestService, TEST_ROUTES } from '../../support/service.ts';

const SCRIPT = `export const words = '${'word '.repeat(200)}';`;
const FILES: Readonly<Record<string, string>> = {
  'index.html': '<!doctype html><title>Start</title>',
  'owner/index.html': '<!doctype html><title>Owner</title>',
  'assets/main.js': SCRIPT,
  'assets/main.css': 'p { color: red }',
  'assets/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};
const manifest = createPagesManifest(
  Object.entries(FILES).map(([path, text]) => ({ path, content: utf8ToBytes(text) })),
);

function writeBuild(): string {
  const folder = createFolder();
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  writeFileSync(join(folder, 'assets/main.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(folder, 'assets/main.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(folder, 'pages.json'), formatPagesManifest(manifest));
  return folder;
}

const registryFile = {
  format: 'blindmark-registry-v1',
  url: 'https://registry.example/below/',
  rosterFingerprint: new Uint8Array(32).fill(7),
} as const;

function createApp() {
  const { handle } = openPages(readPages(writeBuild()) as PagesBuild, {
    registryFile,
    issuers: [{ url: 'https://issuer.example' }, { url: 'https://registry.example' }],
  });
  return createTestService(TEST_ROUTES, { isOpenToPages: true, pages: handle }).app;
}

describe('files', () => {
  it.each([
    ['/', 'index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['/owner/', 'owner/index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['/assets/main.js', 'assets/main.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/main.css', 'assets/main.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/icon.svg', 'assets/icon.svg', 'image/svg+xml', 'public, max-age=31536000, immutable'],
  ])('are served: %s', async (address, path, type, caching) => {
    const { status, headers, text, body } = await supertest(createApp()).get(address).set('accept-encoding', '');
    expect(status).toBe(200);
    expect(text ?? String(body)).toBe(FILES[path]);
    expect(headers).toMatchObject({ 'content-type': type, 'cache-control': caching, 'vary': 'Accept-Encoding' });
  });

  it('come with all that keeps a page to itself, scripts included: they may be workers', async () => {
    const app = createApp();
    for (const address of ['/', '/owner/', '/assets/main.js', '/pages.json', '/registry.json']) {
      const { headers } = await supertest(app).get(address);
      expect(headers).toMatchObject({
        'content-security-policy':
          "default-src 'none';script-src 'self' 'wasm-unsafe-eval';style-src 'self';img-src 'self' blob:;font-src 'self';" +
          "connect-src 'self' https://registry.example https://issuer.example;worker-src 'self';base-uri 'none';" +
          "form-action 'none';frame-ancestors 'none';require-trusted-types-for 'script';trusted-types blindmark",
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(headers['permissions-policy']).toMatch(/^camera=\(self\), /u);
      expect(headers['permissions-policy']).toContain('geolocation=()');
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(headers).not.toHaveProperty('set-cookie');
    }
  });

  it('are told which registry is theirs', async () => {
    const { headers, body } = await supertest(createApp()).get('/registry.json');
    expect(body).toEqual({ ...registryFile, rosterFingerprint: formatBase64url(registryFile.rosterFingerprint) });
    expect(headers['cache-control']).toBe('no-cache');
  });

  it('are listed, as the build lists them', async () => {
    const { text } = await supertest(createApp()).get('/pages.json');
    expect(utf8ToBytes(text)).toEqual(formatPagesManifest(manifest));
  });

  it('leave every other address to the interface', async () => {
    const app = createApp();
    expect((await supertest(app).get('/v1/constant')).body).toEqual({ value: 7 });
    for (const address of [
      '/index.html',
      '/assets/',
      '/assets',
      '/assets/main.js.br',
      '/assets/main.js/',
      '/owner/x',
    ]) {
      expect((await supertest(app).get(address)).body).toMatchObject({ code: 'unknownRoute' });
    }
  });

  it('are not there to be written', async () => {
    const { status, headers } = await supertest(createApp()).post('/owner/').send({});
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('send whoever forgot the slash to the folder, wherever a proxy has it', async () => {
    const { status, headers } = await supertest(createApp()).get('/owner').redirects(0);
    expect([status, headers['location']]).toEqual([308, 'owner/']);
  });
});

describe('compression', () => {
  it.each([
    ['br, gzip', 'br'],
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['br;q=0.000, *', 'gzip'],
    ['*', 'br'],
    ['BR;Q=1', 'br'],
    ['identity', undefined],
    ['*;q=0', undefined],
    ['', undefined],
  ])('is what is asked for: %s', async (accepted, encoding) => {
    const { headers, text } = await supertest(createApp()).get('/assets/main.js').set('accept-encoding', accepted);
    expect(headers['content-encoding']).toBe(encoding);
    expect(text).toBe(SCRIPT);
  });

  it('is not of what was not compressed', async () => {
    const { headers } = await supertest(createApp()).get('/assets/main.css').set('accept-encoding', 'br');
    expect(headers).not.toHaveProperty('content-encoding');
  });
});

describe('a browser that has a file', () => {
  it.each(['br', 'gzip', 'identity'])('is told that it is the same: %s', async (accepted) => {
    const app = createApp();
    const ask = () => supertest(app).get('/assets/main.js').set('accept-encoding', accepted);
    const { etag } = (await ask()).headers;
    const { status, text, headers } = await ask().set('if-none-match', String(etag));
    expect([status, text, headers['etag']]).toEqual([304, '', etag]);
    expect((await ask().set('if-none-match', '"other"')).status).toBe(200);
  });

  it('knows each encoding by a tag of its own', async () => {
    const app = createApp();
    const tagOf = async (accepted: string) =>
      String((await supertest(app).get('/assets/main.js').set('accept-encoding', accepted)).headers['etag']);
    expect(new Set([await tagOf('br'), await tagOf('gzip'), await tagOf('identity')]).size).toBe(3);
  });

  it('may ask for the headers alone', async () => {
    const { status, headers, text } = await supertest(createApp()).head('/assets/main.js').set('accept-encoding', '');
    expect([status, headers['content-length'], text]).toEqual([200, String(SCRIPT.length), undefined]);
  });
});

describe('a build', () => {
  it('is known by its hash', () => {
    expect(readPages(writeBuild())?.hash).toEqual(pagesHash(manifest));
  });

  it('that is not there is none', () => {
    expect(readPages(createFolder())).toBeNull();
    expect(readPages(join(createFolder(), 'nowhere'))).toBeNull();
  });

  it.each([
    ['an altered file', (folder: string) => writeFileSync(join(folder, 'owner/index.html'), 'other')],
    ['a missing file', (folder: string) => rmSync(join(folder, 'assets/main.css'))],
    [
      'other bytes, compressed',
      (folder: string) => writeFileSync(join(folder, 'assets/main.js.br'), brotliCompressSync('other')),
    ],
    [
      'more bytes, compressed',
      (folder: string) => writeFileSync(join(folder, 'assets/main.js.gz'), gzipSync(`${SCRIPT} `)),
    ],
    ['no compression at all', (folder: string) => writeFileSync(join(folder, 'assets/main.js.br'), 'other')],
    ['a list that is none', (folder: string) => writeFileSync(join(folder, 'pages.json'), '{}')],
    [
      'a list that is not the build’s',
      (folder: string) => {
        const path = join(folder, 'pages.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('owner/', 'other/'));
      },
    ],
  ])('with %s is not served', (_, spoil) => {
    const folder = writeBuild();
    spoil(folder);
    expect(() => readPages(folder)).toThrow(refusal('badFile', 'pages'));
  });

  it('with a file of no known kind is not served', () => {
    const folder = writeBuild();
    const content = utf8ToBytes('x');
    writeFileSync(join(folder, 'a.exe'), content);
    writeFileSync(join(folder, 'pages.json'), formatPagesManifest(createPagesManifest([{ path: 'a.exe', content }])));
    expect(() => readPages(folder)).toThrow(refusal('badFile', 'pages'));
  });
});
