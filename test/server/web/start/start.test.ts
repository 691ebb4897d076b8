import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from '../../../../server/web/text/en/start.ts';
import { expectAccessible, startPages, type PageOptions, type Pages } from '../browser.ts';

let pages: Pages;

beforeAll(async () => {
  pages = await startPages();
});

afterAll(async () => {
  await pages?.stop();
});

async function open(options?: PageOptions) {
  const visit = await pages.createPage(options);
  await visit.page.goto(`${pages.url}/`);
  await visit.page.locator('h1').waitFor();
  return visit;
}

describe('the start page', () => {
  it('says in about a hundred words what this is', () => {
    const words = [start.lead, ...start.about].join(' ').split(/\s+/u);
    expect(words.length).toBeGreaterThan(80);
    expect(words.length).toBeLessThanOrEqual(120);
  });

  it.each([
    { colour: 'light', width: 1024, locale: 'en-GB' },
    { colour: 'dark', width: 1024, locale: 'cy-GB' },
    { colour: 'light', width: 320, locale: 'cy-GB' },
    { colour: 'dark', width: 320, locale: 'en-GB' },
  ] as const)('is accessible and fits: $colour, $width pixels, $locale', async (options) => {
    const { page } = await open(options);
    for (const hash of ['', '#/privacy']) {
      await page.goto(`${pages.url}/${hash}`);
      await page.reload();
      await page.locator('h1').waitFor();
      await expectAccessible(page);
      const isWide = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      expect(isWide).toBe(false);
      expect(await page.locator('html').getAttribute('lang')).toBe(options.locale.slice(0, 2));
    }
  });

  it('tells who can see what, a row for each party', async () => {
    const { page } = await open();
    const table = page.getByRole('table', { name: 'Who can see what' });
    expect(await table.getByRole('columnheader').allInnerTexts()).toEqual(['Who', 'Can see', 'Can never see']);
    expect(await table.getByRole('rowheader').count()).toBe(7);
    expect(await table.getByRole('row', { name: 'Whoever runs the registry' }).innerText()).toContain(
      'Codes, items, owners, contacts',
    );
    // An officer may ask for any code that is known to him: nothing proves that it was read off an item.
    expect(await table.getByRole('row', { name: 'A police officer' }).innerText()).toContain('that they do not know');
  });

  it('still is a table to screen readers where it is narrow, and leads to every page', async () => {
    const { page } = await open({ width: 320 });
    const table = page.getByRole('table', { name: 'Who can see what' });
    expect(await table.getByRole('rowheader').count()).toBe(7);
    expect(await table.getByRole('cell').count()).toBe(14);
    for (const [name, path] of [
      ['Owners', '/owner/'],
      ['Police', '/police/'],
      ['Check a receipt', '/check/'],
      ['Public log', '/log/'],
    ] as const) {
      const links = page.getByRole('link', { name, exact: true });
      expect(
        await links.evaluateAll((all) => all.map((link) => new URL((link as HTMLAnchorElement).href).pathname)),
      ).toEqual([path, path]);
    }
  });

  it('says what it keeps, from the foot of every page, and sets no cookie', async () => {
    const { page, context, recorder } = await open();
    await page.getByRole('link', { name: 'What this site keeps, and what it sends' }).click();
    await page.getByRole('heading', { level: 1, name: 'What this site keeps, and what it sends' }).waitFor();
    await page.getByText('They stay for 30 days after it has ended').waitFor();
    await page.getByRole('link', { name: 'Back to the start' }).click();
    await page.getByRole('heading', { level: 1, name: start.title }).waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    for (const request of recorder.requests) expect(Object.keys(request.headers)).not.toContain('cookie');
  });

  it('changes its language by keyboard', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Cymraeg' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Cofrestr o eiddo wedi’i farcio' }).waitFor();
    expect(await page.title()).toBe('Cofrestr o eiddo wedi’i farcio na all neb bori drwyddi – Blindmark');
    expect(await page.evaluate(() => localStorage.getItem('blindmark-language'))).toBe('cy');
  });

  it('says so in both languages where its texts cannot be loaded', async () => {
    const { page, expectFaults } = await pages.createPage();
    expectFaults(/ERR_FAILED|Failed to fetch/u);
    await page.route(/\/assets\/shared-.*\.js/u, async (route) => route.abort());
    await page.goto(`${pages.url}/`);
    await page.getByText('This page could not be loaded in full.').waitFor();
    expect(await page.locator('[lang=cy]').first().innerText()).toContain('Ail-lwythwch');
  });
});
