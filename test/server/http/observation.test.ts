/** What a service's logs and metrics say of a request: nothing that its caller sent. */
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../server/http/metrics.ts';
import { createTestService, type TestService } from '../../support/service.ts';

const CANARY = 'canary-8eq71s02';

/** Requests that carry the canary wherever a caller can put it. */
async function sendCanaries({ app }: TestService): Promise<void> {
  const request = supertest(app);
  const headers = { 'x-canary': CANARY, 'user-agent': CANARY, 'referer': `http://${CANARY}/`, 'cookie': `a=${CANARY}` };
  const gets = [
    `/v1/echoes/${CANARY}`,
    `/v1/echoes/${CANARY.toUpperCase()}`,
    `/v1/echoes/${CANARY}%E0%A4%A`,
    `/${CANARY}`,
    `/v1/constant?${CANARY}=${CANARY}`,
    `/docs/${CANARY}`,
  ];
  for (const path of gets) await request.get(path).set(headers);
  const bodies = [{ text: CANARY }, { text: CANARY, [CANARY]: CANARY }, { data: CANARY, note: CANARY }];
  for (const path of ['/v1/refusals', '/v1/failures', `/v1/echoes/${CANARY}`]) {
    for (const body of bodies) await request.post(path).set(headers).send(body);
    await request.post(path).set(headers).set('content-type', 'application/json').send(`{"${CANARY}": ${CANARY}`);
    await request.post(path).set(headers).set('content-type', `text/${CANARY}`).send(CANARY);
    await request.post(path).set(headers).set('content-type', `application/json; charset=${CANARY}`).send('{}');
    await request.put(path).set(headers).send({ text: CANARY });
  }
}

describe('logs', () => {
  it('hold no body, address or header', async () => {
    const service = createTestService();
    await sendCanaries(service);
    expect(service.lines.length).toBeGreaterThan(25);
    expect(service.lines.join('').toLowerCase()).not.toContain(CANARY);
  });

  it('hold known fields alone, one line for each request', async () => {
    const service = createTestService();
    await supertest(service.app).post('/v1/refusals').send({ text: 'x' });
    await supertest(service.app).post('/v1/failures').send({ text: 'x' });
    await supertest(service.app).get('/v1/constant');
    const lines = service.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const common = { service: 'test', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/u) as string };
    expect(lines).toEqual([
      {
        ...common,
        level: 'info',
        time: expect.any(String) as string,
        msg: 'request refused',
        method: 'POST',
        route: '/v1/refusals',
        status: 429,
        durationMs: expect.any(Number) as number,
        code: 'quotaExceeded',
      },
      {
        ...common,
        level: 'error',
        time: expect.any(String) as string,
        msg: 'request failed',
        method: 'POST',
        route: '/v1/failures',
        status: 500,
        durationMs: expect.any(Number) as number,
        errorName: 'TypeError',
        stack: expect.stringMatching(/service\.ts:\d+/u) as string,
      },
      {
        ...common,
        level: 'debug',
        time: expect.any(String) as string,
        msg: 'request',
        method: 'GET',
        route: '/v1/constant',
        status: 200,
        durationMs: expect.any(Number) as number,
      },
    ]);
  });

  it('drop whatever else is handed in', () => {
    const { log, lines } = createTestService();
    log.info({ body: CANARY, route: '/x', headers: { cookie: CANARY }, status: { nested: CANARY } }, 'text');
    log.error(new Error(CANARY));
    log.error({ err: new Error(CANARY) });
    log.warn({ error: new Error(CANARY), code: 'badInput' }, 'text');
    log.info('text %s', CANARY);
    log.info({ code: 'badInput' }, 'text %s', CANARY);
    expect(lines).toHaveLength(6);
    expect(lines.join('')).not.toContain(CANARY);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ route: '/x', msg: 'text' });
    expect(JSON.parse(lines[1] as string)).toMatchObject({ errorName: 'Error' });
    expect(JSON.parse(lines[3] as string)).toMatchObject({ code: 'badInput', msg: 'text' });
  });
});

describe('metrics', () => {
  it('are labelled by pattern, known method and status alone', async () => {
    const service = createTestService();
    await sendCanaries(service);
    const request = supertest(service.app);
    await request.trace('/v1/constant');
    const { text, headers } = await request.get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain/u);
    expect(text.toLowerCase()).not.toContain(CANARY);
    const labels = [...text.matchAll(/^blindmark_http_request_seconds_count\{(?<labels>.*)\} \d+$/gmu)].map((match) =>
      Object.fromEntries([...(match.groups?.['labels'] ?? '').matchAll(/(\w+)="([^"]*)"/gu)].map(([, k, v]) => [k, v])),
    );
    expect(labels.length).toBeGreaterThan(8);
    const patterns = ['/v1/constant', '/v1/echoes/{name}', '/v1/refusals', '/v1/failures', 'none'];
    for (const label of labels) {
      expect(Object.keys(label).toSorted()).toEqual(['method', 'route', 'service', 'status']);
      expect(patterns).toContain(label['route']);
      expect(['GET', 'POST', 'other']).toContain(label['method']);
      expect(label['status']).toMatch(/^\d{3}$/u);
    }
    expect(new Set(labels.map((label) => label['route']))).toEqual(new Set(patterns));
  });

  it('of a service are its own, with counters and gauges', async () => {
    const [a, b] = [createMetrics('a'), createMetrics('b')];
    a.counter('blindmark_test_total', 'For a test', ['guardian']).inc({ guardian: 'g1' }, 3);
    a.gauge('blindmark_test', 'For a test', []).set(5);
    const text = await a.registry.metrics();
    expect(text).toContain('blindmark_test_total{guardian="g1",service="a"} 3');
    expect(text).toContain('blindmark_test{service="a"} 5');
    expect(text).toContain('process_cpu_seconds_total');
    expect(await b.registry.metrics()).not.toContain('blindmark_test');
  });
});
