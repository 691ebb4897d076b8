/**
 * Texts that others wrote, and texts that are far too long. What an owner writes an officer reads, and the other way round: it is
 * text, whatever it says. And no field is harmed by what is pasted into it.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOwner, createVault as createSdkVault } from '../../support/sdk.ts';
import { check } from '../../../server/web/text/en/check.ts';
import { owner } from '../../../server/web/text/en/owner.ts';
import { police } from '../../../server/web/text/en/police.ts';
import { shared } from '../../../server/web/text/en/shared.ts';
import { mintCode } from '../../../crypto/mint-code.ts';
import { startPages, type Pages, type Visit } from './browser.ts';
import { createVault, fillCode, fillItems, fillKey, openMark, press, registerMark, seeHeading } from './owner-steps.ts';
import { approve, askForContact, formatOfficerFile, lookUp, signIn } from './police-steps.ts';

const MARKUP =
  '</p><script>document.title="taken"</script><img src="https://foreign.example/x" onerror="document.title=\'taken\'">' +
  '<style>*{display:none}</style><a href="javascript:alert(1)">&lt;b&gt;</a> {{7*7}} ${1+1}';
/** `abc` from right to left, and a zero width space: what a code must not be hidden in. */
const HIDDEN = 'abc\u202Egnp.exe\u2066\u200B';
const LONG = 'A'.repeat(64 * 1024);

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(async () => {
  await pages.stop();
});

/** Checks that a page shows markup as text, and has none of what it says. */
async function expectText(page: Page, text: string): Promise<void> {
  expect(await page.locator('main').innerText()).toContain(text);
  expect(await page.locator('main').locator('script, style, img, iframe, a[href^="javascript"]').count()).toBe(0);
  expect(await page.title()).not.toBe('taken');
  expect(await page.locator('h1').first().isVisible()).toBe(true);
}

async function signedIn(pseudonym: string): Promise<Visit> {
  const { services } = pages;
  const visit = await pages.createPage();
  await signIn(visit.page, pages.url, formatOfficerFile(services, await services.createOfficer(pseudonym)));
  return visit;
}

describe('markup', () => {
  it('of an owner is text to officers: items, contact, and on paper', async () => {
    const { services } = pages;
    const [activationKey = ''] = await services.createActivationKeys(1);
    const code = mintCode();
    const sdkOwner = await createOwner(services, { vault: (await createSdkVault()).vault });
    // Whoever uses the SDK is not held up by the pages' own checks.
    const item = { category: MARKUP.slice(0, 60), make: MARKUP.slice(0, 80), description: MARKUP };
    await sdkOwner.register({
      code,
      activationKey,
      items: [item],
      contact: { kind: 'details', name: MARKUP.slice(0, 100), telephone: '101', note: MARKUP },
    });
    const [{ page }, { page: colleague }] = [await signedIn('officer-a'), await signedIn('officer-b')];
    const caseReference = '<img src=x onerror=alert(1)> CR/1';
    await lookUp(page, { caseReference, reading: code });
    await expectText(page, MARKUP);
    await page.getByRole('link', { name: police.tray.sheet }).click();
    await seeHeading(page, police.sheet.title);
    await expectText(page, MARKUP);
    await page.goBack();
    await approve(colleague, await askForContact(page), caseReference);
    await press(page, police.opening.check);
    await seeHeading(page, new RegExp(police.opening.openedTitle, 'u'));
    await expectText(page, MARKUP);
  });

  it('of an officer is text to an owner', async () => {
    const { services } = pages;
    const [activationKey = ''] = await services.createActivationKeys(1);
    const code = mintCode();
    const { page } = await pages.createPage();
    await createVault(page, pages.url, 'four words of mine');
    await registerMark(page, { activationKey, code, items: [{ category: 'Shotgun' }], contact: 'relay' });
    const [{ page: officer }, { page: colleague }] = [await signedIn('officer-a'), await signedIn('officer-b')];
    await lookUp(officer, { caseReference: 'CR/2', reading: code });
    await approve(colleague, await askForContact(officer), 'CR/2');
    await press(officer, police.opening.check);
    await officer.locator('#message').fill(`${MARKUP}\n${'long '.repeat(700)}`);
    await officer.locator('#reply').fill(MARKUP.slice(0, 250));
    await press(officer, police.message.button);
    await officer.getByText(police.message.left).waitFor();
    await openMark(page, 1, 'messages');
    await page.locator('.bm-message').waitFor();
    await expectText(page, MARKUP);
  });
});

/** Pastes into every field that is shown. */
async function flood(page: Page, text: string): Promise<void> {
  const fields = page.locator('main').locator('input:not([type=radio],[type=checkbox],[type=file]), textarea');
  for (const field of await fields.all()) if (await field.isVisible()) await field.fill(text);
}

/** Sends the form, and waits until the page has said what is wrong. */
async function expectRefusal(page: Page, button: string): Promise<void> {
  await press(page, button);
  await page.locator('main [role=alert]').filter({ hasText: /\S/u }).first().waitFor();
  expect(await page.locator('main').locator('script, style, img').count()).toBe(0);
}

/** What no field takes. */
const UNWANTED = [MARKUP.repeat(6), HIDDEN.repeat(4), LONG];

describe('fields', () => {
  it('of an owner who begins take nothing that is no phrase', async () => {
    const { page } = await pages.createPage();
    for (const text of UNWANTED) {
      await page.goto(`${pages.url}/owner/#/restore`);
      await page.reload();
      await seeHeading(page, owner.vault.restore.title);
      await flood(page, text);
      await expectRefusal(page, shared.continue);
    }
  });

  it('of a registration take no markup for a key or code, nothing hidden, and nothing too long', async () => {
    const { page, recorder } = await pages.createPage();
    const [activationKey = ''] = await pages.services.createActivationKeys(1);
    await createVault(page, pages.url, 'four words of mine');
    await page.getByRole('link', { name: owner.vault.common.register, exact: true }).click();
    for (const text of UNWANTED) {
      await flood(page, text);
      await expectRefusal(page, shared.continue);
    }
    await fillKey(page, activationKey);
    for (const text of UNWANTED) {
      await flood(page, text);
      await expectRefusal(page, shared.continue);
    }
    await fillCode(page, { code: mintCode() });
    for (const text of UNWANTED) {
      await flood(page, text);
      await expectRefusal(page, shared.continue);
    }
    await flood(page, '');
    await fillItems(page, [{ category: 'Ring', description: 'plain' }]);
    await page.getByLabel(owner.register.contact.details).check();
    for (const text of UNWANTED) {
      await flood(page, text);
      await expectRefusal(page, shared.continue);
    }
    expect(recorder.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('of an officer take no reading, case reference, list or request of that kind', async () => {
    const { page, recorder } = await signedIn('officer-a');
    for (const text of UNWANTED) {
      await flood(page, text);
      await expectRefusal(page, police.reading.buttonCost(1));
    }
    await page.getByRole('link', { name: police.session.approve }).click();
    await seeHeading(page, police.approval.title);
    for (const text of UNWANTED) {
      await flood(page, text);
      await expectRefusal(page, police.approval.button);
    }
    expect(recorder.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('of somebody who checks take no receipt of that kind', async () => {
    const { page } = await pages.createPage();
    for (const text of UNWANTED) {
      await page.goto(`${pages.url}/check/`);
      await page.getByText(check.receipt.textSummary).click();
      await page.getByLabel(check.receipt.text).fill(text);
      await expectRefusal(page, check.receipt.verify);
    }
  });
});
