/**
 * The pages, as the registry serves them beside its interface: the files of one build, read whole when it starts and checked
 * against their manifest, so that what is served is what the log's `pages` entry says.
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { equalBytes, formatBase64url, utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCredentialFile, registryFileSchema, type RegistryFile } from '../../crypto/credential-files.ts';
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

const JSON_TYPE = 'application/json';

/** What the pages are told of their registry; beside them, and no part of the build. */
const REGISTRY_PATH = 'registry.json';

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
const ENCODINGS = [
  { name: 'br', ending: '.br', decompress: brotliDecompressSync },
  { name: 'gzip', ending: '.gz', decompress: gunzipSync },
] as const;
type EncodingName = (typeof ENCODINGS)[number]['name'];

interface ServedFile {
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

/** What the registry serves. */
export interface Pages {
  /** Stands for the build in the log: `pagesHash`, 32 bytes. */
  readonly build: Uint8Array;
  readonly handle: RequestHandler;
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

function describeFile(
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

/** What browsers offer and pages have no use for. The camera is theirs, to read QR codes with. */
const REFUSED_FEATURES =
  'accelerometer autoplay display-capture encrypted-media fullscreen geolocation gyroscope magnetometer microphone midi payment ' +
  'picture-in-picture publickey-credentials-get screen-wake-lock usb xr-spatial-tracking';
const PERMISSIONS = ['camera=(self)', ...REFUSED_FEATURES.split(' ').map((feature) => `${feature}=()`)].join(', ');

/**
 * The headers of every file of the pages; also of scripts, since a worker's policy is that of its own script.
 *
 * @param origins of the services that pages ask beside the one that serves them
 */
function createHeaders(origins: readonly string[]): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'", "'wasm-unsafe-eval'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'blob:'],
        'font-src': ["'self'"],
        'connect-src': ["'self'", ...origins],
        'worker-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
        'require-trusted-types-for': ["'script'"],
        'trusted-types': ['blindmark'],
      },
    },
    crossOriginEmbedderPolicy: { policy: 'require-corp' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}

/** Whether the header `Accept-Encoding` takes an encoding (RFC 9110 12.5.3). */
function takesEncoding(header: string | undefined, encoding: EncodingName): boolean {
  const offers = (header ?? '').split(',').map((part) =>
    part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/u),
  );
  const offer = offers.find(([name]) => name === encoding) ?? offers.find(([name]) => name === '*');
  return offer !== undefined && !offer.slice(1).some((parameter) => /^q=0(?:\.0*)?$/u.test(parameter));
}

function sendFile(request: Request, response: Response, file: ServedFile): void {
  const accepted = request.headers['accept-encoding'];
  const encoding = ENCODINGS.find(
    ({ name }) => file.encoded[name] !== undefined && takesEncoding(accepted, name),
  )?.name;
  const body = (encoding && file.encoded[encoding]) ?? file.content;
  response.setHeader('Content-Type', file.mediaType);
  response.setHeader('Cache-Control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.setHeader('Vary', 'Accept-Encoding');
  // Each encoding is a representation of its own (RFC 9110 8.8.3).
  response.setHeader('ETag', `"${file.tag}${encoding === undefined ? '' : `-${encoding}`}"`);
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/**
 * Serves a build.
 *
 * @param options.registryFile what the pages are told of their registry, as `registry.json` beside them
 * @param options.issuers whom owners' browsers ask for tokens
 */
export function openPages(
  build: PagesBuild,
  options: { readonly registryFile: RegistryFile; readonly issuers: readonly { readonly url: string }[] },
): Pages {
  const { registryFile, issuers } = options;
  const origins = new Set([registryFile, ...issuers].map(({ url }) => new URL(url).origin));
  const setHeaders = createHeaders([...origins]);
  const configuration = utf8ToBytes(formatCredentialFile(registryFileSchema, registryFile));
  const files = new Map(build.files).set(REGISTRY_PATH, describeFile(REGISTRY_PATH, JSON_TYPE, configuration));
  const handle = (request: Request, response: Response, next: NextFunction): void => {
    const address = request.path.slice(1);
    const file = files.get(address);
    const isFolder = file === undefined && files.has(`${address}/`);
    if (file === undefined && !isFolder) {
      next();
      return;
    }
    response.locals['route'] = 'pages';
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      throw new BlindmarkError('methodNotAllowed', 'This address takes GET and HEAD alone');
    }
    setHeaders(request, response, () => {
      response.setHeader('Permissions-Policy', PERMISSIONS);
      // Relative, so that it is right behind a proxy that has the pages under a path of its own.
      if (file === undefined) response.setHeader('Location', `${address.slice(address.lastIndexOf('/') + 1)}/`);
      if (file === undefined) response.status(308).end();
      else sendFile(request, response, file);
    });
  };
  return { build: build.hash, handle };
}
