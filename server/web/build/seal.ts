/**
 * What is done to a build once Vite has written it: each script and style sheet of a page is named with its hash (subresource
 * integrity), the manifest lists every file, and each file that is worth it lies there compressed as well.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';
import { createPagesManifest, formatPagesManifest, MANIFEST_PATH, type PagesManifest } from '../../../crypto/pages.ts';

/** Encodings that a server may answer with, by the ending of the files that hold them. */
const COMPRESS = {
  '.br': async (content: Uint8Array) =>
    promisify(brotliCompress)(content, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }),
  '.gz': async (content: Uint8Array) => promisify(gzip)(content, { level: 9 }),
} as const;

const TAG = /<(?:script|link)\b[^>]*>/gu;
const HAS_INTEGRITY = /^<script\b|\brel="(?:stylesheet|modulepreload)"/u;
const ADDRESS = /\b(?:src|href)="(?<address>[^"]+)"/u;

/**
 * The HTML of a page, with the hash of each script and style sheet that it names.
 *
 * @param path the page's own, from the build's folder
 * @param read gives the content of a file of the build by its path
 */
export function addIntegrity(html: string, path: string, read: (path: string) => Uint8Array): string {
  return html.replaceAll(TAG, (tag) => {
    const address = ADDRESS.exec(tag)?.groups?.['address'];
    if (address === undefined || !HAS_INTEGRITY.test(tag)) return tag;
    const content = read(posix.join(posix.dirname(path), address));
    return tag.replace(/\s*\/?>$/u, ` integrity="sha384-${createHash('sha384').update(content).digest('base64')}">`);
  });
}

/** Paths of a folder's files, from it, with `/`. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

async function writeCompressed(file: string, content: Uint8Array): Promise<void> {
  for (const [ending, compress] of Object.entries(COMPRESS)) {
    const compressed = await compress(content);
    if (compressed.length < content.length) writeFileSync(`${file}${ending}`, compressed);
  }
}

/** Completes the build that Vite wrote to `folder`. */
export async function sealFolder(folder: string): Promise<PagesManifest> {
  const read = (path: string): Uint8Array => readFileSync(join(folder, path));
  const paths = listFiles(folder);
  for (const path of paths.filter((name) => name.endsWith('.html'))) {
    writeFileSync(join(folder, path), addIntegrity(Buffer.from(read(path)).toString('utf8'), path, read));
  }
  const manifest = createPagesManifest(paths.map((path) => ({ path, content: read(path) })));
  writeFileSync(join(folder, MANIFEST_PATH), formatPagesManifest(manifest));
  await Promise.all(paths.map(async (path) => writeCompressed(join(folder, path), read(path))));
  return manifest;
}

/** Has Vite seal what it builds. */
export function sealPages(): Plugin {
  return {
    name: 'blindmark-seal-pages',
    apply: 'build',
    writeBundle: {
      sequential: true,
      order: 'post',
      handler: async ({ dir }) => {
        await sealFolder(dir as string);
      },
    },
  };
}
