/** A small service of real routes, and what it logged: for tests of what every service does. */
import type { Express } from 'express';
import { z } from 'zod';
import { BlindmarkError } from '../../crypto/errors.ts';
import { bytesField, identifierField, textField } from '../../crypto/message.ts';
import { createServiceApp, type ServiceDependencies } from '../../server/http/app.ts';
import { createLog, type Log } from '../../server/http/log.ts';
import { createMetrics, type Metrics } from '../../server/http/metrics.ts';
import { defineRoute, type Route } from '../../server/http/route.ts';

const params = z.strictObject({ name: identifierField });

/** Routes that answer, refuse and fail. */
export const TEST_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/constant',
    summary: 'A constant',
    description: 'The same for everybody.',
    reply: z.strictObject({ value: z.int() }),
    errors: [],
    maxAge: 60,
    handle: async () => ({ value: 7 }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/echoes/{name}',
    summary: 'An <echo> & more',
    description: 'Bytes come back, with the name.',
    params,
    body: z.strictObject({ data: bytesField(2, 40_000), note: textField(20).optional() }),
    reply: z.strictObject({ name: z.string(), data: bytesField(2, 40_000) }),
    errors: ['notFound'],
    handle: async (call) => ({ name: call.params.name, data: call.body.data }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/echoes/{name}',
    summary: 'The name',
    description: 'Comes back.',
    params,
    reply: z.strictObject({ name: z.string() }),
    errors: [],
    handle: async (call) => ({ name: call.params.name }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/refusals',
    summary: 'Refuses',
    description: 'Always.',
    body: z.strictObject({ text: z.string() }),
    reply: z.strictObject({}),
    errors: ['quotaExceeded'],
    handle: async () => {
      throw new BlindmarkError('quotaExceeded', 'Nothing was changed', {
        field: 'text',
        remedy: 'Ask again tomorrow',
        retryAfter: 12.3,
        guardians: ['g1', 'g2'],
      });
    },
  }),
  defineRoute({
    method: 'post',
    path: '/v1/failures',
    summary: 'Fails',
    description: 'Throws an error whose message quotes its input.',
    body: z.strictObject({ text: z.string() }),
    reply: z.strictObject({}),
    errors: [],
    handle: async (call) => {
      throw new TypeError(`cannot read ${call.body.text}\n    at ${call.body.text} (file.ts:1:1)`, {
        cause: new Error(call.body.text),
      });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/broken',
    summary: 'Breaks its own promise',
    description: 'Replies what its schema does not allow.',
    reply: z.strictObject({ value: z.int() }),
    errors: [],
    handle: async () => ({ value: 0.5 }),
  }),
];

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** Routes of a foreign protocol: text, bytes, addresses with slashes, errors of its own form. */
export const FOREIGN_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/notes',
    summary: 'A note',
    description: 'Comes back in upper case.',
    body: z.string().max(1000),
    bodyForm: 'text',
    reply: z.string(),
    replyForm: 'text',
    errors: [],
    handle: async (call) => call.body.toUpperCase(),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/blobs',
    summary: 'Bytes',
    description: 'Come back backwards.',
    body: bytesSchema,
    bodyForm: 'bytes',
    reply: bytesSchema,
    replyForm: 'bytes',
    errors: [],
    maxAge: 'immutable',
    handle: async (call) => call.body.toReversed(),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/files/{name}/{path...}',
    summary: 'A path',
    description: 'Comes back.',
    params: z.strictObject({ name: identifierField, path: z.string().max(30) }),
    reply: z.strictObject({ name: z.string(), path: z.string() }),
    errors: ['unknownRoute'],
    handle: async (call) => call.params,
  }),
  defineRoute({
    method: 'post',
    path: '/v1/conflicts',
    summary: 'Refuses in foreign forms',
    description: 'By the code that is asked for.',
    body: z.enum(['sizeConflict', 'badProof', 'notFound']),
    bodyForm: 'text',
    reply: z.string(),
    replyForm: 'text',
    errors: ['sizeConflict', 'badProof', 'notFound'],
    errorReplies: {
      sizeConflict: { status: 409, body: { mediaType: 'text/x.size', format: ({ size }) => `${size}\n` } },
      badProof: { status: 422 },
    },
    handle: async (call) => {
      throw new BlindmarkError(call.body, 'It is refused', { size: 42 });
    },
  }),
];

export interface TestService {
  readonly app: Express;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Every line that was logged. */
  readonly lines: string[];
  isReady: () => Promise<boolean>;
}

export function createTestService(
  routes: readonly Route[] = TEST_ROUTES,
  options: Pick<ServiceDependencies, 'isOpenToPages' | 'pages'> = {},
): TestService {
  const lines: string[] = [];
  const log = createLog('test', { level: 'debug', destination: { write: (line) => lines.push(line) } });
  const metrics = createMetrics('test');
  const description = { title: 'Test <service>', version: '1.2.3', description: 'For tests & nothing else.' };
  const service: TestService = {
    app: createServiceApp({ description, routes, log, metrics, isReady: () => service.isReady(), ...options }),
    log,
    metrics,
    lines,
    isReady: async () => true,
  };
  return service;
}
