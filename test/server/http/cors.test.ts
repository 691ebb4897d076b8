/** Pages of other origins: which services they may ask, and what their browsers are told. */
import supertest, { type Test } from 'supertest';
import { describe, expect, it } from 'vitest';
import { createTestService, TEST_ROUTES } from '../../support/service.ts';

const open = createTestService(TEST_ROUTES, { isOpenToPages: true }).app;
const closed = createTestService().app;

const preflight = (test: Test, method: string): Test =>
  test.set('origin', 'https://pages.example').set('access-control-request-method', method);

describe('a service that is open to pages', () => {
  it('lets any page read its replies, refusals too', async () => {
    const answers = [
      supertest(open).get('/v1/constant').set('origin', 'https://pages.example'),
      supertest(open).post('/v1/refusals').send({ text: 'x' }),
      supertest(open).get('/v1/refusals'),
    ];
    for (const { headers } of await Promise.all(answers)) {
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
      expect(headers['access-control-expose-headers']).toBe('Retry-After');
    }
  });

  it('never allows what a browser would add by itself', async () => {
    const { headers } = await preflight(supertest(open).options('/v1/refusals'), 'POST');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it('answers whoever asks beforehand', async () => {
    const { status, headers, text } = await preflight(supertest(open).options('/v1/refusals'), 'POST').set(
      'access-control-request-headers',
      'content-type',
    );
    expect([status, text]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
    });
  });

  it('takes OPTIONS from nobody else', async () => {
    expect((await supertest(open).options('/v1/refusals')).status).toBe(405);
    expect((await supertest(open).options('/v1/refusals').set('origin', 'https://pages.example')).status).toBe(405);
  });

  it.each(['/healthz', '/metrics', '/openapi.json', '/docs', '/nothing'])('keeps %s from pages', async (path) => {
    const { headers } = await supertest(open).get(path).set('origin', 'https://pages.example');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    const asked = await preflight(supertest(open).options(path), 'GET');
    expect(asked.status).not.toBe(204);
    expect(asked.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a service that is not', () => {
  it('tells browsers nothing', async () => {
    const asked = await preflight(supertest(closed).options('/v1/refusals'), 'POST');
    expect(asked.status).toBe(405);
    for (const { headers } of [asked, await supertest(closed).get('/v1/constant')]) {
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });
});
