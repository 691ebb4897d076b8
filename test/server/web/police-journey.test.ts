/** The police pages in a browser, on a whole registry: what an officer does with them, and what two officers do. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MarkRecord } from '../../../client-sdk/vault.ts';
import { createOwner } from '../../support/sdk.ts';
import { expectAccessible, startPages, type Pages, type Visit } from './browser.ts';
import { officerFileOf } from './engine/police-browser.ts';

const CASE = 'CANARY/4711/26';
/** Claimed twice: by somebody with contact details, then by somebody who is reached by messages alone. */
const CLAIMED = '8EQ71S02SG3JTS93';
const DISPLAYED = '8EQ7-1S02-SG3J-TS93';
const PARTIAL = '8EQ7 1S0? SG3J TS93';
const HOSTILE = '<img src=x onerror="alert(1)">';
const MESSAGE = 'Call the station <b>today</b>: 01632 960 001';

let pages: Pages;
let firstFile: Uint8Array<ArrayBuffer>;
let secondFile: Uint8Array<ArrayBuffer>;
let relayOwner: Awaited<ReturnType<typeof createOwner>>;
/** The first officer's, in all tests. */
let visit: Visit;
let page: Page;

beforeAll(async () => {
  pages = await startPages();
  const { services } = pages;
  const [firstKey, secondKey] = (await services.createActivationKeys(2)) as [string, string];
  const owner = await createOwner(services);
  relayOwner = await createOwner(services);
  await owner.register({
    code: CLAIMED,
    scheme: 'bm1',
    items: [{ category: 'Shotgun', make: 'AYA', description: HOSTILE }],
    activationKey: firstKey,
    status: 'stolen',
    contact: { kind: 'details', name: 'Dilys Brackley', telephone: '01632 960 002' },
  });
  await relayOwner.register({
    code: CLAIMED,
    scheme: 'bm1',
    items: [{ category: 'Ring' }],
    activationKey: secondKey,
    contact: { kind: 'relay' },
  });
  firstFile = officerFileOf(services, await services.createOfficer('officer-a'));
  secondFile = officerFileOf(services, await services.createOfficer('officer-b'));
  visit = await pages.createPage();
  ({ page } = visit);
});
afterAll(async () => {
  await pages.stop();
});

const button = (at: Page, name: string | RegExp): Locator => at.getByRole('button', { name, exact: true });
const link = (at: Page, name: string | RegExp): Locator => at.getByRole('link', { name });
const heading = (at: Page, name: string | RegExp): Locator => at.getByRole('heading', { name });
const focusedText = async (at: Page): Promise<string> => at.evaluate(() => document.activeElement?.textContent ?? '');
const fileOf = (bytes: Uint8Array) => ({
  name: 'officer.json',
  mimeType: 'application/json',
  buffer: Buffer.from(bytes),
});

async function signIn(at: Page, file: Uint8Array): Promise<void> {
  await at.getByLabel('Credential file').setInputFiles(fileOf(file));
  await button(at, 'Sign in').click();
}

/** Has the second officer approve, knowing the case. */
async function approve(at: Page, token: string): Promise<void> {
  await at.getByLabel('Request from your colleague').fill(token);
  await at.getByLabel('Case reference').fill(CASE);
  await button(at, 'Show what is asked').click();
  await heading(at, 'What is asked').waitFor();
  await expectAccessible(at);
  await button(at, 'Approve').click();
  await heading(at, 'Approved').waitFor();
}

describe('an officer', () => {
  it('signs in with the credential file, and is told what is wrong with another', async () => {
    await page.goto(`${pages.url}/police/`);
    await button(page, 'Sign in').click();
    await page.getByRole('link', { name: 'Choose your credential file' }).click();
    expect(await page.getByLabel('Credential file').evaluate((field) => field === document.activeElement)).toBe(true);
    await signIn(page, Buffer.from('{}'));
    await heading(page, 'This file is not what is needed here').waitFor();
    await expectAccessible(page);
    await signIn(page, firstFile);
    await heading(page, 'Look up a reading').waitFor();
    await page.getByText('officer-a, Demonstration force').waitFor();
    await expectAccessible(page);
  });

  it('finds a mark by a partial reading, sees what it costs before it is asked, and all claims on it', async () => {
    await button(page, 'Look up').click();
    await link(page, 'Enter the case reference').waitFor();
    // What is wrong is said in the language that is chosen then.
    await button(page, 'Cymraeg').click();
    await link(page, 'Rhowch gyfeirnod yr achos').waitFor();
    await button(page, 'English').click();
    await link(page, 'Enter the case reference').waitFor();
    await page.getByLabel('Case reference').fill(CASE);
    await page.getByLabel('What you read').fill(PARTIAL);
    const cost = page.getByText(/This may be \d+ different codes/u);
    await cost.waitFor();
    await expectAccessible(page);
    const before = visit.recorder.requests.length;
    await button(page, /^Look up \d+ codes$/u).click();
    const card = page.getByRole('article');
    await card.getByText('Registered', { exact: true }).waitFor();
    expect(visit.recorder.requests.slice(before).some(({ url }) => url.endsWith('/v1/lookups'))).toBe(true);
    const claims = card.locator('li', { has: page.getByText('Status') });
    expect(await claims.count()).toBe(2);
    expect(await claims.nth(0).innerText()).toMatch(/First claim[^]*Stolen[^]*Shotgun: AYA/u);
    expect(await claims.nth(1).innerText()).toMatch(/Counter-claim 1[^]*With its keeper[^]*Ring/u);
    // Markup of an owner's is text.
    await card.getByText(HOSTILE).waitFor();
    await heading(page, DISPLAYED).waitFor();
    await page.getByText('A registration is a claim, not proof of title').waitFor();
    await expect.poll(async () => focusedText(page)).toBe('Results');
    expect(await page.title()).not.toContain('CANARY');
    await expectAccessible(page);
  });

  it('looks up a list that a reload and a lost connection interrupt, and that goes on by itself', async () => {
    const misses = Array.from({ length: 24 }, (_, i) => `EX${i},pin,HV7XU05AH${String(i).padStart(3, '0')}`);
    const list = ['id,scheme,read', ...misses, 'EX50,,1.16E+12', 'EX51,dust,ABCDEFGH', `EX52,bm1,${CLAIMED}`];
    await page.getByText('Look up another reading').click();
    await link(page, 'Paste or upload a list').click();
    await button(page, 'Continue').click();
    await link(page, 'Choose a file').waitFor();
    await expectAccessible(page);
    await page
      .getByLabel('File with readings')
      .setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(list.join('\r\n')) });
    await button(page, 'Continue').click();
    await heading(page, '2 rows cannot be looked up').waitFor();
    expect(await page.getByLabel('Column with the readings').inputValue()).toBe('read');
    await page.getByText('The spreadsheet has rounded this number').waitFor();
    await page.getByText('25 readings, 25 codes to ask for').waitFor();
    await expectAccessible(page);
    await button(page, 'Put 25 readings on the case').click();

    // The second request for evaluations waits until the page is gone; after that, connections fail until all is well again.
    let connection: 'held' | 'lost' | 'there' = 'held';
    let asked = 0;
    await page.context().route('**/v1/evaluations', async (route) => {
      asked += 1;
      if (connection === 'lost') await route.abort('connectionfailed');
      else if (connection === 'there' || asked === 1) await route.continue();
    });
    visit.expectFaults(/ERR_CONNECTION_FAILED/u);
    await button(page, /^Look up \d+ codes$/u).click();
    await page.getByText(/1 registered, 1[0-9] not registered/u).waitFor();
    await expectAccessible(page);
    connection = 'lost';
    await page.reload();
    await page.getByText('No connection. It goes on by itself').waitFor();
    await expectAccessible(page);
    connection = 'there';
    for (const worker of page.workers()) await worker.evaluate(() => dispatchEvent(new Event('online')));
    await page.getByText('2 registered, 24 not registered', { exact: true }).waitFor();
    await page.getByLabel('Show').selectOption('miss');
    expect(await page.getByRole('article').count()).toBe(20);
    await button(page, 'Show 4 more').click();
    expect(await page.getByRole('article').count()).toBe(24);
    await expectAccessible(page);
  });

  it('has a contact opened by a colleague, and leaves a message for a keeper without one', async () => {
    const { page: other } = await pages.createPage();
    await other.goto(`${pages.url}/police/#/approve`);
    await signIn(other, secondFile);
    await heading(other, 'Approve a colleague’s request').waitFor();
    await button(other, 'Show what is asked').click();
    await link(other, 'Paste or scan the request').waitFor();
    await expectAccessible(other);

    await page.getByLabel('Show').selectOption('hit');
    await link(page, /Ask for the keeper’s contact.*First claim/u)
      .first()
      .click();
    await button(page, 'Ask for the contact').click();
    await link(page, 'Choose why you need the contact').waitFor();
    await expectAccessible(page);
    await page.getByLabel('To return property').check();
    await button(page, 'Ask for the contact').click();
    await heading(page, 'Hand this request to a colleague').waitFor();
    const request = page.getByRole('group', { name: 'Request' });
    const token = await request.innerText();
    await button(page, 'Show as a QR code').click();
    await page.getByRole('img', { name: 'The request as a QR code' }).waitFor();
    await expectAccessible(page);
    await approve(other, token);
    await expectAccessible(other);
    await button(page, 'Look now').click();
    await heading(page, 'The contact is opened').waitFor();
    await page.getByText('Dilys Brackley').waitFor();
    await page.getByText('01632 960 002').waitFor();
    await expectAccessible(page);

    await link(page, 'Back to the case').click();
    await page.getByText('Contact: opened').first().waitFor();
    await page.getByLabel('Show').selectOption('hit');
    await link(page, /Ask for the keeper’s contact.*Counter-claim 1/u)
      .first()
      .click();
    await page.getByLabel('Another reason').check();
    await button(page, 'Ask for the contact').click();
    await link(page, 'Explain the reason').waitFor();
    await page.getByLabel('Explanation').fill('Two people claim it.');
    await button(page, 'Ask for the contact').click();
    await heading(page, 'Hand this request to a colleague').waitFor();
    await button(other, 'Approve another request').click();
    await approve(other, await request.innerText());
    await button(page, 'Look now').click();
    await heading(page, 'Leave a message').waitFor();
    await button(page, 'Leave the message').click();
    await link(page, 'Write the message').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Message', { exact: true }).fill(MESSAGE);
    await button(page, 'Leave the message').click();
    await page.getByText('The message is left.').waitFor();
    await expectAccessible(page);
    const { messages } = await relayOwner.messages(relayOwner.marks[0] as MarkRecord);
    expect(messages.map(({ text }) => text)).toEqual([MESSAGE]);
  });

  it('has an evidence sheet to print, and a file with its proofs', async () => {
    await link(page, 'Back to the case').click();
    await link(page, 'Evidence sheet').click();
    await heading(page, 'Evidence sheet').waitFor();
    await page.getByText('2 registered, 24 not registered').waitFor();
    await page.getByText('That a code is not registered is what the registry says, and has no proof').waitFor();
    await expectAccessible(page);
    await page.emulateMedia({ media: 'print' });
    expect(await button(page, 'Print this sheet').isVisible()).toBe(false);
    expect(await link(page, 'Sign out').isVisible()).toBe(false);
    await page.getByText(CASE).waitFor();
    await page.emulateMedia({ media: 'screen' });
    const download = page.waitForEvent('download');
    await button(page, 'Save the evidence file').click();
    const file = await download;
    const evidence = JSON.parse(await readFile(await file.path(), 'utf8')) as {
      readonly caseReference: string;
      readonly results: readonly { readonly result: string }[];
    };
    expect(file.suggestedFilename()).not.toContain('CANARY');
    expect(evidence.caseReference).toBe(CASE);
    expect(evidence.results.filter(({ result }) => result === 'hit')).toHaveLength(2);
    await page.getByText('Saved. It holds codes').waitFor();
  });

  it('sends neither readings nor codes nor the case in clear, and keeps none in the address', async () => {
    const sent = visit.recorder.text();
    for (const secret of [CASE, CLAIMED, PARTIAL, 'HV7XU05AH', 'Dilys', 'Shotgun', MESSAGE, 'Two people claim it'])
      expect(sent).not.toContain(secret);
    expect(page.url()).toMatch(/#\/tray\/[\w-]+\/sheet$/u);
  });

  it('signs out: the key is gone, and cases open with the same file again', async () => {
    await button(page, 'Sign out').click();
    await page.getByText('You are signed out.').waitFor();
    await expectAccessible(page);
    await page.reload();
    await signIn(page, firstFile);
    await heading(page, 'Evidence sheet').waitFor();
    await link(page, 'Look up').click();
    await link(page, CASE).waitFor();
    await page.setViewportSize({ width: 320, height: 800 });
    await button(page, 'Cymraeg').click();
    await heading(page, 'Chwilio am ddarlleniad').waitFor();
    await expectAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await link(page, CASE).click();
    await page.getByText('2 wedi’u cofrestru, 24 heb eu cofrestru').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });

  it('does all that by keyboard alone', async () => {
    const { page: keys } = await pages.createPage();
    const press = async (key: string): Promise<void> => keys.keyboard.press(key);
    /** Tabs on until it has focus. */
    const tabTo = async (target: Locator): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        if (await target.evaluate((element) => element === document.activeElement)) return;
        await press('Tab');
      }
      throw new Error(`The keyboard does not reach ${target.toString()}`);
    };
    keys.on('filechooser', (chooser) => void chooser.setFiles(fileOf(secondFile)));
    await keys.goto(`${pages.url}/police/`);
    const field = keys.getByLabel('Credential file');
    await field.waitFor();
    await tabTo(field);
    await press('Enter');
    await expect.poll(async () => field.evaluate((input: HTMLInputElement) => input.files?.length)).toBe(1);
    await tabTo(button(keys, 'Sign in'));
    await press('Enter');
    await heading(keys, 'Look up a reading').waitFor();
    await tabTo(keys.getByLabel('Case reference'));
    await keys.keyboard.type('CASE/2');
    await tabTo(keys.getByLabel('What you read'));
    await keys.keyboard.type(PARTIAL);
    await press('Enter');
    // Whoever is quicker than the cost is shown it first.
    const held = keys.getByText('Nothing has been asked yet.');
    const card = keys.getByRole('article');
    await held.or(card).first().waitFor();
    if (await held.isVisible()) await press('Enter');
    await card.getByText('Registered', { exact: true }).waitFor();
    await expect.poll(async () => focusedText(keys)).toBe('Results');
    await tabTo(link(keys, /Ask for the keeper’s contact.*First claim/u));
    await press('Enter');
    await expect.poll(async () => focusedText(keys)).toContain('Ask for the contact');
    await tabTo(keys.getByLabel('To return property'));
    await press('ArrowDown');
    expect(await keys.getByLabel('On suspicion of theft').isChecked()).toBe(true);
    await tabTo(button(keys, 'Ask for the contact'));
    await press('Enter');
    await expect.poll(async () => focusedText(keys)).toContain('Hand this request to a colleague');
    await tabTo(link(keys, 'Back to the case'));
    await press('Enter');
    await keys.getByText('Contact: waiting for a colleague').waitFor();
    await tabTo(link(keys, 'Delete this case from this browser'));
    await press('Enter');
    await heading(keys, 'Delete this case').waitFor();
    await expectAccessible(keys);
    await tabTo(button(keys, 'Delete the case'));
    await press('Enter');
    await keys.getByText('None yet.').waitFor();
  });

  it('is signed out when nothing was done for a quarter of an hour, after a warning', async () => {
    const { page: idle } = await pages.createPage();
    await idle.clock.install();
    await idle.goto(`${pages.url}/police/`);
    await signIn(idle, secondFile);
    await heading(idle, 'Look up a reading').waitFor();
    await idle.clock.fastForward('14:10');
    const warning = idle.getByText('You will be signed out within a minute.');
    await warning.waitFor();
    await expectAccessible(idle);
    await idle.keyboard.press('Shift');
    await warning.waitFor({ state: 'detached' });
    await idle.clock.fastForward('15:10');
    await idle.getByText('nothing was done here for 15 minutes').waitFor();
    await heading(idle, 'Sign in with your credential file').waitFor();
  });
});
