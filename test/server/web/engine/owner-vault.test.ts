/** This browser's vault: made, opened, moved, removed, and what spoils it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseVaultText, Vault } from '../../../../client-sdk/vault.ts';
import { createActivationKey, formatActivationKey, formatActivationQr } from '../../../../crypto/activation-key.ts';
import { BlindmarkError } from '../../../../crypto/errors.ts';
import { mintCode } from '../../../../crypto/mint-code.ts';
import type { OwnerView, RegisterForm } from '../../../../server/web/engine/owner-api.ts';
import { VaultDatabase } from '../../../../server/web/engine/vault-database.ts';
import { startServices, type Services } from '../../../support/services.ts';
import { BrowserProfile, cheapArgon2id } from './browser-profile.ts';

const passphrase = 'correct horse battery';
const phrase = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

let services: Services;
let profile: BrowserProfile;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await services.stopAll();
});
beforeEach(() => {
  profile = new BrowserProfile(services);
});

/** Makes the profile's vault, and closes it. */
async function createVault(): Promise<OwnerView> {
  const { engine } = profile.openTab();
  const view = await engine.owner.create({ phrase, passphrase });
  engine.stop();
  return view;
}

async function createForm(): Promise<RegisterForm> {
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  return { code: mintCode(), activationKey, items: [{ category: 'Camera' }], contact: { kind: 'relay' } };
}

/** Puts other lines in the place of the profile's vault. */
async function overwrite(change: (lines: string[]) => readonly (readonly [number, string])[]): Promise<void> {
  profile.use();
  const lines = await new VaultDatabase().readLines();
  await new Promise<void>((resolve, reject) => {
    const opening = indexedDB.open('blindmark-vault', 1);
    opening.addEventListener('success', () => {
      const transaction = opening.result.transaction('lines', 'readwrite');
      const store = transaction.objectStore('lines');
      store.clear();
      for (const [key, line] of change(lines)) store.add(line, key);
      transaction.addEventListener('complete', () => {
        opening.result.close();
        resolve();
      });
      transaction.addEventListener('abort', () => {
        reject(transaction.error);
      });
    });
  });
}

describe('a vault in a browser', () => {
  it('is made from a phrase, and opened by its passphrase alone', async () => {
    const { engine, defects } = profile.openTab();
    expect(await engine.owner.state()).toBe('none');
    const words = await engine.owner.createPhrase();
    expect(words).toHaveLength(12);
    expect(await engine.owner.checkPhrase({ phrase: words.join('  ').toUpperCase() })).toBeUndefined();
    const view = await engine.owner.create({ phrase: words.join(' '), passphrase });
    const { origin, threshold, guardians } = services.fixture.roster.roster;
    expect(view).toEqual({
      origin,
      fingerprint: Buffer.from(services.fixture.fingerprint).toString('base64url'),
      isTestRegistry: true,
      threshold,
      guardians: guardians.map(({ name }) => name),
      isStorageKept: false,
      marks: [],
    });
    expect(await engine.owner.state()).toBe('open');
    // The worker ends with the page's lock button; the next call has a new one.
    engine.stop();
    const next = profile.openTab().engine;
    expect(await next.owner.state()).toBe('locked');
    await expect(next.owner.unlock({ passphrase: 'something else' })).rejects.toMatchObject({ code: 'badPassphrase' });
    expect(await next.owner.state()).toBe('locked');
    expect(await next.owner.unlock({ passphrase })).toEqual(view);
    expect(defects).toEqual([]);
  });

  it('is not made from what is no phrase, under a short passphrase, twice, or without a registry', async () => {
    const { engine } = profile.openTab();
    await expect(engine.owner.checkPhrase({ phrase: 'legal winner' })).rejects.toMatchObject({ code: 'badPhrase' });
    await expect(engine.owner.create({ phrase: 'no phrase', passphrase })).rejects.toMatchObject({ code: 'badPhrase' });
    await expect(engine.owner.create({ phrase, passphrase: 'seven c' })).rejects.toMatchObject({
      code: 'badInput',
      field: 'passphrase',
    });
    let isDown = true;
    const offline = profile.openTab({
      fetch: async (url, init) => (isDown ? Promise.reject(new TypeError('no connection')) : fetch(url, init)),
    }).engine;
    await expect(offline.owner.create({ phrase, passphrase })).rejects.toMatchObject({ code: 'unreachable' });
    expect(await engine.owner.state()).toBe('none');
    const twice = await Promise.allSettled([
      engine.owner.create({ phrase, passphrase }),
      engine.owner.create({ phrase, passphrase }),
    ]);
    expect(twice.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(twice[1]).toMatchObject({ reason: { code: 'badInput', field: 'vault' } });
    engine.stop();
    isDown = false;
    await expect(offline.owner.create({ phrase, passphrase })).rejects.toMatchObject({
      code: 'badInput',
      field: 'vault',
    });
  });

  it('is read and printed while the registry does not answer', async () => {
    const { engine } = profile.openTab();
    await engine.owner.create({ phrase, passphrase });
    await engine.owner.register(await createForm());
    const view = await engine.owner.view();
    engine.stop();
    const offline = profile.openTab({ fetch: async () => Promise.reject(new TypeError('no connection')) }).engine;
    expect(await offline.owner.unlock({ passphrase })).toEqual(view);
    const sheet = await offline.owner.sheet({ passphrase });
    expect(sheet).toMatchObject({ phrase: phrase.split(' '), origin: view.origin, marks: [{ ...view.marks[0] }] });
    expect(sheet.marks[0]?.receipt).toMatchObject({ kind: 'registration' });
    await expect(offline.owner.sheet({ passphrase: 'something else' })).rejects.toMatchObject({
      code: 'badPassphrase',
    });
    await expect(offline.owner.history({ mark: '1' })).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('is read though not even the pages’ own files can be had, and acts once they can', async () => {
    await createVault();
    let isDown = true;
    const { owner } = profile.openTab({
      fetch: async (url, init) => (isDown ? Promise.reject(new TypeError('no connection')) : fetch(url, init)),
      registryFile: async () => {
        if (isDown) throw new BlindmarkError('unreachable', 'The service cannot be reached');
        return services.registryFile;
      },
    }).engine;
    expect(await owner.unlock({ passphrase })).toMatchObject({ origin: services.fixture.origin, marks: [] });
    expect(await owner.schemes()).toHaveLength(services.fixture.roster.roster.schemes.schemes.length);
    const form = await createForm();
    await expect(owner.register(form)).rejects.toMatchObject({ code: 'unreachable' });
    isDown = false;
    expect(await owner.register(form)).toMatchObject({ stage: 'registered' });
  });

  it('is open in one tab, and the other waits until that one is gone', async () => {
    await createVault();
    const first = profile.openTab();
    const second = profile.openTab();
    await first.engine.owner.unlock({ passphrase });
    expect(await second.engine.owner.state()).toBe('elsewhere');
    await expect(second.engine.owner.unlock({ passphrase })).rejects.toMatchObject({
      code: 'unavailable',
      field: 'vault',
    });
    await expect(second.engine.owner.forget({ passphrase })).rejects.toMatchObject({ code: 'unavailable' });
    const unlocking = second.engine.owner.unlock({ passphrase });
    first.kill();
    await unlocking;
    expect(await second.engine.owner.state()).toBe('open');
  });

  it('lets every call but a few wait for its passphrase', async () => {
    await createVault();
    const { owner } = profile.openTab().engine;
    const locked = { code: 'badInput', field: 'vault' };
    await expect(owner.view()).rejects.toMatchObject(locked);
    await expect(owner.register(await createForm())).rejects.toMatchObject(locked);
    await expect(owner.exportVault()).rejects.toMatchObject(locked);
    await expect(owner.sheet({ passphrase })).rejects.toMatchObject(locked);
    await expect(owner.receipts({ mark: '1' })).rejects.toMatchObject(locked);
  });

  it('opens once when it is asked for twice at once', async () => {
    await createVault();
    const { owner } = profile.openTab().engine;
    const [first, second] = await Promise.all([owner.unlock({ passphrase }), owner.unlock({ passphrase })]);
    expect(second).toEqual(first);
    await expect(owner.unlock({ passphrase: 'something else' })).rejects.toMatchObject({ code: 'badPassphrase' });
    expect(await owner.state()).toBe('open');
  });

  it('moves to another browser as a file that the command line reads too', async () => {
    const { engine } = profile.openTab();
    await engine.owner.create({ phrase, passphrase });
    const mark = await engine.owner.register(await createForm());
    const { fileName, text } = await engine.owner.exportVault();
    expect(fileName).toMatch(/^blindmark-vault-\d{4}-\d\d-\d\d\.txt$/u);
    expect(text).not.toContain('Camera');
    profile = new BrowserProfile(services);
    const other = profile.openTab().engine;
    await expect(other.owner.importVault({ text, passphrase: 'something else' })).rejects.toMatchObject({
      code: 'badPassphrase',
    });
    await expect(other.owner.importVault({ text: '{"a": 1}\n', passphrase })).rejects.toMatchObject({
      code: 'badFile',
    });
    await expect(other.owner.importVault({ text: '', passphrase })).rejects.toMatchObject({ code: 'notFound' });
    expect(await other.owner.state()).toBe('none');
    expect((await other.owner.importVault({ text: text.replaceAll('\n', '\r\n'), passphrase })).marks).toEqual([mark]);
    await other.owner.setStatus({ mark: '1', status: 'stolen' });
    const again = (await other.owner.exportVault()).text;
    expect(again.startsWith(text)).toBe(true);
    const storage = { append: async (): Promise<void> => undefined };
    const vault = await Vault.open({
      lines: parseVaultText(again),
      passphrase,
      storage,
      argon2id: cheapArgon2id,
    });
    expect(vault.marks).toMatchObject([{ status: 'stolen' }]);
    await expect(other.owner.importVault({ text, passphrase })).rejects.toMatchObject({ code: 'badInput' });
  });

  it('is removed by whoever knows its passphrase, or says that it is lost', async () => {
    await createVault();
    const { owner } = profile.openTab().engine;
    await expect(owner.forget({ passphrase: 'something else' })).rejects.toMatchObject({ code: 'badPassphrase' });
    expect(await owner.state()).toBe('locked');
    await owner.unlock({ passphrase });
    await owner.forget({ passphrase });
    expect(await owner.state()).toBe('none');
    await expect(owner.view()).rejects.toMatchObject({ code: 'badInput', field: 'vault' });
    await owner.create({ phrase, passphrase: 'another one altogether' });
    expect(await owner.state()).toBe('open');
    await owner.forget({ passphrase: null });
    expect(await owner.state()).toBe('none');
    await expect(owner.unlock({ passphrase })).rejects.toMatchObject({ code: 'notFound', field: 'vault' });
  });

  it.each([
    ['a record is missing', (lines: string[]) => lines.flatMap((line, i) => (i === 2 ? [] : [[i, line] as const]))],
    [
      'a record is changed',
      (lines: string[]) => lines.map((line, i) => [i, i === 2 ? (lines[1] as string) : line] as const),
    ],
    [
      'two records have changed places',
      (lines: string[]) => [0, 1, 3, 2].map((from, i) => [i, lines[from] as string] as const),
    ],
  ])('is not opened where %s, and may then be removed', async (_, change) => {
    await createVault();
    await overwrite(change);
    const { owner } = profile.openTab().engine;
    expect(await owner.state()).toBe('locked');
    await expect(owner.unlock({ passphrase })).rejects.toMatchObject({ code: 'badFile', field: 'vault' });
    await owner.forget({ passphrase });
    expect(await owner.state()).toBe('none');
  });

  it('writes nothing over what another has written, and says so', async () => {
    await createVault();
    const { owner } = profile.openTab().engine;
    await owner.unlock({ passphrase });
    await overwrite((lines) => [...lines, 'more'].map((line, i) => [i, line] as const));
    await expect(owner.register(await createForm())).rejects.toMatchObject({ code: 'storageFailed', field: 'vault' });
  });

  it('is removed with the site’s data while it is open', async () => {
    await createVault();
    const { owner } = profile.openTab().engine;
    await owner.unlock({ passphrase });
    await new Promise<void>((resolve) => {
      indexedDB.deleteDatabase('blindmark-vault').addEventListener('success', () => {
        resolve();
      });
    });
    await expect(owner.register(await createForm())).rejects.toMatchObject({ code: 'storageFailed' });
  });

  it('goes on after the browser had no room, once there is', async () => {
    await createVault();
    let isFull = false;
    const onWrite = async (): Promise<void> => {
      if (isFull) throw new DOMException('no room', 'QuotaExceededError');
    };
    const { owner } = profile.openTab({ onWrite }).engine;
    await owner.unlock({ passphrase });
    isFull = true;
    const form = await createForm();
    await expect(owner.register(form)).rejects.toMatchObject({
      code: 'storageFailed',
      field: 'vault',
      remedy: expect.stringContaining('room') as string,
    });
    expect((await owner.view()).marks).toEqual([]);
    isFull = false;
    expect(await owner.register(form)).toMatchObject({ stage: 'registered' });
  });

  it('is not there where the browser does not store', async () => {
    const { owner } = profile.openTab().engine;
    globalThis.indexedDB = {
      open: () => {
        throw new DOMException('private browsing', 'SecurityError');
      },
    } as unknown as IDBFactory;
    await expect(owner.state()).rejects.toMatchObject({ code: 'storageFailed', kind: 'unavailable' });
    await expect(owner.create({ phrase, passphrase })).rejects.toMatchObject({ code: 'storageFailed' });
    profile.use();
    expect(await owner.state()).toBe('none');
  });

  it('is not gone on with at a registry that took over the name', async () => {
    await createVault();
    const { owner } = profile.openTab().engine;
    await owner.unlock({ passphrase });
    const text = (await owner.exportVault()).text;
    const impostor = await startServices();
    try {
      profile = new BrowserProfile(impostor);
      const other = profile.openTab().engine;
      await other.owner.importVault({ text, passphrase });
      await expect(other.owner.register(await createForm())).rejects.toMatchObject({ code: 'badRoster' });
    } finally {
      await impostor.stopAll();
    }
  });
});

describe('an activation key', () => {
  it('is read as printed or from its QR code, which names its registry', async () => {
    const { owner } = profile.openTab().engine;
    const { bytes } = createActivationKey(7);
    const display = formatActivationKey(bytes);
    const check = async (text: string): Promise<unknown> => owner.checkActivationKey({ text });
    expect(await check(display.toLowerCase().replaceAll('-', ' '))).toEqual({ display });
    expect(await check(formatActivationQr(bytes, services.fixture.fingerprint))).toEqual({ display });
    await expect(check(formatActivationQr(bytes, new Uint8Array(32)))).rejects.toMatchObject({
      code: 'badRoster',
      field: 'activationKey',
    });
    await expect(check(display.slice(1))).rejects.toMatchObject({ code: 'badActivationKey' });
    await expect(check('BLINDMARK:1:nonsense')).rejects.toMatchObject({ code: 'badActivationKey' });
  });
});
