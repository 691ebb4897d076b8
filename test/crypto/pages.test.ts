import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, formatBase64url, formatJsonBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import {
  createPagesManifest,
  formatPagesManifest,
  isPageContent,
  MAX_PAGE_BYTES,
  MAX_PAGE_FILES,
  pageAddress,
  pagesHash,
  parsePagesManifest,
  type PageFile,
} from '../../crypto/pages.ts';
import { refusal } from '../support/refusal.ts';

const file = (path: string, text = path) => ({ path, content: utf8ToBytes(text) });
const hash = formatBase64url(new Uint8Array(32).fill(1));
const parts = fc.array(fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,9}$/u), { minLength: 1, maxLength: 3 });
const build = fc.uniqueArray(
  fc.record({ path: parts.map((path) => path.join('/')), content: fc.uint8Array({ maxLength: 20 }) }),
  { selector: ({ path }) => path, minLength: 1, maxLength: 12 },
);

describe('the manifest of a build', () => {
  it('lists files in the order of their paths, with their SHA-256', () => {
    const { files } = createPagesManifest([file('b.js', ''), file('a/index.html', 'abc'), file('a.css'), file('B')]);
    expect(files.map(({ path }) => path)).toEqual(['B', 'a.css', 'a/index.html', 'b.js']);
    // FIPS 180-2, appendix B.1, and the empty message.
    expect(bytesToHex((files[2] as PageFile).sha256)).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(bytesToHex((files[3] as PageFile).sha256)).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('reads back as what was written, in whichever order the files come', () => {
    fc.assert(
      fc.property(build, (files) => {
        const manifest = createPagesManifest(files);
        expect(parsePagesManifest(formatPagesManifest(manifest))).toEqual(manifest);
        expect(createPagesManifest(files.toReversed())).toEqual(manifest);
        for (const { path, content } of files) {
          const described = manifest.files.find((each) => each.path === path) as PageFile;
          expect(isPageContent(described, content)).toBe(true);
          expect(isPageContent(described, Uint8Array.of(...content, 0))).toBe(false);
        }
      }),
    );
  });

  it.each([
    '',
    '/index.html',
    'a//b',
    'a/',
    '../index.html',
    'a/../b',
    './a',
    '.hidden',
    'a\\b',
    'a b',
    'ä.js',
    'a?b',
    'a%2fb',
  ])('takes no path %j', (path) => {
    expect(() => createPagesManifest([file(path)])).toThrow(refusal('badInput', 'pages.json.files[0].path'));
  });

  it('takes no file twice, no files at all, and not too many or too long ones', () => {
    expect(() => createPagesManifest([file('a', '1'), file('a', '2')])).toThrow(
      refusal('badInput', 'pages.json.files'),
    );
    expect(() => createPagesManifest([])).toThrow(refusal('badInput', 'pages.json.files'));
    const many = Array.from({ length: MAX_PAGE_FILES + 1 }, (_, i) => file(`${i}`));
    expect(() => createPagesManifest(many)).toThrow(refusal('badInput', 'pages.json.files'));
    const long = { path: 'long', content: new Uint8Array(MAX_PAGE_BYTES + 1) };
    expect(() => createPagesManifest([long])).toThrow(refusal('badInput', 'long'));
  });
});

describe('no manifest is', () => {
  const files = [{ path: 'a', sha256: hash }];
  it.each<[string, unknown, string]>([
    ['another format', { format: 'blindmark-pages-v2', files }, 'pages.json.format'],
    ['one with a field more', { format: 'blindmark-pages-v1', files, build: hash }, 'pages.json'],
    [
      'one in another order',
      { format: 'blindmark-pages-v1', files: [{ path: 'b', sha256: hash }, ...files] },
      'pages.json.files',
    ],
    [
      'one with a short hash',
      { format: 'blindmark-pages-v1', files: [{ path: 'a', sha256: 'AA' }] },
      'pages.json.files[0].sha256',
    ],
    ['a list', files, 'pages.json'],
  ])('%s', (_, value, field) => {
    expect(() => parsePagesManifest(formatJsonBytes(value))).toThrow(refusal('badInput', field));
  });

  it('text that is not JSON', () => {
    expect(() => parsePagesManifest(utf8ToBytes('<!doctype html>'))).toThrow(refusal('badInput', 'pages.json'));
  });
});

describe('the hash of a build', () => {
  it('is over each path and hash', () => {
    const manifest = createPagesManifest([file('a'), file('b')]);
    const [a, b] = manifest.files as [PageFile, PageFile];
    expect(pagesHash(manifest)).toEqual(labelledHash('pages', 'a', a.sha256, 'b', b.sha256));
  });

  it('is another one for another build', () => {
    fc.assert(
      fc.property(build, build, (first, second) => {
        const [a, b] = [createPagesManifest(first), createPagesManifest(second)];
        const isSame = formatBase64url(pagesHash(a)) === formatBase64url(pagesHash(b));
        expect(isSame).toBe(formatBase64url(formatPagesManifest(a)) === formatBase64url(formatPagesManifest(b)));
      }),
    );
  });
});

describe('a browser', () => {
  it.each([
    ['index.html', ''],
    ['owner/index.html', 'owner/'],
    ['assets/main-1a2b.js', 'assets/main-1a2b.js'],
    ['reindex.html', 'reindex.html'],
    ['index.html.txt', 'index.html.txt'],
  ])('asks for %s at “%s”', (path, address) => {
    expect(pageAddress(path)).toBe(address);
  });
});
