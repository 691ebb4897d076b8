/**
 * There is no way to list, at any service. What the registry's addresses answer to is shown in
 * test/server/registry/routes.test.ts; here every address of all three services is taken from express itself and probed with
 * what injections, wildcards and careless parsers live on. Each answer is a typed refusal that quotes nothing.
 */
import type { Express } from 'express';
import request from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../crypto/bytes.ts';
import { parseMessage } from '../../crypto/message.ts';
import { problemSchema, type Problem } from '../../crypto/wire.ts';
import { quarterOf } from '../../crypto/roster.ts';
import { createFixture, type Fixture } from '../support/fixture.ts';
import { openIssuer } from '../support/issuer.ts';
import { openGuardian } from '../server/guardian/world.ts';
import { createWorld } from '../server/registry/world.ts';

/** Everything there is to ask, beside health, metrics and documentation. Whoever adds to it says here why it lists nothing. */
const ADDRESSES = {
  registry: [
    'GET /v1/roster',
    'POST /v1/evaluations',
    'POST /v1/registrations',
    'POST /v1/registrations/{commitment}/actions',
    'POST /v1/registrations/{commitment}/history',
    'POST /v1/lookups',
  ],
  // Element by element; its own public keys.
  guardian: ['POST /v1/evaluate', 'GET /v1/info'],
  // Adds packs; one token for one key; its own public keys.
  issuer: ['POST /v1/packs', 'POST /v1/tokens', 'GET /v1/info'],
} as const;
const OPERATIONS = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /openapi.json', 'GET /docs'];

type Service = keyof typeof ADDRESSES;
const SERVICES = Object.keys(ADDRESSES) as Service[];

interface Layer {
  readonly handle: { readonly stack?: unknown };
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
}

const layersOf = (app: Express): Layer[] => (app as unknown as { router: { stack: Layer[] } }).router.stack;

function addressesOf(app: Express): string[] {
  return layersOf(app).flatMap(({ route }) => {
    if (route === undefined || route.methods['_all'] === true) return [];
    const path = route.path.replaceAll(/:(\w+)/gu, '{$1}');
    return Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${path}`);
  });
}

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});

function openTestIssuer(): Express {
  const { now, tokenKey } = fixture;
  return openIssuer({ now, tokenKeys: [{ quarter: quarterOf(now), ...tokenKey }] }).app;
}

async function openService(service: Service): Promise<Express> {
  if (service === 'registry') return (await createWorld(fixture)).app;
  return service === 'guardian' ? openGuardian(fixture).app : openTestIssuer();
}

const bytes = (length: number): string => formatBase64url(randomBytes(length));
const jws = 'eyJ4IjoxfQ.eyJ4IjoxfQ.eyJ4IjoxfQ';
const authorization = { request: jws, officerCredential: jws, forceCredential: jws };
const proof = () => ({ lookupTag: bytes(32), ownerPublicKey: bytes(32) });
const row = () => ({
  index: bytes(32),
  salt: bytes(32),
  commitment: bytes(32),
  itemEnvelope: bytes(512),
  contactEnvelope: null,
  status: 'withKeeper',
  version: 1,
  epoch: 1,
  registeredOn: '2026-03-01',
  rowSignature: bytes(64),
});

/** Bodies of the right shape and of no right, by address. */
const BODIES: Readonly<Record<string, () => Record<string, unknown>>> = {
  '/v1/evaluations': () => ({ purpose: 'lookup', epochs: [1], elements: [bytes(32)], authorization }),
  '/v1/evaluate': () => ({
    purpose: 'registration',
    epochs: [1],
    elements: [bytes(32)],
    redemptions: [bytes(32)],
    roster: bytes(32),
    token: null,
  }),
  '/v1/registrations': () => ({
    ...proof(),
    row: row(),
    token: bytes(354),
    element: bytes(32),
    redemptionSecret: bytes(32),
  }),
  '/v1/registrations/{commitment}/actions': () => ({ kind: 'status', ...proof(), row: row() }),
  '/v1/registrations/{commitment}/history': () => ({ ...proof(), issuedAt: 1_800_000_000, signature: bytes(64) }),
  '/v1/lookups': () => ({ evaluation: bytes(32), tags: [bytes(32)], authorization }),
  '/v1/packs': () => ({ authorization: jws, keyHashes: [bytes(32)] }),
  '/v1/tokens': () => ({ activationKey: bytes(15), tokenKeyId: bytes(32), blindedMessage: bytes(256) }),
};

/** The most that a list in a body may hold. */
const LONGEST: Readonly<Record<string, number>> = { elements: 64, tags: 64, epochs: 16, keyHashes: 1000 };

const PROBE = 'zz-probe';
const HOSTILE: readonly unknown[] = [
  '',
  '*',
  '%',
  "' OR 1=1 --",
  PROBE,
  `${PROBE}${'A'.repeat(20_000)}`,
  'A'.repeat(21),
  `${'A'.repeat(42)}*`,
  '\u0000',
  null,
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  [],
  [[]],
  {},
  { $gt: '' },
  { $ne: null },
  { length: 32 },
  { __proto__: null, [PROBE]: PROBE },
  '__proto__',
];

function expectTyped(status: number, type: string, text: string): Problem {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(type).toBe('application/problem+json');
  const problem = parseMessage(problemSchema, JSON.parse(text));
  for (const trace of [PROBE, 'node_modules', '.ts:', 'node:', 'SQLITE', 'SELECT']) expect(text).not.toContain(trace);
  return problem;
}

const pathOf = (path: string): string => path.replace('{commitment}', bytes(32));

async function probe(app: Express, path: string, body: unknown): Promise<Problem> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await request(app).post(pathOf(path)).type('application/json').send(text);
  return expectTyped(response.status, response.type, response.text);
}

describe.each(SERVICES)('the %s', (service) => {
  const posts = ADDRESSES[service].filter((address) => address.startsWith('POST ')).map((address) => address.slice(5));

  it('has these addresses and no other, in express itself', async () => {
    const app = await openService(service);
    expect(addressesOf(app)).toEqual([...ADDRESSES[service], ...OPERATIONS]);
    // No router within, whose addresses would be missing above.
    const others = layersOf(app).filter(({ route }) => route === undefined);
    expect(others.every(({ handle }) => handle.stack === undefined)).toBe(true);
  });

  it.each(posts)('refuses every hostile value in every field of %s', async (path) => {
    const app = await openService(service);
    const create = BODIES[path] as () => Record<string, unknown>;
    for (const field of Object.keys(create())) {
      for (const value of HOSTILE) {
        // Null stands for no token.
        if (field === 'token' && value === null && path === '/v1/evaluate') continue;
        // Any short text may claim to be a vendor's signature.
        const isSigned = path === '/v1/packs' && typeof value === 'string' && value.length <= 4096;
        const code = field === 'authorization' && isSigned ? 'badSignature' : 'badInput';
        expect((await probe(app, path, { ...create(), [field]: value })).code).toBe(code);
        if (!Array.isArray(create()[field])) continue;
        expect((await probe(app, path, { ...create(), [field]: [value] })).code).toBe('badInput');
      }
      const longest = LONGEST[field];
      if (longest === undefined) continue;
      const [sample] = create()[field] as unknown[];
      const many = Array.from({ length: longest + 1 }, () => sample);
      expect(await probe(app, path, { ...create(), [field]: many })).toMatchObject({ code: 'badInput', field });
    }
  });

  it.each(posts)('refuses fields that are not documented, and prototypes, at %s', async (path) => {
    const app = await openService(service);
    const create = BODIES[path] as () => Record<string, unknown>;
    for (const field of ['limit', 'offset', 'prefix', 'filter', 'sort', 'all', 'constructor', 'toString', PROBE]) {
      expect((await probe(app, path, { ...create(), [field]: PROBE })).code).toBe('badInput');
    }
    const inside = JSON.stringify(create()).slice(1);
    for (const prototype of [
      `{"__proto__":{"${PROBE}":1},${inside}`,
      `{"constructor":{"prototype":{"x":1}},${inside}`,
    ]) {
      expect((await probe(app, path, prototype)).code).toBe('badInput');
    }
    expect(({} as Record<string, unknown>)[PROBE]).toBeUndefined();
    for (const body of [
      '[]',
      '""',
      'null',
      '1',
      `[${inside.slice(0, -1)}]`,
      '['.repeat(30_000),
      `{"a":`.repeat(5000),
    ]) {
      expect(['badInput', 'tooLarge']).toContain((await probe(app, path, body)).code);
    }
  });

  it('knows no other method, no trailing slash, no other case and no parameter of any address', async () => {
    const app = await openService(service);
    for (const path of posts) {
      const at = pathOf(path);
      for (const method of ['get', 'put', 'patch', 'delete', 'options'] as const) {
        const { status, type, text } = await request(app)[method](`${at}?limit=9&${PROBE}=${PROBE}`);
        expect(expectTyped(status, type, text).code).toBe('methodNotAllowed');
      }
      for (const other of [`${at}/`, at.toUpperCase(), `${at}/${PROBE}`, `${at}/..`, `${at}/count`, `/${at}`]) {
        const { status, type, text } = await request(app).post(other).send({});
        expect(expectTyped(status, type, text).code).toBe('unknownRoute');
      }
    }
  });
});
