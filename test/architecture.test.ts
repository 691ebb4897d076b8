/** Who may import what (DESIGN section 4), no circles, and files of a size to feel at home in. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface Source {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  /** Files, from the root. */
  readonly imports: readonly string[];
  /** Bare names: packages, and Node's own as `node:…`. */
  readonly packages: readonly string[];
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^'\n]+)'/gu)].map(
    (match) => match[1] as string,
  );
  const imports = specifiers
    .filter((specifier) => specifier.startsWith('.'))
    // Vite's `?worker&url` says how a file is imported, not which.
    .map((specifier) => relative(root, resolve(root, dirname(path), specifier.replace(/\?.*$/u, ''))));
  return { path, text, imports, packages: specifiers.filter((specifier) => !specifier.startsWith('.')) };
}

const sources = ['crypto', 'client-sdk', 'server', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/u.test(name) && !/node_modules|^web\/dist/u.test(name))
    .map((name) => readSource(join(folder, name))),
);

/** The rooms, the most specific first, and what each may import beside itself. */
const ROOMS: readonly { readonly room: string; readonly may: readonly string[] }[] = [
  { room: 'crypto/', may: [] },
  { room: 'client-sdk/cli/', may: ['client-sdk/', 'client-sdk/node/', 'crypto/'] },
  { room: 'client-sdk/node/', may: ['client-sdk/', 'crypto/'] },
  { room: 'client-sdk/', may: ['crypto/'] },
  { room: 'server/web/build/', may: ['server/web/vite.config.ts', 'server/', 'crypto/'] },
  { room: 'server/web/vite.config.ts', may: ['server/web/build/'] },
  { room: 'server/web/', may: ['client-sdk/'] },
  {
    room: 'server/registry/',
    may: ['server/', 'server/store/', 'server/log/', 'server/http/', 'server/database/', 'server/threads/', 'crypto/'],
  },
  { room: 'server/guardian/', may: ['server/', 'server/http/', 'server/database/', 'server/threads/', 'crypto/'] },
  { room: 'server/issuer/', may: ['server/', 'server/http/', 'server/database/', 'server/threads/', 'crypto/'] },
  { room: 'server/store/', may: ['server/database/', 'crypto/'] },
  { room: 'server/log/', may: ['server/store/', 'server/http/', 'server/database/', 'crypto/'] },
  { room: 'server/http/', may: ['crypto/'] },
  { room: 'server/database/', may: ['crypto/'] },
  { room: 'server/threads/', may: ['crypto/'] },
  { room: 'server/', may: ['server/guardian/', 'server/issuer/', 'server/registry/', 'server/http/', 'crypto/'] },
  { room: 'test/', may: ['crypto/', 'client-sdk/', 'client-sdk/node/', 'client-sdk/cli/', 'server/'] },
];

const roomOf = (path: string): string => ROOMS.find(({ room }) => path.startsWith(room))?.room ?? '';

const PORTABLE = /^(?:@noble\/|@scure\/|libsodium-wrappers-sumo$|jose$|zod$|hash-wasm$|@cloudflare\/blindrsa-ts$)/u;
const PAGE_PACKAGES = /^(?:preact(?:\/hooks)?|idb|qr(?:\/(?:dom|decode)\.js)?|read-excel-file(?:\/[\w-]+)?|fflate)$/u;
const SDK_PACKAGES = /^(?:csv-parse\/browser\/|csv-stringify\/browser\/|zod$)/u;
const PACKAGES: Readonly<Record<string, RegExp>> = {
  'crypto/': PORTABLE,
  'client-sdk/': SDK_PACKAGES,
  'server/web/': PAGE_PACKAGES,
};

describe('import arrows', () => {
  it('run one way', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const room = roomOf(path);
      const { may = [] } = ROOMS.find((candidate) => candidate.room === room) ?? {};
      // Tests may look at anything.
      if (room === 'test/') return [];
      return imports
        .filter(
          (target) => roomOf(target) !== room && !may.includes(roomOf(target)) && !target.endsWith('package.json'),
        )
        .map((target) => `${path} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('stay portable in crypto/, in the SDK and in the pages', () => {
    const wrong = sources.flatMap(({ path, packages }) => {
      const room = roomOf(path);
      const allowed = PACKAGES[room] ?? /^/u;
      return packages.filter((name) => !allowed.test(name)).map((name) => `${path} -> ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('keep cryptography in the engine: a page’s own script knows its types alone', () => {
    const importsValues = /^import (?!type\b)[^;]*?from '(?<from>[^']+)'/gmu;
    const wrong = sources
      .filter(({ path }) => roomOf(path) === 'server/web/' && !path.startsWith('server/web/engine/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(importsValues)]
          .map(({ groups }) => groups?.['from'] as string)
          .filter((from) => /client-sdk\/|engine\/(?!client\.ts$)/u.test(from))
          .map((from) => `${path} -> ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it('know every room', () => {
    expect(sources.filter(({ path }) => roomOf(path) === '').map(({ path }) => path)).toEqual([]);
  });

  it('make no circle', () => {
    const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]));
    const done = new Set<string>();
    const findCircle = (path: string, way: readonly string[]): readonly string[] | undefined => {
      if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
      if (done.has(path)) return undefined;
      for (const target of importsOf.get(path) ?? []) {
        const circle = findCircle(target, [...way, path]);
        if (circle !== undefined) return circle;
      }
      done.add(path);
      return undefined;
    };
    const circles = sources.flatMap(({ path }) => findCircle(path, []) ?? []);
    expect(circles).toEqual([]);
  });
});

describe('files', () => {
  it('are at most 600 lines long', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 600).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  it('have no default exports', () => {
    const found = sources.filter(({ text }) => /^export default/mu.test(text)).map(({ path }) => path);
    // Vite and Vitest read them.
    expect(found).toEqual(['server/web/vite.config.ts', 'test/server/web/screenshots/vitest.config.ts']);
  });
});
