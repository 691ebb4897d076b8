/** Stretching on threads: as many as may be, each task once, and on this thread where there are none. */
import { describe, expect, it } from 'vitest';
import type { Argon2id } from '../../../../crypto/stretch.ts';
import {
  createStretchPool,
  type StretchAnswer,
  type StretchTask,
  type StretchThread,
} from '../../../../server/web/engine/stretch-pool.ts';

const parameters = { memoryKiB: 8, passes: 1, lanes: 1 };
const none = new Uint8Array();
const instead: Argon2id = async (password) => new Uint8Array([...password, 99]);

/** A thread whose answers the test gives. */
class FakeThread implements StretchThread {
  readonly tasks: StretchTask[] = [];
  isTerminated = false;
  readonly #listeners = new Map<string, (event: { readonly data: unknown }) => void>();

  postMessage(task: StretchTask): void {
    this.tasks.push(task);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  addEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void {
    this.#listeners.set(type, listener);
  }

  answer(answer: StretchAnswer): void {
    this.#listeners.get('message')?.({ data: answer });
  }

  fail(type: 'error' | 'messageerror'): void {
    this.#listeners.get(type)?.({ data: null });
  }
}

function createPool(size: number) {
  const threads: FakeThread[] = [];
  const createThread = (): FakeThread => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread;
  };
  const pool = createStretchPool(createThread, size, instead);
  const stretch = async (number: number): Promise<Uint8Array> => pool(new Uint8Array([number]), none, parameters, 64);
  return { threads, stretch };
}

/** Lets what has been called get as far as it can. */
const settle = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const done = (number: number): StretchAnswer => ({ isDone: true, output: new Uint8Array([number]) });
const tasksOf = (threads: readonly FakeThread[]): number[][] =>
  threads.map(({ tasks }) => tasks.map(({ password }) => password[0] as number));

describe('a pool for stretching', () => {
  it('starts threads as they are needed, and gives each one task at a time', async () => {
    const { threads, stretch } = createPool(2);
    expect(threads).toHaveLength(0);
    const results = [1, 2, 3, 4].map(stretch);
    await settle();
    expect(tasksOf(threads)).toEqual([[1], [2]]);
    threads[1]?.answer(done(20));
    await settle();
    expect(tasksOf(threads)).toEqual([[1], [2, 3]]);
    threads[0]?.answer(done(10));
    await settle();
    expect(tasksOf(threads)).toEqual([
      [1, 4],
      [2, 3],
    ]);
    threads[0]?.answer(done(40));
    threads[1]?.answer(done(30));
    expect((await Promise.all(results)).map(([first]) => first)).toEqual([10, 20, 30, 40]);
  });

  it('computes here what a thread has too little memory for, and goes on with the thread', async () => {
    const { threads, stretch } = createPool(1);
    const [first, second] = [stretch(1), stretch(2)];
    await settle();
    threads[0]?.answer({ isDone: false });
    expect(await first).toEqual(new Uint8Array([1, 99]));
    await settle();
    threads[0]?.answer(done(20));
    expect(await second).toEqual(new Uint8Array([20]));
  });

  it.each(['error', 'messageerror'] as const)('goes on here once a thread has failed: %s', async (type) => {
    const { threads, stretch } = createPool(1);
    const results = [1, 2].map(stretch);
    await settle();
    threads[0]?.fail(type);
    expect(await Promise.all([...results, stretch(3)])).toEqual(
      [1, 2, 3].map((number) => new Uint8Array([number, 99])),
    );
    expect([threads.length, threads[0]?.isTerminated]).toEqual([1, true]);
  });

  it('goes on here in a browser that starts no thread', async () => {
    const pool = createStretchPool(
      () => {
        throw new TypeError('no workers here');
      },
      2,
      instead,
    );
    for (const number of [1, 2]) {
      expect(await pool(new Uint8Array([number]), none, parameters, 64)).toEqual(new Uint8Array([number, 99]));
    }
  });
});
