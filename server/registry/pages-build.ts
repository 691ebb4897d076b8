/**
 * A build of the pages, read whole and checked against its manifest, so that what is served is what the log's `pages` entry says.
 */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { equalBytes, formatBase64url } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { labelledHash } from '../../crypto/hash.ts';
import {
  isPageContent,
  MANIFEST_PATH,
  pageAddress,
  pagesHash,
  parsePagesManifest,
  type PageFile,
  type PagesManifest,
} from '../../crypto/pages.ts';

/** Media type of JSON files. */
export const JSON_TYPE = 'application/json';

/** By ending. A file of another kind is no page's. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': JSON_TYPE,
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Encodings that a build holds its files in, the smallest first. */
export const ENCODINGS = [
  { name: 'br', ending: '.br', decompress: brotliDecompressSync },
  { name: 'gzip', ending: '.gz', decompress: gunzipSync },
] as const;
/** As HTTP names it. */
export type EncodingName = (typeof ENCODINGS)[number]['name'];

/** A file as it is served. */
export interface ServedFile {
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly encoded: Readonly<Partial<Record<EncodingName, Uint8Array>>>;
  /** Without quotes. */
  readonly tag: string;
  /** Whether its address names its content. */
  readonly isImmutable: boolean;
}

/** A build that was read. */
export interface PagesBuild {
  /** 32 bytes: `pagesHash`. */
  readonly hash: Uint8Array;
  /** By address, from the pages' own: `owner/`, `assets/….js`; the start page's is empty. */
  readonly files: ReadonlyMap<string, ServedFile>;
}

function broken(folder: string, path: string, what: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badFile', `${join(folder, path)}: ${what}`, {
    field: 'pages',
    remedy: 'Build the pages again: npm run pages.',
    cause,
  });
}

function readFile(folder: string, path: string): Uint8Array {
  try {
    return readFileSync(join(folder, path));
  } catch (cause) {
    throw broken(folder, path, 'it cannot be read', cause);
  }
}

function readManifest(folder: string, listed: Uint8Array): PagesManifest {
  try {
    return parsePagesManifest(listed);
  } catch (cause) {
    throw broken(folder, MANIFEST_PATH, 'it is no list of pages', cause);
  }
}

/** The compressed forms that are there. Each must unpack to the content that was checked. */
function readEncoded(folder: string, path: string, content: Uint8Array): ServedFile['encoded'] {
  const found = ENCODINGS.flatMap(({ name, ending, decompress }): [EncodingName, Uint8Array][] => {
    if (!existsSync(join(folder, `${path}${ending}`))) return [];
    const encoded = readFile(folder, `${path}${ending}`);
    try {
      const unpacked = decompress(encoded, { maxOutputLength: content.length });
      if (equalBytes(unpacked, content)) return [[name, encoded]];
    } catch {
      // It does not unpack at all.
    }
    throw broken(folder, `${path}${ending}`, `it is not ${path}, compressed`);
  });
  return Object.fromEntries(found);
}

/** A file with its headers' values. @param path from the pages' own address */
export function describeFile(
  path: string,
  mediaType: string,
  content: Uint8Array,
  encoded: ServedFile['encoded'] = {},
): ServedFile {
  const tag = formatBase64url(labelledHash('page-tag', content)).slice(0, 22);
  return { mediaType, content, encoded, tag, isImmutable: path.startsWith('assets/') };
}

function readPage(folder: string, file: PageFile): [address: string, ServedFile] {
  const content = readFile(folder, file.path);
  if (!isPageContent(file, content)) throw broken(folder, file.path, `it is not what ${MANIFEST_PATH} says`);
  const mediaType = MEDIA_TYPES[extname(file.path)];
  if (mediaType === undefined) throw broken(folder, file.path, 'no kind of file that pages have');
  const encoded = readEncoded(folder, file.path, content);
  return [pageAddress(file.path), describeFile(file.path, mediaType, content, encoded)];
}

/**
 * Reads a build and checks each file of it.
 *
 * @returns null where there is none
 * @throws BlindmarkError `badFile` where it is incomplete or was altered
 */
export function readPages(folder: string): PagesBuild | null {
  if (!existsSync(join(folder, MANIFEST_PATH))) return null;
  const listed = readFile(folder, MANIFEST_PATH);
  const manifest = readManifest(folder, listed);
  const files = new Map(manifest.files.map((file) => readPage(folder, file)));
  files.set(MANIFEST_PATH, describeFile(MANIFEST_PATH, JSON_TYPE, listed));
  return { hash: pagesHash(manifest), files };
}
