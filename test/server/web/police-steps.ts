/** What officers do on the pages, step by step, as a person does it: by labels and buttons. */
import type { Page } from 'playwright-core';
import { formatCredentialFile, officerFileSchema } from '../../../crypto/credential-files.ts';
import { police as text } from '../../../server/web/text/en/police.ts';
import type { TestOfficer } from '../../support/fixture.ts';
import type { Services } from '../../support/services.ts';
import { press, seeHeading } from './owner-steps.ts';

/** The text of an `officer.json`. */
export function formatOfficerFile({ registryFile }: Services, officer: TestOfficer): string {
  const { key, officerCredential, forceCredential } = officer;
  const { seed } = key;
  return formatCredentialFile(officerFileSchema, {
    ...registryFile,
    format: 'blindmark-officer-v1',
    seed,
    officerCredential,
    forceCredential,
  });
}

export async function signIn(page: Page, url: string, officerFile: string): Promise<void> {
  await page.goto(`${url}/police/`);
  await seeHeading(page, text.signIn.title);
  await page.locator('#officer-file').setInputFiles({
    name: 'officer.json',
    mimeType: 'application/json',
    buffer: Buffer.from(officerFile),
  });
  await press(page, text.signIn.button);
  await seeHeading(page, text.desk.title);
}

/** Looks one reading up for a case, from the desk. Ends on the case's page, with its result. */
export async function lookUp(
  page: Page,
  { caseReference, reading }: { readonly caseReference: string; readonly reading: string },
): Promise<void> {
  await page.locator('#case-reference').fill(caseReference);
  await page.locator('#reading').fill(reading);
  // The cost is shown before anything is asked.
  await page
    .getByText(/codes? of|uses/u)
    .first()
    .waitFor();
  await page
    .locator('form')
    .getByRole('button', { name: /^Look up/u })
    .click();
  await page.locator('.bm-card .bm-result__foot').first().waitFor();
}

/** Asks for the contact of the first hit on the page. @returns the request for a colleague */
export async function askForContact(page: Page): Promise<string> {
  await page.getByRole('link', { name: text.card.ask }).first().click();
  await seeHeading(page, new RegExp(text.opening.ask, 'u'));
  await page.getByLabel(text.opening.reasons.returnProperty).check();
  await press(page, text.opening.ask);
  const token = page.locator('.bm-token');
  await token.waitFor();
  return token.innerText();
}

export async function approve(page: Page, request: string, caseReference: string): Promise<void> {
  await page.getByRole('link', { name: text.session.approve }).click();
  await seeHeading(page, text.approval.title);
  await page.locator('#request').fill(request);
  await page.locator('#case-reference').fill(caseReference);
  await press(page, text.approval.button);
  await seeHeading(page, text.approval.shownTitle);
  await press(page, text.approval.approve);
  await seeHeading(page, text.approval.doneTitle);
}
