/** The same build, hosted by somebody else than the registry's operator, at another origin. */
import express from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintCode } from '../../../crypto/mint-code.ts';
import { readPages, type PagesBuild } from '../../../server/registry/pages-build.ts';
import { openPages } from '../../../server/registry/pages.ts';
import { log } from '../../../server/web/text/en/log.ts';
import { owner } from '../../../server/web/text/en/owner.ts';
import { police } from '../../../server/web/text/en/police.ts';
import { ensurePages, startPages, type Pages, type Visit } from './browser.ts';
import { createVault, press, readHistory, registerMark } from './owner-steps.ts';
import { formatOfficerFile, lookUp, signIn } from './police-steps.ts';

let pages: Pages;
let host: Server;
let url: string;
beforeAll(async () => {
  const folder = await ensurePages();
  pages = await startPages({ pages: folder });
  const { registryFile, fixture } = pages.services;
  const app = express();
  // Below a path of its own, among other things of that host.
  app.use(
    '/marks',
    openPages(readPages(folder) as PagesBuild, { registryFile, issuers: fixture.roster.roster.issuers }).handle,
  );
  host = createServer(app);
  await new Promise<void>((done) => {
    host.listen(0, '127.0.0.1', done);
  });
  url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/marks`;
});
afterAll(async () => {
  await pages.stop();
  await new Promise((done) => {
    host.close(done);
  });
});

async function visit(): Promise<Visit> {
  const visited = await pages.createPage();
  visited.expectFaults(new RegExp(`^foreign host: GET ${url}`, 'u'));
  return visited;
}

describe('pages of another host', () => {
  it('serve owners and officers of the registry that they are configured for', async () => {
    const { services } = pages;
    const [activationKey = ''] = await services.createActivationKeys(1);
    const code = mintCode();
    const [{ page, recorder }, { page: officer }] = [await visit(), await visit()];
    await createVault(page, url, 'four words of mine');
    await registerMark(page, { activationKey, code, items: [{ category: 'Ring' }], contact: 'none' });
    await signIn(officer, url, formatOfficerFile(services, await services.createOfficer('officer-a')));
    await lookUp(officer, { caseReference: 'CR/1', reading: code });
    expect(await officer.locator('.bm-card').innerText()).toContain(police.result.hit);
    expect((await readHistory(page, 1))[0]).toContain(owner.mark.history.match);
    // Their host gets nothing but the request for its files.
    const toHost = recorder.requests.filter((request) => request.url.startsWith(url));
    expect(toHost.length).toBeGreaterThan(3);
    for (const { method, body } of toHost) expect([method, body.length]).toEqual(['GET', 0]);
  });

  it('show and verify that registry’s log', async () => {
    const { page } = await visit();
    await page.goto(`${url}/log/`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText(pages.services.fixture.origin).first().waitFor();
    expect(await page.locator('main').innerText()).toContain('demo-force');
    await press(page, log.verify.button);
    await page
      .getByText(/^Verified: /u)
      .first()
      .waitFor();
  });
});
