import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { isBlindmarkError } from '../../../crypto/errors.ts';
import { ThreadPool } from '../../../server/threads/thread-pool.ts';
import type { ArithmeticJob } from './workers/arithmetic.ts';

const workerUrl = new URL('./workers/arithmetic.ts', import.meta.url);
const pools: ThreadPool<ArithmeticJob, number>[] = [];
const gates: SharedArrayBuffer[] = [];

function createPool(threads: number, maxQueuedCost = 100, stopDelay?: number): ThreadPool<ArithmeticJob, number> {
  const pool = new ThreadPool<ArithmeticJob, number>(workerUrl, {
    threads,
    workerData: { offset: 1000 },
    maxQueuedCost,
    ...(stopDelay === undefined ? {} : { stopDelay }),
  });
  pools.push(pool);
  return pool;
}

/** A job that lasts until its gate is opened. */
function createGate(): { job: ArithmeticJob; open: () => void } {
  const signal = new SharedArrayBuffer(4);
  gates.push(signal);
  return { job: { kind: 'wait', signal }, open: () => openGate(signal) };
}

function openGate(signal: SharedArrayBuffer): void {
  const view = new Int32Array(signal);
  Atomics.store(view, 0, 1);
  Atomics.notify(view, 0);
}

async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (isBlindmarkError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it did not fail');
}

afterEach(async () => {
  for (const signal of gates.splice(0)) openGate(signal);
  await Promise.all(pools.splice(0).map(async (pool) => pool.close()));
});

describe('ThreadPool', () => {
  it('runs jobs with the data of its workers and answers each its own outcome', async () => {
    const pool = createPool(2);
    const values = Array.from({ length: 50 }, (_, i) => i);
    const outcomes = await Promise.all(values.map(async (value) => pool.run({ kind: 'add', value }, 1)));
    expect(outcomes).toEqual(values.map((value) => value + 1000));
  });

  it('runs on threads other than this one, while this one stays free', async () => {
    const pool = createPool(1);
    const gate = createGate();
    const waiting = pool.run(gate.job, 1);
    // The job waits for what only the event loop of this thread can do.
    setImmediate(gate.open);
    expect(await waiting).toBe(0);
    expect(await pool.run({ kind: 'thread' }, 1)).not.toBe(0);
  });

  it('fails a job that throws, without its message, and goes on', async () => {
    const pool = createPool(1);
    const failure = await failureOf(pool.run({ kind: 'throw' }, 1));
    expect(failure.code).toBe('unavailable');
    expect(failure.message).not.toContain('secret');
    expect(await pool.run({ kind: 'add', value: 1 }, 1)).toBe(1001);
  });

  it('replaces a thread that dies: its job fails, those that wait are done', async () => {
    const pool = createPool(1);
    const dying = failureOf(pool.run({ kind: 'die' }, 1));
    const next = pool.run({ kind: 'add', value: 2 }, 1);
    expect((await dying).code).toBe('unavailable');
    expect(await next).toBe(1002);
  });

  it('refuses what exceeds the queue as overloaded, and takes it again when there is room', async () => {
    const pool = createPool(1, 10);
    const gate = createGate();
    const running = pool.run(gate.job, 10);
    const queued = pool.run({ kind: 'add', value: 1 }, 8);
    expect((await failureOf(pool.run({ kind: 'add', value: 2 }, 3))).code).toBe('overloaded');
    const fits = pool.run({ kind: 'add', value: 3 }, 2);
    gate.open();
    await running;
    expect(await Promise.all([queued, fits])).toEqual([1001, 1003]);
    expect(await pool.run({ kind: 'add', value: 4 }, 11)).toBe(1004);
  });

  it('fails what waits and what runs when it is closed, and everything after', async () => {
    const pool = createPool(1);
    const gate = createGate();
    const running = failureOf(pool.run(gate.job, 1));
    const queued = failureOf(pool.run({ kind: 'add', value: 1 }, 1));
    const closed = pool.close();
    // At once, although the job still runs.
    expect((await running).code).toBe('unavailable');
    expect((await queued).code).toBe('unavailable');
    expect((await failureOf(pool.run({ kind: 'add', value: 1 }, 1))).code).toBe('unavailable');
    gate.open();
    await closed;
  });

  it('terminates a thread that does not end by itself', async () => {
    const pool = createPool(1, 100, 50);
    // The thread is up.
    await pool.run({ kind: 'add', value: 1 }, 1);
    const running = failureOf(pool.run(createGate().job, 1));
    await pool.close();
    expect((await running).code).toBe('unavailable');
  });

  it('closes while its threads start, many times over, and lets the process end', () => {
    const program = `
      import { ThreadPool } from ${JSON.stringify(new URL('../../../server/threads/thread-pool.ts', import.meta.url))};
      const workerUrl = new URL(${JSON.stringify(workerUrl)});
      const options = { threads: 2, workerData: { offset: 0 }, maxQueuedCost: 1 };
      for (let i = 0; i < 12; i++) {
        const pool = new ThreadPool(workerUrl, options);
        if (i % 3 === 1) await new Promise((resolve) => setTimeout(resolve, 4 * i));
        if (i % 3 === 2) pool.run({ kind: 'add', value: 1 }, 1).catch(() => {});
        await Promise.all([pool.close(), pool.close()]);
      }
      console.log('closed');`;
    const args = ['--input-type=module', '-e', program];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'closed\n', stderr: '' });
  }, 30_000);
});
