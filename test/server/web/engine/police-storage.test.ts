/** What a browser keeps of an officer's shift: nothing of it in clear, and nothing for anybody else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, utf8ToBytes } from '../../../../crypto/bytes.ts';
import { mintCode } from '../../../../crypto/mint-code.ts';
import type { TestOfficer } from '../../../support/fixture.ts';
import { createOwner } from '../../../support/sdk.ts';
import { startServices, type Services } from '../../../support/services.ts';
import { officerFileOf, PoliceBrowser, type Tab } from './police-browser.ts';

const CASE = 'CANARY-CASE/77';
const contact = { kind: 'details', name: 'Canary Keeper', telephone: '0999 777 333' } as const;
const ITEM = { category: 'Shotgun', description: 'canary engraving of a heron' };

let services: Services;
let code: string;
beforeAll(async () => {
  services = await startServices();
  const owner = await createOwner(services);
  code = mintCode();
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  await owner.register({ code, items: [ITEM], activationKey, contact });
});
afterAll(async () => {
  await services.stopAll();
});

interface Shift {
  readonly browser: PoliceBrowser;
  readonly officer: TestOfficer;
  readonly police: Tab['police'];
  readonly tray: string;
  readonly token: string;
}

/** A shift with a hit, a contact that was opened, and a run that was interrupted. */
async function workShift(name: string): Promise<Shift> {
  const [officer, colleague] = [await services.createOfficer(name), await services.createOfficer(`${name}-b`)];
  const browser = new PoliceBrowser(services);
  const { police } = browser.openTab();
  await police.signIn({ file: officerFileOf(services, officer) });
  const { id: tray } = await police.openTray({ caseReference: CASE });
  await police.addReadings({ tray, readings: [{ label: 'CANARY-EXHIBIT', reading: code, scheme: 'bm1' }] });
  const { list } = await police.run({ tray });
  const match = list[0]?.result?.registrations[0]?.match as number;
  const { token } = await police.askOpening({ tray, match, reason: 'safety' });
  const elsewhere = new PoliceBrowser(services).openTab().police;
  await elsewhere.signIn({ file: officerFileOf(services, colleague) });
  await elsewhere.approve({ token, caseReference: CASE });
  browser.use();
  expect(await police.checkOpening({ tray, match })).toMatchObject({ contact });
  await police.addReadings({ tray, readings: [{ reading: `${mintCode().slice(0, 15)}?`, scheme: 'bm1' }] });
  const dying = browser.openTab({ diesAt: 9 });
  void dying.police.run({ tray });
  await dying.died;
  return { browser, officer, police, tray, token };
}

/** How a secret may stand among bytes. */
function spellings(secret: string | Uint8Array): string[] {
  const bytes = Buffer.from(typeof secret === 'string' ? utf8ToBytes(secret) : secret);
  const base64 = [0, 1, 2].map((shift) =>
    // What stands in the middle of a longer text, at any offset.
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [bytes.toString('latin1'), bytes.toString('hex'), bytes.toString('utf16le'), ...base64];
}

describe('what a browser keeps', () => {
  it('holds nothing of a case in clear: while an officer is signed in, and afterwards', async () => {
    const { browser, officer, police, tray, token } = await workShift('canary');
    const secrets: readonly (string | Uint8Array)[] = [
      CASE,
      code,
      'CANARY-EXHIBIT',
      contact.name,
      contact.telephone,
      ITEM.description,
      token,
      officer.key.seed,
      officer.officerCredential,
      'Demonstration force',
    ];
    for (const signOut of [false, true]) {
      if (signOut) await police.signOut();
      const kept = Buffer.from(await browser.dump());
      expect(kept.length).toBeGreaterThan(10_000);
      const text = kept.toString('latin1');
      for (const secret of secrets) {
        for (const spelling of spellings(secret)) expect(text.includes(spelling)).toBe(false);
      }
    }
    // Names of records are there, so the search would find what is in clear.
    const text = Buffer.from(await browser.dump()).toString('latin1');
    expect(text).toContain(tray);
    expect(text).not.toContain(formatBase64url(officer.key.publicKey));
  });

  it('opens again for the same credential alone', async () => {
    const { browser, officer, police, tray } = await workShift('same');
    const view = await police.tray({ tray });
    await police.signOut();
    const again = browser.openTab().police;
    await again.signIn({ file: officerFileOf(services, officer) });
    expect(await again.tray({ tray })).toEqual(view);
    // A colleague, and the same person with the credential of another shift.
    for (const name of ['colleague', 'same']) {
      await again.signIn({ file: officerFileOf(services, await services.createOfficer(name)) });
      expect(await again.trays()).toEqual([]);
      await expect(again.tray({ tray })).rejects.toMatchObject({ code: 'notFound', field: 'tray' });
      await expect(again.run({ tray })).rejects.toMatchObject({ code: 'notFound' });
      await expect(again.addReadings({ tray, readings: [{ reading: code }] })).rejects.toMatchObject({
        code: 'notFound',
      });
    }
  });

  it('opens for nobody else who puts it under a name of his own', async () => {
    const { browser, tray } = await workShift('victim');
    const { police } = browser.openTab();
    await police.signIn({ file: officerFileOf(services, await services.createOfficer('thief')) });
    const own = await police.openTray({ caseReference: 'CR/9/26' });
    await browser.tamper((records) => {
      const ownerOf = (id: string): string =>
        (JSON.parse([...records.keys()].find((key) => key.includes(id)) as string) as string[])[0] as string;
      const [mine, theirs] = [ownerOf(own.id), ownerOf(tray)];
      const stolen = [...records].filter(([key]) => key.includes(tray));
      for (const [key, box] of stolen) records.set(key.replace(theirs, mine), box);
    });
    expect((await police.trays()).map(({ id }) => id)).toEqual([own.id]);
    await expect(police.tray({ tray })).rejects.toMatchObject({ code: 'badFile', field: 'tray' });
  });

  it.each<[string, (records: Map<string, Uint8Array<ArrayBuffer>>, readings: readonly string[]) => void]>([
    [
      'altered',
      (records, [first]) => {
        const box = records.get(first as string) as Uint8Array<ArrayBuffer>;
        box[box.length - 1] = (box.at(-1) as number) ^ 1;
      },
    ],
    [
      'exchanged',
      (records, [first, second]) => {
        const box = records.get(first as string) as Uint8Array<ArrayBuffer>;
        records.set(first as string, records.get(second as string) as Uint8Array<ArrayBuffer>);
        records.set(second as string, box);
      },
    ],
    ['cut short', (records, [first]) => void records.set(first as string, new Uint8Array(5))],
  ])('is refused when its records were %s', async (_, change) => {
    const { browser, police, tray } = await workShift('tampered');
    await browser.tamper((records) => {
      change(
        records,
        [...records.keys()].filter((key) => (JSON.parse(key) as string[])[2] === 'reading'),
      );
    });
    await expect(police.tray({ tray })).rejects.toMatchObject({ code: 'badFile', field: 'tray' });
  });

  it('is gone once a tray is deleted', async () => {
    const { browser, police, tray } = await workShift('tidy');
    await police.deleteTray({ tray });
    expect(Buffer.from(await browser.dump()).toString('latin1')).not.toContain(tray);
  });
});
