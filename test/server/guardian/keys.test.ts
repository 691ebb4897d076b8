import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { guardianFiles } from '../../../server/guardian/config.ts';
import {
  createKeys,
  readKeys,
  readShares,
  readWitnessKey,
  writeKeys,
  writeShares,
  type GuardianShare,
} from '../../../server/guardian/keys.ts';
import { CHEAP_STRETCH } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import { splitKey } from '../../support/split-key.ts';

const PASSPHRASE = 'a passphrase for tests';

function createShare(epoch: number): GuardianShare {
  const { groupKey, shares } = splitKey(2, 3);
  const [{ index, secret }] = shares as [(typeof shares)[number]];
  return {
    purpose: 'evaluation',
    origin: 'test.blindmark.example',
    epoch,
    ceremony: randomBytes(32),
    index,
    secret,
    groupKey,
    publicShares: shares.map(({ publicShare }) => publicShare),
  };
}

describe('a guardian’s secrets', () => {
  it('come back as they were, under their passphrase', async () => {
    const folder = createFolder();
    const keys = createKeys();
    await writeKeys(folder, PASSPHRASE, keys, CHEAP_STRETCH);
    expect(await readKeys(folder, PASSPHRASE)).toEqual(keys);
    expect(await readShares(folder, PASSPHRASE)).toEqual([]);
    const shares = [createShare(1), createShare(2)];
    await writeShares(folder, PASSPHRASE, shares);
    expect(await readShares(folder, PASSPHRASE)).toEqual(shares);
  });

  it('do not open under another passphrase, nor once a byte has changed', async () => {
    const folder = createFolder();
    const files = guardianFiles(folder);
    await writeKeys(folder, PASSPHRASE, createKeys(), CHEAP_STRETCH);
    await writeShares(folder, PASSPHRASE, [createShare(1)], CHEAP_STRETCH);
    await expect(readKeys(folder, 'another passphrase')).rejects.toEqual(refusal('badPassphrase'));
    await expect(readShares(folder, 'another passphrase')).rejects.toEqual(refusal('badPassphrase'));
    const text = readFileSync(files.shares, 'utf8');
    const position = text.indexOf('"box":"') + 100;
    writeFileSync(
      files.shares,
      `${text.slice(0, position)}${text[position] === 'A' ? 'B' : 'A'}${text.slice(position + 1)}`,
    );
    await expect(readShares(folder, PASSPHRASE)).rejects.toEqual(refusal('badPassphrase'));
  });

  it('do not stand in for one another', async () => {
    const folder = createFolder();
    const files = guardianFiles(folder);
    await writeKeys(folder, PASSPHRASE, createKeys(), CHEAP_STRETCH);
    writeFileSync(files.shares, readFileSync(files.keys));
    await expect(readShares(folder, PASSPHRASE)).rejects.toEqual(refusal('badFile'));
    writeFileSync(files.witness, readFileSync(files.keys));
    await expect(readWitnessKey(folder, PASSPHRASE)).rejects.toEqual(refusal('badFile'));
  });

  it('need not all be there to serve: the witness key is read without the operator’s', async () => {
    const folder = createFolder();
    const keys = createKeys();
    await writeKeys(folder, PASSPHRASE, keys, CHEAP_STRETCH);
    rmSync(guardianFiles(folder).keys);
    expect(await readWitnessKey(folder, PASSPHRASE)).toEqual(keys.witness);
    await expect(readKeys(folder, PASSPHRASE)).rejects.toEqual(refusal('badFile'));
  });

  it('lie in files that are their owner’s alone, and say nothing', async () => {
    const folder = createFolder();
    const files = guardianFiles(folder);
    const keys = createKeys();
    const share = createShare(1);
    await writeKeys(folder, PASSPHRASE, keys);
    await writeShares(folder, PASSPHRASE, [share]);
    const paths = [files.keys, files.witness, files.shares];
    for (const path of paths) expect(statSync(path).mode & 0o077).toBe(0);
    const text = paths.map((path) => readFileSync(path, 'utf8')).join('');
    for (const secret of [keys.operator.seed, keys.exchange.secret, keys.witness.seed, share.secret, share.groupKey]) {
      expect(text).not.toContain(formatBase64url(secret));
    }
  });
});
