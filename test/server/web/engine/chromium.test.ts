/** The built engine in a real browser: its cryptography, storage and locks, under the pages' own Content-Security-Policy. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JSHandle, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatCode } from '../../../../crypto/canonical.ts';
import { mintCode } from '../../../../crypto/mint-code.ts';
import type { Calls } from '../../../../server/web/engine/calls.ts';
import type { OwnerApi } from '../../../../server/web/engine/owner-api.ts';
import type { Answer } from '../../../../server/web/engine/protocol.ts';
import { ensurePages, startPages, type Pages } from '../browser.ts';

const passphrase = 'correct horse battery';

let pages: Pages;
let workerPath: string;
beforeAll(async () => {
  const assets = readdirSync(join(await ensurePages(), 'assets'));
  const script = assets.find((name) => /^worker-.*\.js$/u.test(name));
  workerPath = `/assets/${script}`;
  pages = await startPages();
});
afterAll(async () => {
  await pages.stop();
});

interface Policy {
  createScriptURL(url: string): string;
}

/** The page's Trusted Types. */
interface TrustedGlobal {
  readonly trustedTypes: {
    createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
  };
}

interface Started {
  /** Starts the worker, if none runs. */
  ask(method: string, args: unknown): Promise<Exclude<Answer, { kind: 'progress' }>>;
  stop(): void;
}

interface Owner {
  readonly owner: Calls<OwnerApi>;
  readonly stop: () => Promise<void>;
}

/** The engine's worker on a page that starts none itself. */
async function startEngine(page: Page): Promise<Owner> {
  await page.goto(`${pages.url}/`);
  const handle: JSHandle<Started> = await page.evaluateHandle((path) => {
    const rules = { createScriptURL: (url: string) => url };
    const policy = (globalThis as unknown as TrustedGlobal).trustedTypes.createPolicy('blindmark', rules);
    const waiting: ((answer: Exclude<Answer, { kind: 'progress' }>) => void)[] = [];
    let worker: Worker | undefined;
    const start = (): Worker => {
      const started = new Worker(policy.createScriptURL(path), { type: 'module' });
      started.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
        if (data.kind !== 'progress') waiting[data.id]?.(data);
      });
      return started;
    };
    return {
      ask: async (method: string, args: unknown) =>
        new Promise<Exclude<Answer, { kind: 'progress' }>>((resolve) => {
          worker ??= start();
          const id = waiting.push(resolve) - 1;
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Of windows alone; this is a worker.
          worker.postMessage({ kind: 'call', id, engine: 'owner', method, args });
        }),
      stop: () => {
        worker?.terminate();
        worker = undefined;
      },
    };
  }, workerPath);
  const call = async (method: string, args: unknown): Promise<unknown> => {
    const answer = await handle.evaluate(async (engine, asked) => engine.ask(asked.method, asked.args), {
      method,
      args,
    });
    if (answer.kind === 'failure') throw Object.assign(new Error(answer.failure.message), answer.failure);
    return answer.value;
  };
  const owner = new Proxy({} as Calls<OwnerApi>, {
    get: (_, method) => async (args: unknown) => call(String(method), args),
  });
  return { owner, stop: async () => handle.evaluate((engine) => engine.stop()) };
}

const createForm = async () => {
  const [activationKey] = (await pages.services.createActivationKeys(1)) as [string];
  const code = formatCode(pages.services.fixture.roster.roster.schemes, 'bm1', mintCode());
  return { code, activationKey, items: [{ category: 'Excavator', make: 'JCB' }], contact: { kind: 'relay' as const } };
};

describe('the engine in Chromium', () => {
  it('keeps a vault through a reload, and registers a mark with a receipt', async () => {
    const { page } = await pages.createPage();
    const first = await startEngine(page);
    expect(await first.owner.state()).toBe('none');
    const phrase = (await first.owner.createPhrase()).join(' ');
    await first.owner.create({ phrase, passphrase });
    const form = await createForm();
    const mark = await first.owner.register(form);
    expect(mark).toMatchObject({ stage: 'registered', code: form.code, items: form.items, receipts: 1 });
    await page.reload();
    const second = await startEngine(page);
    expect(await second.owner.state()).toBe('locked');
    await expect(second.owner.unlock({ passphrase: 'something else' })).rejects.toMatchObject({
      code: 'badPassphrase',
    });
    expect(await second.owner.unlock({ passphrase })).toMatchObject({ marks: [mark] });
    expect(await second.owner.setStatus({ mark: mark.id, status: 'stolen' })).toMatchObject({ status: 'stolen' });
    const lines = await second.owner.history({ mark: mark.id });
    expect(lines.map(({ kind }) => kind)).toEqual(['registration', 'status']);
    const [receipt] = await second.owner.receipts({ mark: mark.id });
    expect(receipt?.qr).toMatch(/^BLINDMARK:/u);
    // The lock button: the worker ends, and the next one finds its lock free.
    await second.stop();
    expect(await second.owner.state()).toBe('locked');
    expect(await second.owner.unlock({ passphrase })).toMatchObject({ marks: [{ status: 'stolen' }] });
  });

  it('goes on with a registration after a reload in the midst of it', async () => {
    const { page } = await pages.createPage();
    const first = await startEngine(page);
    const phrase = (await first.owner.createPhrase()).join(' ');
    await first.owner.create({ phrase, passphrase });
    const form = await createForm();
    // The token has come, and guardians are never asked.
    await page.route('**/v1/evaluations', () => undefined);
    const asked = page.waitForRequest('**/v1/evaluations');
    first.owner.register(form).catch(() => undefined);
    await asked;
    await page.reload();
    await page.unroute('**/v1/evaluations');
    const second = await startEngine(page);
    expect((await second.owner.unlock({ passphrase })).marks).toMatchObject([{ id: '1', stage: 'pending' }]);
    expect(await second.owner.resume({ mark: '1' })).toMatchObject({ stage: 'registered', items: form.items });
  });

  it('has a vault open in one tab', async () => {
    const first = await startEngine((await pages.createPage({ profile: 'shared' })).page);
    const phrase = (await first.owner.createPhrase()).join(' ');
    await first.owner.create({ phrase, passphrase });
    const other = await pages.createPage({ profile: 'shared' });
    const second = await startEngine(other.page);
    expect(await second.owner.state()).toBe('elsewhere');
    await expect(second.owner.unlock({ passphrase })).rejects.toMatchObject({ code: 'unavailable', field: 'vault' });
    await first.stop();
    expect(await second.owner.unlock({ passphrase })).toMatchObject({ marks: [] });
    expect(await second.owner.state()).toBe('open');
  });
});
