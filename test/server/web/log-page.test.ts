/** The page of the public log in a browser: what the registry states, verified here and now, and what happens when it lies. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../../client-sdk/audit.ts';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { formatLogEntry, hourOf, type LogEntry } from '../../../crypto/log-entry.ts';
import { expectAccessible, startPages, type Pages, type Visit } from './browser.ts';

let pages: Pages;
const hash = () => randomBytes(32);

/** A year of lookups by two forces, hits, openings, and what a force's policy hides. */
async function fill({ services }: Pages): Promise<void> {
  const now = hourOf(services.clock.now);
  const lookup = (hour: number, force: string): LogEntry => {
    return { kind: 'lookup', hour, request: hash(), force, officer: 'p-1', caseCommitment: hash(), codes: '1' };
  };
  const months = Array.from({ length: 14 }, (_, i) => now - (13 - i) * 731);
  const lookups = months.flatMap((hour, i) =>
    Array.from({ length: 1 + (i % 5) + (i % 3) }, (_, n) => lookup(hour, n <= i % 5 ? 'demo-force' : 'other-force')),
  );
  const append = async (entries: readonly LogEntry[]) =>
    services.publicLog().append(entries.map((entry) => ({ key: hash(), entry: formatLogEntry(entry) })));
  const logged = await append(lookups);
  const { index } = logged.entries.at(-1) as (typeof logged.entries)[number];
  await append([
    ...Array.from({ length: 3 }, (): LogEntry => ({ kind: 'match', hour: now, mark: hash(), lookup: index })),
    { kind: 'delayed', hour: now, of: 'lookup', commitment: hash(), revealBy: now + 24 },
    {
      kind: 'opening',
      hour: now,
      request: hash(),
      mark: hash(),
      caseCommitment: hash(),
      force: 'demo-force',
      first: 'p-1',
      second: 'p-2',
    },
    ...Array.from({ length: 60 }, (): LogEntry => ({ kind: 'activation', hour: now, request: hash() })),
  ]);
}

beforeAll(async () => {
  pages = await startPages();
  await fill(pages);
});
afterAll(async () => {
  await pages.stop();
});

async function open(options: Parameters<Pages['createPage']>[0] = {}): Promise<Visit> {
  const visit = await pages.createPage(options);
  await visit.page.goto(`${pages.url}/log/`);
  await visit.page.locator('#now').waitFor();
  return visit;
}

const valueOf = (page: Page, key: string) =>
  page.locator('.govuk-summary-list__row').filter({ hasText: key }).locator('dd').first();

describe('the page of the public log', () => {
  it('shows what the registry states, and verifies the newest entries by keyboard alone', async () => {
    const { page, recorder } = await open();
    const { size } = await pages.services.publicLog().prove([]);
    await expect.poll(() => page.title()).toBe('The public log – Blindmark');
    expect(await valueOf(page, 'Entries').textContent()).toBe(`${size}`);
    expect(await page.getByText('not yet verified').count()).toBe(1);
    const guardians = page.locator('section[aria-labelledby=guardians] tbody tr');
    expect(await guardians.count()).toBe(3);
    expect(await page.locator('[data-verified]').count()).toBe(0);

    await page.getByRole('radio', { name: `All ${size}` }).waitFor();
    await page.getByRole('radio', { name: '100', exact: true }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('[data-verified]').waitFor();
    const result = page.getByRole('heading', { name: `Verified: ${size} entries` });
    expect(await result.evaluate((heading) => heading === document.activeElement)).toBe(true);
    expect(await page.locator('[data-verified]').textContent()).toContain('Those are all entries of the log.');
    expect(await page.getByRole('row', { name: /shown to an officer \(a hit\) 3/u }).count()).toBe(1);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const newest = page.getByRole('row', { name: new RegExp(`^${size - 1} An owner had a code prepared`, 'u') });
    await newest.waitFor();
    await expectAccessible(page);
    // Who verifies says nothing of who they are: addresses and no more.
    expect(recorder.requests.every(({ method, body }) => method === 'GET' && body.length === 0)).toBe(true);
  });

  it('shows what forces asked by month, as a chart and as a table with the same numbers', async () => {
    const { page } = await open();
    const section = page.locator('section[aria-labelledby=activity]');
    const { months } = (await (await fetch(`${pages.url}/v1/statistics`)).json()) as {
      months: { month: string; force: string; lookups: number; hits: number; openings: number }[];
    };
    const rows = await section.locator('tbody tr').count();
    expect(rows).toBe(Math.min(24, months.length));
    await section.getByRole('combobox', { name: 'Force' }).selectOption('demo-force');
    const own = months.filter(({ force }) => force === 'demo-force').toReversed();
    const cells = await section
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => [...row.children].slice(1).map((cell) => cell.textContent)));
    expect(cells).toEqual(
      own.map(({ force, lookups, hits, openings }) => [force, ...[lookups, hits, openings].map(String)]),
    );
    const bars = await section.locator('figure > svg title').allTextContents();
    const charted = own
      .slice(0, 12)
      .reduce((sum, month) => sum + [month.lookups, month.hits, month.openings].filter(Boolean).length, 0);
    expect(bars).toHaveLength(charted);
    expect(bars.at(-1)).toMatch(/: Openings 1$/u);
    await page.setViewportSize({ width: 320, height: 800 });
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
    await expect.poll(wide).toBeLessThanOrEqual(320);
  });

  it('is drawn whole whatever times and amounts it is told', async () => {
    const visit = await pages.createPage();
    const { page, context } = visit;
    const note = await (await fetch(`${pages.url}/log/checkpoint`)).text();
    const text = note.slice(0, note.indexOf('\n\n') + 2);
    const name = /^— (\S+\/guardian\/\S+) /mu.exec(note)?.[1] ?? '';
    const last = Buffer.alloc(76, 0xff).toString('base64');
    await context.route('**/log/checkpoint', async (route) => route.fulfill({ body: `${text}— ${name} ${last}\n` }));
    await page.goto(`${pages.url}/log/`);
    await page.locator('#now').waitFor();
    expect(await valueOf(page, 'Last confirmed').textContent()).toBe('Not yet');
    await page.locator('#activity').waitFor();
    await page.locator('.log-command').waitFor();
    expect(await page.locator('.log-command').innerText()).toBe(
      `blindmark audit --url ${pages.services.registryFile.url} --fingerprint ${formatBase64url(pages.services.fixture.fingerprint)}`,
    );
  });

  it('finds a tile that was altered, in Welsh as well, and is right again when it is', async () => {
    const { page, context } = await open({ locale: 'cy-GB', colour: 'dark' });
    const pattern = '**/log/tile/entries/**';
    await context.route(pattern, async (route) => {
      // Not by `route.fetch`, which asks the recorder for a tunnel.
      const bytes = await (await fetch(route.request().url())).bytes();
      await route.fulfill({ body: Buffer.from(bytes.map((byte, i) => (i === bytes.length - 2 ? byte ^ 1 : byte))) });
    });
    await page.getByRole('button', { name: 'Gwirio yn y porwr hwn' }).click();
    const failure = page.locator('.bm-failure');
    await failure.waitFor();
    expect(await failure.getAttribute('data-code')).toBe('badProof');
    expect(await failure.textContent()).toContain('tile/entries/000.p/');
    expect(await failure.evaluate((box) => box === document.activeElement)).toBe(true);
    expect(await page.locator('[data-verified]').count()).toBe(0);
    await expectAccessible(page);
    await context.unroute(pattern);
    await failure.getByRole('button', { name: 'Gwirio eto' }).click();
    await page.locator('[data-verified="100"]').waitFor();
    await expectAccessible(page);
  });

  it('says so when the registry does not answer, and goes on when it does', async () => {
    const { page, context, expectFaults } = await open();
    expectFaults(/Failed to load resource|net::ERR|ERR_INTERNET/u);
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('.bm-failure[data-code=unreachable]').waitFor();
    // What was read before stays, with its age.
    expect(await page.locator('#now').count()).toBe(1);
    await expectAccessible(page);
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.bm-failure').waitFor({ state: 'detached' });
    await page.getByText(/^Fetched/u).waitFor();
  });
});

describe('a network that answers in the registry’s place', () => {
  it('is not taken for a log that was altered', async () => {
    const { page, context } = await open();
    await context.route('**/v1/roster', async (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>Sign in to this network</title>' }),
    );
    await page.getByRole('button', { name: 'Verify in this browser' }).click();
    const failure = page.locator('.bm-failure[data-code=badReply]');
    await failure.waitFor();
    expect(await failure.innerText()).toContain('something on the way may have replaced its answer');
    expect(await page.locator('main').innerText()).not.toContain('different from what it signed for');
  });
});

describe('what the registry serves', () => {
  it('is what its log names, as an audit finds', async () => {
    const { registryFile, clock } = pages.services;
    const { rosterFingerprint, url } = registryFile;
    const report = await auditLog({
      url,
      rosterFingerprint,
      allowTestRoster: true,
      now: () => clock.now,
      settleMs: 200,
    });
    expect(report.findings.filter(({ rule }) => rule === 'pages')).toEqual([]);
    expect(report.pages?.files).toBeGreaterThan(5);
    expect(formatBase64url(report.pages?.entry?.build as Uint8Array)).toBe(
      formatBase64url(report.pages?.build as Uint8Array),
    );
  });
});
