import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contactOfRow, describeContact, readContactChoice, recordOfContact } from '../../client-sdk/cli/contact.ts';
import { checkContactChoice, contactOf, sealContactChoice } from '../../client-sdk/contacts.ts';
import { contactElement, openContactEnvelope, verifyContactEnvelope } from '../../crypto/contact-envelope.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { refusal } from '../support/refusal.ts';
import { drawScalar } from '../support/split-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'blindmark-contact-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function fromFile(content: unknown) {
  const path = join(folder, 'contact.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readContactChoice({ contactFile: path });
}

describe('a contact file', () => {
  it.each([
    ['details', { name: 'A', email: 'a@example.org', second: { name: 'B', telephone: '101' } }],
    ['details that say so', { kind: 'details', note: '12 High Street' }],
  ])('holds %s', async (_, given) => {
    expect(await fromFile(given)).toEqual({ kind: 'details', ...given });
  });

  it('may ask for messages alone', async () => {
    expect(await fromFile({ kind: 'relay' })).toEqual({ kind: 'relay' });
  });

  it.each<[string, unknown, 'badInput' | 'badFile', string]>([
    ['no way to reach anybody', { name: 'A' }, 'badInput', 'contact'],
    ['no e-mail address', { email: 'a' }, 'badInput', 'contact.email'],
    ['a key of one’s own', { kind: 'relay', exchangeKey: 'A'.repeat(43) }, 'badInput', 'contact.exchangeKey'],
    ['a field too many', { email: 'a@b', fax: '1' }, 'badInput', 'contact'],
    ['a list', [], 'badInput', 'contact-file'],
    ['a text', '"a@b"', 'badInput', 'contact-file'],
    ['no JSON', 'a@b', 'badFile', join(folder, 'contact.json')],
  ])('is refused with %s', async (_, given, code, field) => {
    await expect(fromFile(given)).rejects.toThrow(refusal(code, field));
  });

  it('is refused where it is not there, or beside another choice', async () => {
    const missing = join(folder, 'missing.json');
    await expect(readContactChoice({ contactFile: missing })).rejects.toThrow(refusal('badFile', missing));
    await expect(readContactChoice({ contactFile: missing, contact: 'none' })).rejects.toThrow(
      refusal('badInput', 'contact'),
    );
  });
});

describe('the options', () => {
  it('leave a contact, none, messages alone, or say nothing', async () => {
    expect(await readContactChoice({})).toBeUndefined();
    expect(await readContactChoice({ contact: 'none' })).toBeNull();
    expect(await readContactChoice({ contact: 'relay' })).toEqual({ kind: 'relay' });
  });

  it('ask nobody where there is nobody', async () => {
    await expect(readContactChoice({ contact: 'prompt' })).rejects.toThrow(refusal('badInput'));
  });
});

describe('a table’s row', () => {
  const rowOf = (cells: Record<string, string>) => contactOfRow({ number: 7, cells });

  it.each([
    ['an e-mail address', { keeper: 'A', contact: 'a@example.org' }, { name: 'A', email: 'a@example.org' }],
    ['a telephone number', { keeper: '', contact: '+44 (20) 7946-0000' }, { telephone: '+44 (20) 7946-0000' }],
    ['an address', { contact: '12 High Street' }, { note: '12 High Street' }],
  ])('has %s', (_, cells, expected) => {
    expect(rowOf(cells)).toEqual({ kind: 'details', ...expected });
  });

  it('has none without the column or in an empty cell, and is named where its cell is no contact', () => {
    expect(rowOf({ keeper: 'A' })).toBeNull();
    expect(rowOf({ contact: ' ' })).toBeNull();
    expect(() => rowOf({ contact: 'a @ b' })).toThrow(refusal('badInput', 'row 7'));
  });
});

describe('a choice', () => {
  const secret = drawScalar();
  const groupKey = sodiumGroup.multiplyBase(secret);
  const exchangeKey = createExchangeKey();
  const [codeKey, commitment] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const mark = { secrets: { exchangeKey }, epoch: { decryption: { groupKey, publicShares: [] } }, codeKey, commitment };

  it('is sealed for its registration, with the mark’s key where it is for messages alone', () => {
    const envelope = sealContactChoice({ kind: 'relay' }, mark) as Uint8Array;
    verifyContactEnvelope(envelope, commitment);
    const shared = sodiumGroup.multiply(secret, contactElement(envelope));
    const opened = openContactEnvelope(envelope, { shared, codeKey, commitment });
    expect(opened).toEqual(contactOf({ kind: 'relay' }, { exchangeKey }));
    expect(opened).toEqual({ kind: 'relay', exchangeKey: exchangeKey.publicKey });
    expect(sealContactChoice(null, mark)).toBeNull();
  });

  it('is checked before anything is used up', () => {
    checkContactChoice(null, groupKey);
    checkContactChoice({ kind: 'relay' }, groupKey);
    expect(() => {
      checkContactChoice({ kind: 'details', name: 'A' }, groupKey);
    }).toThrow(refusal('badInput', 'contact'));
    const long = { name: 'n'.repeat(100), note: 'ü'.repeat(300) };
    expect(() => {
      checkContactChoice({ kind: 'details', ...long, second: long }, groupKey);
    }).toThrow(refusal('badInput', 'contact'));
  });

  it('is shown in words, line breaks and all', () => {
    const words = describeContact({ kind: 'details', name: 'A', note: 'Line 1\nLine 2', second: { telephone: '101' } });
    expect(words).toBe('  Name: A\n  Note: Line 1\n    Line 2\n  Second person:\n    Telephone: 101');
    expect(describeContact({ kind: 'relay' })).toContain('messages');
    expect(recordOfContact({ kind: 'relay', exchangeKey: groupKey })).toEqual({ kind: 'relay' });
    expect(recordOfContact(null)).toBeNull();
  });
});
