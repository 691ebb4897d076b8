/** A program that tries things on its main thread and on a worker thread, and prints what became of each. Argument: attempts as JSON. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export type Attempt = readonly [kind: 'read' | 'list' | 'write' | 'open' | 'spawn', path: string];

const ACTIONS: Record<Attempt[0], (path: string) => unknown> = {
  read: (path) => readFileSync(path),
  list: (path) => readdirSync(path),
  write: (path) => writeFileSync(path, 'changed'),
  open: (path) => new DatabaseSync(path).exec('CREATE TABLE IF NOT EXISTS t (x)'),
  spawn: (path) => execFileSync(path),
};

function attempt([kind, path]: Attempt): string {
  try {
    ACTIONS[kind](path);
    return 'done';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  }
}

if (isMainThread) {
  // As the guardian's program does before it starts its threads.
  process.chdir(dirname(fileURLToPath(import.meta.url)));
  const attempts = JSON.parse(process.argv[2] as string) as Attempt[];
  const onMain = attempts.map(attempt);
  const worker = new Worker(new URL(import.meta.url), { workerData: attempts });
  worker.once('message', (onWorker: string[]) => {
    console.log(JSON.stringify({ onMain, onWorker }));
  });
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker thread has no origin.
  parentPort?.postMessage((workerData as Attempt[]).map(attempt));
}
