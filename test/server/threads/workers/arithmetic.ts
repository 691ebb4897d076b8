/** A worker for the pool's tests. */
import { threadId, workerData } from 'node:worker_threads';
import { serveJobs } from '../../../../server/threads/worker.ts';

export type ArithmeticJob =
  | { readonly kind: 'add'; readonly value: number }
  | { readonly kind: 'wait'; readonly signal: SharedArrayBuffer }
  | { readonly kind: 'throw' | 'die' | 'thread' };

const { offset } = workerData as { offset: number };

serveJobs<ArithmeticJob, number>((job) => {
  switch (job.kind) {
    case 'add':
      return job.value + offset;
    case 'wait':
      Atomics.wait(new Int32Array(job.signal), 0, 0);
      return 0;
    case 'throw':
      throw new Error('a secret that must not come out');
    case 'die':
      // In a worker, this ends the thread alone.
      return process.exit(1);
    case 'thread':
      return threadId;
    default:
      throw new Error('no such job');
  }
});
