/** The harness itself: what it is to catch, it catches, in pages and in their workers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8ToBytes } from '../../../crypto/bytes.ts';
import { createPagesManifest, formatPagesManifest } from '../../../crypto/pages.ts';
import { expectAccessible, startPages, type Pages, type Visit } from './browser.ts';

const html = (script: string): string =>
  `<!doctype html><html lang="en"><head><link rel="icon" href="/assets/icon.svg"><title>Test</title><script type="module" src="/assets/${script}"></script></head>
<body><main><h1>Test</h1></main></body></html>`;

const inWorker = `
const policy = trustedTypes.createPolicy('blindmark', { createScriptURL: (url) => url });
const ask = (what) => new Promise((done) => {
  const worker = new Worker(policy.createScriptURL('/assets/worker.js'), { type: 'module' });
  worker.onmessage = ({ data }) => done(data);
  worker.postMessage(what);
});
`;

/** Files of a build whose pages do one thing each, `good/` alone nothing wrong. */
const FILES: Readonly<Record<string, string>> = {
  'assets/worker.js': `
const DO = {
  ask: async () => (await fetch('/v1/roster')).status,
  wasm: async () => (await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))).constructor.name,
  eval: async () => new Function('return 1')(),
  foreign: async () => fetch('https://foreign.example/').then(() => 'asked', () => 'refused'),
  socket: async () => new Promise((done) => {
    try { new WebSocket('ws://foreign.example/').onerror = () => done('refused'); } catch { done('refused'); }
  }),
  log: async () => console.error('a word from the worker'),
  reject: async () => { void Promise.reject(new Error('nobody minds the worker')); },
};
onmessage = async ({ data }) => {
  try { postMessage(await DO[data]()); } catch (error) { postMessage(error.name); }
};`,
  'assets/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'assets/good.js': `${inWorker}
document.body.dataset.asked = await ask('ask');
document.body.dataset.compiled = await ask('wasm');`,
  ...Object.fromEntries(
    ['eval', 'foreign', 'socket', 'log', 'reject'].map((what) => [
      `assets/worker-${what}.js`,
      `${inWorker}document.body.dataset.done = await ask('${what}');`,
    ]),
  ),
  'assets/console.js': `console.error('a word'); document.body.dataset.done = 1;`,
  'assets/reject.js': `void Promise.reject(new Error('nobody minds')); document.body.dataset.done = 1;`,
  'assets/throw.js': `document.body.dataset.done = 1; throw new Error('thrown');`,
  'assets/style.js': `document.body.setAttribute('style', 'color: red'); document.body.dataset.done = 1;`,
  'assets/markup.js': `try { document.body.innerHTML = '<p>x'; } catch {} document.body.dataset.done = 1;`,
  'assets/inline.js': `const s = document.createElement('script'); try { s.text = 'x'; document.body.append(s); } catch {} document.body.dataset.done = 1;`,
  'assets/image.js': `const i = new Image(); i.onerror = () => { document.body.dataset.done = 1; }; i.src = 'http://foreign.example/x.png';`,
  'assets/missing.js': `await fetch('/v1/nothing'); document.body.dataset.done = 1;`,
  'assets/dark.js': `document.querySelector('h1').append(new Image()); document.body.dataset.done = 1;`,
};

const PAGES = Object.keys(FILES)
  .filter((path) => path.endsWith('.js') && path !== 'assets/worker.js')
  .map((path) => path.slice('assets/'.length, -'.js'.length));

function writeBuild(folder: string): void {
  const files = { ...FILES, ...Object.fromEntries(PAGES.map((name) => [`${name}/index.html`, html(`${name}.js`)])) };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const listed = Object.entries(files).map(([path, text]) => ({ path, content: utf8ToBytes(text) }));
  writeFileSync(join(folder, 'pages.json'), formatPagesManifest(createPagesManifest(listed)));
}

const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
let pages: Pages;
beforeAll(async () => {
  writeBuild(folder);
  pages = await startPages({ pages: folder });
});
afterAll(async () => {
  await pages.stop();
  rmSync(folder, { recursive: true });
});

async function visit(name: string): Promise<Visit> {
  const visited = await pages.createPage();
  await visited.page.goto(`${pages.url}/${name}/`);
  await visited.page.waitForSelector('body[data-done], body[data-compiled]');
  return visited;
}

describe('a page that does nothing wrong', () => {
  it('is told so, and every request of its worker is recorded', async () => {
    const { page, recorder } = await visit('good');
    const read = async (name: string) => page.locator('body').getAttribute(name);
    expect([await read('data-asked'), await read('data-compiled')]).toEqual(['200', 'Module']);
    const paths = recorder.requests.map(({ url }) => new URL(url).pathname);
    expect(new Set(paths)).toEqual(
      new Set(['/good/', '/assets/good.js', '/assets/worker.js', '/v1/roster', '/assets/icon.svg']),
    );
    await expectAccessible(page);
  });
});

describe('faults', () => {
  it.each([
    ['console', /console: a word/u],
    ['reject', /exception: .*nobody minds/u],
    ['throw', /exception: .*thrown/u],
    ['style', /policy: .*style-src-attr/u],
    ['markup', /policy: .*trusted-types/u],
    ['inline', /policy: .*(?:trusted-types|script-src)/u],
    ['image', /policy: .*img-src/u],
    ['missing', /console: .*404/u],
    ['worker-eval', /policy: .*(?:eval|trusted-types)/u],
    ['worker-foreign', /policy: .*connect-src/u],
    ['worker-socket', /policy: .*connect-src/u],
    ['worker-log', /console: a word from the worker/u],
    ['worker-reject', /nobody minds the worker/u],
  ])('are noticed: %s', async (name, pattern) => {
    const { faults, expectFaults } = await visit(name);
    await expect.poll(() => faults().join('\n')).toMatch(pattern);
    expectFaults(/./u);
  });

  it('in what assistive technology is given are noticed', async () => {
    const { page, expectFaults } = await visit('dark');
    await expect(expectAccessible(page)).rejects.toThrow('image-alt');
    expectFaults(/./u);
  });

  it('fail whoever closes the page, unless they were expected', async () => {
    const { close } = await visit('console');
    await expect(close()).rejects.toThrow('a word');
  });
});
