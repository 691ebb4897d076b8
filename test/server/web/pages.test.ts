/** What every page must keep, on its first load: size, policies, languages, accessibility, narrow screens, no script. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ensurePages,
  expectAccessible,
  startPages,
  type PageOptions,
  type Pages,
  type RecordedRequest,
  type Visit,
} from './browser.ts';

const PATHS = ['', 'owner/', 'police/', 'check/', 'log/'];

/** Most script that a page may load by itself, compressed, in bytes; its engine and everything it loads without being asked included. */
const BUDGET = 150_000;

let pages: Pages;
let folder: string;
/** A first visit in each language. Both go on from page to page, keeping nothing that they were sent. */
let visits: Readonly<Record<'en' | 'cy', Visit>>;

async function createVisit(options: PageOptions): Promise<Visit> {
  const visit = await pages.createPage(options);
  const session = await visit.context.newCDPSession(visit.page);
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  return visit;
}

beforeAll(async () => {
  folder = await ensurePages();
  pages = await startPages({ pages: folder });
  visits = { en: await createVisit({ locale: 'en-GB' }), cy: await createVisit({ locale: 'cy-GB' }) };
});
afterAll(async () => {
  await pages.stop();
});

/** Goes to a page. Returns what was asked for until nothing more was. */
async function open(path: string, { page, recorder }: Visit): Promise<readonly RecordedRequest[]> {
  const before = recorder.requests.length;
  await page.goto(`${pages.url}/${path}`, { waitUntil: 'networkidle' });
  await page.locator('h1').first().waitFor();
  return recorder.requests.slice(before);
}

describe.each(PATHS)('the page /%s', (path) => {
  it('loads at most 150 kB of script by itself, compressed, asks its own registry alone, and keeps no cookie', async () => {
    const requests = await open(path, visits.en);
    const scripts = new Set(requests.map(({ url }) => new URL(url).pathname).filter((name) => name.endsWith('.js')));
    // The smallest are sent as they are.
    const files = [...scripts].map((name) => join(folder, name));
    const sizes = files.map((file) => (statSync(`${file}.br`, { throwIfNoEntry: false }) ?? statSync(file)).size);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(BUDGET);
    expect(new Set(requests.map(({ url }) => new URL(url).origin))).toEqual(new Set([pages.url]));
    const names = requests.flatMap(({ headers }) =>
      headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
    );
    expect(names).toContain('user-agent');
    for (const name of ['cookie', 'referer']) expect(names).not.toContain(name);
    expect(await visits.en.context.cookies()).toEqual([]);
  });

  // Each language with each colour and each width, each colour with each width.
  it.each([
    {
      language: 'en',
      settings: [
        ['light', 1024],
        ['dark', 320],
      ],
    },
    {
      language: 'cy',
      settings: [
        ['dark', 1024],
        ['light', 320],
      ],
    },
  ] as const)('is accessible in $language, light and dark, wide and narrow', async ({ language, settings }) => {
    const { page } = visits[language];
    await open(path, visits[language]);
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    for (const [colorScheme, width] of settings) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await expectAccessible(page);
      // Nothing sticks out: whoever reads at 320 px scrolls one way alone (WCAG 2.2, 1.4.10).
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  });

  it('has a title of its own, one main heading, and a way past the navigation', async () => {
    const { page } = visits.en;
    await open(path, visits.en);
    expect(await page.title()).toMatch(/^.{3,} – Blindmark$/u);
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('main').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toMatch(/^#/u);
  });
});

describe('every page', () => {
  it('says what it needs where scripts are off', async () => {
    const { page } = await pages.createPage({ javaScript: false });
    for (const path of PATHS) {
      await page.goto(`${pages.url}/${path}`);
      expect(await page.locator('body').innerText()).toContain('JavaScript');
    }
  });
});
