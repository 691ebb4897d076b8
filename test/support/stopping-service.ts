/** A program that serves one slow request and stops as the services do. Argument: `fail` makes its closing fail. */
import { z } from 'zod';
import { createServiceApp } from '../../server/http/app.ts';
import { listen, stopOnSignals } from '../../server/http/listen.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics } from '../../server/http/metrics.ts';
import { defineRoute } from '../../server/http/route.ts';

const stopping = Promise.withResolvers<void>();

const slow = defineRoute({
  method: 'get',
  path: '/v1/slow',
  summary: 'Slow',
  description: 'Replies when the service is told to stop.',
  reply: z.strictObject({ value: z.string() }),
  errors: [],
  handle: async () => {
    log.info('working');
    await stopping.promise;
    return { value: 'finished' };
  },
});

const log = createLog('test');
const app = createServiceApp({
  description: { title: 'Test', version: '0', description: 'Stops.' },
  routes: [slow],
  log,
  metrics: createMetrics('test'),
  isReady: async () => true,
});
const onStop = async (): Promise<void> => {
  log.info('closing');
  if (process.argv[2] === 'fail') throw new Error('broken by the test');
};
const service = await listen(app, { host: '127.0.0.1', port: 0, log, onStop });
const stop = async (): Promise<void> => {
  // The request is still in progress when the service is told to stop.
  setImmediate(stopping.resolve);
  await service.stop();
};
stopOnSignals({ ...service, stop }, log, true);
