/** The worker's side of a {@link ThreadPool}: one job at a time, one outcome a job. */
import { parentPort } from 'node:worker_threads';

/** What the pool sends: a job, or that the thread is to end. */
export type PoolMessage<Job> = { readonly job: Job } | { readonly stop: true };

/** What the worker answers. A failure carries no message: it could only tell of secrets. */
export type PoolOutcome<Outcome> = { readonly outcome: Outcome } | { readonly failed: true };

/**
 * Serves the jobs of the pool that started this thread. Call it once, at the end of the worker's module, when whatever the
 * jobs need is ready; jobs that come before are kept.
 *
 * @param run synchronous; what it throws fails its job as `unavailable`. Failures that the caller is to tell apart are outcomes
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- The module says what it serves, and is held to it.
export function serveJobs<Job, Outcome>(run: (job: Job) => Outcome): void {
  const port = parentPort;
  if (port === null) throw new Error('a worker module runs in a worker thread');
  port.on('message', (message: PoolMessage<Job>) => {
    if ('stop' in message) {
      // With nothing to listen to, the thread ends.
      port.close();
      return;
    }
    let outcome: PoolOutcome<Outcome>;
    try {
      outcome = { outcome: run(message.job) };
    } catch {
      outcome = { failed: true };
    }
    port.postMessage(outcome);
  });
}
