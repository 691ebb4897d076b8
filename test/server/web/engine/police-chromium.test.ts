/** The built police engine in a real browser: keys that nobody reads out, real stretching, storage, and the pages' own policy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintCode } from '../../../../crypto/mint-code.ts';
import { STRETCH_FLOOR } from '../../../../crypto/stretch.ts';
import type { ListView, SessionView, TrayView } from '../../../../server/web/engine/police-api.ts';
import { createOwner } from '../../../support/sdk.ts';
import { startPages, type Pages } from '../browser.ts';
import { officerFileOf } from './police-browser.ts';
import { asArgument, openWorkerPage, type WorkerPage } from './worker-page.ts';
import { workbook } from './workbook.ts';

let pages: Pages;
beforeAll(async () => {
  // As much stretching as in earnest.
  pages = await startPages({ stretch: STRETCH_FLOOR });
});
afterAll(async () => {
  await pages.stop();
});

async function signIn(worker: WorkerPage): Promise<SessionView> {
  const file = officerFileOf(pages.services, await pages.services.createOfficer());
  return (await worker.call('police', 'signIn', { file: asArgument(file) })) as SessionView;
}

async function trayWith(worker: WorkerPage, readings: readonly string[]): Promise<string> {
  const { id } = (await worker.call('police', 'openTray', { caseReference: 'CR/1/26' })) as TrayView;
  await worker.call('police', 'addReadings', {
    tray: id,
    readings: readings.map((reading) => ({ reading, scheme: 'bm1' })),
  });
  return id;
}

describe('the police engine in Chromium', () => {
  it('keeps the key where no script reads it, and goes on with a tray after a reload in the midst of it', async () => {
    const owner = await createOwner(pages.services);
    const code = mintCode();
    const [activationKey] = (await pages.services.createActivationKeys(1)) as [string];
    await owner.register({ code, items: [{ category: 'Shotgun' }], activationKey, contact: null });
    const { page } = await pages.createPage();
    const first = await openWorkerPage(page, pages);
    expect(await first.call('police', 'session')).toBeNull();
    const session = await signIn(first);
    expect(session.isKeyKept).toBe(true);
    const kept = await page.evaluate(async () => {
      const { promise, resolve } = Promise.withResolvers<IDBDatabase>();
      const opening = indexedDB.open('blindmark-police');
      opening.addEventListener('success', () => {
        resolve(opening.result);
      });
      const database = await promise;
      const reading = database.transaction('session').objectStore('session').get('current');
      const read = Promise.withResolvers<Record<string, CryptoKey>>();
      reading.addEventListener('success', () => {
        read.resolve(reading.result as Record<string, CryptoKey>);
      });
      const { signingKey, trayKey } = await read.promise;
      database.close();
      const described = [signingKey, trayKey].map((key) => [key?.algorithm.name, key?.extractable]);
      const exported = await Promise.allSettled(
        [signingKey, trayKey].map(async (key) => crypto.subtle.exportKey('jwk', key as CryptoKey)),
      );
      return { described, exported: exported.map(({ status }) => status) };
    });
    expect(kept).toEqual({
      described: [
        ['Ed25519', false],
        ['AES-GCM', false],
      ],
      exported: ['rejected', 'rejected'],
    });
    const tray = await trayWith(first, [code, mintCode(), mintCode(), mintCode()]);
    const run = await first.start('police', 'run', { tray });
    await expect.poll(async () => (await run.progress()).some(({ done }) => done > 0), { timeout: 30_000 }).toBe(true);
    await page.reload();
    const second = await openWorkerPage(page, pages);
    expect(await second.call('police', 'session')).toEqual(session);
    expect(await second.call('police', 'tray', { tray })).toMatchObject({ isRunning: true, waiting: 4 });
    const { list } = (await second.call('police', 'run', { tray })) as TrayView;
    expect(list.map(({ state }) => state)).toEqual(['hit', 'miss', 'miss', 'miss']);
    await second.call('police', 'signOut');
    expect(await second.call('police', 'session')).toBeNull();
  });

  it('answers while it stretches, and is cancelled at once', async () => {
    const { page } = await pages.createPage();
    const worker = await openWorkerPage(page, pages);
    await signIn(worker);
    const tray = await trayWith(
      worker,
      Array.from({ length: 64 }, () => mintCode()),
    );
    const run = await worker.start('police', 'run', { tray });
    const done = async (): Promise<number> => (await run.progress()).at(-1)?.done ?? 0;
    await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(1);
    expect(await worker.call('police', 'tray', { tray })).toMatchObject({ isRunning: true });
    const before = await done();
    await run.cancel();
    await expect(run.answer).rejects.toMatchObject({ code: 'cancelled' });
    // One code was being stretched, and perhaps a second one before the message came.
    expect((await done()) - before).toBeLessThan(8);
  });

  it('reads a large workbook under the pages’ policy', async () => {
    const { page } = await pages.createPage();
    const worker = await openWorkerPage(page, pages);
    // Over 512 KiB, which the reader of spreadsheets would unpack in a worker.
    const rows = Array.from({ length: 2000 }, (_, i) => [`EX/${i}`, 'HV7XU05AHQND', `${i} `.repeat(100)]);
    const bytes = asArgument(workbook([['exhibit', 'code', 'note'], ...rows], { inline: true }));
    const list = (await worker.call('police', 'readList', { name: 'reads.xlsx', bytes })) as ListView;
    expect(list.rows).toHaveLength(2000);
    expect(list.rows.at(-1)).toMatchObject({ row: 2001, cells: { exhibit: 'EX/1999', code: 'HV7XU05AHQND' } });
  });
});
