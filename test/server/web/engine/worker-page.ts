/** The built engine's worker on a page that starts none itself: asked as pages ask it, under their Content-Security-Policy. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JSHandle, Page } from 'playwright-core';
import type { CallProgress } from '../../../../server/web/engine/calls.ts';
import type { Answer, EngineName } from '../../../../server/web/engine/protocol.ts';
import { ensurePages, type Pages } from '../browser.ts';

interface TrustedGlobal {
  readonly trustedTypes: {
    createPolicy(
      name: string,
      rules: { createScriptURL: (url: string) => string },
    ): { createScriptURL(url: string): string };
  };
}

type Last = Exclude<Answer, { kind: 'progress' }>;

interface Started {
  ask(engine: EngineName, method: string, args: unknown): number;
  answer(id: number): Promise<Last>;
  progress(id: number): readonly CallProgress[];
  cancel(id: number): void;
  stop(): void;
}

/** A call that is under way. */
export interface Call {
  readonly answer: Promise<unknown>;
  readonly progress: () => Promise<readonly CallProgress[]>;
  readonly cancel: () => Promise<void>;
}

/** A worker on a page. */
export interface WorkerPage {
  /** Byte strings in `args` are given as `{ base64 }`. */
  readonly start: (engine: EngineName, method: string, args?: unknown) => Promise<Call>;
  readonly call: (engine: EngineName, method: string, args?: unknown) => Promise<unknown>;
  /** Ends the worker; the next call starts another. */
  readonly stop: () => Promise<void>;
}

/** Opens the start page, and a worker on it. */
export async function openWorkerPage(page: Page, { url }: Pages): Promise<WorkerPage> {
  const script = readdirSync(join(await ensurePages(), 'assets')).find((name) => /^worker-.*\.js$/u.test(name));
  await page.goto(`${url}/`);
  const handle: JSHandle<Started> = await page.evaluateHandle((path) => {
    const rules = { createScriptURL: (address: string) => address };
    const policy = (globalThis as unknown as TrustedGlobal).trustedTypes.createPolicy('blindmark', rules);
    const calls: { resolve: (answer: Last) => void; answer: Promise<Last>; progress: CallProgress[] }[] = [];
    let worker: Worker | undefined;
    const post = (message: unknown): void => {
      if (worker === undefined) {
        worker = new Worker(policy.createScriptURL(path), { type: 'module' });
        worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
          if (data.kind === 'progress') calls[data.id]?.progress.push(data.progress);
          else calls[data.id]?.resolve(data);
        });
      }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Of windows alone; this is a worker.
      worker.postMessage(message);
    };
    const decode = (args: unknown): unknown => {
      if (typeof args !== 'object' || args === null) return args;
      if ('base64' in args) return Uint8Array.from(atob(args.base64 as string), (character) => character.charCodeAt(0));
      if (Array.isArray(args)) return args.map(decode);
      return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, decode(value)]));
    };
    return {
      ask: (engine: EngineName, method: string, args: unknown) => {
        const { promise, resolve } = Promise.withResolvers<Last>();
        const id = calls.push({ resolve, answer: promise, progress: [] }) - 1;
        post({ kind: 'call', id, engine, method, args: decode(args) });
        return id;
      },
      answer: async (id: number) => calls[id]?.answer as Promise<Last>,
      progress: (id: number) => calls[id]?.progress ?? [],
      cancel: (id: number) => {
        post({ kind: 'cancel', id });
      },
      stop: () => {
        worker?.terminate();
        worker = undefined;
      },
    };
  }, `/assets/${script}`);

  const start: WorkerPage['start'] = async (engine, method, args) => {
    const id = await handle.evaluate((started, asked) => started.ask(asked.engine, asked.method, asked.args), {
      engine,
      method,
      args,
    });
    const answer = (async () => {
      const last = await handle.evaluate(async (started, asked) => started.answer(asked), id);
      if (last.kind === 'failure') throw Object.assign(new Error(last.failure.message), last.failure);
      return last.value;
    })();
    answer.catch(() => undefined);
    return {
      answer,
      progress: async () => handle.evaluate((started, asked) => started.progress(asked), id),
      cancel: async () => handle.evaluate((started, asked) => started.cancel(asked), id),
    };
  };
  return {
    start,
    call: async (engine, method, args) => (await start(engine, method, args)).answer,
    stop: async () => handle.evaluate((started) => started.stop()),
  };
}

/** Bytes as {@link WorkerPage} takes them. */
export const asArgument = (bytes: Uint8Array): { readonly base64: string } => ({
  base64: Buffer.from(bytes).toString('base64'),
});
