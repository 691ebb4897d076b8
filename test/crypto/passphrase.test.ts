import { describe, expect, it } from 'vitest';
import { bytesToHex, utf8ToBytes } from '../../crypto/bytes.ts';
import {
  checkNewPassphrase,
  createPassphraseLock,
  derivePassphraseKey,
  MIN_PASSPHRASE_LENGTH,
  openFile,
  sealFile,
} from '../../crypto/passphrase.ts';
import { STRETCH_FLOOR, type StretchParameters } from '../../crypto/stretch.ts';
import { refusal } from '../support/refusal.ts';

const cheap: StretchParameters = { memoryKiB: 8, passes: 1, lanes: 1 };
const passphrase = 'correct horse battery staple';
const plaintext = utf8ToBytes('CANARY-4711');
const text = await sealFile(passphrase, 'guardian-keys', plaintext, { parameters: cheap });

interface SealedFile {
  format: string;
  purpose: string;
  lock: { memoryKiB: number; passes: number; lanes: number; salt: string };
  box: string;
}

/** The sealed file with something changed. */
function changed(change: (file: SealedFile) => void): string {
  const file = JSON.parse(text) as SealedFile;
  change(file);
  return JSON.stringify(file);
}

/** Text that spells the same bytes but one bit. */
function flipBit(base64url: string, at: number): string {
  const bytes = Buffer.from(base64url, 'base64url');
  bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
  return bytes.toString('base64url');
}

const open = async (file: string, phrase = passphrase, purpose = 'guardian-keys') => openFile(phrase, purpose, file);

describe('a sealed file', () => {
  it('opens under its passphrase', async () => {
    expect(await open(text)).toEqual(plaintext);
  });

  it('shows nothing of passphrase or content', () => {
    expect(text).not.toContain(passphrase);
    expect(text).not.toContain('CANARY');
    expect(text).not.toContain(Buffer.from(plaintext).toString('base64url'));
    expect(text.endsWith('\n')).toBe(true);
  });

  it('is sealed by default with the parameters that protect codes', () => {
    expect(createPassphraseLock()).toMatchObject(STRETCH_FLOOR);
    expect(createPassphraseLock().salt).not.toEqual(createPassphraseLock().salt);
  });

  it('opens under either Unicode spelling of the passphrase', async () => {
    const file = await sealFile('Ａngstr\u00f6m unit', 'vault', plaintext, { parameters: cheap });
    expect(await open(file, 'Angstro\u0308m unit', 'vault')).toEqual(plaintext);
  });

  it.each([passphrase.toUpperCase(), `${passphrase} `, '', passphrase.slice(1)].map((wrong, i) => [i, wrong] as const))(
    'refuses wrong passphrase %d',
    async (_, wrong) => {
      await expect(open(text, wrong)).rejects.toThrow(refusal('badPassphrase', 'passphrase'));
    },
  );

  it('refuses any flipped bit in the box', async () => {
    const { box } = JSON.parse(text) as SealedFile;
    for (let i = 0; i < 24 + plaintext.length + 16; i++) {
      const file = changed((sealed) => {
        sealed.box = flipBit(box, i);
      });
      await expect(open(file), `byte ${i}`).rejects.toThrow(refusal('badPassphrase'));
    }
  });

  it.each<[string, (file: SealedFile) => void]>([
    ['salt', (file) => (file.lock.salt = flipBit(file.lock.salt, 3))],
    ['memory', (file) => (file.lock.memoryKiB = 9)],
    ['passes', (file) => (file.lock.passes = 2)],
  ])('refuses another %s', async (_, change) => {
    await expect(open(changed(change))).rejects.toThrow(refusal('badPassphrase'));
  });

  it('serves no other purpose, whatever it says of itself', async () => {
    await expect(open(text, passphrase, 'guardian-shares')).rejects.toThrow(refusal('badFile'));
    const renamed = changed((file) => (file.purpose = 'guardian-shares'));
    await expect(open(renamed, passphrase, 'guardian-shares')).rejects.toThrow(refusal('badPassphrase'));
  });

  it.each<[string, string]>([
    ['no text', ''],
    ['no JSON', 'CANARY-4711'],
    ['another format', changed((file) => (file.format = 'blindmark-sealed-v2'))],
    ['a field too many', changed((file) => Object.assign(file, { hint: 'CANARY-4711' }))],
    ['no salt', changed((file) => (file.lock.salt = ''))],
    ['a box too short', changed((file) => (file.box = file.box.slice(0, 40)))],
    ['padding', changed((file) => (file.box += '='))],
    ['an impossible number of lanes', changed((file) => (file.lock.lanes = 0))],
  ])('is refused as no sealed file: %s', async (_, file) => {
    const error: unknown = await open(file).catch((thrown: unknown) => thrown);
    expect(error).toEqual(refusal('badFile'));
    expect((error as Error).message + String((error as Error).cause)).not.toContain('CANARY');
  });

  it.each<[string, (file: SealedFile) => void]>([
    ['memory', (file) => (file.lock.memoryKiB = 1_048_577)],
    ['passes', (file) => (file.lock.passes = 17)],
    ['lanes', (file) => (file.lock.lanes = 9)],
    ['memory for its lanes', (file) => (file.lock.lanes = 2)],
  ])('that asks for too much work, or an impossible one, is refused before the work: %s', async (_, change) => {
    await expect(open(changed(change))).rejects.toThrow(refusal('badInput'));
  });
});

describe('derivePassphraseKey', () => {
  it('depends on passphrase, salt and parameters', async () => {
    const lock = { ...cheap, salt: new Uint8Array(16) };
    const keys = await Promise.all([
      derivePassphraseKey(passphrase, lock),
      derivePassphraseKey(`${passphrase}s`, lock),
      derivePassphraseKey(passphrase, { ...lock, salt: new Uint8Array(16).fill(1) }),
      derivePassphraseKey(passphrase, { ...lock, passes: 2 }),
    ]);
    expect(new Set(keys.map(bytesToHex)).size).toBe(4);
    expect(await derivePassphraseKey(passphrase, lock)).toEqual(keys[0]);
  });
});

describe('checkNewPassphrase', () => {
  it('counts characters as people do not UTF-16', () => {
    expect(() => checkNewPassphrase('x'.repeat(MIN_PASSPHRASE_LENGTH))).not.toThrow();
    expect(() => checkNewPassphrase('🔑'.repeat(MIN_PASSPHRASE_LENGTH))).not.toThrow();
    expect(() => checkNewPassphrase('🔑'.repeat(MIN_PASSPHRASE_LENGTH - 1))).toThrow(
      refusal('badPassphrase', 'passphrase'),
    );
    expect(() => checkNewPassphrase('')).toThrow(refusal('badPassphrase', 'passphrase'));
  });
});
