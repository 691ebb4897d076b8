/** The check page in a browser: receipts by file, picture and camera, without a network, by keyboard, in both languages. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatReceiptQr } from '../../../client-sdk/receipt-qr.ts';
import { createDisclosureFile, createReceiptFile, findReceipt, formatProofFile } from '../../../client-sdk/receipts.ts';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { formatReceipt } from '../../../crypto/receipt.ts';
import { drawQr } from '../../../server/web/ui/draw-qr.ts';
import { createOwner, createVault } from '../../support/sdk.ts';
import { expectAccessible, startPages, type Pages } from './browser.ts';
import { photograph, toPng, toVideo, type Picture } from './qr-picture.ts';

const CODE = '8EQ7-1S02-SG3J-TS93';
const MARKUP = '<img src=x onerror="alert(1)">';

const file = (name: string, content: string | Buffer, mimeType = 'application/json') => ({
  name,
  mimeType,
  buffer: Buffer.from(content as string),
});

const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const verdict = (page: Page) => page.locator('[data-verdict]');

describe('the check page', () => {
  let pages: Pages;
  let receipt: string;
  let disclosure: string;
  let qr: string;
  /** How the log vouches for it. */
  let secret: string;
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-check-'));
  /** What stands before the camera. */
  const film = join(folder, 'film.y4m');

  const picture = async (options = {}): Promise<Picture> => photograph(await drawQr(qr), options);
  const open = async (page: Page): Promise<void> => {
    await page.goto(`${pages.url}/check/`);
    await expect.poll(async () => page.getByLabel('fingerprint').inputValue()).toHaveLength(43);
  };

  beforeAll(async () => {
    pages = await startPages({ camera: film });
    const { vault } = await createVault();
    const owner = await createOwner(pages.services, { vault });
    const [activationKey = ''] = await pages.services.createActivationKeys(1);
    const items = [{ category: 'Shotgun', description: MARKUP }];
    const mark = await owner.register({ code: CODE, items, activationKey });
    receipt = formatProofFile(createReceiptFile(vault, mark));
    disclosure = formatProofFile(await createDisclosureFile(vault, mark));
    const kept = formatReceipt(findReceipt(vault, mark).receipt);
    qr = formatReceiptQr(kept, owner.registry.rosters) ?? '';
    secret = (kept.split('\n')[1] as string).slice(10, 40);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await pages.stop();
  });

  it('verifies a receipt’s file, and a disclosure, and sends neither', async () => {
    const { page, recorder } = await pages.createPage();
    await open(page);
    // Nothing of the engine before the visitor asks for anything.
    expect(recorder.requests.filter(({ url }) => /worker|client-sdk|dom-/u.test(url))).toEqual([]);
    await expectAccessible(page);
    await page.getByLabel('File of the receipt').setInputFiles(file('receipt.json', receipt));
    await heading(page).filter({ hasText: 'This receipt is genuine' }).waitFor();
    expect(await page.title()).toContain('This receipt is genuine');
    expect(await page.locator('main').innerText()).toMatch(
      /Something was registered[^]*Guardian 1[^]*test\.blindmark/u,
    );
    expect(await page.locator('main').innerText()).toContain(formatBase64url(pages.services.fixture.fingerprint));
    await expectAccessible(page);

    await page.getByRole('button', { name: 'Check another' }).click();
    await page.getByLabel('File of the receipt').setInputFiles(file('disclosure.json', disclosure));
    await heading(page).filter({ hasText: 'This proof of a registration is genuine' }).waitFor();
    const shown = await page.locator('main').innerText();
    for (const text of [CODE, MARKUP, 'With its keeper']) expect(shown).toContain(text);
    await expectAccessible(page);
    await page.goBack();
    await heading(page).filter({ hasText: 'Check a receipt' }).waitFor();

    expect(new Set(recorder.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
    for (const text of [secret, CODE, qr.slice(20, 40)]) expect(recorder.text()).not.toContain(text);
  });

  it('says of what is not good why it proves nothing', async () => {
    const { page } = await pages.createPage({ colour: 'dark' });
    await open(page);
    const choose = async (text: string): Promise<string> => {
      await page.getByLabel('File of the receipt').setInputFiles(file('receipt.json', text));
      await page.getByRole('progressbar').waitFor({ state: 'detached' });
      await expect.poll(async () => verdict(page).count()).toBe(1);
      return (await verdict(page).getAttribute('data-verdict')) ?? '';
    };
    expect(await choose('{}')).toBe('unreadable');
    await expectAccessible(page);
    const altered = receipt.replace(/index \d+/u, 'index 0');
    await expect.poll(async () => choose(altered)).toBe('notGenuine');
    await expect.poll(async () => verdict(page).evaluate((box) => box === document.activeElement)).toBe(true);
    await page.getByLabel('fingerprint').fill(formatBase64url(randomBytes(32)));
    await expect.poll(async () => choose(receipt)).toBe('otherRegistry');
    await page.getByLabel('fingerprint').fill('short');
    await page.getByLabel('File of the receipt').setInputFiles(file('receipt.json', receipt));
    await page.getByRole('link', { name: '43 characters' }).click();
    expect(await page.getByLabel('fingerprint').evaluate((field) => field === document.activeElement)).toBe(true);
    await expectAccessible(page);
  });

  it('calls no receipt forged because a network answers in the registry’s place', async () => {
    const { page, context } = await pages.createPage();
    await open(page);
    await context.route('**/v1/roster', async (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>Sign in to this network</title>' }),
    );
    await page.getByText('I have the text of its QR code').click();
    await page.locator('#receipt-text').fill(qr);
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    const failure = page.locator('[data-code=unavailable]');
    await failure.waitFor();
    expect(await verdict(page).count()).toBe(0);
    await context.unroute('**/v1/roster');
    await failure.getByRole('button', { name: 'Try again' }).click();
    await heading(page).filter({ hasText: 'This receipt is genuine' }).waitFor();
  });

  it('verifies without a network once it is loaded: a picture of a QR code, its text, and a file', async () => {
    const { page, context, expectFaults } = await pages.createPage({ locale: 'cy-GB', width: 320, colour: 'dark' });
    await page.goto(`${pages.url}/check/`);
    const [field, isLoaded] = [page.locator('#receipt-picture'), page.getByText('wedi’i lwytho')];
    await expect.poll(async () => page.locator('#fingerprint').inputValue()).toHaveLength(43);
    await context.setOffline(true);
    expectFaults(/ERR_INTERNET_DISCONNECTED/u);
    await page.locator('#receipt-file').setInputFiles(file('receipt.json', receipt));
    await page.locator('[data-code=unreachable]').waitFor();
    await expectAccessible(page);
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Rhoi cynnig arall arni' }).click();
    await heading(page).filter({ hasText: 'Mae’r dderbynneb hon yn ddilys' }).waitFor();
    await page.getByRole('button', { name: 'Gwirio derbynneb arall' }).click();
    await page.getByRole('button', { name: 'Llwytho’r gwiriwr' }).click();
    await isLoaded.waitFor();

    await context.setOffline(true);
    const noCode = toPng(photograph({ size: 40, path: '' }, { noise: 60 }));
    for (const [name, content] of [
      ['empty.png', noCode],
      ['text.png', 'not a picture'],
    ] as const) {
      await field.setInputFiles(file(name, content, 'image/png'));
      await page.locator('#receipt-picture-error').waitFor();
    }
    await expectAccessible(page);
    const photographed = toPng(await picture({ module: 5, angle: 0.1, noise: 20, blur: 1 }));
    await field.setInputFiles(file('photograph.png', photographed, 'image/png'));
    await heading(page).filter({ hasText: 'Mae’r dderbynneb hon yn ddilys' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Gwirio derbynneb arall' }).click();
    await isLoaded.waitFor();

    await page.getByText('Mae testun ei chod QR gennyf').click();
    await page.locator('#receipt-text').fill(qr);
    await page.getByRole('button', { name: 'Gwirio', exact: true }).click();
    await heading(page).filter({ hasText: 'Mae’r dderbynneb hon yn ddilys' }).waitFor();
  });

  it('is used by keyboard alone', async () => {
    const { page } = await pages.createPage();
    await open(page);
    const focused = async (): Promise<string> =>
      page.evaluate(() => {
        const { id, textContent } = document.activeElement ?? {};
        return id === undefined || id === '' ? (textContent ?? '').trim() : `#${id}`;
      });
    const tabTo = async (target: string): Promise<void> => {
      for (let presses = 0; presses < 30 && (await focused()) !== target; presses++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(target);
    };
    await tabTo('Skip to main content');
    await page.keyboard.press('Enter');
    await tabTo('#fingerprint');
    await tabTo('#receipt-file');
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Space')]);
    await chooser.setFiles(file('receipt.json', receipt));
    await heading(page).filter({ hasText: 'genuine' }).waitFor();
    expect(await focused()).toContain('This receipt is genuine');
    await tabTo('Check another receipt');
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('Check a receipt');
    await tabTo('I have the text of its QR code');
    await page.keyboard.press('Enter');
    await tabTo('#receipt-text');
    await page.keyboard.insertText(qr);
    await tabTo('Verify');
    await page.keyboard.press('Enter');
    await heading(page).filter({ hasText: 'genuine' }).waitFor();
  });

  it('reads a QR code by camera, shows what the camera sees, and then lets it go', async () => {
    const size = { width: 640, height: 480 };
    const show = (shown: Picture): void => writeFileSync(film, toVideo(shown));
    show(photograph({ size: 10, path: '' }, { ...size, noise: 20 }));
    const { page } = await pages.createPage();
    await page.addInitScript(() => {
      const { mediaDevices } = navigator;
      const ask = mediaDevices.getUserMedia.bind(mediaDevices);
      let isAllowed = false;
      mediaDevices.getUserMedia = async (wanted) => {
        // As when the visitor refuses at first.
        if (!isAllowed) {
          isAllowed = true;
          throw new DOMException('', 'NotAllowedError');
        }
        const stream = await ask(wanted);
        Object.assign(globalThis, { tracks: stream.getTracks() });
        return stream;
      };
    });
    const states = async (): Promise<string[]> =>
      page.evaluate(() => (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks.map((t) => t.readyState));
    await open(page);
    const start = page.getByRole('button', { name: 'Read it with the camera' });
    await start.click();
    await page.locator('#receipt-picture-error').filter({ hasText: 'The camera was not allowed' }).waitFor();
    await start.click();
    await page.getByText('Hold the code flat').waitFor();
    expect(await states()).toEqual(['live']);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Stop the camera' }).click();
    await page.getByLabel('What the camera sees').waitFor({ state: 'detached' });
    expect(await states()).toEqual(['ended']);

    show(await picture({ ...size, module: 5, angle: 0.08, noise: 10 }));
    await start.click();
    await heading(page).filter({ hasText: 'This receipt is genuine' }).waitFor();
    expect(await states()).toEqual(['ended']);
  });
});
