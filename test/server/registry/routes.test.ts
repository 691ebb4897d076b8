/**
 * There is no way to list (DESIGN section 5): every address that the app has, from the list of routes and from express
 * itself, is one of those below, and each that gives a registration out needs its tag or commitment.
 */
import request from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { formatMessage } from '../../../crypto/message.ts';
import { actionRequestSchema, historyRequestSchema } from '../../../crypto/wire.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { createRegistryRoutes, type RegistryDependencies } from '../../../server/registry/app.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createWorld, refusalIn, register, type Mark, type World } from './world.ts';

/** The closed list. Whoever adds an address adds it here, and says below what must be named to get a registration from it. */
const ROUTES = [
  // Keys, guardians, forces and limits: nothing of any registration.
  'GET /v1/roster',
  // Group elements in, group elements out: touches no registration.
  'POST /v1/evaluations',
  // Takes one registration in, and says whether that very one is stored.
  'POST /v1/registrations',
  // One registration, by commitment, tag, key and signature.
  'POST /v1/registrations/{commitment}/actions',
  'POST /v1/registrations/{commitment}/history',
  // The registrations of at most 64 whole tags, under an officer's evaluation of as many codes.
  'POST /v1/lookups',
  // A registration's sealed contact, whose commitment and tag the first officer names, under a match that the officer had.
  'POST /v1/openings',
  'GET /v1/openings/{id}',
  'POST /v1/openings/{id}/approvals',
  'POST /v1/openings/{id}/messages',
  // Sealed messages for one registration, by commitment, tag, key and signature.
  'POST /v1/registrations/{commitment}/messages',
  // A force's list of revoked officers: nothing of any registration.
  'POST /v1/revocations',
  'GET /v1/revocations/{force}',
  // The public log, and counts over it: entries that name no registration.
  'GET /log/checkpoint',
  'GET /log/tile/{path...}',
  'GET /v1/statistics',
];
const OPERATIONS = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /openapi.json', 'GET /docs'];

interface Layer {
  readonly name: string;
  readonly handle: { readonly stack?: unknown };
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
}

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});

/** Express's own list of layers, in order. */
const layersOf = (world: World): Layer[] => (world.app as unknown as { router: { stack: Layer[] } }).router.stack;

function addressesOf(world: World): string[] {
  return layersOf(world).flatMap(({ route }) => {
    if (route === undefined || route.methods['_all'] === true) return [];
    const path = route.path.replaceAll(/\{?[:*](\w+)\}?/gu, (parameter, name: string) =>
      parameter.includes('*') ? `{${name}...}` : `{${name}}`,
    );
    return Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${path}`);
  });
}

/** What would show that an answer holds something of a registration. */
const traces = ({ row, lookupTag, signingKey }: Mark): string[] =>
  [row.commitment, row.index, row.salt, row.itemEnvelope, row.rowSignature, lookupTag, signingKey.publicKey].map(
    (bytes) => formatBase64url(bytes),
  );

describe('the registry’s addresses', () => {
  it('are the closed list, in the list of routes', () => {
    const routes = createRegistryRoutes({
      roster: { chain: fixture.chain, history: [fixture.roster], current: fixture.roster },
      saltKey: new Uint8Array(32),
      now: () => fixture.now,
      metrics: createMetrics('registry'),
    } as unknown as RegistryDependencies);
    expect(routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`)).toEqual(ROUTES);
  });

  it('are the closed list, in express itself', async () => {
    expect(addressesOf(await createWorld(fixture))).toEqual([...ROUTES, ...OPERATIONS]);
  });

  it('hide nothing behind a mounted router or a middleware that answers', async () => {
    const world = await createWorld(fixture);
    const others = layersOf(world).filter(({ route }) => route === undefined);
    expect(others.every(({ handle }) => handle.stack === undefined)).toBe(true);
    // Headers, observation, the answer that there is nothing, and the answer to errors.
    expect(others).toHaveLength(4);
    // What takes any method at an address says that it takes none.
    for (const { route } of layersOf(world).filter((layer) => layer.route?.methods['_all'] === true)) {
      const path = (route as NonNullable<typeof route>).path.replaceAll(/:\w+/gu, formatBase64url(randomBytes(32)));
      expect(refusalIn(await request(world.app).patch(path)).code).toBe('methodNotAllowed');
    }
  });

  it('are the documented ones', async () => {
    const { body } = await request((await createWorld(fixture)).app).get('/openapi.json');
    const { paths } = body as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    // OpenAPI has no parameter of several segments.
    expect(documented).toEqual(ROUTES.map((route) => route.replace('...}', '}')));
  });
});

describe('without tag or commitment', () => {
  it('no address tells anything of a registration, whatever is asked of it', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const address = formatBase64url(mark.row.commitment);
    const paths = [
      ...addressesOf(world).map((entry) => (entry.split(' ')[1] as string).replace('{commitment}', address)),
      `/v1/registrations/${address}`,
      `/v1/registrations/${address.slice(0, 8)}`,
      '/v1/registrations/',
      '/v1/registrations/*/history',
      '/v1/lookups/',
      // The roster's entry, and the registration's.
      '/log/tile/0/000.p/2',
      '/log/tile/entries/000.p/2',
      '/v1',
      '/v1/export',
      '/v1/search',
      '/v1/count',
      '/registry.db',
      '/../registry.db',
      '/roster.json',
      '/',
    ];
    for (const path of paths) {
      for (const method of ['get', 'head', 'options', 'put', 'patch', 'delete', 'post'] as const) {
        for (const query of ['', `?prefix=${address.slice(0, 4)}&limit=100&offset=0&all=true`]) {
          const response = await request(world.app)[method](path + query);
          for (const trace of traces(mark)) expect(response.text ?? '').not.toContain(trace);
        }
      }
    }
  });

  it('parts of a tag or commitment, and patterns, find nothing', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const { commitment } = mark.row;
    const whole = formatBase64url(mark.lookupTag);
    for (const tag of ['', '*', '%', whole.slice(0, 20), `${whole.slice(0, 42)}*`, null, { $gt: '' }, [whole]]) {
      const body = {
        evaluation: whole,
        tags: [tag],
        authorization: { request: 'a.b.c', officerCredential: 'a.b.c', forceCredential: 'a.b.c' },
      };
      expect(refusalIn(await world.post('/v1/lookups', body)).code).toBe('badInput');
    }
    const history = formatMessage(historyRequestSchema, {
      lookupTag: mark.lookupTag,
      ownerPublicKey: mark.signingKey.publicKey,
      issuedAt: fixture.now,
      signature: randomBytes(64),
    });
    const withdraw = formatMessage(actionRequestSchema, {
      kind: 'withdraw',
      lookupTag: mark.lookupTag,
      ownerPublicKey: mark.signingKey.publicKey,
      version: 1,
      signature: randomBytes(64),
    });
    for (const address of ['*', '%25', formatBase64url(commitment).slice(0, 20), `${formatBase64url(commitment)}A`]) {
      expect(refusalIn(await world.post(`/v1/registrations/${address}/history`, history)).code).toBe('badInput');
      expect(refusalIn(await world.post(`/v1/registrations/${address}/actions`, withdraw)).code).toBe('badInput');
    }
  });
});

describe('operations', () => {
  it('say that the registry is ready while the store is, whatever the guardians do', async () => {
    const world = await createWorld(fixture);
    await Promise.all(world.guardians.map(async (guardian) => guardian.close()));
    expect((await request(world.app).get('/readyz')).body).toEqual({ status: 'ready' });
    expect((await request(world.app).get('/healthz')).body).toEqual({ status: 'alive' });
  });

  it('say that it is not ready when the store can’t write', async () => {
    const wrap = <Store extends object>(store: Store): Store =>
      new Proxy(store, {
        get: (target, name) => (name === 'isReady' ? () => Promise.resolve(false) : Reflect.get(target, name, target)),
      });
    const world = await createWorld(fixture, { wrap });
    expect(refusalIn(await request(world.app).get('/readyz')).code).toBe('unavailable');
  });

  it('let the roster be cached for a minute, and nothing else', async () => {
    const world = await createWorld(fixture);
    const roster = await request(world.app).get('/v1/roster');
    expect(roster.headers['cache-control']).toBe('public, max-age=5');
    expect(roster.body).toMatchObject({
      chain: fixture.chain.map(({ roster: bytes, signatures }) => ({
        roster: formatBase64url(bytes),
        signatures: signatures.map(({ guardian, signature }) => ({ guardian, signature: formatBase64url(signature) })),
      })),
    });
    expect((await request(world.app).get('/metrics')).headers['cache-control']).toBe('no-store');
    expect((await world.post('/v1/lookups', {})).headers['cache-control'] ?? 'none').not.toContain('public');
  });
});
