/** How an officer's session ends: in every tab, however busy the engine is, and by nobody's word but the browser's own. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OFFICER_CREDENTIAL_SECONDS } from '../../../crypto/credential.ts';
import { expectAccessible, startPages, type Pages } from './browser.ts';
import { officerFileOf } from './engine/police-browser.ts';

const CASE = 'CASE/815/26';

let pages: Pages;
let file: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  pages = await startPages();
  file = officerFileOf(pages.services, await pages.services.createOfficer('officer-a'));
});
afterAll(async () => {
  await pages.stop();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const heading = (page: Page, name: string) => page.getByRole('heading', { name });
const signInHeading = (page: Page) => heading(page, 'Sign in with your credential file');

async function signIn(page: Page, officerFile = file): Promise<void> {
  await page.goto(`${pages.url}/police/`);
  await page
    .getByLabel('Credential file')
    .setInputFiles({ name: 'officer.json', mimeType: 'application/json', buffer: Buffer.from(officerFile) });
  await button(page, 'Sign in').click();
  await heading(page, 'Look up a reading').waitFor();
}

async function openCase(page: Page): Promise<void> {
  await page.getByLabel('Case reference').fill(CASE);
  await button(page, 'Open the case').click();
  await heading(page, CASE).waitFor();
}

describe('a session', () => {
  it('ends in every tab at once', async () => {
    const { page: one } = await pages.createPage({ profile: 'two tabs' });
    await signIn(one);
    await openCase(one);
    const { page: other } = await pages.createPage({ profile: 'two tabs' });
    await other.goto(`${pages.url}/police/`);
    await button(other, 'Sign out').click();
    await signInHeading(one).waitFor();
    await one.getByText('In another tab you signed out').waitFor();
    expect(await one.getByText(CASE).count()).toBe(0);
    await signInHeading(other).waitFor();
    await other.getByText('You are signed out.').waitFor();
  });

  it('lasts in a tab as long as another one is in use', async () => {
    const { page: used } = await pages.createPage({ profile: 'in use' });
    // The clock of both tabs.
    await used.clock.install();
    await signIn(used);
    const { page: idle } = await pages.createPage({ profile: 'in use' });
    await idle.goto(`${pages.url}/police/`);
    await heading(idle, 'Look up a reading').waitFor();
    await used.clock.fastForward('14:10');
    const warning = 'You will be signed out within a minute.';
    await idle.getByText(warning).waitFor();
    await used.keyboard.press('Shift');
    await idle.getByText(warning).waitFor({ state: 'detached' });
    await used.clock.fastForward('14:10');
    await idle.getByText(warning).waitFor();
    await used.clock.fastForward('01:00');
    await signInHeading(used).waitFor();
    await signInHeading(idle).waitFor();
    await idle.reload();
    await signInHeading(idle).waitFor();
  });

  it('ends however busy the engine is', async () => {
    const { page } = await pages.createPage({ profile: 'busy' });
    await signIn(page);
    await openCase(page);
    const [engine] = page.workers();
    // It never comes back.
    void engine?.evaluate('for (;;);').catch(() => undefined);
    await button(page, 'Sign out').click();
    await page.getByText('You are signed out. The key is forgotten.').waitFor();
    const { page: next } = await pages.createPage({ profile: 'busy' });
    await next.goto(`${pages.url}/police/`);
    await signInHeading(next).waitFor();
  });

  it('is not said to have ended before the key is forgotten', async () => {
    const { page, expectFaults } = await pages.createPage();
    await signIn(page);
    expectFaults(/ERR_FAILED/u);
    await page.route('**/assets/*.js', async (route) => route.abort());
    await button(page, 'Sign out').click();
    await heading(page, 'You are not signed out yet').waitFor();
    await expectAccessible(page);
    await page.unroute('**/assets/*.js');
    await button(page, 'Try again').click();
    await page.getByText('You are signed out. The key is forgotten.').waitFor();
  });

  it('does not end because a service says so', async () => {
    const { page, expectFaults } = await pages.createPage();
    await signIn(page);
    expectFaults(/403/u);
    await page.route('**/v1/evaluations', async (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        json: { type: 'about:blank', title: 'x', status: 403, code: 'badCredential', detail: 'x', field: 'session' },
      }),
    );
    await page.getByLabel('Case reference').fill(CASE);
    await page.getByLabel('What you read').fill('8EQ71S02SG3JTS93');
    await page.getByText('codes').first().waitFor();
    await page.getByRole('button', { name: /^Look up/u }).click();
    await heading(page, 'The credential is not valid').waitFor();
    await heading(page, CASE).waitFor();
    await page.reload();
    await heading(page, CASE).waitFor();
  });

  it('lets the officer read cases once the credential has ended, and ask no more', async () => {
    const { fixture, clock } = pages.services;
    // It is good for another six seconds.
    const officer = await fixture.createOfficer('officer-late', clock.now - OFFICER_CREDENTIAL_SECONDS + 6);
    const ending = officerFileOf(pages.services, officer);
    const end = Date.now() + 7000;
    const { page } = await pages.createPage();
    await signIn(page, ending);
    await openCase(page);
    await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(end);
    await page.reload();
    await signInHeading(page).waitFor();
    await page
      .getByLabel('Credential file')
      .setInputFiles({ name: 'officer.json', mimeType: 'application/json', buffer: Buffer.from(ending) });
    await button(page, 'Sign in').click();
    await page.getByText('This credential has ended.').waitFor();
    await heading(page, CASE).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Look up', exact: true }).click();
    await page.getByRole('link', { name: CASE }).waitFor();
    expect(await page.getByLabel('What you read').count()).toBe(0);
    await expectAccessible(page);
  });
});
