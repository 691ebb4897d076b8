/** Page and worker: calls, progress, cancelling, failures, and a worker that is lost. */
import { describe, expect, it } from 'vitest';
import { BlindmarkError } from '../../../../crypto/errors.ts';
import type { CallContext } from '../../../../server/web/engine/calls.ts';
import {
  connectEngine,
  EngineError,
  type Engine,
  type EngineWorker,
} from '../../../../server/web/engine/connection.ts';
import { loadPart } from '../../../../server/web/engine/load-part.ts';
import type { Ask } from '../../../../server/web/engine/protocol.ts';
import { serveEngines, type EngineLoader } from '../../../../server/web/engine/serve.ts';

interface World {
  readonly engine: Engine;
  /** Of each worker that was started, in turn. */
  readonly workers: { readonly fail: (type: 'error' | 'messageerror', event: object) => void; isEnded: boolean }[];
  readonly reported: unknown[];
  readonly asked: Ask[];
  readonly kept: () => number;
}

/** A page whose worker's owner engine is loaded by `load`. */
function createWorld(load: EngineLoader): World {
  const workers: World['workers'] = [];
  const reported: unknown[] = [];
  const asked: Ask[] = [];
  let kept = 0;
  const none = async (): Promise<object> => ({});
  const createWorker = (): EngineWorker => {
    const listeners = new Map<string, ((event: never) => void)[]>();
    const fire = (type: string, event: object): void => {
      for (const listener of listeners.get(type) ?? []) listener(event as never);
    };
    const worker = { fail: fire, isEnded: false };
    workers.push(worker);
    const answer = serveEngines(
      { owner: load, police: none, proofs: none },
      (message) => {
        const data: unknown = structuredClone(message);
        if (!worker.isEnded) fire('message', { data });
      },
      (error) => {
        reported.push(error);
      },
    );
    return {
      postMessage: (ask) => {
        asked.push(ask);
        void answer(structuredClone(ask));
      },
      terminate: () => {
        worker.isEnded = true;
      },
      addEventListener: (type: string, listener: (event: never) => void) => {
        listeners.set(type, [...(listeners.get(type) ?? []), listener]);
      },
    };
  };
  const engine = connectEngine(createWorker, () => {
    kept += 1;
  });
  return { engine, workers, reported, asked, kept: () => kept };
}

const worldOf = (methods: Readonly<Record<string, unknown>>): World => createWorld(async () => methods);

/** Work that ends when it is told to. */
function createGate(): { readonly gate: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { gate: promise, open: () => resolve(undefined) };
}

describe('a call', () => {
  it('brings arguments to the engine, and its value and progress back', async () => {
    const { engine, kept } = worldOf({
      unlock: async (args: unknown, { onProgress }: CallContext) => {
        onProgress({ phase: 'first', done: 0, total: 2 });
        onProgress({ phase: 'first', done: 1, total: 2 });
        return { args };
      },
    });
    const progress: unknown[] = [];
    const bytes = Uint8Array.of(1, 2);
    const value = await engine.owner.unlock({ passphrase: 'p', bytes } as never, {
      onProgress: (p) => progress.push(p),
    });
    expect(value).toEqual({ args: { passphrase: 'p', bytes } });
    expect(progress).toEqual([
      { phase: 'first', done: 0, total: 2 },
      { phase: 'first', done: 1, total: 2 },
    ]);
    expect(kept()).toBe(1);
  });

  it('brings nothing of a call that has ended', async () => {
    let late: CallContext | undefined;
    const { engine } = worldOf({
      state: async (_: unknown, context: CallContext) => {
        late = context;
        return 'none';
      },
    });
    const progress: unknown[] = [];
    await engine.owner.state(undefined, { onProgress: (p) => progress.push(p) });
    late?.onProgress({ phase: 'late', done: 0, total: 0 });
    expect(progress).toEqual([]);
  });

  it('loads an engine once, however many calls there are at once', async () => {
    let loads = 0;
    const { engine, workers, kept } = createWorld(async () => {
      loads += 1;
      return { state: async () => 'none' };
    });
    expect(workers).toHaveLength(0);
    expect(await Promise.all([engine.owner.state(), engine.owner.state()])).toEqual(['none', 'none']);
    expect(await engine.owner.state()).toBe('none');
    expect([loads, workers.length, kept()]).toEqual([1, 1, 0]);
  });

  it('is cancelled in the engine, which says how it ended', async () => {
    const begun = createGate();
    const { gate, open } = createGate();
    const wait = async ({ signal }: CallContext): Promise<void> => {
      signal.addEventListener('abort', open);
      begun.open();
      await gate;
    };
    const { engine } = worldOf({
      view: async (_: unknown, context: CallContext) => {
        await wait(context);
        throw new BlindmarkError('cancelled', 'The work was cancelled');
      },
      state: async (_: unknown, context: CallContext) => {
        await wait(context);
        return 'open';
      },
    });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = Promise.allSettled([
      engine.owner.view(undefined, { signal }),
      engine.owner.state(undefined, { signal }),
    ]);
    await begun.gate;
    controller.abort();
    expect(await calls).toMatchObject([
      { status: 'rejected', reason: { code: 'cancelled' } },
      { status: 'fulfilled', value: 'open' },
    ]);
  });

  it('is not begun when it is cancelled while its engine is loaded', async () => {
    let calls = 0;
    const { gate, open } = createGate();
    const { engine } = createWorld(async () => {
      await gate;
      return {
        state: async () => {
          calls += 1;
        },
      };
    });
    const controller = new AbortController();
    const asking = engine.owner.state(undefined, { signal: controller.signal });
    controller.abort();
    open();
    await expect(asking).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls).toBe(0);
  });

  it('is not made when it was cancelled before', async () => {
    const { engine, asked } = worldOf({ state: async () => 'none' });
    const call = engine.owner.state(undefined, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'cancelled', kind: 'unavailable' });
    expect(asked).toEqual([]);
  });
});

describe('a failure', () => {
  it('arrives with all that a page may show', async () => {
    const details = { field: 'code', remedy: 'Read it again.', retryAfter: 3, guardians: ['g1'] };
    const { engine, reported } = worldOf({
      view: async () => Promise.reject(new BlindmarkError('guardiansUnavailable', 'Too few', details)),
    });
    const error: unknown = await engine.owner.view().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ code: 'guardiansUnavailable', kind: 'unavailable', message: 'Too few', ...details });
    expect(reported).toEqual([]);
  });

  it('of the program itself says nothing of what it was about, and is reported', async () => {
    const defect = new TypeError('the secret is 12345');
    const { engine, reported } = worldOf({ view: async () => Promise.reject(defect) });
    const error: unknown = await engine.owner.view().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'internal', kind: 'unavailable' });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toContain('12345');
    expect(reported).toEqual([defect]);
  });

  it('is what comes of a value that cannot be sent, and of a method that there is not', async () => {
    const { engine, reported } = worldOf({ view: async () => () => 1, schemes: 'no method' });
    await expect(engine.owner.view()).rejects.toMatchObject({ code: 'internal' });
    await expect(engine.owner.schemes()).rejects.toMatchObject({ code: 'internal' });
    await expect((engine.owner as never as { toString: () => Promise<unknown> }).toString()).rejects.toMatchObject({
      code: 'internal',
    });
    expect(reported).toHaveLength(3);
  });
});

describe('a worker', () => {
  it('ends with stop, and with it the calls under way; the next call has a new one', async () => {
    const { gate, open } = createGate();
    const { engine, workers } = worldOf({ view: async () => gate, state: async () => 'locked' });
    const viewing = engine.owner.view();
    engine.stop();
    await expect(viewing).rejects.toMatchObject({ code: 'cancelled' });
    open();
    expect(await engine.owner.state()).toBe('locked');
    expect(workers.map(({ isEnded }) => isEnded)).toEqual([true, false]);
    engine.stop();
    engine.stop();
    expect(workers).toHaveLength(2);
  });

  it.each([
    ['error', {}, 'unreachable'],
    ['error', { message: 'x is not a function' }, 'internal'],
    ['messageerror', {}, 'internal'],
  ] as const)(
    'that is lost by %s %o ends the calls under way, and another is tried next',
    async (type, event, code) => {
      const { gate } = createGate();
      const { engine, workers } = worldOf({ view: async () => gate, state: async () => 'none' });
      const viewing = engine.owner.view();
      workers[0]?.fail(type, event);
      await expect(viewing).rejects.toMatchObject({ code });
      expect(await engine.owner.state()).toBe('none');
      expect(workers).toHaveLength(2);
    },
  );

  it('that could not load a part is given up, since a browser may remember that', async () => {
    let isDown = true;
    const { engine, workers, reported } = createWorld(async () => {
      if (isDown) throw new TypeError('Failed to fetch dynamically imported module');
      return { state: async () => 'none' };
    });
    await expect(engine.owner.state()).rejects.toMatchObject({ code: 'unreachable', kind: 'unavailable' });
    expect(reported).toHaveLength(1);
    isDown = false;
    expect(await engine.owner.state()).toBe('none');
    expect(workers.map(({ isEnded }) => isEnded)).toEqual([true, false]);
  });

  it('is given up as well for a part within an engine', async () => {
    const { engine, workers } = worldOf({
      unlock: async () => loadPart(async () => Promise.reject(new TypeError('no connection'))),
    });
    await expect(engine.owner.unlock({ passphrase: 'p' })).rejects.toMatchObject({ code: 'unreachable' });
    expect(workers[0]?.isEnded).toBe(true);
  });
});

describe('the calls of an engine', () => {
  it('are no promise, so that an asynchronous function may return them', async () => {
    const { engine, asked } = worldOf({});
    expect(await Promise.resolve(engine.owner)).toBe(engine.owner);
    expect(asked).toEqual([]);
  });
});
