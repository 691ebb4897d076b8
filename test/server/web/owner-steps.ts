/** What an owner does on the pages, step by step, as a person does it: by labels and buttons. */
import type { Page } from 'playwright-core';
import { owner as text } from '../../../server/web/text/en/owner.ts';
import { shared } from '../../../server/web/text/en/shared.ts';

/** What is typed into the pages to register a mark. */
export interface MarkToRegister {
  readonly activationKey: string;
  readonly code: string;
  /** The kind of code, as the page names it, where the code alone does not say it. */
  readonly scheme?: string | undefined;
  readonly items: readonly {
    readonly category: string;
    readonly make?: string | undefined;
    readonly model?: string | undefined;
    readonly description?: string | undefined;
  }[];
  readonly contact:
    | 'relay'
    | 'none'
    | {
        readonly name?: string | undefined;
        readonly email?: string | undefined;
        readonly telephone?: string | undefined;
        readonly note?: string | undefined;
      };
}

/** Waits for a view by its main heading. */
export async function seeHeading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function follow(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name, exact: true }).click();
}

async function begin(page: Page, url: string, how: string): Promise<void> {
  await page.goto(`${url}/owner/`);
  await page.getByLabel(how).check();
  await press(page, shared.continue);
}

async function choosePassphrase(page: Page, passphrase: string): Promise<void> {
  await seeHeading(page, text.vault.passphrase.title);
  await page.locator('#passphrase').fill(passphrase);
  await page.locator('#passphrase-again').fill(passphrase);
  await press(page, text.vault.passphrase.submit);
}

/** The twelve words, as the page shows them. */
export async function readPhrase(page: Page): Promise<string[]> {
  return page.locator('.bm-phrase li').allInnerTexts();
}

/** Makes a vault with a new phrase, up to the list of its marks. @returns the phrase's words */
export async function createVault(page: Page, url: string, passphrase: string): Promise<string[]> {
  await begin(page, url, text.vault.welcome.new);
  await page.locator('.bm-phrase li').nth(11).waitFor();
  const words = await readPhrase(page);
  await press(page, text.vault.phrase.done);
  await seeHeading(page, text.vault.confirm.title);
  for (const [i, word] of words.entries()) {
    const field = page.locator(`#word-${i + 1}`);
    if ((await field.count()) > 0) await field.fill(word);
  }
  await press(page, shared.continue);
  await choosePassphrase(page, passphrase);
  await seeHeading(page, text.mark.marks.title);
  return words;
}

/** Makes a vault from a phrase, up to the view that finds marks again. */
export async function restoreVault(page: Page, url: string, phrase: string, passphrase: string): Promise<void> {
  await begin(page, url, text.vault.welcome.restore);
  await seeHeading(page, text.vault.restore.title);
  await page.locator('#phrase').fill(phrase);
  await press(page, shared.continue);
  await choosePassphrase(page, passphrase);
  await seeHeading(page, text.register.find.title);
}

export async function unlockVault(page: Page, passphrase: string): Promise<void> {
  await seeHeading(page, text.vault.unlock.title);
  await page.locator('#passphrase').fill(passphrase);
  await press(page, text.vault.unlock.submit);
}

/** Types a code into its field, and a second time where the page asks for that. */
async function typeCode(page: Page, { code, scheme }: Pick<MarkToRegister, 'code' | 'scheme'>): Promise<void> {
  await page.locator('#code').fill(code);
  if (scheme !== undefined) await page.locator('#scheme').selectOption({ label: scheme });
}

export async function fillKey(page: Page, activationKey: string): Promise<void> {
  await seeHeading(page, text.register.key.title);
  await page.locator('#activation-key').fill(activationKey);
  await press(page, shared.continue);
}

export async function fillCode(page: Page, mark: Pick<MarkToRegister, 'code' | 'scheme'>): Promise<void> {
  await seeHeading(page, text.register.code.title);
  await typeCode(page, mark);
  const [again, next] = [page.locator('#code-again'), page.getByRole('heading', { name: text.register.items.title })];
  await press(page, shared.continue);
  await again.or(next).first().waitFor();
  if ((await again.count()) === 0) return;
  await again.fill(mark.code);
  await press(page, shared.continue);
}

export async function fillItems(page: Page, items: MarkToRegister['items']): Promise<void> {
  await seeHeading(page, text.register.items.title);
  const { item, add } = text.register.items;
  for (const [i, { category, make, model, description }] of items.entries()) {
    if (i > 0) await press(page, add);
    const group = page.getByRole('group', { name: item(i + 1), exact: true });
    await group.getByLabel(text.register.items.category).selectOption({ label: category });
    if (make !== undefined) await group.getByLabel(text.register.items.make).fill(make);
    if (model !== undefined) await group.getByLabel(text.register.items.model).fill(model);
    if (description !== undefined) await group.getByLabel(text.register.items.description).fill(description);
  }
  await press(page, shared.continue);
}

export async function fillContact(page: Page, contact: MarkToRegister['contact']): Promise<void> {
  const { contact: words } = text.register;
  await seeHeading(page, words.title);
  if (typeof contact === 'string') {
    await page.getByLabel(words[contact]).check();
  } else {
    await page.getByLabel(words.details).check();
    const group = page.getByRole('group', { name: words.first, exact: true });
    for (const field of ['name', 'email', 'telephone', 'note'] as const) {
      if (contact[field] !== undefined) await group.getByLabel(words[field]).fill(contact[field]);
    }
  }
  await press(page, shared.continue);
}

/** Registers a mark, from the open vault to its receipt. */
export async function registerMark(page: Page, mark: MarkToRegister): Promise<void> {
  await follow(page, text.vault.common.register);
  await fillKey(page, mark.activationKey);
  await fillCode(page, mark);
  await fillItems(page, mark.items);
  await fillContact(page, mark.contact);
  await seeHeading(page, text.register.check.title);
  await press(page, text.register.check.submit);
  await page.getByRole('button', { name: text.mark.receipt.saveFile }).waitFor();
}

/** Opens one view of the vault's mark with this number. */
export async function openMark(page: Page, number: number, part = ''): Promise<void> {
  await page.evaluate(
    (hash) => {
      location.hash = hash;
    },
    `#/mark/${number}${part === '' ? '' : `/${part}`}`,
  );
}

export async function reportStolen(page: Page, number: number): Promise<void> {
  await openMark(page, number, 'status');
  await seeHeading(page, text.mark.report.title);
  await page.getByLabel(text.mark.report.stolen).check();
  await press(page, text.mark.report.submit);
  await page.getByText(text.mark.mark.changed).waitFor();
}

/** The history's sentences, the newest first. */
export async function readHistory(page: Page, number: number): Promise<string[]> {
  await openMark(page, number, 'history');
  await page.locator('.bm-history__line').first().waitFor();
  return page.locator('.bm-history__line p:nth-of-type(2)').allInnerTexts();
}

/** Finds a mark of a restored vault again. */
export async function findMark(page: Page, mark: Pick<MarkToRegister, 'code' | 'scheme'>): Promise<void> {
  await seeHeading(page, text.register.find.title);
  await typeCode(page, mark);
  await press(page, text.register.find.submit);
}
