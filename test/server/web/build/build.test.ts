/** The build of the pages: the same bytes wherever and whenever, every script named with its hash, and small. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, utf8ToBytes } from '../../../../crypto/bytes.ts';
import { isPageContent, pagesHash, parsePagesManifest } from '../../../../crypto/pages.ts';
import { addIntegrity } from '../../../../server/web/build/seal.ts';

const PROJECT = join(import.meta.dirname, '../../../..');

/** Most script that a page may load by itself, compressed, in bytes. */
const BUDGET = 150_000;

const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
const out = join(folder, 'one');

async function build(options: {
  readonly out: string;
  readonly project?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}): Promise<string> {
  const { project = PROJECT, cwd = PROJECT, env = {}, args = [] } = options;
  const script = join(project, 'server/web/build/main.ts');
  const { PATH, HOME } = process.env;
  const done = await promisify(execFile)(process.execPath, [script, '--out', options.out, ...args], {
    cwd,
    env: { PATH, HOME, ...env },
  });
  return done.stdout.trim();
}

/** Every file's content, by its path. */
function readAll(from: string): Map<string, Buffer> {
  const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [relative(from, path), readFileSync(path)]));
}

/** What three builds into one folder print that begin at the same time, where another one was interrupted. */
let together: readonly string[];
let printed: string;
let files: Map<string, Buffer>;
beforeAll(async () => {
  // No process has this number.
  writeFileSync(`${out}.lock`, '999999999');
  together = await Promise.all([1, 2, 3].map(async () => build({ out, args: ['--if-needed'] })));
  [printed = ''] = together;
  files = readAll(out);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const textOf = (path: string): string => (files.get(path) as Buffer).toString('utf8');
const htmlFiles = (): string[] => [...files.keys()].filter((path) => path.endsWith('.html'));

describe('a build', () => {
  it('is the same, byte for byte, from another folder, at another time, in another environment', async () => {
    const project = join(folder, 'elsewhere/a project');
    mkdirSync(project, { recursive: true });
    for (const name of ['server', 'client-sdk', 'crypto', 'package.json', 'package-lock.json', 'tsconfig.json']) {
      cpSync(join(PROJECT, name), join(project, name), {
        recursive: true,
        filter: (path) => !/server\/web\/dist/u.test(path),
      });
      utimesSync(join(project, name), 1, 1);
    }
    symlinkSync(join(PROJECT, 'node_modules'), join(project, 'node_modules'));
    const again = join(folder, 'another/two');
    mkdirSync(join(folder, 'another'));
    const env = { NODE_ENV: 'development', TZ: 'Pacific/Auckland', LANG: 'cy_GB.UTF-8', VITE_NAME: 'x', CI: 'true' };
    expect(await build({ out: again, project, cwd: folder, env })).toBe(printed);
    expect(readAll(again)).toEqual(files);
  });

  it('holds nothing of the machine that made it', () => {
    const everything = [...files.values()].map((content) => content.toString('latin1')).join('\n');
    expect(everything).not.toContain(PROJECT);
    expect(everything).not.toContain('sourceMappingURL');
  });

  it('prints the hash that stands for it', () => {
    expect(printed).toBe(formatBase64url(pagesHash(parsePagesManifest(files.get('pages.json') as Buffer))));
  });

  it('lists every file, and its compressed forms unpack to it', () => {
    const { files: listed } = parsePagesManifest(files.get('pages.json') as Buffer);
    const own = [...files.keys()].filter((path) => !/\.(?:br|gz)$|^pages\.json$|^\.sources$/u.test(path));
    expect(listed.map(({ path }) => path)).toEqual(own.toSorted());
    for (const file of listed) {
      const content = files.get(file.path) as Buffer;
      expect(isPageContent(file, content)).toBe(true);
      const [br, gz] = [files.get(`${file.path}.br`), files.get(`${file.path}.gz`)];
      if (br !== undefined) expect(brotliDecompressSync(br).equals(content)).toBe(true);
      if (gz !== undefined) expect(gunzipSync(gz).equals(content)).toBe(true);
    }
  });

  it('is left alone when it is of the same sources, and made anew when it is not', async () => {
    const madeAt = statSync(join(out, 'pages.json')).mtimeMs;
    expect(await build({ out, args: ['--if-needed'] })).toBe(printed);
    expect(statSync(join(out, 'pages.json')).mtimeMs).toBe(madeAt);
    writeFileSync(join(out, '.sources'), 'others');
    expect(await build({ out, args: ['--if-needed'] })).toBe(printed);
    expect(statSync(join(out, 'pages.json')).mtimeMs).toBeGreaterThan(madeAt);
  });
});

describe('builds at the same time', () => {
  it('do not get into each other’s way, nor into that of one that was interrupted', () => {
    expect(new Set(together).size).toBe(1);
    expect([...files.keys()]).toContain('index.html');
    expect(readdirSync(folder).filter((name) => name.startsWith('one'))).toEqual(['one']);
  });
});

describe('the HTML', () => {
  it('is of five pages', () => {
    expect(htmlFiles().toSorted()).toEqual([
      'check/index.html',
      'index.html',
      'log/index.html',
      'owner/index.html',
      'police/index.html',
    ]);
  });

  it('has no script and no style of its own, and nothing from elsewhere', () => {
    for (const path of htmlFiles()) {
      const html = textOf(path);
      expect(html.match(/<script\b[^>]*>[^<]/u), path).toBeNull();
      expect(html.match(/<style\b|\bstyle=|\bon\w+=/u), path).toBeNull();
      expect(html.match(/(?:src|href)="(?!\.)/u), path).toBeNull();
    }
  });

  it('names every script and style sheet with its hash', () => {
    for (const path of htmlFiles()) {
      const tags = [...textOf(path).matchAll(/<(?:script|link rel="(?:stylesheet|modulepreload)")[^>]*>/gu)].map(
        ([tag]) => tag,
      );
      expect(tags.length, path).toBeGreaterThan(0);
      for (const tag of tags) {
        const { address = '', hash } =
          /(?:src|href)="(?<address>[^"]+)" integrity="sha384-(?<hash>[^"]+)"/u.exec(tag)?.groups ?? {};
        const content = files.get(posix.join(posix.dirname(path), address)) as Buffer;
        expect(hash, tag).toBe(createHash('sha384').update(content).digest('base64'));
      }
    }
  });

  it('names little enough script: at most 150 kB, compressed', () => {
    for (const path of htmlFiles()) {
      const scripts = [...textOf(path).matchAll(/(?:src|href)="(?<address>[^"]+\.js)"/gu)].map(({ groups }) =>
        posix.join(posix.dirname(path), groups?.['address'] as string),
      );
      const bytes = scripts.map((script) => (files.get(`${script}.gz`) ?? (files.get(script) as Buffer)).length);
      expect(
        bytes.reduce((sum, size) => sum + size, 0),
        path,
      ).toBeLessThanOrEqual(BUDGET);
    }
  });
});

describe('hashes in HTML', () => {
  const read = (path: string) => utf8ToBytes(`content of ${path}`);
  const hashOf = (path: string) => createHash('sha384').update(read(path)).digest('base64');

  it('are of the files that scripts and style sheets name, from where the page is', () => {
    expect(addIntegrity('<script type="module" src="../assets/a.js"></script>', 'owner/index.html', read)).toBe(
      `<script type="module" src="../assets/a.js" integrity="sha384-${hashOf('assets/a.js')}"></script>`,
    );
    expect(addIntegrity('<link rel="stylesheet" href="./assets/a.css" />', 'index.html', read)).toBe(
      `<link rel="stylesheet" href="./assets/a.css" integrity="sha384-${hashOf('assets/a.css')}">`,
    );
  });

  it('are for nothing else', () => {
    const html = '<link rel="icon" href="./icon.svg"><meta charset="utf-8"><script>x</script><p src="x.js">';
    expect(addIntegrity(html, 'index.html', read)).toBe(html);
  });
});
