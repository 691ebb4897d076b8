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
import { MAX_MESSAGES, MESSAGE_SIZES } from '../../crypto/relay-message.ts';
import { SEALED_TO_OVERHEAD } from '../../crypto/seal.ts';
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
    // One opening, by its identifier; one registration's messages, by its owner's key.
    'POST /v1/openings',
    'GET /v1/openings/{id}',
    'POST /v1/openings/{id}/approvals',
    'POST /v1/openings/{id}/messages',
    'POST /v1/registrations/{commitment}/messages',
    // Officers' keys that a force has revoked.
    'POST /v1/revocations',
    'GET /v1/revocations/{force}',
    // Entries that name no registration, and how many there are.
    'GET /log/checkpoint',
    'GET /log/tile/{path}',
    'GET /v1/statistics',
  ],
  // Element by element; one envelope; the log's checkpoints; its own public keys.
  guardian: [
    'POST /v1/evaluate',
    'POST /v1/decrypt',
    'POST /v1/add-checkpoint',
    'GET /v1/{log}/checkpoint',
    'GET /v1/info',
  ],
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
    const path = route.path.replaceAll(/[:*](\w+)/gu, '{$1}');
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

const logged = () => ({ index: 1, entry: bytes(100), proof: [bytes(32)] });
const evidence = () => ({
  checkpoint: 'registry.example/log\n1\n',
  logged: logged(),
  delayed: { salt: bytes(32), plain: bytes(100) },
  roster: logged(),
  consistency: { size: 1, proof: [bytes(32)] },
});
const details = () => ({
  commitment: bytes(32),
  epoch: 1,
  envelopeHash: bytes(32),
  match: 1,
  reason: 'other',
  explanation: bytes(1024 + SEALED_TO_OVERHEAD),
  expiresAt: 1_800_000_000,
});

/** Bodies of the right shape and of no right, by address. */
const BODIES: Readonly<Record<string, () => Record<string, unknown>>> = {
  '/v1/evaluations': () => ({ purpose: 'lookup', epochs: [1], elements: [bytes(32)], authorization }),
  '/v1/evaluate': () => ({
    request: {
      purpose: 'registration',
      epochs: [1],
      elements: [bytes(32)],
      redemptions: [bytes(32)],
      roster: bytes(32),
      token: null,
    },
    log: evidence(),
  }),
  '/v1/decrypt': () => ({
    details: details(),
    first: authorization,
    second: authorization,
    envelope: bytes(512),
    markSalt: bytes(32),
    log: evidence(),
  }),
  '/v1/openings': () => ({ details: details(), lookupTag: bytes(32), authorization }),
  '/v1/openings/{id}/approvals': () => ({ authorization }),
  '/v1/openings/{id}/messages': () => ({ authorization, box: bytes(MESSAGE_SIZES[0] + SEALED_TO_OVERHEAD) }),
  '/v1/registrations/{commitment}/messages': () => ({
    ...proof(),
    issuedAt: 1_800_000_000,
    acknowledged: [bytes(32)],
    signature: bytes(64),
  }),
  '/v1/revocations': () => ({ forceCredential: jws, list: jws }),
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

/** The most that a list in a body may hold, by its name; an owner's request has one element. */
const LONGEST: Readonly<Record<string, number>> = {
  'elements': 64,
  'request.elements': 1,
  'request.redemptions': 1,
  'tags': 64,
  'epochs': 16,
  'request.epochs': 16,
  'keyHashes': 1000,
  'acknowledged': MAX_MESSAGES,
  'log.logged.proof': 63,
  'log.consistency.proof': 63,
};

/** Bodies that are text, of which no field can be probed. */
const TEXTS = new Set(['/v1/add-checkpoint']);

/** Addresses below which there are others, for other methods. */
const PARENTS = new Set(['/v1/openings', '/v1/revocations']);

/** Names of all fields of a body, those of objects within it as `log.logged`. */
function fieldsOf(body: object, within = ''): string[] {
  return Object.entries(body).flatMap(([name, value]) => {
    const field = `${within}${name}`;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [field].concat(isObject ? fieldsOf(value as object, `${field}.`) : []);
  });
}

const valueOf = (body: object, field: string): unknown =>
  field.split('.').reduce((value, name) => (value as Record<string, unknown>)[name], body as unknown);

/** The body with one field replaced. */
function withField(body: object, field: string, value: unknown): object {
  const [name = '', ...rest] = field.split('.');
  const inner = rest.length === 0 ? value : withField(valueOf(body, name) as object, rest.join('.'), value);
  return { ...body, [name]: inner };
}

/** Whether a hostile value happens to be what a field may hold: it is refused for another reason than its form. */
function mayHold(field: string, value: unknown): boolean {
  const name = field.split('.').at(-1) as string;
  if (value === null) return ['token', 'contactEnvelope', 'delayed', 'consistency'].includes(name);
  if (Array.isArray(value)) return value.length === 0 && ['proof', 'acknowledged'].includes(name);
  if (typeof value !== 'string') return false;
  // Any few bytes may claim to be an entry.
  if (['entry', 'plain'].includes(name)) return /^[\w-]{2,1366}$/u.test(value);
  // What a vendor, a force or a log signed: text, until it is verified.
  return ['authorization', 'checkpoint', 'forceCredential'].includes(name);
}

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

const pathOf = (path: string): string => path.replace(/\{(?:commitment|id)\}/u, bytes(32));

async function probe(app: Express, path: string, body: unknown): Promise<Problem> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await request(app).post(pathOf(path)).type('application/json').send(text);
  return expectTyped(response.status, response.type, response.text);
}

describe.each(SERVICES)('the %s', (service) => {
  const all = ADDRESSES[service].filter((address) => address.startsWith('POST ')).map((address) => address.slice(5));
  const posts = all.filter((path) => !TEXTS.has(path));

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
    for (const field of fieldsOf(create())) {
      for (const value of HOSTILE) {
        const { code } = await probe(app, path, withField(create(), field, value));
        if (!mayHold(field, value)) expect(code, `${field}: ${JSON.stringify(value)}`).toBe('badInput');
        if (!Array.isArray(valueOf(create(), field))) continue;
        expect((await probe(app, path, withField(create(), field, [value]))).code).toBe('badInput');
      }
      const longest = LONGEST[field];
      if (longest === undefined) continue;
      const [sample] = valueOf(create(), field) as unknown[];
      const many = Array.from({ length: longest + 1 }, () => sample);
      expect(await probe(app, path, withField(create(), field, many))).toMatchObject({ code: 'badInput', field });
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

  it.each(all.filter((path) => TEXTS.has(path)))('refuses whatever is not what %s takes', async (path) => {
    const app = await openService(service);
    for (const value of [...HOSTILE.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))), '\n\n']) {
      const response = await request(app).post(path).type('text/plain').send(value);
      expect(expectTyped(response.status, response.type, response.text).code).toBe('badInput');
    }
  });

  it('knows no other method, no trailing slash, no other case and no parameter of any address', async () => {
    const app = await openService(service);
    for (const path of all) {
      const at = pathOf(path);
      for (const method of ['get', 'put', 'patch', 'delete', 'options'] as const) {
        const { status, type, text } = await request(app)[method](`${at}?limit=9&${PROBE}=${PROBE}`);
        expect(expectTyped(status, type, text).code).toBe('methodNotAllowed');
      }
      for (const other of [`${at}/`, at.toUpperCase(), `${at}/${PROBE}`, `${at}/..`, `${at}/count`, `/${at}`]) {
        const { status, type, text } = await request(app).post(other).send({});
        const { code } = expectTyped(status, type, text);
        expect(PARENTS.has(path) ? ['unknownRoute', 'methodNotAllowed'] : ['unknownRoute']).toContain(code);
      }
    }
  });
});
