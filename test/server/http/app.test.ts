import { createHash } from 'node:crypto';
import supertest, { type Response, type Test } from 'supertest';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../crypto/errors.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { MAX_BODY_BYTES, problemSchema } from '../../../crypto/wire.ts';
import { createTestService, FOREIGN_ROUTES } from '../../support/service.ts';

const JSON_TYPE = 'application/json';

/** Checks that a reply is the problem document of that code, whole and consistent. */
function expectProblem(response: Response, code: ErrorCode, fields: Record<string, unknown> = {}): void {
  const { status, title } = ERROR_CODES[code];
  expect(response.status).toBe(status);
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json(?:;|$)/u);
  expect(response.headers['cache-control']).toBe('no-store');
  const problem = parseMessage(problemSchema, JSON.parse(response.text));
  expect(problem).toMatchObject({ type: `urn:blindmark:error:${code}`, title, status, code, ...fields });
  expect(problem.detail.length).toBeGreaterThan(10);
}

/** Supertest buffers only what it knows to be text. */
function ask(test: Test): Promise<Response> {
  return test
    .buffer(true)
    .parse((response, done) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('end', () => done(null, text));
      response.on('error', (error: Error) => done(error, null));
    })
    .then((response) => Object.assign(response, { text: String(response.body) }));
}

const post = (path: string, body: string | object, type = JSON_TYPE): Promise<Response> =>
  ask(supertest(createTestService().app).post(path).set('content-type', type).send(body));
const get = (path: string): Promise<Response> => ask(supertest(createTestService().app).get(path));

describe('routes', () => {
  it('answer what their schema formats', async () => {
    const response = await post('/v1/echoes/some-name', { data: 'AAEC' });
    expect([response.status, JSON.parse(response.text)]).toEqual([200, { name: 'some-name', data: 'AAEC' }]);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('let be cached what says so', async () => {
    const response = await get('/v1/constant');
    expect(JSON.parse(response.text)).toEqual({ value: 7 });
    expect(response.headers['cache-control']).toBe('public, max-age=60');
  });

  it('take a body of up to 64 KiB', async () => {
    const data = 'A'.repeat(40_000);
    expect((await post('/v1/echoes/n', { data })).status).toBe(200);
    const padded = `{"data":"AAEC"${' '.repeat(MAX_BODY_BYTES - 15)}}`;
    expect(padded).toHaveLength(MAX_BODY_BYTES);
    expect((await post('/v1/echoes/n', padded)).status).toBe(200);
    expectProblem(await post('/v1/echoes/n', `${padded} `), 'tooLarge');
  });
});

describe('refusals', () => {
  it('say all that the error says', async () => {
    const response = await post('/v1/refusals', { text: 'x' });
    expectProblem(response, 'quotaExceeded', {
      detail: 'Nothing was changed',
      field: 'text',
      remedy: 'Ask again tomorrow',
      retryAfter: 12.3,
      guardians: ['g1', 'g2'],
    });
    expect(response.headers['retry-after']).toBe('13');
  });

  it.each([
    ['not JSON', '{"data": "secret-value"', 'body'],
    ['a bare value', '"secret-value"', 'body'],
    ['no body', '', 'data'],
    ['a list', '["secret-value"]', undefined],
    ['a missing field', '{}', 'data'],
    ['an unknown field', '{"data":"AAEC","more":"secret-value"}', undefined],
    ['a malformed field', '{"data":"secret-value!"}', 'data'],
    ['padding', '{"data":"AAE="}', 'data'],
    ['a field of another length', '{"data":"AA"}', 'data'],
    ['a field of another type', '{"data":{"secret-value":1}}', 'data'],
    ['a prototype', '{"data":"AAEC","__proto__":{"secret-value":1}}', undefined],
  ])('name the field at fault and quote nothing: %s', async (_, body, field) => {
    const response = await post('/v1/echoes/n', body);
    expectProblem(response, 'badInput', field === undefined ? {} : { field });
    expect(response.text).not.toContain('secret-value');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/problem+json', 'multipart/form-data'])(
    'take no body of type %s',
    async (type) => {
      expectProblem(await post('/v1/echoes/n', '{"data":"AAEC"}', type), 'unsupportedMediaType', {
        field: 'content-type',
      });
    },
  );

  it('take no body without a type', async () => {
    const response = await ask(supertest(createTestService().app).post('/v1/echoes/n'));
    expectProblem(response, 'unsupportedMediaType');
  });

  it('take no body in another encoding than UTF-8, and unpack no more than the limit', async () => {
    expectProblem(await post('/v1/echoes/n', '{"data":"AAEC"}', `${JSON_TYPE}; charset=latin1`), 'badInput');
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(`{"data":"AAEC"${' '.repeat(10_000_000)}}`);
    const { app } = createTestService();
    const test = supertest(app).post('/v1/echoes/n').set('content-type', JSON_TYPE).set('content-encoding', 'gzip');
    test.write(bomb);
    expectProblem(await ask(test), 'tooLarge');
  });

  it.each(['/v1/echoes/Secret-Value', '/v1/echoes/a%20b', '/v1/echoes/%00'])('name the parameter: %s', async (path) => {
    const response = await get(path);
    expectProblem(response, 'badInput', { field: 'name' });
    expect(response.text).not.toContain('Value');
  });

  it.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/constant/',
    '/V1/constant',
    '/v1/echoes',
    '/v1/echoes/a/b',
    '/v1/echoes/%E0%A4%A',
    '/openapi.json/',
    '/../etc/passwd',
  ])('know no address %s', async (path) => {
    expectProblem(await get(path), 'unknownRoute');
  });

  it('ignore a query', async () => {
    expect((await get('/v1/constant?__proto__[a]=1&value=8')).text).toBe('{"value":7}');
  });

  it.each([
    ['delete', '/v1/echoes/n', 'POST, GET, HEAD'],
    ['put', '/v1/refusals', 'POST'],
    ['get', '/v1/refusals', 'POST'],
    ['options', '/v1/refusals', 'POST'],
    ['post', '/v1/constant', 'GET, HEAD'],
    ['post', '/healthz', 'GET, HEAD'],
    ['delete', '/metrics', 'GET, HEAD'],
  ] as const)('name the methods that an address takes: %s %s', async (method, path, allowed) => {
    const response = await ask(supertest(createTestService().app)[method](path));
    expectProblem(response, 'methodNotAllowed');
    expect(response.headers['allow']).toBe(allowed);
  });

  it('say nothing of a failure', async () => {
    const response = await post('/v1/failures', { text: 'secret-value' });
    expectProblem(response, 'internal');
    expect(response.text).not.toContain('secret-value');
    expect(response.text).not.toContain('file.ts');
  });

  it('send no reply that its schema does not allow', async () => {
    const response = await get('/v1/broken');
    expectProblem(response, 'internal');
    expect(response.text).not.toContain('0.5');
  });
});

describe('routes of a foreign protocol', () => {
  const foreign = (): ReturnType<typeof supertest> => supertest(createTestService(FOREIGN_ROUTES).app);

  it.each(['text/plain; charset=utf-8', 'application/octet-stream', 'application/json', 'text/x.unknown'])(
    'take text under the type %s, and reply with text',
    async (type) => {
      const response = await foreign().post('/v1/notes').set('content-type', type).send('grüße\n');
      expect([response.status, response.text]).toEqual([200, 'GRÜSSE\n']);
      expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(response.headers['cache-control']).toBe('no-store');
    },
  );

  it('take text without a type, and none at all', async () => {
    const { app } = createTestService(FOREIGN_ROUTES);
    const test = supertest(app).post('/v1/notes');
    test.write('a note');
    expect((await ask(test)).text).toBe('A NOTE');
    const response = await ask(supertest(app).post('/v1/notes'));
    expect([response.status, response.text]).toEqual([200, '']);
  });

  it('refuse text that is not UTF-8, too long for its schema, or for any', async () => {
    const post = async (body: string | Buffer): Promise<Response> =>
      ask(foreign().post('/v1/notes').set('content-type', 'text/plain').send(body));
    expectProblem(await post(Buffer.of(0x61, 0xff)), 'badInput', { field: 'body' });
    expectProblem(await post('a'.repeat(1001)), 'badInput');
    expectProblem(await post('a'.repeat(MAX_BODY_BYTES + 1)), 'tooLarge');
  });

  it('take and reply bytes, which may be cached for ever', async () => {
    const response = await foreign()
      .post('/v1/blobs')
      .set('content-type', 'application/octet-stream')
      .send(Buffer.of(0, 255, 10));
    expect(response.body).toEqual(Buffer.of(10, 255, 0));
    expect(response.headers['content-type']).toBe('application/octet-stream');
    expect(response.headers['content-length']).toBe('3');
    expect(response.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it.each(['a', 'a/b', 'x001/x002/003.p/4', 'a//b'])('take the rest of the address: %s', async (path) => {
    const response = await foreign().get(`/v1/files/some-name/${path}`);
    expect(response.body).toEqual({ name: 'some-name', path });
  });

  it('check the rest of the address by its schema', async () => {
    expectProblem(await ask(foreign().get(`/v1/files/n/${'a/'.repeat(16)}`)), 'badInput', { field: 'path' });
    expectProblem(await ask(foreign().get('/v1/files/n/')), 'unknownRoute');
    const response = await ask(foreign().post('/v1/files/n/a/b'));
    expectProblem(response, 'methodNotAllowed');
    expect(response.headers['allow']).toBe('GET, HEAD');
  });

  it('answer errors in the protocol’s form where it has one', async () => {
    const post = async (code: string): Promise<Response> =>
      ask(foreign().post('/v1/conflicts').set('content-type', 'text/plain').send(code));
    const conflict = await post('sizeConflict');
    expect([conflict.status, conflict.text]).toEqual([409, '42\n']);
    expect(conflict.headers['content-type']).toBe('text/x.size');
    expect(conflict.headers['cache-control']).toBe('no-store');
    const proof = await post('badProof');
    expect([proof.status, proof.headers['content-type']]).toEqual([422, 'application/problem+json']);
    expect(JSON.parse(proof.text)).toMatchObject({ code: 'badProof', status: 422, size: 42 });
    expectProblem(await post('notFound'), 'notFound');
    expectProblem(await post('another'), 'badInput');
  });
});

describe('headers', () => {
  it.each(['/v1/constant', '/nowhere', '/healthz'])('are strict at %s', async (path) => {
    const { headers } = await get(path);
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'SAMEORIGIN',
    });
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d+/u);
    for (const name of ['etag', 'x-powered-by', 'server', 'set-cookie', 'access-control-allow-origin']) {
      expect(headers).not.toHaveProperty(name);
    }
  });
});

describe('operations', () => {
  it('say that the service lives, and whether it is ready', async () => {
    const service = createTestService();
    const request = supertest(service.app);
    expect((await request.get('/healthz')).body).toEqual({ status: 'alive' });
    expect((await request.get('/readyz')).body).toEqual({ status: 'ready' });
    const unready = createTestService();
    unready.isReady = async () => false;
    const response = await ask(supertest(unready.app).get('/readyz'));
    expectProblem(response, 'unavailable', { retryAfter: 5 });
    expect(response.headers['retry-after']).toBe('5');
    const failing = createTestService();
    failing.isReady = () => Promise.reject(new Error('secret-value'));
    expectProblem(await ask(supertest(failing.app).get('/readyz')), 'internal');
    expect((await supertest(failing.app).get('/healthz')).status).toBe(200);
  });

  it('find out whether the service is ready once a second, however often they are asked', async () => {
    const service = createTestService();
    let [asked, ready] = [0, true];
    service.isReady = async () => {
      asked += 1;
      return ready;
    };
    let now = 5000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => {
      clock.mockRestore();
    });
    const statuses = async (): Promise<number[]> =>
      Promise.all([1, 2, 3].map(async () => (await supertest(service.app).get('/readyz')).status));
    expect([await statuses(), asked]).toEqual([[200, 200, 200], 1]);
    ready = false;
    now += 999;
    expect([await statuses(), asked]).toEqual([[200, 200, 200], 1]);
    now += 1;
    expect([await statuses(), asked]).toEqual([[503, 503, 503], 2]);
  });

  it('serve a page that its policy lets be shown, and nothing else', async () => {
    const { text, headers } = await get('/docs');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const styles = [...text.matchAll(/<style>(?<style>.*?)<\/style>/gsu)].map((match) => match.groups?.['style'] ?? '');
    expect(styles).toHaveLength(1);
    const hash = createHash('sha256')
      .update(styles[0] as string)
      .digest('base64');
    expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|style=|onload|https?:/u);
    expect(text).toContain('Test &lt;service&gt;');
    expect(text).toContain('An &lt;echo&gt; &amp; more');
    expect(text).toContain('POST /v1/echoes/{name}');
    expect(text).toContain('<code>quotaExceeded</code> (429)');
    const foreign = (await supertest(createTestService(FOREIGN_ROUTES).app).get('/docs')).text;
    expect(foreign).toContain('GET /v1/files/{name}/{path...}');
    expect(foreign).toContain('<p>Reply: <code>application/octet-stream</code></p>');
    expect(foreign).toContain('<summary>Request: <code>text/plain; charset=utf-8</code></summary>');
    expect(foreign).toContain('<code>badProof</code> (422)');
  });
});
