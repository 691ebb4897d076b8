/** A registration that is interrupted at each of its steps: the same request goes on, and nothing is used up twice. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activationKeyHash, parseActivationKey } from '../../../../crypto/activation-key.ts';
import { mintCode } from '../../../../crypto/mint-code.ts';
import type { MarkView, RegisterForm } from '../../../../server/web/engine/owner-api.ts';
import { startServices, type Services } from '../../../support/services.ts';
import { BrowserProfile, type Tab } from './browser-profile.ts';

const passphrase = 'correct horse battery';

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await services.stopAll();
});

/** How often an activation key was used, as its issuer keeps it. */
function usesOf(activationKey: string): number {
  const db = new DatabaseSync(join(services.folder, 'issuer', 'issuer.db'), { readOnly: true });
  try {
    const hash = activationKeyHash(parseActivationKey(activationKey).bytes);
    const row = db.prepare('SELECT length(requests) / 32 AS uses FROM activation_keys WHERE hash = ?').get(hash);
    return Number(row?.['uses']);
  } finally {
    db.close();
  }
}

async function createVault(profile: BrowserProfile): Promise<void> {
  const { engine, kill } = profile.openTab();
  const phrase = (await engine.owner.createPhrase()).join(' ');
  await engine.owner.create({ phrase, passphrase });
  kill();
}

async function createForm(): Promise<RegisterForm> {
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  const items = [{ category: 'Bicycle', make: 'Brompton', serial: '123456' }];
  const contact = { kind: 'details' as const, name: 'Ann Other', email: 'ann@example.org' };
  return { code: mintCode(), activationKey, items, contact, status: 'stolen' };
}

/** A tab with the vault open, before anything else is done. */
async function unlockedTab(profile: BrowserProfile, diesAfter?: number): Promise<{ tab: Tab; before: number }> {
  const measured = profile.openTab();
  await measured.engine.owner.unlock({ passphrase });
  // Connected too, so that the steps to come are those of the call.
  await measured.engine.owner.recover({ code: mintCode() }).catch(() => undefined);
  const before = measured.steps();
  measured.kill();
  const tab = profile.openTab(diesAfter === undefined ? {} : { diesAt: before + diesAfter });
  await tab.engine.owner.unlock({ passphrase });
  await tab.engine.owner.recover({ code: mintCode() }).catch(() => undefined);
  return { tab, before };
}

describe('a registration', () => {
  it('goes on after a reload at any of its steps, by the same request or by resume', async () => {
    const whole = new BrowserProfile(services);
    await createVault(whole);
    const { tab, before } = await unlockedTab(whole);
    await tab.engine.owner.register(await createForm());
    const steps = tab.steps() - before;
    tab.kill();
    // The token's, evaluation's and registration's requests, and a write before and after each.
    expect(steps).toBeGreaterThanOrEqual(14);
    const stages = new Set<string>();
    for (let diesAfter = 1; diesAfter <= steps; diesAfter++) {
      const profile = new BrowserProfile(services);
      await createVault(profile);
      const form = await createForm();
      const interrupted = await unlockedTab(profile, diesAfter);
      void interrupted.tab.engine.owner.register(form);
      await interrupted.tab.died;
      const next = profile.openTab();
      const { marks } = await next.engine.owner.unlock({ passphrase });
      const [kept] = marks;
      stages.add(kept?.stage ?? 'none');
      const isResumed = kept?.stage === 'pending' && diesAfter % 2 === 0;
      const mark: MarkView = isResumed
        ? await next.engine.owner.resume({ mark: kept.id })
        : await next.engine.owner.register(form);
      expect(mark).toMatchObject({
        stage: 'registered',
        status: 'stolen',
        items: form.items,
        contact: form.contact,
        receipts: 1,
      });
      expect(usesOf(form.activationKey)).toBe(1);
      expect((await next.engine.owner.history({ mark: mark.id })).map(({ kind }) => kind)).toEqual(['registration']);
      expect([...interrupted.tab.defects, ...next.defects]).toEqual([]);
      next.kill();
    }
    expect(stages).toEqual(new Set(['none', 'pending', 'registered']));
  });

  it('goes on after a reply was lost, with the connection down for good', async () => {
    const profile = new BrowserProfile(services);
    await createVault(profile);
    const form = await createForm();
    let isDown = false;
    const { engine } = profile.openTab({
      fetch: async (url, init) => {
        const response = isDown ? undefined : await fetch(url, init);
        if (/evaluations/u.test(url as string)) isDown = true;
        if (isDown || response === undefined) throw new TypeError('the connection was lost');
        return response;
      },
    });
    await engine.owner.unlock({ passphrase });
    await expect(engine.owner.register(form)).rejects.toMatchObject({ code: 'unreachable', kind: 'unavailable' });
    const { marks } = await engine.owner.view();
    expect(marks).toMatchObject([{ id: '1', stage: 'pending', registeredOn: null, receipts: 0, items: form.items }]);
    engine.stop();
    const next = profile.openTab();
    await next.engine.owner.unlock({ passphrase });
    const phases: string[] = [];
    const onProgress = ({ phase, done, total }: { phase: string; done: number; total: number }): void => {
      phases.push(`${phase} ${done}/${total}`);
    };
    const mark = await next.engine.owner.resume({ mark: '1' }, { onProgress });
    expect(mark.stage).toBe('registered');
    expect(phases).toEqual(['evaluate 1/4', 'stretch 2/4', 'log 3/4', 'log 4/4']);
    expect(usesOf(form.activationKey)).toBe(1);
    // What is done is answered as it is.
    expect(await next.engine.owner.resume({ mark: '1' })).toEqual(mark);
  });

  it('can be cancelled, and goes on later', async () => {
    const profile = new BrowserProfile(services);
    await createVault(profile);
    const form = await createForm();
    const controller = new AbortController();
    const { engine } = profile.openTab({
      fetch: async (url, init) => {
        if ((url as string).endsWith('/v1/registrations')) controller.abort();
        return fetch(url, init);
      },
    });
    await engine.owner.unlock({ passphrase });
    await expect(engine.owner.register(form, { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(await engine.owner.register(form)).toMatchObject({ stage: 'registered', receipts: 1 });
    expect(usesOf(form.activationKey)).toBe(1);
  });

  it('is one when it is asked for twice at once', async () => {
    const profile = new BrowserProfile(services);
    await createVault(profile);
    const form = await createForm();
    const { engine } = profile.openTab();
    await engine.owner.unlock({ passphrase });
    const [first, second] = await Promise.all([engine.owner.register(form), engine.owner.register(form)]);
    expect(second).toEqual(first);
    expect(usesOf(form.activationKey)).toBe(1);
  });
});
