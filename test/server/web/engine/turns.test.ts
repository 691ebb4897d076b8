import { describe, expect, it } from 'vitest';
import { orCancelled, Turns } from '../../../../server/web/engine/turns.ts';

describe('Turns', () => {
  it('lets work on one thing run in the order in which it was asked for, whatever comes of it', async () => {
    const turns = new Turns();
    const done: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const outcomes = Promise.allSettled([
      turns.take('a', async () => {
        await first.promise;
        done.push('first');
        throw new Error('failed');
      }),
      turns.take('a', async () => done.push('second')),
      turns.take('b', async () => done.push('other')).then(() => first.resolve(undefined)),
    ]);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(done).toEqual(['other', 'first', 'second']);
  });

  it('lets nobody past when one that waits is cancelled', async () => {
    const turns = new Turns();
    const done: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const running = turns.take('a', async () => {
      await first.promise;
      done.push('first');
    });
    const controller = new AbortController();
    const waiting = turns.take('a', async () => done.push('never'), controller.signal);
    const last = turns.take('a', async () => done.push('last'));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    first.resolve(undefined);
    await Promise.all([running, last]);
    expect(done).toEqual(['first', 'last']);
  });
});

describe('orCancelled', () => {
  it('is the work, unless it is cancelled first', async () => {
    const controller = new AbortController();
    expect(await orCancelled(Promise.resolve(1), controller.signal)).toBe(1);
    expect(await orCancelled(Promise.resolve(2), undefined)).toBe(2);
    const never = new Promise<never>(() => undefined);
    const waiting = orCancelled(never, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(orCancelled(never, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
    await expect(orCancelled(Promise.reject(new TypeError('failed')), undefined)).rejects.toThrow('failed');
  });
});
