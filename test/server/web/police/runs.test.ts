import { describe, expect, it, vi } from 'vitest';
import type { CallOptions } from '../../../../server/web/engine/calls.ts';
import type { TrayView } from '../../../../server/web/engine/police-api.ts';
import { Runs } from '../../../../server/web/police/runs.ts';

/** An engine whose runs end when the test says so. */
function createEngine() {
  const calls: {
    readonly tray: string;
    readonly options: CallOptions;
    readonly resolve: (tray: TrayView) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  const run = async (args: { readonly tray: string }, options: CallOptions = {}): Promise<TrayView> => {
    const { promise, resolve, reject } = Promise.withResolvers<TrayView>();
    calls.push({ tray: args.tray, options, resolve, reject });
    return promise;
  };
  return { calls, run };
}

const call = (engine: ReturnType<typeof createEngine>, i = 0) => engine.calls[i] as (typeof engine.calls)[number];

describe('runs', () => {
  it('goes once at a time for a tray, and for several trays at once', () => {
    const engine = createEngine();
    const runs = new Runs(engine);
    runs.start('a');
    runs.start('a');
    runs.start('b');
    expect(engine.calls.map(({ tray }) => tray)).toEqual(['a', 'b']);
    expect(runs.of('a').isRunning).toBe(true);
    expect(runs.of('c')).toEqual({ isRunning: false, progress: null, error: null, ended: 0 });
  });

  it('tells progress, with the time that is left', () => {
    let now = 0;
    const engine = createEngine();
    const runs = new Runs(engine, () => now);
    const listener = vi.fn<() => void>();
    const unsubscribe = runs.subscribe(listener);
    runs.start('a');
    const { onProgress } = call(engine).options;
    onProgress?.({ phase: 'lookup', done: 0, total: 10 });
    expect(runs.of('a').progress).toEqual({ phase: 'lookup', done: 0, total: 10, secondsLeft: null });
    now = 4;
    onProgress?.({ phase: 'lookup', done: 4, total: 10 });
    expect(runs.of('a').progress?.secondsLeft).toBe(6);
    expect(listener).toHaveBeenCalledTimes(3);
    unsubscribe();
    onProgress?.({ phase: 'waiting', done: 4, total: 10 });
    expect(listener).toHaveBeenCalledTimes(3);
    expect(runs.of('a').progress?.phase).toBe('waiting');
  });

  it('ends, and can be begun again', async () => {
    const engine = createEngine();
    const runs = new Runs(engine);
    runs.start('a');
    call(engine).resolve({} as TrayView);
    await vi.waitFor(() => expect(runs.of('a')).toEqual({ isRunning: false, progress: null, error: null, ended: 1 }));
    runs.start('a');
    expect(engine.calls).toHaveLength(2);
  });

  it('keeps why it failed until it is begun again', async () => {
    const engine = createEngine();
    const runs = new Runs(engine);
    const error = new Error('quota');
    runs.start('a');
    call(engine).reject(error);
    await vi.waitFor(() => expect(runs.of('a')).toMatchObject({ isRunning: false, error, ended: 1 }));
    runs.start('a');
    expect(runs.of('a')).toMatchObject({ isRunning: true, error: null, ended: 1 });
  });

  it('stops the tray that it is told to', () => {
    const engine = createEngine();
    const runs = new Runs(engine);
    runs.start('a');
    runs.start('b');
    runs.stop('a');
    runs.stop('c');
    expect(engine.calls.map(({ options }) => options.signal?.aborted)).toEqual([true, false]);
  });
});
