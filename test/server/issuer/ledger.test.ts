import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import type { CommitHooks } from '../../../server/database/group-commit.ts';
import { ACTIVATION_KEY_USES, IssuerLedger } from '../../../server/issuer/ledger.ts';
import { createFolder } from '../../support/folder.ts';
import { runLoad } from '../../support/load.ts';
import { refusal } from '../../support/refusal.ts';
import { namedBytes } from '../../support/rows.ts';

const createFile = (): string => join(createFolder(), 'issuer.db');

function openLedger(file = createFile(), hooks: CommitHooks = {}): IssuerLedger {
  const ledger = IssuerLedger.open(file, { hooks });
  onTestFinished(() => ledger.close());
  return ledger;
}

function execute(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

describe('activation keys', () => {
  it('are good for three requests, each of which may be made again', async () => {
    const file = createFile();
    const ledger = openLedger(file);
    const key = randomBytes(32);
    await ledger.addKeys([key], 'vendor');
    const requests = Array.from({ length: ACTIVATION_KEY_USES }, () => randomBytes(32));
    for (const request of requests) {
      expect(await ledger.use(key, request)).toBe('used');
      expect(await ledger.use(key, request)).toBe('again');
    }
    const refused = refusal('activationKeyUsedUp', 'activationKey');
    await expect(ledger.use(key, randomBytes(32))).rejects.toEqual(refused);
    for (const request of requests) expect(await ledger.use(key, request)).toBe('again');
    await ledger.close();
    const reopened = openLedger(file);
    await expect(reopened.use(key, randomBytes(32))).rejects.toEqual(refused);
    for (const request of requests) expect(await reopened.use(key, request)).toBe('again');
  });

  it('are refused when unknown', async () => {
    const ledger = openLedger();
    await ledger.addKeys([randomBytes(32)], 'vendor');
    await expect(ledger.use(randomBytes(32), randomBytes(32))).rejects.toEqual(
      refusal('activationKeyUnknown', 'activationKey'),
    );
  });

  it('know a request of their own, not of another key', async () => {
    const ledger = openLedger();
    const [a, b, request] = [randomBytes(32), randomBytes(32), randomBytes(32)];
    await ledger.addKeys([a, b], 'vendor');
    expect(await ledger.use(a, request)).toBe('used');
    expect(await ledger.use(b, request)).toBe('used');
  });

  it('take a request at its own bounds alone, not across two', async () => {
    const ledger = openLedger();
    const [key, first, second] = [randomBytes(32), randomBytes(32), randomBytes(32)];
    await ledger.addKeys([key], 'vendor');
    await ledger.use(key, first);
    await ledger.use(key, second);
    const across = Uint8Array.from([...first.subarray(16), ...second.subarray(0, 16)]);
    expect(await ledger.use(key, across)).toBe('used');
  });

  it('keep their number of uses in a parallel burst', async () => {
    const ledger = openLedger();
    const key = randomBytes(32);
    await ledger.addKeys([key], 'vendor');
    const requests = Array.from({ length: 20 }, () => randomBytes(32));
    const results = await Promise.allSettled([...requests, ...requests].map((request) => ledger.use(key, request)));
    const answers = results.map((result) => (result.status === 'fulfilled' ? result.value : 'refused'));
    const counts = ['used', 'again', 'refused'].map((each) => answers.filter((answer) => answer === each).length);
    expect(counts).toEqual([3, 3, 34]);
    for (let i = 0; i < 20; i++) expect(answers[i] === 'used').toBe(answers[i + 20] === 'again');
  });

  it('are added once, and stay as they are', async () => {
    const ledger = openLedger();
    const [a, b, c] = [randomBytes(32), randomBytes(32), randomBytes(32)];
    expect(await ledger.addKeys([a, b], 'vendor-a')).toEqual({ added: 2, known: 0 });
    await ledger.use(a, randomBytes(32));
    expect(await ledger.addKeys([c, b, c, a], 'vendor-b')).toEqual({ added: 1, known: 3 });
    expect(ledger.counts('vendor-a')).toEqual({ keys: 2, activated: 1 });
    expect(ledger.counts('vendor-b')).toEqual({ keys: 1, activated: 0 });
    expect(ledger.counts('vendor-c')).toEqual({ keys: 0, activated: 0 });
    expect(await ledger.addKeys([], 'vendor-a')).toEqual({ added: 0, known: 0 });
  });

  it('count as activated once, however often they are used', async () => {
    const ledger = openLedger();
    const keys = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
    await ledger.addKeys(keys, 'vendor');
    for (const key of [keys[0], keys[0], keys[0], keys[1]]) await ledger.use(key, randomBytes(32));
    expect(ledger.counts('vendor')).toEqual({ keys: 3, activated: 2 });
  });

  it('are refused when malformed, all of a list', async () => {
    const ledger = openLedger();
    const key = randomBytes(32);
    await expect(ledger.addKeys([key, randomBytes(31)], 'vendor')).rejects.toEqual(refusal('badInput', 'keyHashes[1]'));
    await expect(ledger.addKeys([key], '')).rejects.toEqual(refusal('badInput', 'vendor'));
    await expect(ledger.use(randomBytes(31), key)).rejects.toEqual(refusal('badInput', 'keyHash'));
    await expect(ledger.use(key, randomBytes(33))).rejects.toEqual(refusal('badInput', 'requestHash'));
    expect(ledger.counts('vendor')).toEqual({ keys: 0, activated: 0 });
  });
});

describe('a write that is broken', () => {
  const [key, other, request] = [namedBytes('key'), namedBytes('other'), namedBytes('request')];

  it('before the commit changes nothing', async () => {
    let isBroken = true;
    const ledger = openLedger(createFile(), {
      beforeCommit: () => {
        if (isBroken) throw new Error('broken by the test');
      },
    });
    await expect(ledger.addKeys([key, other], 'vendor')).rejects.toEqual(refusal('storageFailed'));
    expect(ledger.counts('vendor')).toEqual({ keys: 0, activated: 0 });
    isBroken = false;
    expect(await ledger.addKeys([key, other], 'vendor')).toEqual({ added: 2, known: 0 });
    isBroken = true;
    await expect(ledger.use(key, request)).rejects.toEqual(refusal('storageFailed'));
    isBroken = false;
    expect(await ledger.use(key, request)).toBe('used');
  });

  it('after the commit counts once', async () => {
    let isBroken = true;
    const ledger = openLedger(createFile(), {
      afterCommit: () => {
        if (isBroken) throw new Error('broken by the test');
      },
    });
    await expect(ledger.addKeys([key, other], 'vendor')).rejects.toEqual(refusal('storageFailed'));
    await expect(ledger.use(key, request)).rejects.toEqual(refusal('storageFailed'));
    isBroken = false;
    expect(await ledger.addKeys([key, other], 'vendor')).toEqual({ added: 0, known: 2 });
    expect(await ledger.use(key, request)).toBe('again');
    for (let i = 1; i < ACTIVATION_KEY_USES; i++) expect(await ledger.use(key, randomBytes(32))).toBe('used');
    await expect(ledger.use(key, randomBytes(32))).rejects.toEqual(refusal('activationKeyUsedUp'));
  });

  it('within a list of keys adds none of them', async () => {
    const file = createFile();
    const ledger = openLedger(file);
    const hex = Buffer.from(other).toString('hex');
    execute(
      file,
      `CREATE TRIGGER broken BEFORE INSERT ON activation_keys WHEN NEW.hash = x'${hex}' BEGIN SELECT RAISE(FAIL, 'x'); END`,
    );
    await expect(ledger.addKeys([key, other], 'vendor')).rejects.toEqual(refusal('storageFailed'));
    expect(ledger.counts('vendor')).toEqual({ keys: 0, activated: 0 });
    execute(file, 'DROP TRIGGER broken');
    expect(await ledger.addKeys([key, other], 'vendor')).toEqual({ added: 2, known: 0 });
  });

  it('has every acknowledged use after kill -9 under load', async () => {
    const file = createFile();
    const { answers } = await runLoad({ service: 'issuer', file, name: 'a', writes: 100_000, killAfter: 1000 });
    const ledger = openLedger(file);
    expect(answers.size).toBeGreaterThan(900);
    for (const [i, answer] of answers) {
      expect(answer).toBe('used');
      expect(await ledger.use(namedBytes(`key a ${i}`), namedBytes(`use a ${i}`))).toBe('again');
    }
    expect(ledger.counts('vendor').activated).toBeGreaterThanOrEqual(answers.size);
    expect(ledger.counts('vendor').activated).toBeLessThanOrEqual(answers.size + 33);
  });
});

describe('the ledger', () => {
  it('is ready while it is open, and refuses afterwards', async () => {
    const ledger = openLedger();
    expect(await ledger.isReady()).toBe(true);
    await ledger.close();
    expect(await ledger.isReady()).toBe(false);
    await expect(ledger.addKeys([randomBytes(32)], 'vendor')).rejects.toEqual(refusal('storageFailed'));
    await expect(ledger.use(randomBytes(32), randomBytes(32))).rejects.toEqual(refusal('storageFailed'));
    expect(() => ledger.counts('vendor')).toThrow(refusal('storageFailed'));
  });
});
