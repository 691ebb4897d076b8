/** A run that is interrupted: it goes on from what is kept, and asks again for as little as can be. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fetch } from '../../../../client-sdk/http.ts';
import type { Owner } from '../../../../client-sdk/owner.ts';
import { mintCode } from '../../../../crypto/mint-code.ts';
import type { TrayView } from '../../../../server/web/engine/police-api.ts';
import type { TestOfficer } from '../../../support/fixture.ts';
import { createOwner } from '../../../support/sdk.ts';
import { startServices, type Services } from '../../../support/services.ts';
import { officerFileOf, PoliceBrowser, type Tab, type TabOptions } from './police-browser.ts';

let services: Services;
let owner: Owner;
beforeAll(async () => {
  services = await startServices();
  owner = await createOwner(services);
});
afterAll(async () => {
  await services.stopAll();
});

/** Codes that a guardian has charged to officers, by its own ledger: to force, pseudonym and key each. */
function chargedBy(guardian: string): number {
  const db = new DatabaseSync(join(services.folder, guardian, 'guardian.db'), { readOnly: true });
  try {
    return Number(db.prepare('SELECT coalesce(sum(codes), 0) / 3 AS codes FROM charges').get()?.['codes']);
  } finally {
    db.close();
  }
}

/** What all guardians have charged, once they agree: the registry answers before the slowest of them. */
async function charged(): Promise<number> {
  for (;;) {
    const [first = 0, ...others] = ['g1', 'g2', 'g3'].map(chargedBy);
    if (others.every((other) => other === first)) return first;
    await setTimeout(10);
  }
}

async function register(): Promise<string> {
  const code = mintCode();
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  await owner.register({ code, items: [{ category: 'Shotgun' }], activationKey, contact: null });
  return code;
}

/** How many evaluation requests a guardian answered for officers are in the log. */
const lookupsOf = ({ list }: TrayView): number => new Set(list.flatMap(({ result }) => result?.lookups ?? [])).size;

let officers = 0;
interface Shift {
  readonly browser: PoliceBrowser;
  readonly officer: TestOfficer;
  readonly tray: string;
}

/** A browser in which an officer has put readings on a tray. */
async function begin(readings: readonly string[]): Promise<Shift> {
  const browser = new PoliceBrowser(services);
  const { police, kill } = browser.openTab();
  const officer = await services.createOfficer(`officer-${++officers}`);
  await police.signIn({ file: officerFileOf(services, officer) });
  const { id } = await police.openTray({ caseReference: 'CR/1/26' });
  await police.addReadings({ tray: id, readings: readings.map((reading) => ({ reading, scheme: 'bm1' })) });
  kill();
  return { browser, officer, tray: id };
}

/** A tab after a reload, connected already, so that the steps to come are those of the run. */
async function reopen({ browser, tray }: Shift, options: TabOptions = {}): Promise<{ tab: Tab; before: number }> {
  const measured = browser.openTab();
  await measured.police.tray({ tray });
  const before = measured.steps();
  measured.kill();
  const { diesAt } = options;
  const tab = browser.openTab({ ...options, ...(diesAt === undefined ? {} : { diesAt: before + diesAt }) });
  await tab.police.tray({ tray });
  return { tab, before };
}

describe('a reload', () => {
  it('at any step of a run costs nothing, within five minutes', async () => {
    const readings = [await register(), mintCode(), mintCode()];
    const whole = await begin(readings);
    const { tab, before } = await reopen(whole);
    await tab.police.run({ tray: whole.tray });
    const steps = tab.steps() - before;
    expect(steps).toBeGreaterThan(10);
    for (let step = 1; step <= steps; step++) {
      const at = await charged();
      const shift = await begin(readings);
      const interrupted = (await reopen(shift, { diesAt: step })).tab;
      void interrupted.police.run({ tray: shift.tray });
      await interrupted.died;
      const again = shift.browser.openTab().police;
      const kept = await again.tray({ tray: shift.tray });
      // At the first step, it has not begun; at the last, it has ended.
      expect(kept.isRunning, `step ${step}`).toBe(step > 1 && step < steps);
      const tray = await again.run({ tray: shift.tray });
      expect(tray.list.map(({ state }) => state)).toEqual(['hit', 'miss', 'miss']);
      expect((await charged()) - at, `step ${step}`).toBe(3);
    }
  });

  it('loses nothing of several batches, whenever it comes', async () => {
    const readings = Array.from({ length: 36 }, () => mintCode());
    for (const step of [6, 11, 17, 22, 28]) {
      const at = await charged();
      const shift = await begin(readings);
      const { tab } = await reopen(shift, { diesAt: step });
      void tab.police.run({ tray: shift.tray });
      await tab.died;
      const tray = await shift.browser.openTab().police.run({ tray: shift.tray });
      expect(tray).toMatchObject({ waiting: 0, isRunning: false });
      expect([(await charged()) - at, lookupsOf(tray)], `step ${step}`).toEqual([36, 3]);
    }
  });

  it('after more than five minutes costs the batches that were under way once more, and nothing else', async () => {
    const own = await startServices();
    const [before, ownerBefore] = [services, owner];
    [services, owner] = [own, await createOwner(own)];
    try {
      const readings = Array.from({ length: 40 }, () => mintCode());
      const shift = await begin(readings);
      let isDown = false;
      const failing: Fetch = async (url, init) => {
        if (isDown) await new Promise(() => undefined);
        return fetch(url, init);
      };
      const { tab } = await reopen(shift, { fetch: failing });
      await new Promise<void>((resolve) => {
        void tab.police.run(
          { tray: shift.tray },
          {
            // The third batch is stretched: of the first two, one at least has come to its end.
            onProgress: ({ done }) => {
              if (done <= 33) return;
              isDown = true;
              resolve();
            },
          },
        );
      });
      tab.kill();
      const at = await charged();
      const again = shift.browser.openTab().police;
      const { waiting } = await again.tray({ tray: shift.tray });
      expect(waiting).toBeLessThan(40);
      own.clock.now += 400;
      await own.revocations.refresh();
      expect((await again.run({ tray: shift.tray })).waiting).toBe(0);
      expect((await charged()) - at).toBe(waiting);
    } finally {
      [services, owner] = [before, ownerBefore];
      await own.stopAll();
    }
  });
});

describe('a connection that is lost', () => {
  it('is waited for; the run goes on by itself, at no cost', async () => {
    const readings = [await register(), ...Array.from({ length: 30 }, () => mintCode())];
    const shift = await begin(readings);
    const at = await charged();
    let fails = 0;
    let lost = 0;
    const losing: Fetch = async (url, init) => {
      const isOfRun = /evaluations|lookups/u.test(url as string);
      if (isOfRun && fails++ % 4 !== 3) {
        lost += 1;
        // Now the question is lost, now the answer.
        if (fails % 2 === 0) await fetch(url, init);
        throw new TypeError('fetch failed');
      }
      return fetch(url, init);
    };
    const { tab } = await reopen(shift, { fetch: losing });
    const phases = new Set<string>();
    const tray = await tab.police.run({ tray: shift.tray }, { onProgress: ({ phase }) => void phases.add(phase) });
    expect(lost).toBeGreaterThan(6);
    expect([...phases].toSorted()).toEqual(['lookup', 'waiting']);
    expect(tray).toMatchObject({ waiting: 0, hits: 1 });
    expect((await charged()) - at).toBe(31);
  });

  it('is waited for from the first request on, and can be cancelled', async () => {
    const shift = await begin([mintCode()]);
    const controller = new AbortController();
    const tab = shift.browser.openTab({
      fetch: async () => {
        throw new TypeError('fetch failed');
      },
    });
    const run = tab.police.run(
      { tray: shift.tray },
      { signal: controller.signal, onProgress: ({ phase }) => void (phase === 'waiting' && controller.abort()) },
    );
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    const view = await shift.browser.openTab().police.tray({ tray: shift.tray });
    expect(view).toMatchObject({ waiting: 1, isRunning: false });
  });

  it('is told from a service that cannot answer, which is asked a few times', async () => {
    const shift = await begin([mintCode()]);
    let asked = 0;
    const tab = shift.browser.openTab({
      retry: { attempts: 1 },
      fetch: async (url, init) => {
        if (!(url as string).endsWith('/v1/evaluations')) return fetch(url, init);
        asked += 1;
        return new Response('down', { status: 503 });
      },
    });
    await expect(tab.police.run({ tray: shift.tray })).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked).toBe(6);
    // It goes on by itself once the page is opened again.
    expect(await tab.police.tray({ tray: shift.tray })).toMatchObject({ waiting: 1, isRunning: true });
  });
});

describe('a quota', () => {
  it('ends a run, which keeps what has come, and goes on the next day when it is told to', async () => {
    const own = await startServices({ officerCodesPerDay: 40 });
    const [before, ownerBefore] = [services, owner];
    [services, owner] = [own, await createOwner(own)];
    try {
      const shift = await begin(Array.from({ length: 60 }, () => mintCode()));
      const { police } = shift.browser.openTab();
      await expect(police.run({ tray: shift.tray })).rejects.toMatchObject({ code: 'quotaExceeded' });
      const stopped = await police.tray({ tray: shift.tray });
      expect(stopped).toMatchObject({ waiting: 28, isRunning: false, cost: 28 });
      expect(await charged()).toBe(32);
    } finally {
      [services, owner] = [before, ownerBefore];
      await own.stopAll();
    }
  });
});

describe('a browser that stores no more', () => {
  it('ends a run before anything is asked that could not be kept', async () => {
    const shift = await begin([mintCode()]);
    const at = await charged();
    let isFull = false;
    const { tab } = await reopen(shift, {
      onWrite: async () => {
        if (isFull) throw new DOMException('full', 'QuotaExceededError');
      },
    });
    isFull = true;
    await expect(tab.police.run({ tray: shift.tray })).rejects.toMatchObject({ code: 'storageFailed', field: 'tray' });
    expect(await charged()).toBe(at);
    isFull = false;
    expect((await tab.police.run({ tray: shift.tray })).waiting).toBe(0);
    expect((await charged()) - at).toBe(1);
  });
});
