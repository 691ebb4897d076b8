/** The pages, as the registry serves them beside its interface: the files of one build, and what tells them of their registry. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCredentialFile, registryFileSchema, type RegistryFile } from '../../crypto/credential-files.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import {
  describeFile,
  ENCODINGS,
  JSON_TYPE,
  type EncodingName,
  type PagesBuild,
  type ServedFile,
} from './pages-build.ts';

/** What the pages are told of their registry; beside them, and no part of the build. */
const REGISTRY_PATH = 'registry.json';

/** What the registry serves. */
export interface Pages {
  /** Stands for the build in the log: `pagesHash`, 32 bytes. */
  readonly build: Uint8Array;
  readonly handle: RequestHandler;
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
