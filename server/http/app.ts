/** An express app from a list of routes. It does not listen. */
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { randomUUID } from 'node:crypto';
import { parseUtf8 } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { parseMessage } from '../../crypto/message.ts';
import { MAX_BODY_BYTES } from '../../crypto/wire.ts';
import { allowAnyPage, answerPreflight, isPreflight } from './cors.ts';
import { DOCS_POLICY, renderDocs } from './docs.ts';
import { describeError, type Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createOpenApi, type ServiceDescription } from './openapi.ts';
import { sendProblem, toBlindmarkError } from './problem.ts';
import { formatExpressPath, MEDIA_TYPES, type Route } from './route.ts';

/** What every service's app depends on. */
export interface ServiceDependencies {
  readonly description: ServiceDescription;
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly metrics: Metrics;
  /** Resolves when the service can do its work, rejects or resolves false when it can't. */
  readonly isReady: () => Promise<boolean>;
  /** Whether pages of any origin may ask its routes; by default no page may. */
  readonly isOpenToPages?: boolean;
  /** Serves what is at no route's address, and calls on where it has nothing either. */
  readonly pages?: RequestHandler | undefined;
}

const UNKNOWN_ROUTE = 'none';

function observe({ log, metrics }: ServiceDependencies) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const started = performance.now();
    response.locals['requestId'] = randomUUID();
    response.once('close', () => {
      const durationMs = Math.round((performance.now() - started) * 1000) / 1000;
      const route = String(response.locals['route'] ?? UNKNOWN_ROUTE);
      // A method is a caller's text too: only the ones that exist are labels.
      const method = request.method === 'GET' || request.method === 'POST' ? request.method : 'other';
      const { statusCode: status } = response;
      metrics.requests.observe({ method, route, status }, durationMs / 1000);
      const error: unknown = response.locals['error'];
      const fields = { requestId: response.locals['requestId'] as string, method, route, status, durationMs };
      if (status >= 500) log.error({ ...fields, ...describeError(error) }, 'request failed');
      else if (error !== undefined) log.info({ ...fields, ...describeError(error) }, 'request refused');
      else log.debug(fields, 'request');
    });
    next();
  };
}

function requireJson(request: Request): void {
  if (request.is('application/json') !== 'application/json') {
    throw new BlindmarkError('unsupportedMediaType', 'The body must be JSON. Nothing was changed.', {
      field: 'content-type',
      remedy: 'Send the body with the header content-type: application/json.',
    });
  }
}

/** Gives the body as the route's schema takes it, unparsed: a JSON value, a string or bytes. */
function readBody(request: Request, { bodyForm = 'json' }: Route): unknown {
  if (bodyForm === 'json') {
    requireJson(request);
    return request.body as unknown;
  }
  const bytes = request.body instanceof Uint8Array ? Uint8Array.from(request.body) : new Uint8Array();
  return bodyForm === 'text' ? parseUtf8('body', bytes) : bytes;
}

/** Express gives the parts of a `{name...}` one by one. */
function readParams(request: Request): Record<string, string> {
  const entries = Object.entries(request.params as Record<string, string | string[]>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : value.join('/')]),
  );
}

/** Seconds: a year, which is as long as caches care for. */
const FOR_EVER = 31_536_000;

function formatCacheControl(maxAge: Route['maxAge']): string {
  if (maxAge === undefined) return 'no-store';
  return maxAge === 'immutable' ? `public, max-age=${FOR_EVER}, immutable` : `public, max-age=${maxAge}`;
}

function sendReply(response: Response, route: Route, result: unknown): void {
  const { replyForm = 'json' } = route;
  const reply: unknown = route.reply.encode(result);
  response.setHeader('Cache-Control', formatCacheControl(route.maxAge));
  if (replyForm === 'json') {
    response.json(reply);
    return;
  }
  response.setHeader('Content-Type', MEDIA_TYPES[replyForm]);
  response.end(reply);
}

function serve(app: Express, route: Route, isOpenToPages: boolean): void {
  const mark = (_: Request, response: Response, next: NextFunction): void => {
    if (isOpenToPages) allowAnyPage(response);
    response.locals['route'] = route.path;
    response.locals['errorReplies'] = route.errorReplies;
    next();
  };
  const parseBody =
    (route.bodyForm ?? 'json') === 'json'
      ? express.json({ limit: MAX_BODY_BYTES, type: MEDIA_TYPES.json })
      : express.raw({ limit: MAX_BODY_BYTES, type: () => true });
  const handle = async (request: Request, response: Response): Promise<void> => {
    const body = route.body === undefined ? undefined : readBody(request, route);
    const result = await route.handle({
      params: route.params === undefined ? undefined : parseMessage(route.params, readParams(request)),
      body: route.body === undefined ? undefined : parseMessage(route.body, body),
    });
    sendReply(response, route, result);
  };
  const address = app.route(formatExpressPath(route.path));
  address[route.method](mark, ...(route.body === undefined ? [] : [parseBody]), handle);
}

function refuseOtherMethods(
  app: Express,
  routes: readonly { readonly method: string; readonly path: string }[],
  isOpenToPages: boolean,
): void {
  for (const [path, group] of Map.groupBy(routes, (route) => route.path)) {
    // Express answers HEAD wherever it answers GET.
    const allowed = group.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    app.route(formatExpressPath(path)).all((request, response) => {
      response.locals['route'] = path;
      if (isOpenToPages && isPreflight(request)) {
        answerPreflight(response, allowed);
        return;
      }
      if (isOpenToPages) allowAnyPage(response);
      response.setHeader('Allow', allowed.join(', '));
      throw new BlindmarkError('methodNotAllowed', `This address takes ${allowed.join(' and ')} alone`);
    });
  }
}

/** Milliseconds for which an answer to `/readyz` holds: finding out may cost a write to disk, and anybody may ask. */
const READINESS_MS = 1000;

/** Asks at most once a second; who asks meanwhile gets the same answer. */
function rememberReadiness(isReady: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let askedAt = 0;
  return async () => {
    const now = performance.now();
    if (answer === undefined || now - askedAt >= READINESS_MS) {
      askedAt = now;
      answer = isReady();
    }
    return answer;
  };
}

const OPERATIONS = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'] as const;

/** Health, readiness, metrics and documentation: the same at each service. */
function serveOperations(app: Express, dependencies: ServiceDependencies): void {
  const { description, routes, metrics } = dependencies;
  const isReady = rememberReadiness(dependencies.isReady);
  // Made when somebody first asks: it takes as long as all the rest of an app.
  let openApi: Record<string, unknown> | undefined;
  const describe = (): Record<string, unknown> => (openApi ??= createOpenApi(description, routes));
  let page: string | undefined;
  const get = (path: (typeof OPERATIONS)[number], handle: (response: Response) => Promise<void> | void): void => {
    app.get(path, async (_, response) => {
      response.locals['route'] = path;
      response.setHeader('Cache-Control', 'no-store');
      await handle(response);
    });
  };
  get('/healthz', (response) => {
    response.json({ status: 'alive' });
  });
  get('/readyz', async (response) => {
    if (!(await isReady())) throw new BlindmarkError('unavailable', 'The service is not ready', { retryAfter: 5 });
    response.json({ status: 'ready' });
  });
  get('/metrics', async (response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  get('/openapi.json', (response) => {
    response.json(describe());
  });
  get('/docs', (response) => {
    response.setHeader('Content-Security-Policy', DOCS_POLICY);
    page ??= renderDocs(description, routes, describe());
    response.type('html').send(page);
  });
}

/** An app that serves `routes`, health, readiness, metrics and documentation, and pages where there are some. */
export function createServiceApp(dependencies: ServiceDependencies): Express {
  const app = express();
  app.set('etag', false);
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.disable('x-powered-by');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
      },
    }),
  );
  app.use(observe(dependencies));
  const { routes, isOpenToPages = false, pages } = dependencies;
  for (const route of routes) serve(app, route, isOpenToPages);
  serveOperations(app, dependencies);
  refuseOtherMethods(app, routes, isOpenToPages);
  const operations = OPERATIONS.map((path) => ({ method: 'get', path }));
  refuseOtherMethods(app, operations, false);
  if (pages !== undefined) app.use(pages);
  app.use(() => {
    throw new BlindmarkError('unknownRoute', 'There is nothing at this address', {
      remedy: 'See /docs for what there is.',
    });
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const known = toBlindmarkError(error);
    response.locals['error'] = known.code === 'internal' ? error : known;
    const replies = response.locals['errorReplies'] as Route['errorReplies'];
    sendProblem(response, known, replies?.[known.code]);
  });
  return app;
}
