/**
 * The whole story in real browsers: an owner registers a mark and reports it stolen, an officer finds it by what is left of its
 * code, two officers open the contact, the owner sees both, and proves it to somebody without a network. Meanwhile every byte
 * that leaves the browsers is recorded, and what they keep on disk is searched.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url } from '../../../crypto/bytes.ts';
import { check } from '../../../server/web/text/en/check.ts';
import { owner } from '../../../server/web/text/en/owner.ts';
import { police } from '../../../server/web/text/en/police.ts';
import { shared } from '../../../server/web/text/en/shared.ts';
import { findCanaries, type Canaries } from '../../attack/canaries.ts';
import { readMarks, readReads } from '../../support/marks.ts';
import { startPages, type Pages, type Visit } from './browser.ts';
import {
  createVault,
  findMark,
  openMark,
  press,
  readHistory,
  registerMark,
  reportStolen,
  restoreVault,
  seeHeading,
} from './owner-steps.ts';
import { approve, askForContact, formatOfficerFile, lookUp, signIn } from './police-steps.ts';
import { readStorage } from './storage.ts';

const PASSPHRASE = 'orchard ninety velvet anvil';
const CASE = 'CR/77310/26 Öffnung';

const [row] = readMarks();
const mark = row as NonNullable<typeof row>;
/** Of the published readings: two characters of the code can't be read. */
const reading = readReads().find(({ id, kind }) => id === mark.id && kind === 'partial')?.read as string;
const DESCRIPTION = 'Scratch like a comet on the left side plate';
const NOTE = 'Ring the blue cottage behind the mill';

const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
const ownerDisk = join(folder, 'owner');
const officerDisk = join(folder, 'officer');

let pages: Pages;
let ownerVisit: Visit;
let officerVisit: Visit;
let colleagueVisit: Visit;
let phrase: string[];
let activationKey: string;
let receipt: string;
let request: string;
let officerSeeds: Uint8Array[];

beforeAll(async () => {
  pages = await startPages();
  const { services } = pages;
  [activationKey = ''] = await services.createActivationKeys(1);
  const officers = [await services.createOfficer('officer-a'), await services.createOfficer('officer-b')];
  officerSeeds = officers.map(({ key }) => key.seed);
  const files = officers.map((officer) => formatOfficerFile(services, officer));
  ownerVisit = await pages.createPage({ folder: ownerDisk });
  officerVisit = await pages.createPage({ folder: officerDisk });
  colleagueVisit = await pages.createPage();
  phrase = await createVault(ownerVisit.page, pages.url, PASSPHRASE);
  await signIn(officerVisit.page, pages.url, files[0] as string);
  await signIn(colleagueVisit.page, pages.url, files[1] as string);
});
afterAll(async () => {
  await pages.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Saves what a button has the browser save. */
async function save(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, button)]);
  return readFileSync(await download.path(), 'utf8');
}

/** All that must never be read by anybody but whom it is for. */
function secrets(): Canaries {
  const grouped = (mark.code.match(/.{4}/gu) ?? []).join('-');
  return new Map<string, readonly (string | Uint8Array)[]>([
    ['code', [mark.code, grouped, grouped.replaceAll('-', ' ')]],
    ['reading', [reading]],
    ['item', [mark.model, DESCRIPTION]],
    ['name and address', [mark.keeper, mark.contact]],
    ['note', [NOTE]],
    ['phrase', [phrase.join(' '), ...pairs(phrase)]],
    ['passphrase', [PASSPHRASE]],
    ['case', [CASE, 'CR/77310/26']],
    ['officer’s key', officerSeeds.flatMap((seed) => [seed, formatBase64url(seed)])],
  ]);
}

const pairs = (words: readonly string[]): string[] => words.slice(1).map((word, i) => `${words[i]} ${word}`);

describe('an owner, two officers, and somebody who checks', () => {
  it('an owner registers a mark, and has a receipt', async () => {
    const { page } = ownerVisit;
    await registerMark(page, {
      activationKey,
      code: mark.code,
      items: [{ category: mark.category, make: mark.make, model: mark.model, description: DESCRIPTION }],
      contact: { name: mark.keeper, email: mark.contact, note: NOTE },
    });
    receipt = await save(page, owner.mark.receipt.saveFile);
    expect(receipt).toContain('tlog-proof');
  });

  it('reports it stolen', async () => {
    const { page } = ownerVisit;
    await reportStolen(page, 1);
    expect(await page.locator('main').innerText()).toContain(owner.mark.stage.stolen);
  });

  it('an officer finds it by what is left of its code', async () => {
    const { page } = officerVisit;
    await lookUp(page, { caseReference: CASE, reading });
    const card = await page.locator('.bm-card').innerText();
    for (const words of [
      police.result.hit,
      mark.make,
      mark.model,
      DESCRIPTION,
      police.claim.short,
      shared.status.stolen,
    ]) {
      expect(card).toContain(words);
    }
    // Nothing of the keeper before two officers ask.
    expect(card).not.toContain(mark.keeper);
  });

  it('asks for the contact, which a second officer approves', async () => {
    request = await askForContact(officerVisit.page);
    await approve(colleagueVisit.page, request, CASE);
    const { page } = officerVisit;
    await press(page, police.opening.check);
    await seeHeading(page, new RegExp(police.opening.openedTitle, 'u'));
    const shown = await page.locator('main').innerText();
    for (const words of [mark.keeper, mark.contact, NOTE]) expect(shown).toContain(words);
    // What is searched for is found where it is.
    expect(findCanaries(secrets(), shown)).toEqual(expect.arrayContaining(['name and address', 'note', 'case']));
  });

  it('the owner sees who looked, and who opened', async () => {
    const history = await readHistory(ownerVisit.page, 1);
    expect(history).toHaveLength(4);
    expect(history[0]).toContain(owner.mark.history.opening('Demonstration force'));
    expect(history[0]).toContain(owner.mark.history.officers('officer-a', 'officer-b'));
    expect(history[1]).toContain(owner.mark.history.match);
    expect(history[2]).toContain(owner.mark.history.statusChanged);
    expect(history[3]).toContain(owner.mark.history.registration);
  });

  it('the receipt proves it where there is no network', async () => {
    const { page, context, recorder } = await pages.createPage();
    await page.goto(`${pages.url}/check/`);
    await page.getByRole('button', { name: check.offline.load }).click();
    await page.getByText(check.offline.ready).waitFor();
    await context.setOffline(true);
    const before = recorder.requests.length;
    await page.getByLabel(check.receipt.file).setInputFiles({
      name: 'receipt.json',
      mimeType: 'application/json',
      buffer: Buffer.from(receipt),
    });
    await seeHeading(page, check.proven.title);
    expect(await page.locator('main').innerText()).toContain(check.proven.kinds.registration);
    expect(recorder.requests).toHaveLength(before);
  });

  it('phrase and code bring everything back in an empty browser', async () => {
    const { page, recorder } = await pages.createPage();
    await restoreVault(page, pages.url, phrase.join(' '), 'another passphrase altogether');
    await findMark(page, { code: mark.code });
    await page.getByText(owner.register.find.found(mark.code.replaceAll(/(.{4})(?=.)/gu, '$1-'))).waitFor();
    const shown = await page.locator('main').innerText();
    for (const words of [mark.make, DESCRIPTION, owner.mark.stage.stolen]) expect(shown).toContain(words);
    expect(await readHistory(page, 1)).toHaveLength(4);
    expect(findCanaries(secrets(), recorder.text())).toEqual([]);
  });
});

describe('what leaves the browsers', () => {
  it('holds no code, reading, item, contact, phrase, passphrase, case reference or officer’s key, in no spelling', () => {
    for (const { recorder } of [ownerVisit, officerVisit, colleagueVisit]) {
      expect(recorder.requests.length).toBeGreaterThan(10);
      expect(findCanaries(secrets(), recorder.text())).toEqual([]);
    }
  });

  it('goes to the registry and to the issuer alone', () => {
    const issuer = new URL(pages.services.fixture.roster.roster.issuers[0]?.url as string).origin;
    const originsOf = ({ recorder }: Visit) => new Set(recorder.requests.map(({ url }) => new URL(url).origin));
    expect(originsOf(ownerVisit)).toEqual(new Set([pages.url, issuer]));
    expect(originsOf(officerVisit)).toEqual(new Set([pages.url]));
    expect(originsOf(colleagueVisit)).toEqual(new Set([pages.url]));
  });

  it('names no page that it came from, and carries nothing that a browser adds', () => {
    for (const { recorder } of [ownerVisit, officerVisit, colleagueVisit]) {
      const names = new Set(
        recorder.requests.flatMap(({ headers }) =>
          headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
        ),
      );
      for (const name of ['cookie', 'authorization', 'referer']) expect(names).not.toContain(name);
    }
  });
});

/**
 * What browsers write to disk by themselves, and no page can help:
 *
 * - what is typed as name, e-mail address and telephone number, which they offer in other forms. Forms name such fields for people
 *   who can't type well (WCAG 2.2, 1.3.5);
 * - keys that no script can read. They keep them in IndexedDB, for whoever can read the disk.
 */
function exceptionsOf(file: string): string[] {
  if (basename(file) === 'Web Data') return ['name and address'];
  return file.includes(`${sep}IndexedDB${sep}`) ? ['officer’s key'] : [];
}

describe('what the browsers keep', () => {
  it('has none of it in clear, in IndexedDB, in other storage, and in the address', async () => {
    for (const { page, context } of [ownerVisit, officerVisit, colleagueVisit]) {
      const stored = await readStorage(page);
      expect(stored.length).toBeGreaterThan(100);
      expect(findCanaries(secrets(), stored)).toEqual([]);
      expect(findCanaries(secrets(), page.url())).toEqual([]);
      expect(await context.cookies()).toEqual([]);
    }
  });

  it('has none of it on disk once the browser is closed', async () => {
    // The views' addresses and titles are in the browser's history.
    await openMark(ownerVisit.page, 1);
    await ownerVisit.close();
    await officerVisit.close();
    for (const disk of [ownerDisk, officerDisk]) {
      const files = readdirSync(disk, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      expect(files.some((file) => file.includes('IndexedDB'))).toBe(true);
      const found = files.flatMap((file) =>
        findCanaries(secrets(), readFileSync(file), exceptionsOf(file)).map((name) => `${name}: ${file}`),
      );
      expect(found).toEqual([]);
    }
  });
});
