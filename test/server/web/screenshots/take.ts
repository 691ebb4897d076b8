/** Takes pictures of each page's states, light, dark and narrow, for a person to look at: in `screenshots/`. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../../../server/web/text/en/check.ts';
import { log } from '../../../../server/web/text/en/log.ts';
import { owner } from '../../../../server/web/text/en/owner.ts';
import { police } from '../../../../server/web/text/en/police.ts';
import { shared } from '../../../../server/web/text/en/shared.ts';
import { startPages, type Pages } from '../browser.ts';
import * as owners from '../owner-steps.ts';
import { approve, askForContact, formatOfficerFile, lookUp, signIn } from '../police-steps.ts';

const FOLDER = join(import.meta.dirname, '../../../../screenshots');

const VARIANTS = {
  light: { colorScheme: 'light', width: 1024 },
  dark: { colorScheme: 'dark', width: 1024 },
  narrow: { colorScheme: 'light', width: 320 },
} as const;

const CODE = '8EQ7-1S02-SG3J-TS93';
const PIN = 'HV7XU05AHQND';
const PASSPHRASE = 'orchard ninety velvet anvil';

let pages: Pages;
beforeAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  pages = await startPages();
});
afterAll(async () => {
  await pages.stop();
});

/** One state in every variant. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const [variant, { colorScheme, width }] of Object.entries(VARIANTS)) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: join(FOLDER, `${name}-${variant}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1024, height: 800 });
}

/** As it comes out of a printer. */
async function shootPrint(page: Page, name: string): Promise<void> {
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 720, height: 1018 });
  await page.screenshot({ path: join(FOLDER, `${name}-print.png`), fullPage: true });
  await page.emulateMedia({ media: 'screen' });
  await page.setViewportSize({ width: 1024, height: 800 });
}

async function open(page: Page, hash: string, heading: string | RegExp): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await owners.seeHeading(page, heading);
}

const officerFile = async (pseudonym: string): Promise<string> =>
  formatOfficerFile(pages.services, await pages.services.createOfficer(pseudonym));

describe('pictures', () => {
  it('of the first view of each page, in both languages', async () => {
    for (const locale of ['en-GB', 'cy-GB']) {
      const { page, close } = await pages.createPage({ locale });
      for (const path of ['', 'owner', 'police', 'check', 'log']) {
        await page.goto(`${pages.url}/${path === '' ? '' : `${path}/`}`, { waitUntil: 'networkidle' });
        await page.locator('h1').first().waitFor();
        await shoot(page, `${path === '' ? 'start' : path}-00-${locale.slice(0, 2)}`);
      }
      await close();
    }
  });

  it('of the owner’s pages, the officers’, and of who checks', async () => {
    const { services, url } = pages;
    const keys = await services.createActivationKeys(2);
    const { page } = await pages.createPage();
    const see = async (name: string, heading: string | RegExp): Promise<void> => {
      await owners.seeHeading(page, heading);
      await shoot(page, `owner-${name}`);
    };
    await page.goto(`${url}/owner/#/new`);
    await page.locator('.bm-phrase li').nth(11).waitFor();
    await see('01-phrase', owner.vault.phrase.title);
    await owners.press(page, owner.vault.phrase.done);
    await owners.press(page, shared.continue);
    await see('02-confirm-errors', owner.vault.confirm.title);
    await page.goto(`${url}/owner/`);
    await page.reload();
    await owners.createVault(page, url, PASSPHRASE);
    await see('03-marks-empty', owner.mark.marks.title);

    await page.getByRole('link', { name: owner.vault.common.register, exact: true }).click();
    await see('10-key', owner.register.key.title);
    await owners.fillKey(page, keys[0] as string);
    await owners.seeHeading(page, owner.register.code.title);
    await page.locator('#code').fill(PIN);
    await owners.press(page, shared.continue);
    await page.getByRole('alert').filter({ hasText: /\S/u }).first().waitFor();
    await see('11-code-twice', owner.register.code.title);
    await page.locator('#code').fill('8EQ7-1S02-SG3J-TS9?');
    await owners.press(page, shared.continue);
    await page.getByRole('alert').filter({ hasText: /\S/u }).first().waitFor();
    await see('12-code-unclear', owner.register.code.title);
    await owners.fillCode(page, { code: CODE });
    await see('13-items', owner.register.items.title);
    await owners.fillItems(page, [
      { category: 'Shotgun', make: 'AYA', model: 'No. 4, 16 bore', description: 'Scratch on the left side plate' },
      { category: 'Camera', make: 'Leica', model: 'M3' },
    ]);
    await owners.seeHeading(page, owner.register.contact.title);
    await page.getByLabel(owner.register.contact.details).check();
    await see('14-contact', owner.register.contact.title);
    await owners.fillContact(page, { name: 'Dilys Brackley', email: 'dilys@example.org', note: 'After six, please' });
    await see('15-check', owner.register.check.title);
    await owners.press(page, owner.register.check.submit);
    await page.getByRole('button', { name: owner.mark.receipt.saveFile }).waitFor();
    await shoot(page, 'owner-16-registered');
    await shootPrint(page, 'owner-16-registered');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      owners.press(page, owner.mark.receipt.saveFile),
    ]);
    const receipt = await download.path();
    await owners.reportStolen(page, 1);
    await see('20-mark', CODE);

    const { page: officer } = await pages.createPage();
    const { page: colleague } = await pages.createPage();
    const lookAt = async (name: string): Promise<void> => shoot(officer, `police-${name}`);
    await signIn(officer, url, await officerFile('officer-a'));
    await signIn(colleague, url, await officerFile('officer-b'));
    await lookAt('01-desk');
    await officer.locator('#case-reference').fill('CR/1234/26');
    await officer.locator('#reading').fill('8EQ7 1S02 SG?J TS93');
    await officer.getByText(police.reading.fits('').slice(0, 8)).first().waitFor();
    await lookAt('02-cost');
    await officer.locator('#reading').fill('');
    await officer.locator('form').getByRole('button', { name: /^Look up/u }).click();
    await officer.getByRole('alert').filter({ hasText: /\S/u }).first().waitFor();
    await lookAt('03-errors');
    await lookUp(officer, { caseReference: 'CR/1234/26', reading: '8EQ7 1S02 SG?J TS93' });
    await lookAt('04-hit');
    await officer.getByRole('link', { name: police.tray.list }).or(officer.getByText(police.tray.add)).first().click();
    await officer.getByRole('link', { name: police.tray.list }).click();
    await owners.seeHeading(officer, new RegExp(police.list.title, 'u'));
    await officer.getByLabel(police.list.paste).check();
    await officer.locator('#list-text').fill('8EQ7-1S02-SG3J-TS93\nHV7XU05AHQND\n1.16E+12\nML7EG7Y58CDNDLVSE');
    await lookAt('05-list');
    await owners.press(officer, police.list.read);
    await officer.getByRole('button', { name: /^Put /u }).waitFor();
    await lookAt('06-list-check');
    await officer.getByRole('button', { name: /^Put /u }).click();
    await officer.getByRole('button', { name: /^Look up \d/u }).waitFor();
    await lookAt('07-waiting');
    await officer.getByRole('button', { name: /^Look up \d/u }).click();
    await expect.poll(async () => officer.locator('.bm-card .bm-result__foot').count(), { timeout: 60_000 }).toBe(4);
    await lookAt('08-results');
    await officer.getByRole('link', { name: police.tray.sheet }).click();
    await owners.seeHeading(officer, police.sheet.title);
    await lookAt('09-sheet');
    await shootPrint(officer, 'police-09-sheet');
    await officer.goBack();
    await officer.getByRole('link', { name: police.card.ask }).first().click();
    await owners.seeHeading(officer, new RegExp(police.opening.ask, 'u'));
    await lookAt('10-ask');
    await officer.goBack();
    const request = await askForContact(officer);
    await owners.press(officer, police.opening.showQr);
    await officer.locator('.bm-qr-code svg, svg.bm-qr-code').first().waitFor();
    await lookAt('11-request');
    await colleague.getByRole('link', { name: police.session.approve }).click();
    await owners.seeHeading(colleague, police.approval.title);
    await shoot(colleague, 'police-12-approve');
    await colleague.getByRole('link', { name: police.session.desk }).first().click();
    await approve(colleague, request, 'CR/1234/26');
    await shoot(colleague, 'police-13-approved');
    await owners.press(officer, police.opening.check);
    await owners.seeHeading(officer, new RegExp(police.opening.openedTitle, 'u'));
    await lookAt('14-contact');

    await open(page, '#/mark/1/history', owner.mark.history.title);
    await page.locator('.bm-history__line').first().waitFor();
    await see('21-history', owner.mark.history.title);
    await open(page, '#/mark/1/status', owner.mark.report.title);
    await see('22-status', owner.mark.report.title);
    await open(page, '#/mark/1/receipts', owner.mark.receipts.title);
    await see('23-receipts', owner.mark.receipts.title);
    await open(page, '#/mark/1/withdraw', owner.mark.withdraw.title);
    await see('24-withdraw', owner.mark.withdraw.title);
    await open(page, '#/vault', owner.vault.tools.title);
    await see('30-vault', owner.vault.tools.title);
    await open(page, '#/sheet', owner.vault.sheet.title);
    await page.locator('#passphrase').fill(PASSPHRASE);
    await owners.press(page, owner.vault.sheet.submit);
    await page.locator('.bm-sheet-mark').waitFor();
    await see('31-sheet', /./u);
    await shootPrint(page, 'owner-31-sheet');
    await open(page, '#/', owner.mark.marks.title);
    await see('32-marks', owner.mark.marks.title);
    await owners.press(page, owner.vault.common.lock);
    await see('33-locked', owner.vault.unlock.title);

    const { page: anyone } = await pages.createPage();
    await anyone.goto(`${url}/check/`);
    await anyone.getByLabel(check.receipt.file).setInputFiles(receipt);
    await owners.seeHeading(anyone, check.proven.title);
    await shoot(anyone, 'check-01-genuine');
    await owners.press(anyone, check.proven.again);
    await anyone.getByLabel(check.receipt.file).setInputFiles(join(import.meta.dirname, 'take.ts'));
    await anyone.getByRole('alert').filter({ hasText: /\S/u }).first().waitFor();
    await shoot(anyone, 'check-02-refused');
    await anyone.goto(`${url}/log/`);
    await owners.press(anyone, log.verify.button);
    await anyone.getByText(/^Verified: /u).first().waitFor();
    await shoot(anyone, 'log-01-verified');
  });
});
