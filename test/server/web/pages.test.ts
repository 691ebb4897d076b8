/** What every page must keep, on its first load: size, policies, languages, accessibility, narrow screens, no script. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePages, expectAccessible, startPages, type Pages, type PageOptions, type Visit } from './browser.ts';

const PATHS = ['', 'owner/', 'police/', 'check/', 'log/'];

/** Most script that a page may load by itself, compressed, in bytes; its engine and everything it loads without being asked included. */
const BUDGET = 150_000;

let pages: Pages;
let folder: string;
beforeAll(async () => {
  folder = await ensurePages();
  pages = await startPages({ pages: folder });
});
afterAll(async () => {
  await pages.stop();
});

async function open(path: string, options: PageOptions = {}): Promise<Visit> {
  const visit = await pages.createPage(options);
  await visit.page.goto(`${pages.url}/${path}`, { waitUntil: 'networkidle' });
  if (options.javaScript !== false) await visit.page.locator('h1').first().waitFor();
  return visit;
}

describe.each(PATHS)('the page /%s', (path) => {
  it('loads at most 150 kB of script by itself, compressed', async () => {
    const { recorder } = await open(path);
    const scripts = new Set(
      recorder.requests.map(({ url }) => new URL(url).pathname).filter((name) => name.endsWith('.js')),
    );
    const sizes = [...scripts].map((name) => statSync(join(folder, `${name}.br`)).size);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(BUDGET);
  });

  it('asks its own registry alone, and keeps no cookie', async () => {
    const { recorder, context } = await open(path);
    expect(new Set(recorder.requests.map(({ url }) => new URL(url).origin))).toEqual(new Set([pages.url]));
    expect(recorder.text()).not.toMatch(/^(?:cookie|referer)$/imu);
    expect(await context.cookies()).toEqual([]);
  });

  it.each(['en-GB', 'cy-GB'])('is accessible in %s, light and dark, wide and narrow', async (locale) => {
    const { page } = await open(path, { locale });
    expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1024, 320]) {
        await page.setViewportSize({ width, height: 800 });
        await expectAccessible(page);
        // Nothing sticks out: whoever reads at 320 px scrolls one way alone (WCAG 2.2, 1.4.10).
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    }
  });

  it('has a title of its own, one main heading, and a way past the navigation', async () => {
    const { page } = await open(path);
    expect(await page.title()).toMatch(/^.{3,} – Blindmark$/u);
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('main').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toMatch(/^#/u);
  });

  it('says what it needs where scripts are off', async () => {
    const { page } = await open(path, { javaScript: false });
    expect(await page.locator('body').innerText()).toContain('JavaScript');
  });
});
