import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVaultFile, openVaultFile } from '../../client-sdk/node/vault-file.ts';
import { formatVaultText, parseVaultText, Vault, type MarkRecord, type ReceiptRecord } from '../../client-sdk/vault.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import type { SignedRoster } from '../../crypto/roster.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';

const passphrase = 'correct horse battery';
const mark = (canonical: string, change: Partial<MarkRecord> = {}): MarkRecord => ({
  kind: 'mark',
  origin: 'test.example',
  scheme: 'bm1',
  canonical,
  counter: 0,
  stage: 'pending',
  status: 'withKeeper',
  items: [{ category: 'Shotgun' }],
  activationKey: new Uint8Array(15).fill(7),
  ...change,
});

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vault-'));
  path = join(folder, 'owner.vault');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function make(phrase = createRecoveryPhrase()): Promise<string> {
  const { vault, close } = await createVaultFile(path, { phrase, passphrase, parameters: CHEAP_STRETCH });
  await vault.keep(mark('A'), mark('B'));
  await vault.keep(mark('A', { stage: 'registered' }));
  close();
  return phrase;
}

describe('a vault file', () => {
  it('keeps the phrase and each mark’s last record, in the order in which marks were begun', async () => {
    const phrase = await make();
    const { vault, close } = await openVaultFile(path, passphrase);
    expect(vault.phrase).toBe(phrase);
    expect(vault.marks.map(({ canonical, stage }) => [canonical, stage])).toEqual([
      ['A', 'registered'],
      ['B', 'pending'],
    ]);
    expect(vault.marks[1]?.activationKey).toEqual(new Uint8Array(15).fill(7));
    close();
  });

  it('shows the latest registration of a code', async () => {
    await make();
    const { vault, close } = await openVaultFile(path, passphrase);
    await vault.keep(mark('A', { stage: 'withdrawn' }), mark('A', { counter: 1 }));
    expect(vault.marksOf('test.example', 'bm1', 'A').map(({ counter }) => counter)).toEqual([0, 1]);
    expect(vault.latestMarks('test.example').map(({ canonical, counter }) => [canonical, counter])).toEqual([
      ['A', 1],
      ['B', 0],
    ]);
    expect(vault.latestMarks('other.example')).toEqual([]);
    close();
  });

  it('keeps receipts beside marks, and the rosters that they are verified by, each once', async () => {
    await make();
    const receipt = (counter: number, text: string): ReceiptRecord => {
      const { origin, scheme, canonical } = mark('A');
      return { kind: 'receipt', origin, scheme, canonical, counter, receipt: text, row: null };
    };
    const roster = (byte: number): SignedRoster => ({ roster: new Uint8Array(9).fill(byte), signatures: [] });
    const first = await openVaultFile(path, passphrase);
    await first.vault.keep(receipt(0, 'one'), mark('A', { stage: 'registered' }));
    await first.vault.keep(receipt(0, 'two'), receipt(1, 'other'));
    // Two at once both find it missing.
    await Promise.all([roster(1), roster(1)].map(async (one) => first.vault.keepRosters('test.example', [one])));
    await first.vault.keepRosters('test.example', [roster(1), roster(2)]);
    first.close();
    const { vault, close } = await openVaultFile(path, passphrase);
    expect(vault.receiptsOf(mark('A')).map((kept) => kept.receipt)).toEqual(['one', 'two']);
    expect(vault.receiptsOf(mark('A', { counter: 1 })).map((kept) => kept.receipt)).toEqual(['other']);
    expect(vault.receiptsOf(mark('B'))).toEqual([]);
    expect(vault.rostersOf('test.example')).toEqual([roster(1), roster(2)]);
    expect(vault.rostersOf('other.example')).toEqual([]);
    close();
  });

  it('holds nothing in clear', async () => {
    const phrase = await make();
    const text = readFileSync(path, 'utf8');
    for (const secret of [...phrase.split(' ').slice(0, 3), 'Shotgun', 'test.example'])
      expect(text).not.toContain(secret);
  });

  it('refuses another passphrase', async () => {
    await make();
    await expect(openVaultFile(path, 'correct horse batterie')).rejects.toMatchObject({ code: 'badPassphrase' });
  });

  it('drops a torn last line, and goes on after it', async () => {
    await make();
    const whole = readFileSync(path);
    appendFileSync(path, 'c29tZXRoaW5nIHRvcm4');
    const first = await openVaultFile(path, passphrase);
    expect(readFileSync(path)).toEqual(whole);
    await first.vault.keep(mark('C'));
    first.close();
    const second = await openVaultFile(path, passphrase);
    expect(second.vault.marks.map(({ canonical }) => canonical)).toEqual(['A', 'B', 'C']);
    second.close();
  });

  it('survives being cut off at any byte: what was kept before is there', async () => {
    await make();
    const { size } = { size: readFileSync(path).length };
    const start = readFileSync(path, 'utf8').split('\n').slice(0, 2).join('\n').length + 1;
    for (let length = size - 1; length >= start; length -= 97) {
      truncateSync(path, length);
      const { vault, close } = await openVaultFile(path, passphrase);
      expect(vault.phrase.split(' ')).toHaveLength(12);
      close();
    }
  });

  it.each([
    [
      'a changed record',
      (lines: string[]) => lines.with(2, `${lines[2]?.startsWith('A') ? 'B' : 'A'}${lines[2]?.slice(1)}`),
    ],
    ['records that changed places', (lines: string[]) => lines.with(2, lines[3] as string).with(3, lines[2] as string)],
    ['a record that is missing', (lines: string[]) => lines.toSpliced(2, 1)],
    ['a record that stands twice', (lines: string[]) => lines.toSpliced(3, 0, lines[2] as string)],
    ['another header', (lines: string[]) => lines.with(0, '{"format":"other"}')],
    ['nothing', () => []],
  ])('refuses %s', async (_, change) => {
    await make();
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    writeFileSync(
      path,
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await expect(openVaultFile(path, passphrase)).rejects.toMatchObject({ code: 'badFile' });
  });

  it('is for one program at a time', async () => {
    await make();
    const { close } = await openVaultFile(path, passphrase);
    await expect(openVaultFile(path, passphrase)).rejects.toMatchObject({ code: 'unavailable' });
    close();
    (await openVaultFile(path, passphrase)).close();
  });

  it('takes no record once it is closed', async () => {
    await make();
    const { vault, close } = await openVaultFile(path, passphrase);
    close();
    await expect(vault.keep(mark('C'))).rejects.toMatchObject({ code: 'storageFailed' });
  });

  it('is never written over', async () => {
    await make();
    const before = readFileSync(path);
    await expect(
      createVaultFile(path, { phrase: createRecoveryPhrase(), passphrase, parameters: CHEAP_STRETCH }),
    ).rejects.toMatchObject({ code: 'badFile' });
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('a vault whose storage fails', () => {
  it('acknowledges nothing after that, so that no record stands in another’s place', async () => {
    const lines: string[] = [];
    let isFull = false;
    const append = async (added: readonly string[]): Promise<void> => {
      if (isFull) throw new Error('disk full');
      lines.push(...added);
    };
    const vault = await Vault.create({
      phrase: createRecoveryPhrase(),
      passphrase,
      storage: { append },
      parameters: CHEAP_STRETCH,
    });
    await vault.keep(mark('A'));
    isFull = true;
    await expect(vault.keep(mark('B'))).rejects.toThrow('disk full');
    isFull = false;
    await expect(vault.keep(mark('C'))).rejects.toThrow('disk full');
    const reopened = await Vault.open({ lines, passphrase, storage: { append } });
    expect(reopened.marks.map(({ canonical }) => canonical)).toEqual(['A']);
  });

  it('goes on where a write that fails has certainly added nothing', async () => {
    const lines: string[] = [];
    let isFull = false;
    const append = async (added: readonly string[]): Promise<void> => {
      if (isFull) throw new Error('no room');
      lines.push(...added);
    };
    const storage = { append, isAtomic: true };
    const phrase = createRecoveryPhrase();
    const vault = await Vault.create({ phrase, passphrase, storage, parameters: CHEAP_STRETCH });
    await vault.keep(mark('A'));
    isFull = true;
    const refused = await Promise.allSettled([vault.keep(mark('B'), mark('C')), vault.keep(mark('D'))]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(vault.marks.map(({ canonical }) => canonical)).toEqual(['A']);
    isFull = false;
    await Promise.all([vault.keep(mark('E')), vault.keep(mark('A', { stage: 'registered' }))]);
    const reopened = await Vault.open({ lines, passphrase, storage });
    expect(reopened.marks.map(({ canonical, stage }) => [canonical, stage])).toEqual([
      ['A', 'registered'],
      ['E', 'pending'],
    ]);
    expect(vault.marks).toEqual(reopened.marks);
  });
});

describe('the text of a vault', () => {
  it('is its lines, without a torn last one, whatever line ends a copy has', () => {
    const lines = ['header', 'one', 'two'];
    expect(parseVaultText(formatVaultText(lines))).toEqual(lines);
    expect(parseVaultText('header\r\none\r\ntw')).toEqual(['header', 'one']);
    expect(parseVaultText('')).toEqual([]);
  });
});
