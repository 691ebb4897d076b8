import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url } from '../../../crypto/bytes.ts';
import { rosterIssuerSchema } from '../../../crypto/roster.ts';
import {
  addTokenKey,
  issuerFiles,
  readConfig,
  readTokenKeys,
  writeCard,
  writeConfig,
  writeTokenKeys,
  type IssuerConfig,
  type IssuerTokenKey,
} from '../../../server/issuer/config.ts';

/** 2027-02-01. */
const now = Date.UTC(2027, 1, 1) / 1000;
let tokenKeys: IssuerTokenKey[];
const folder = mkdtempSync(`${tmpdir()}/issuer-`);

const config: IssuerConfig = {
  format: 'blindmark-issuer-config-v1',
  id: 'demo-issuer',
  name: 'Demonstration issuer',
  number: 7,
  url: 'https://issuer.example',
  host: '127.0.0.1',
  port: 8090,
  codesPerDay: 1000,
  vendors: [{ id: 'vendor', name: 'Vendor', publicKey: new Uint8Array(32).fill(1) }],
};

beforeAll(async () => {
  tokenKeys = await addTokenKey(await addTokenKey([], '2027-Q2', now), '2027-Q1', now);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the issuer’s files', () => {
  it('hold the configuration', () => {
    writeConfig(folder, config);
    expect(readConfig(folder)).toEqual(config);
  });

  it('hold the token keys, sealed', async () => {
    await writeTokenKeys(folder, 'correct horse', tokenKeys);
    expect(await readTokenKeys(folder, 'correct horse')).toEqual(tokenKeys);
    await expect(readTokenKeys(folder, 'wrong horse')).rejects.toMatchObject({ code: 'badPassphrase' });
    const text = readFileSync(issuerFiles(folder).tokenKeys, 'utf8');
    for (const { privateKey } of tokenKeys) expect(text).not.toContain(formatBase64url(privateKey).slice(40, 80));
  });

  it('hold a card that a roster takes, without a secret', () => {
    writeCard(folder, config, tokenKeys);
    const text = readFileSync(issuerFiles(folder).card, 'utf8');
    expect(rosterIssuerSchema.parse(JSON.parse(text))).toEqual({
      number: 7,
      id: 'demo-issuer',
      name: 'Demonstration issuer',
      url: 'https://issuer.example',
      codesPerDay: 1000,
      tokenKeys: tokenKeys.map(({ quarter, publicKey }) => ({ quarter, publicKey })),
    });
  });
});

describe('a token key more', () => {
  it('is kept in the order of quarters', () => {
    expect(tokenKeys.map((key) => key.quarter)).toEqual(['2027-Q1', '2027-Q2']);
  });

  it('is the only one of its quarter', async () => {
    await expect(addTokenKey(tokenKeys, '2027-Q2', now)).rejects.toMatchObject({ code: 'badInput', field: 'quarter' });
  });

  it('is not made for a quarter that is over, nor for what is none', async () => {
    for (const quarter of ['2026-Q4', '2027-Q5', '2027-Q', '27-Q1', '']) {
      await expect(addTokenKey(tokenKeys, quarter, now)).rejects.toMatchObject({ code: 'badInput', field: 'quarter' });
    }
  });

  it('ends those that no token may be under any more', async () => {
    const later = Date.UTC(2027, 6, 1) / 1000;
    const kept = await addTokenKey(tokenKeys, '2027-Q3', later);
    expect(kept.map((key) => key.quarter)).toEqual(['2027-Q2', '2027-Q3']);
    expect(kept[0]).toEqual(tokenKeys[1]);
  });
});
