import { describe, expect, it } from 'vitest';
import {
  checkRegistered,
  checkSame,
  isSameContact,
  isSameItems,
  renewed,
  withRow,
  type RegisteredMark,
} from '../../client-sdk/marks.ts';
import type { MarkRecord } from '../../client-sdk/vault.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import { sealItemEnvelope } from '../../crypto/item-envelope.ts';
import type { RegistrationRow } from '../../crypto/registration.ts';
import { refusal } from '../support/refusal.ts';
import { createRow, nextVersion } from '../support/rows.ts';

const items = [{ category: 'Shotgun', make: 'AYA' }];
const contact = { kind: 'details' as const, name: 'A. Keeper', email: 'keeper@example.org' };
const [codeKey, commitment] = [randomBytes(32), randomBytes(32)];
const row = (change: Partial<RegistrationRow> = {}): RegistrationRow =>
  createRow({
    commitment,
    itemEnvelope: sealItemEnvelope({ items, ownerPublicKey: randomBytes(32) }, codeKey, commitment),
    contactEnvelope: randomBytes(512),
    ...change,
  });
const mark: RegisteredMark = {
  kind: 'mark',
  origin: 'registry.example',
  scheme: 'bm1',
  canonical: 'X',
  counter: 0,
  stage: 'registered',
  status: 'withKeeper',
  items: [],
  contact,
  lookupTag: randomBytes(32),
  codeKey,
  row: row(),
};

describe('what is asked for again', () => {
  it('is the same in whatever order its fields come', () => {
    expect(isSameItems(items, [{ make: 'AYA', category: 'Shotgun' }])).toBe(true);
    expect(isSameItems(items, [{ category: 'Shotgun' }])).toBe(false);
    expect(isSameItems([...items, { category: 'Rifle' }], [{ category: 'Rifle' }, ...items])).toBe(false);
    const { kind, name, email } = contact;
    expect(isSameContact(contact, { email, name, kind })).toBe(true);
    expect(
      isSameContact({ ...contact, second: { name: 'B', note: 'N' } }, { ...contact, second: { note: 'N', name: 'B' } }),
    ).toBe(true);
    expect(isSameContact(contact, { kind: 'relay' })).toBe(false);
    expect(isSameContact(null, null)).toBe(true);
    expect(isSameContact(undefined, undefined)).toBe(false);
  });

  it.each([
    ['items', { items: [{ category: 'Rifle' }] }],
    ['status', { items, status: 'stolen' as const }],
    ['contact', { items, contact: null }],
  ])('is refused with other %s', (field, asked) => {
    expect(() => checkSame({ ...mark, items }, asked)).toThrow(refusal('alreadyRegistered', field));
  });

  it('may say nothing of status and contact', () => {
    const known = { ...mark, items };
    expect(checkSame(known, { items })).toBe(known);
    expect(checkSame(known, { items, status: 'withKeeper', contact })).toBe(known);
  });
});

describe('withRow', () => {
  it('takes what the row says', () => {
    const fresh = withRow(mark, { ...mark.row, status: 'lost', version: 2 });
    expect(fresh).toMatchObject({ items, status: 'lost', contact, row: { version: 2 } });
  });

  it('forgets a contact that was changed elsewhere, and knows of one that was taken away', () => {
    expect(withRow(mark, nextVersion(row()))).not.toHaveProperty('contact');
    expect(withRow(mark, nextVersion(row({ contactEnvelope: null }))).contact).toBeNull();
    const { contact: _, ...unknown } = mark;
    expect(withRow(unknown as RegisteredMark, mark.row)).not.toHaveProperty('contact');
  });
});

describe('renewed', () => {
  const activationKey = randomBytes(15);
  const pending: MarkRecord = { ...mark, items, stage: 'pending', activationKey };
  const asked = { items, status: 'withKeeper' as const, contact, activationKey };

  it('keeps the prepared row where the same is asked for', () => {
    expect(renewed(pending, asked).row).toBe(mark.row);
  });

  it.each([
    ['items', { items: [{ category: 'Rifle' }] }],
    ['status', { status: 'stolen' as const }],
    ['contact', { contact: { kind: 'relay' as const } }],
  ])('makes it anew for other %s', (_, change) => {
    expect(renewed(pending, { ...asked, ...change })).not.toHaveProperty('row');
  });
});

describe('checkRegistered', () => {
  it('takes a mark that is registered, and no other', () => {
    expect(checkRegistered(mark)).toEqual(mark);
    for (const stage of ['pending', 'withdrawn'] as const) {
      expect(() => checkRegistered({ ...mark, stage })).toThrow(refusal('notFound', 'code'));
    }
  });
});
