/** The owner's pages in a browser: interrupted and gone on with, by keyboard alone, restored elsewhere, locked, and accessible throughout. */
import { readFile } from 'node:fs/promises';
import type { Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatActivationQr, parseActivationKey } from '../../../crypto/activation-key.ts';
import { parseProofFile, verifyProofFile } from '../../../client-sdk/receipts.ts';
import { owner as text } from '../../../server/web/text/en/owner.ts';
import { owner as welsh } from '../../../server/web/text/cy/owner.ts';
import { shared } from '../../../server/web/text/en/shared.ts';
import { drawQr } from '../../../server/web/ui/draw-qr.ts';
import { readMarks } from '../../support/marks.ts';
import { expectAccessible, startPages, type Pages, type Visit } from './browser.ts';
import {
  fillContact,
  fillItems,
  findMark,
  openMark,
  press,
  readHistory,
  restoreVault,
  seeHeading,
  unlockVault,
} from './owner-steps.ts';
import { toPng, photograph } from './qr-picture.ts';

const PASSPHRASE = 'lantern orchard velvet thunder';
const [MARK] = readMarks().filter(({ scheme }) => scheme === 'bm1') as [ReturnType<typeof readMarks>[number]];
const DISPLAYED = '8EQ7-1S02-SG3J-TS93';

let pages: Pages;
let keys: string[];
beforeAll(async () => {
  pages = await startPages();
  keys = await pages.services.createActivationKeys(2);
});
afterAll(async () => {
  await pages.stop();
});

/** The text of the QR code in a pack. */
function packText(key: string): string {
  return formatActivationQr(parseActivationKey(key).bytes, pages.services.fixture.fingerprint);
}

/** The text of what a button has the browser save. */
async function savedBy(page: Page, name: string): Promise<{ readonly name: string; readonly text: string }> {
  const [download] = (await Promise.all([page.waitForEvent('download'), press(page, name)])) as [Download, unknown];
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

async function follow(page: Page, name: string | RegExp): Promise<void> {
  await page
    .getByRole('link', { name, exact: typeof name === 'string' })
    .first()
    .click();
}

/** What stands in the browser's history must name no code. */
async function expectNoCode(page: Page): Promise<void> {
  expect(`${await page.title()} ${page.url()}`).not.toMatch(/8EQ7|TS93/u);
}

describe('an owner', () => {
  let visit: Visit;
  let page: Page;
  let words: string[];
  let vaultFile: string;
  /** Every state of the pages passes here. */
  const see = async (heading: string): Promise<void> => {
    await seeHeading(page, heading);
    await expectAccessible(page);
    await expectNoCode(page);
  };
  const seeErrors = async (count: number): Promise<void> => {
    await expect.poll(async () => page.locator('.govuk-error-summary li').count()).toBe(count);
    await expect.poll(async () => page.evaluate(() => document.activeElement?.className)).toBe('govuk-error-summary');
    await expectAccessible(page);
  };

  beforeAll(async () => {
    visit = await pages.createPage({ profile: 'owner' });
    ({ page } = visit);
  });

  it('makes a vault, and shows that the words are on paper', async () => {
    await page.goto(`${pages.url}/owner/`);
    await see(text.vault.welcome.title);
    await press(page, shared.continue);
    await seeErrors(1);
    await page.getByLabel(text.vault.welcome.new).check();
    await press(page, shared.continue);
    await page.locator('.bm-phrase li').nth(11).waitFor();
    await see(text.vault.phrase.title);
    words = await page.locator('.bm-phrase li').allInnerTexts();
    await press(page, text.vault.phrase.done);
    await see(text.vault.confirm.title);
    for (const field of await page.locator('[id^="word-"]').all()) await field.fill('zebra');
    await press(page, shared.continue);
    await seeErrors(3);
    for (const [i, word] of words.entries()) {
      const field = page.locator(`#word-${i + 1}`);
      if ((await field.count()) > 0) await field.fill(word.toUpperCase());
    }
    await press(page, shared.continue);
    await see(text.vault.passphrase.title);
    await page.locator('#passphrase').fill(PASSPHRASE);
    await page.locator('#passphrase-again').fill('lantern');
    await press(page, text.vault.passphrase.submit);
    await seeErrors(1);
    await page.locator('#passphrase-again').fill(PASSPHRASE);
    await press(page, text.vault.passphrase.submit);
    await see(text.mark.marks.title);
  });

  it('is told of each mistake beside its field, in either language', async () => {
    await press(page, text.vault.common.register);
    await see(text.register.key.title);
    await page.locator('#activation-key').fill('K7QMZ');
    await press(page, shared.continue);
    await seeErrors(1);
    expect(await page.locator('#activation-key-error').innerText()).toContain(text.register.key.bad);
    await page.getByRole('button', { name: 'Cymraeg' }).click();
    await page.getByText(welsh.register.key.bad).first().waitFor();
    expect(await page.locator('#activation-key').inputValue()).toBe('K7QMZ');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByText(text.register.key.scan).click();
    const picture = photograph(await drawQr(packText(keys[0] as string)), { angle: 0.1, noise: 20 });
    await page.locator('#key-qr').setInputFiles({ name: 'pack.png', mimeType: 'image/png', buffer: toPng(picture) });
    await expect.poll(async () => page.locator('#activation-key').inputValue()).toMatch(/^BLINDMARK:/u);
    await expectAccessible(page);
    await press(page, shared.continue);

    await see(text.register.code.title);
    await page.locator('#code').fill('8EQ7-1S?2-SG3J-TS93');
    await page.locator('.bm-pointed__mark').waitFor();
    expect(await page.locator('.bm-verdict').innerText()).toContain(text.register.code.unclear('7'));
    await expectAccessible(page);
    await page.locator('#code').fill('8EQ7-1S02-SG3J-TS94');
    await press(page, shared.continue);
    await seeErrors(1);
    await page.locator('#code').fill('HV7XU05AHQND');
    await press(page, shared.continue);
    await page.locator('#code-again').fill('HV7XU05AHQNC');
    await press(page, shared.continue);
    await page.getByText(text.register.code.different).first().waitFor();
    await seeErrors(1);
    await page.locator('#code').fill(MARK.code.toLowerCase());
    await press(page, shared.continue);

    await see(text.register.items.title);
    await press(page, shared.continue);
    await seeErrors(1);
    await fillItems(page, [
      { category: MARK.category, make: MARK.make, model: MARK.model },
      { category: 'Ring', description: 'A chip beside the stone' },
    ]);
    await see(text.register.contact.title);
    await press(page, shared.continue);
    await seeErrors(1);
    await page.getByLabel(text.register.contact.details).check();
    await press(page, shared.continue);
    await seeErrors(1);
    await fillContact(page, { name: MARK.keeper, email: MARK.contact });
    await see(text.register.check.title);
  });

  it('goes on after a reload in mid-registration, with the same activation key', async () => {
    let isHeld = false;
    await visit.context.route('**/v1/registrations', () => {
      // Neither answered nor sent: the connection hangs.
      isHeld = true;
    });
    await press(page, text.register.check.submit);
    await seeHeading(page, text.register.progress.title);
    await expect.poll(() => isHeld, { timeout: 10_000 }).toBe(true);
    await expectAccessible(page);
    await press(page, shared.progress.cancel);
    await page.getByText(text.register.progress.stopped).waitFor();
    await expectAccessible(page);
    isHeld = false;
    await press(page, text.register.progress.goOn);
    await expect.poll(() => isHeld, { timeout: 10_000 }).toBe(true);
    await press(page, shared.progress.cancel);
    await page.getByText(text.register.progress.stopped).waitFor();
    await openMark(page, 1);
    await page.getByText(text.mark.mark.pending).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: text.vault.common.marks, exact: true }).click();
    await see(text.mark.marks.title);
    isHeld = false;
    await press(page, text.mark.marks.goOn);
    await expect.poll(() => isHeld, { timeout: 10_000 }).toBe(true);

    await page.reload();
    await see(text.vault.unlock.title);
    await unlockVault(page, 'not my passphrase');
    await page.getByText(text.vault.unlock.wrong).first().waitFor();
    await seeErrors(1);
    await visit.context.unroute('**/v1/registrations');
    await unlockVault(page, PASSPHRASE);
    await page.locator('.bm-qr-code').waitFor();
    await see(text.register.registered.title);
    expect(await page.locator('.govuk-panel').innerText()).toContain(DISPLAYED);
  });

  it('has a receipt that anybody can verify', async () => {
    const saved = await savedBy(page, text.mark.receipt.saveFile);
    const proof = await verifyProofFile(parseProofFile(saved.text), pages.services.fixture.fingerprint);
    expect(proof.receipt.entry.kind).toBe('registration');
    expect(saved.name + saved.text).not.toContain(MARK.code);
  });

  it('reports it stolen, once the connection is back', async () => {
    await visit.context.route('**/actions', async (route) => route.abort());
    visit.expectFaults(/ERR_FAILED/u);
    await follow(page, text.register.registered.toMark);
    await see(DISPLAYED);
    await press(page, text.mark.mark.report);
    await see(text.mark.report.title);
    await press(page, text.mark.report.submit);
    await seeErrors(1);
    await page.getByLabel(text.mark.report.stolen).check();
    await press(page, text.mark.report.submit);
    await page.locator('.bm-failure').waitFor();
    await expectAccessible(page);
    await visit.context.unroute('**/actions');
    await press(page, shared.tryAgain);
    await page.getByText(text.mark.mark.changed).waitFor();
    await expectAccessible(page);
  });

  it('sees its history and receipts, and changes what is registered', async () => {
    expect(await readHistory(page, 1)).toEqual([text.mark.history.statusChanged, text.mark.history.registration]);
    await page.getByText(text.mark.history.proof, { exact: true }).first().click();
    await expectAccessible(page);
    await follow(page, shared.back);
    await follow(page, text.mark.mark.receipts);
    await page.getByRole('table').waitFor();
    await see(text.mark.receipts.title);
    await follow(page, new RegExp(text.mark.receipts.showShort, 'u'));
    await page.locator('.bm-qr-code').waitFor();
    await see(text.mark.receipt.title(text.mark.receipts.registration));
    await page.goto(`${pages.url}/owner/#/mark/1/items`);
    await see(text.mark.items.title);
    await press(page, text.register.items.remove(2));
    await expectAccessible(page);
    await press(page, text.mark.items.submit);
    await page.getByText(text.mark.mark.changed).waitFor();
    expect(await page.locator('.bm-items > li').count()).toBe(1);
    await follow(page, text.mark.mark.changeContact);
    await see(text.mark.contact.title);
    await page.getByLabel(text.register.contact.relay).check();
    await press(page, text.mark.contact.submit);
    await page.getByText(text.mark.mark.relay).waitFor();
    await follow(page, text.mark.mark.messages);
    await page.getByText(text.mark.messages.none).waitFor();
    await see(text.mark.messages.title);
  });

  it('prints a sheet, saves a copy of the vault, and locks it', async () => {
    await follow(page, text.vault.common.vault);
    await see(text.vault.tools.title);
    ({ text: vaultFile } = await savedBy(page, text.vault.tools.exportLink));
    for (const secret of [MARK.code, MARK.model, MARK.keeper, words.join(' ')]) expect(vaultFile).not.toContain(secret);
    await press(page, text.vault.tools.sheetLink);
    await see(text.vault.sheet.title);
    await page.locator('#passphrase').fill(PASSPHRASE);
    await press(page, text.vault.sheet.submit);
    await page.locator('.bm-qr-code').waitFor();
    await expectAccessible(page);
    expect(await page.locator('.bm-phrase li').allInnerTexts()).toEqual(words);
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.emulateMedia({ media: 'screen' });
    await press(page, text.vault.common.lock);
    await see(text.vault.unlock.title);
    expect(await page.locator('main').innerText()).toContain(text.vault.unlock.locked);
    expect(await page.locator('body').innerText()).not.toContain(words[0]);
  });

  it('has it open in one tab at a time, and locked when nobody is there', async () => {
    await page.clock.install();
    await unlockVault(page, PASSPHRASE);
    await seeHeading(page, text.mark.marks.title);
    const other = (await pages.createPage({ profile: 'owner' })).page;
    await other.goto(`${pages.url}/owner/`);
    await seeHeading(other, text.vault.elsewhere.title);
    await expectAccessible(other);

    await page.clock.fastForward('09:10');
    await page.getByRole('alert').getByText(text.vault.idle.title).waitFor();
    await expectAccessible(page);
    await press(page, text.vault.idle.stay);
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.clock.fastForward('10:01');
    await page.getByText(text.vault.unlock.idle).waitFor();

    await press(other, shared.tryAgain);
    await unlockVault(other, PASSPHRASE);
    await seeHeading(other, text.mark.marks.title);
  });

  it('restores it from phrase and code in an empty browser, also where the passphrase is lost', async () => {
    const { page: empty } = await pages.createPage();
    await restoreVault(empty, pages.url, words.map((word, i) => `${i + 1}. ${word}`).join('\n'), PASSPHRASE);
    await expectAccessible(empty);
    await findMark(empty, { code: 'CKNPPSBKVTQHCT33' });
    await empty.getByText(text.register.find.none).waitFor();
    await expectAccessible(empty);
    await findMark(empty, { code: MARK.code });
    await seeHeading(empty, DISPLAYED);
    const main = await empty.locator('main').innerText();
    expect(main).toContain(text.mark.stage.stolen);
    expect(main).toContain(MARK.model);
    expect(main).toContain(text.mark.mark.unknownContact);

    // The passphrase is lost, and the vault with it; the paper is not.
    await empty.reload();
    await seeHeading(empty, text.vault.unlock.title);
    await empty.getByText(text.vault.unlock.forgotten).click();
    await press(empty, text.vault.startOver.link);
    await seeHeading(empty, text.vault.startOver.title);
    await press(empty, text.vault.startOver.submit);
    await empty.locator('.govuk-error-summary').waitFor();
    await expectAccessible(empty);
    await empty.getByLabel(text.vault.startOver.sure).check();
    await empty.locator('#confirm').fill(text.vault.startOver.word);
    await press(empty, text.vault.startOver.submit);
    await seeHeading(empty, text.vault.welcome.title);
  });

  it('opens the saved copy elsewhere, withdraws the mark, and removes the vault', async () => {
    const { page: elsewhere } = await pages.createPage({ width: 320, colour: 'dark' });
    await elsewhere.goto(`${pages.url}/owner/#/import`);
    await seeHeading(elsewhere, text.vault.import.title);
    await elsewhere.locator('#vault-file').setInputFiles({
      name: 'vault.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from(vaultFile),
    });
    await elsewhere.locator('#passphrase').fill(PASSPHRASE);
    await expectAccessible(elsewhere);
    await press(elsewhere, text.vault.import.submit);
    await elsewhere.getByText(text.vault.made.imported).waitFor();
    await expectAccessible(elsewhere);
    await elsewhere.goto(`${pages.url}/owner/#/mark/1/withdraw`);
    await seeHeading(elsewhere, text.mark.withdraw.title);
    await elsewhere.locator('#confirm').fill('yes');
    await press(elsewhere, text.mark.withdraw.submit);
    await elsewhere.locator('.govuk-error-summary').waitFor();
    await expectAccessible(elsewhere);
    await elsewhere.locator('#confirm').fill(text.mark.withdraw.word);
    await press(elsewhere, text.mark.withdraw.submit);
    await elsewhere.getByText(text.mark.mark.withdrawn).waitFor();
    await expectAccessible(elsewhere);
    await elsewhere.goto(`${pages.url}/owner/#/forget`);
    await seeHeading(elsewhere, text.vault.forget.title);
    await elsewhere.getByLabel(text.vault.forget.sure).check();
    await elsewhere.locator('#passphrase').fill(PASSPHRASE);
    await expectAccessible(elsewhere);
    await press(elsewhere, text.vault.forget.submit);
    await elsewhere.getByText(text.vault.forget.done).waitFor();
    await elsewhere.reload();
    await seeHeading(elsewhere, text.vault.welcome.title);
    expect(await elsewhere.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  });
});

describe('by keyboard alone', () => {
  it('a mark is registered and reported stolen', async () => {
    const { page } = await pages.createPage();
    const { keyboard } = page;
    const focused = async (): Promise<string> =>
      page.evaluate(() => {
        const element = document.activeElement as HTMLInputElement | null;
        return `${element?.labels?.[0]?.textContent ?? ''}${element?.textContent ?? ''}`.trim();
      });
    /** Goes on by the Tab key until the focus is where it is to be. */
    const tabTo = async (name: string): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        await keyboard.press('Tab');
        if ((await focused()).startsWith(name)) return;
      }
      throw new Error(`the Tab key does not lead to “${name}”`);
    };
    const pressOn = async (name: string): Promise<void> => {
      await tabTo(name);
      await keyboard.press('Enter');
    };
    const type = async (name: string, value: string): Promise<void> => {
      await tabTo(name);
      await keyboard.insertText(value);
    };
    /** A view has appeared, and its heading has the focus: who can't see it hears it. */
    const arrive = async (heading: string): Promise<void> => {
      await seeHeading(page, heading);
      await expect.poll(focused).toContain(heading);
    };

    await page.goto(`${pages.url}/owner/`);
    await seeHeading(page, text.vault.welcome.title);
    await tabTo(text.vault.welcome.new);
    await keyboard.press('Space');
    await pressOn(shared.continue);
    await page.locator('.bm-phrase li').nth(11).waitFor();
    await arrive(text.vault.phrase.title);
    const words = await page.locator('.bm-phrase li').allInnerTexts();
    await pressOn(text.vault.phrase.done);
    await arrive(text.vault.confirm.title);
    for (const label of await page.locator('main label').allInnerTexts()) {
      await type(label, words[Number(label.replaceAll(/\D/gu, '')) - 1] as string);
    }
    await keyboard.press('Enter');
    await arrive(text.vault.passphrase.title);
    await type(text.vault.passphrase.label, PASSPHRASE);
    await type(text.vault.passphrase.again, PASSPHRASE);
    await keyboard.press('Enter');
    await arrive(text.mark.marks.title);

    await pressOn(text.vault.common.register);
    await arrive(text.register.key.title);
    await type(text.register.key.label, keys[1] as string);
    await keyboard.press('Enter');
    await arrive(text.register.code.title);
    await type(text.register.code.label, 'HV7XU05AHQND');
    await pressOn(shared.continue);
    await page.locator('#code-again').waitFor();
    // The summary of what is wrong has the focus, and its first link leads to the field.
    await expect.poll(focused).toContain(text.register.code.againMissing);
    await pressOn(text.register.code.againMissing);
    await expect.poll(focused).toContain(text.register.code.again);
    await keyboard.insertText('hv7x u05a hqnd');
    await keyboard.press('Enter');
    await arrive(text.register.items.title);
    await tabTo(text.register.items.category);
    await keyboard.type('Ring');
    await pressOn(shared.continue);
    await arrive(text.register.contact.title);
    await tabTo(text.register.contact.details);
    await keyboard.press('ArrowDown');
    await pressOn(shared.continue);
    await arrive(text.register.check.title);
    await pressOn(text.register.check.submit);
    await arrive(text.register.registered.title);
    await pressOn(text.register.registered.toMark);
    await arrive('HV7X');
    await pressOn(text.mark.mark.report);
    await arrive(text.mark.report.title);
    await tabTo(text.mark.report.stolen);
    await keyboard.press('Space');
    await pressOn(text.mark.report.submit);
    await page.getByText(text.mark.mark.changed).waitFor();
    await pressOn(text.vault.common.lock);
    await arrive(text.vault.unlock.title);
  });
});
