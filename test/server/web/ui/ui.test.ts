/** The components, in a real browser under the real policies, by way of the gallery beside this file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../../crypto/errors.ts';
import config from '../../../../server/web/vite.config.ts';
import { expectAccessible, startPages, type Pages } from '../browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'blindmark-gallery-'));
let pages: Pages;

beforeAll(async () => {
  const root = join(import.meta.dirname, 'gallery');
  await build({
    ...config,
    configFile: false,
    root,
    mode: 'production',
    build: { ...config.build, outDir: folder, rolldownOptions: { input: join(root, 'index.html') } },
  });
  pages = await startPages({ pages: folder });
  for (const locale of LOCALES) shared.set(locale, (await pages.createPage({ locale })).page);
});

afterAll(async () => {
  await pages?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One page in each language for most tests, which load it anew: another page takes four times as long. */
const LOCALES = ['en-GB', 'cy-GB'] as const;
const shared = new Map<string, Page>();

interface Setting {
  readonly colour?: 'light' | 'dark';
  readonly width?: number;
  readonly locale?: (typeof LOCALES)[number];
}

async function open(view: string, { colour = 'light', width = 1024, locale = 'en-GB' }: Setting = {}): Promise<Page> {
  const page = shared.get(locale) as Page;
  await page.emulateMedia({ media: 'screen', colorScheme: colour });
  await page.setViewportSize({ width, height: 800 });
  const isNew = page.url() === 'about:blank';
  await page.goto(`${pages.url}/#/${view}`);
  if (!isNew) await page.reload();
  await page.locator('h1').waitFor();
  return page;
}

const focused = async (page: Page) =>
  page.evaluate(() => document.activeElement?.id || document.activeElement?.className);
const isWide = async (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

describe.each([
  { colour: 'light', width: 1024, locale: 'en-GB' },
  { colour: 'dark', width: 320, locale: 'cy-GB' },
  { colour: 'light', width: 320, locale: 'en-GB' },
] as const)('$colour, $width pixels, $locale', (options) => {
  it('has forms that are accessible, with their errors and without', async () => {
    const page = await open('forms', options);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('radio', { name: 'By message alone' }).check();
    await expectAccessible(page);
    expect(await isWide(page)).toBe(false);
  });

  it('has boxes, lists and tables that are accessible', async () => {
    const page = await open('boxes', options);
    await page.locator('summary').click();
    await expectAccessible(page);
    expect(await isWide(page)).toBe(false);
  });

  it('has failures and progress that are accessible', async () => {
    const page = await open('tasks', options);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('progressbar').waitFor();
    await expectAccessible(page);
    await page.evaluate(() => {
      (globalThis as unknown as { work: { reject: (error: unknown) => void } }).work.reject({
        code: 'guardiansUnavailable',
        kind: 'unavailable',
        message: 'one of three answers',
        retryAfter: 30,
        guardians: ['north'],
      });
    });
    await page.getByRole('alert').waitFor();
    await page.locator('summary').click();
    await expectAccessible(page);
    expect(await isWide(page)).toBe(false);
  });
});

describe('a form', () => {
  it('takes focus to the summary of its errors, at each attempt, and from there to the field', async () => {
    const page = await open('forms');
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect.poll(async () => focused(page)).toContain('govuk-error-summary');
    await page.getByRole('link', { name: 'Choose how you can be reached' }).click();
    expect(await focused(page)).toBe('reach');
    expect(new URL(page.url()).hash).toBe('#/forms');
    await page.getByRole('button', { name: 'Continue' }).press('Enter');
    await expect.poll(async () => focused(page)).toContain('govuk-error-summary');
    await page.getByRole('link', { name: 'Enter the code' }).press('Enter');
    expect(await focused(page)).toBe('code');
  });

  it('names each field, its hint and its error', async () => {
    const page = await open('forms');
    await page.getByRole('button', { name: 'Continue' }).click();
    const code = page.getByRole('textbox', { name: 'Code', exact: true });
    expect(await code.getAttribute('aria-invalid')).toBe('true');
    const described = await code.evaluate((field) =>
      (field.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent),
    );
    expect(described).toEqual(['As it is printed.', 'Error: Enter the code']);
    await code.fill('8EQ7');
    expect(await code.getAttribute('aria-invalid')).toBeNull();
  });

  it('shows and hides a passphrase', async () => {
    const page = await open('forms');
    const field = page.getByLabel('Passphrase');
    await field.fill('correct horse');
    expect(await field.getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Show what I typed' }).click();
    expect(await field.getAttribute('type')).toBe('text');
    expect(await field.inputValue()).toBe('correct horse');
    await page.getByRole('button', { name: 'Hide what I typed' }).click();
    expect(await field.getAttribute('type')).toBe('password');
  });

  it('shows what belongs to a choice while it is chosen', async () => {
    const page = await open('forms');
    await page.getByRole('radio', { name: 'By message alone' }).check();
    expect(await page.getByLabel('Note').isVisible()).toBe(true);
    await page.getByRole('radio', { name: 'By my details' }).check();
    expect(await page.getByLabel('Note').count()).toBe(0);
  });

  it('takes the same file twice', async () => {
    const page = await open('forms');
    for (const files of [' my.vault', ' my.vault my.vault']) {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByLabel('Vault file').click()]);
      await chooser.setFiles({ name: 'my.vault', mimeType: 'text/plain', buffer: Buffer.from('x') });
      await expect.poll(async () => page.locator('#files').textContent()).toBe(files);
    }
  });

  it('hands out a file', async () => {
    const page = await open('forms');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('evidence.txt');
    expect(await readFile(await download.path(), 'utf8')).toBe('kept');
  });

  it('keeps what was typed when the language changes, and remembers the language', async () => {
    const { page } = await pages.createPage();
    await page.goto(`${pages.url}/#/forms`);
    await page.locator('h1').waitFor();
    expect(await page.title()).toBe('Register a mark – Blindmark');
    await page.getByLabel('Code').fill('8EQ7');
    await page.getByRole('button', { name: 'Cymraeg' }).click();
    await page.getByRole('heading', { name: 'Cofrestru marc' }).waitFor();
    expect(await page.getByLabel('Code').inputValue()).toBe('8EQ7');
    expect(await page.locator('html').getAttribute('lang')).toBe('cy');
    await expect.poll(async () => page.title()).toBe('Cofrestru marc – Blindmark');
    await page.reload();
    await page.getByRole('heading', { name: 'Cofrestru marc' }).waitFor();
    expect(await page.getByRole('button', { name: 'Cymraeg' }).getAttribute('aria-pressed')).toBe('true');
  });

  it('can be reached past the header by keyboard', async () => {
    const page = await open('forms');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to main content');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('main');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('code');
  });
});

describe('text of others', () => {
  it('is shown as text, with hidden characters by their number', async () => {
    const page = await open('boxes', { width: 320 });
    const kind = page.locator('.bm-items dd').filter({ hasText: '<img src=x' }).first();
    expect(await kind.innerText()).toContain('U+202E');
    expect(await page.locator('.bm-items img').count()).toBe(0);
    expect(await kind.locator('bdi').count()).toBe(1);
    const box = await page.locator('.bm-card').boundingBox();
    expect(box?.width).toBeLessThanOrEqual(320);
  });

  it('is shortened where it is very long, until all of it is asked for', async () => {
    const page = await open('boxes');
    const text = page.locator('#long bdi');
    expect((await text.innerText()).length).toBeLessThan(2100);
    await page.getByRole('button', { name: 'Show all 65,536 characters' }).click();
    expect((await text.innerText()).length).toBe(65_536);
  });

  it('is shown so in what a service says of a failure', async () => {
    const page = await open('tasks');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('progressbar').waitFor();
    await page.evaluate(() => {
      const hostile = '\u202E<img src=x onerror=alert(1)>';
      (globalThis as unknown as { work: { reject: (error: unknown) => void } }).work.reject({
        code: 'guardiansUnavailable',
        kind: 'unavailable',
        message: hostile,
        field: hostile,
        remedy: hostile,
        guardians: [hostile],
      });
    });
    const failure = page.locator('.bm-failure');
    await failure.waitFor();
    await failure.locator('summary').click();
    expect(await failure.locator('.bm-hidden-character').count()).toBe(4);
    expect(await failure.textContent()).not.toContain('\u202E');
    expect(await failure.locator('img').count()).toBe(0);
  });

  it('is plain in a list of choices', async () => {
    const page = await open('forms');
    const options = page.getByLabel('Kind').locator('option');
    expect(await options.allTextContents()).toEqual(['Bicycle', 'Ring', 'Hidden [U+202E]name']);
  });

  it('keeps its lines where it has several', async () => {
    const page = await open('boxes');
    expect(await page.locator('.bm-untrusted--multiline').last().innerText()).toMatch(/\nsecond line$/u);
  });
});

interface Work {
  readonly onProgress: (progress: object) => void;
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

describe('a task', () => {
  const start = async (): Promise<Page> => {
    const page = await open('tasks');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('progressbar').waitFor();
    return page;
  };

  it('shows its progress, says it in tenths, and ends with its result', async () => {
    const page = await start();
    await page.evaluate(() => {
      (globalThis as unknown as { work: Work }).work.onProgress({ phase: 'Lookup', done: 37, total: 100 });
    });
    await page.getByText('37 of 100').waitFor();
    expect(await page.getByRole('progressbar', { name: 'Lookup' }).getAttribute('value')).toBe('37');
    expect(await page.getByRole('status').textContent()).toBe('Lookup: 30% done');
    await page.evaluate(() => (globalThis as unknown as { work: Work }).work.resolve('found'));
    await page.getByText('found').waitFor();
    expect(await page.getByRole('progressbar').count()).toBe(0);
  });

  it('can be stopped, which is said, and started again', async () => {
    const page = await start();
    await page.getByRole('button', { name: 'Stop' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toContain('Stopped');
    expect(await focused(page)).toContain('bm-failure');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('progressbar').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('offers no second try where the first was refused', async () => {
    const page = await start();
    await page.evaluate(() =>
      (globalThis as unknown as { work: Work }).work.reject({ code: 'quotaExceeded', kind: 'refused', message: 'm' }),
    );
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });

  it('says every error in words, and what it does not know as a fault of the page', async () => {
    const page = await start();
    for (const code of [...Object.keys(ERROR_CODES), 'neverHeardOf']) {
      await page.evaluate((code) => {
        (globalThis as unknown as { work: Work }).work.reject({
          code,
          kind: 'unavailable',
          message: 'what support asks for',
          field: 'field',
        });
      }, code);
      await page.locator(`[data-code="${code}"]`).waitFor();
      const alert = await page.getByRole('alert').innerText();
      expect(alert).toMatch(/What has not changed\n.+\nWhat to do now\n.+/u);
      expect(alert).not.toContain('support asks');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('progressbar').waitFor();
    }
    await page.evaluate(() => (globalThis as unknown as { work: Work }).work.reject(new TypeError('x is undefined')));
    await page.getByRole('heading', { name: 'Something went wrong that should not have' }).waitFor();
  });
});

describe('views of a page', () => {
  it('take focus to their heading and follow the back button', async () => {
    const { page } = await pages.createPage();
    // Playwright's own looking into a page passes for a sign of its visitor: here, only what is pressed counts.
    await page.addInitScript(() => {
      let hasBeenActive = false;
      const note = ({ isTrusted }: Event): void => void (hasBeenActive ||= isTrusted);
      for (const sign of ['pointerdown', 'keydown']) addEventListener(sign, note, true);
      Object.defineProperty(navigator, 'userActivation', { get: () => ({ hasBeenActive }) });
    });
    await page.goto(`${pages.url}/#/steps/1`);
    await page.locator('h1').waitFor();
    expect(await focused(page)).not.toContain('govuk-heading');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('heading', { name: 'Step 2' }).waitFor();
    await expect.poll(async () => focused(page)).toContain('govuk-heading');
    expect(await page.title()).toBe('Step 2 – Blindmark');
    await page.getByRole('button', { name: 'Instead' }).click();
    await page.getByRole('heading', { name: 'Step 3' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Step 1' }).waitFor();
    expect(await page.title()).toBe('Step 1 – Blindmark');
  });
});

describe('a page that fails while it is drawn', () => {
  it('says so, tells the console where and not what, and tries again', async () => {
    const { page, expectFaults } = await pages.createPage();
    expectFaults(/^console: RangeError/u);
    const told: string[] = [];
    page.on('console', (message) => told.push(message.text()));
    await page.goto(`${pages.url}/#/broken`);
    const failure = page.locator('[data-code=internal]');
    await failure.waitFor();
    expect(await failure.evaluate((box) => box === document.activeElement)).toBe(true);
    expect(await page.title()).toBe('Something went wrong that should not have – Blindmark');
    // What stands around it is still there.
    expect(await page.getByRole('button', { name: 'Cymraeg' }).isVisible()).toBe(true);
    await expectAccessible(page);
    expect(told.join()).toMatch(/^RangeError\n/u);
    expect(`${told.join()} ${await page.locator('body').innerText()}`).not.toContain('8EQ7');
    await page.evaluate(() => Object.assign(globalThis, { isMended: true }));
    await failure.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Mended' }).waitFor();
  });
});

describe('an idle page', () => {
  const openIdle = async (): Promise<Page> => {
    const { page } = await pages.createPage();
    await page.clock.install();
    await page.goto(`${pages.url}/#/idle`);
    await page.locator('h1').waitFor();
    return page;
  };
  const state = async (page: Page) => page.locator('#state').textContent();

  it('warns in its last minute, and then is locked', async () => {
    const page = await openIdle();
    await page.clock.runFor('08:59');
    expect(await state(page)).toBe('here');
    await page.clock.runFor('00:31');
    expect(await state(page)).toBe('30 seconds');
    await page.clock.runFor('00:31');
    expect(await state(page)).toBe('locked');
  });

  it('stays while somebody is there', async () => {
    const page = await openIdle();
    await page.clock.runFor('09:30');
    await page.keyboard.press('Shift');
    expect(await state(page)).toBe('back');
    await page.clock.runFor('08:30');
    expect(await state(page)).toBe('back');
  });

  it('is locked after the computer slept, whatever is done first', async () => {
    const page = await openIdle();
    await page.clock.runFor('00:30');
    await page.clock.setSystemTime(Date.now() + 3_600_000);
    await page.keyboard.press('Shift');
    await expect.poll(async () => state(page)).toBe('locked');
  });
});

describe('on paper', () => {
  it('is the matter alone', async () => {
    const page = await open('boxes', { colour: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    for (const gone of ['.bm-header', '.bm-footer', '.govuk-button', '.bm-progress']) {
      expect(await page.locator(gone).first().isVisible()).toBe(false);
    }
    expect(await page.locator('.bm-card').isVisible()).toBe(true);
    expect(
      await page
        .locator('.bm-card dd')
        .first()
        .evaluate((cell) => getComputedStyle(cell).color),
    ).toMatch(/rgb\(0, 0, 0\)|rgb\(20, 32, 31\)/u);
  });
});
