import { describe, expect, it } from 'vitest';
import { labelledHash } from '../../crypto/hash.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import {
  historyHash,
  registrationCommitment,
  registrationIndex,
  registrationRowSchema,
  rowHash,
  signRow,
  STATUSES,
  verifyRow,
  withdrawalEntryHash,
  withdrawalHash,
  type RegistrationRow,
} from '../../crypto/registration.ts';
import { createSigningKey, isSignature, sign } from '../../crypto/signature.ts';
import { refusal } from '../support/refusal.ts';

const origin = 'registry.example';
const owner = createSigningKey();
const lookupTag = new Uint8Array(32).fill(1);
const salt = new Uint8Array(32).fill(2);
const witness = { lookupTag, ownerPublicKey: owner.publicKey };
const unsigned: Omit<RegistrationRow, 'rowSignature'> = {
  index: registrationIndex(origin, lookupTag),
  salt,
  commitment: registrationCommitment(salt, lookupTag, owner.publicKey),
  itemEnvelope: new Uint8Array(512).fill(3),
  contactEnvelope: new Uint8Array(512).fill(4),
  status: 'withKeeper',
  version: 1,
  epoch: 1,
  registeredOn: '2026-10-17',
};
const row = signRow(origin, unsigned, owner);
const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.with(at, (bytes[at] as number) ^ 1);

describe('the hashes of a row', () => {
  it('are those of DESIGN 3.2', () => {
    expect(row.index).toEqual(labelledHash('index', origin, lookupTag));
    expect(row.commitment).toEqual(labelledHash('commitment', salt, lookupTag, owner.publicKey));
  });

  it('differ for another registry, tag, salt and key', () => {
    expect(registrationIndex('registry.example2', lookupTag)).not.toEqual(row.index);
    expect(registrationIndex(origin, flip(lookupTag))).not.toEqual(row.index);
    expect(registrationCommitment(flip(salt), lookupTag, owner.publicKey)).not.toEqual(row.commitment);
    expect(registrationCommitment(salt, flip(lookupTag), owner.publicKey)).not.toEqual(row.commitment);
    expect(registrationCommitment(salt, lookupTag, flip(owner.publicKey))).not.toEqual(row.commitment);
  });

  it('bind a withdrawal to registry, row and version, and a history to its second', () => {
    const hashes = [
      withdrawalHash(origin, row.commitment, 1),
      withdrawalHash(origin, row.commitment, 2),
      withdrawalHash('registry.example2', row.commitment, 1),
      withdrawalHash(origin, flip(row.commitment), 1),
      historyHash(origin, row.commitment, 1),
      historyHash(origin, row.commitment, 2),
      historyHash('registry.example2', row.commitment, 1),
      historyHash(origin, flip(row.commitment), 1),
      rowHash(origin, row),
    ];
    expect(new Set(hashes.map(String)).size).toBe(hashes.length);
  });
});

describe('verifyRow', () => {
  it('takes what the owner signed', () => {
    expect(() => verifyRow(origin, row, witness)).not.toThrow();
    const bare = signRow(origin, { ...unsigned, contactEnvelope: null }, owner);
    expect(() => verifyRow(origin, bare, witness)).not.toThrow();
  });

  it.each<[string, Partial<RegistrationRow>, string]>([
    ['index', { index: flip(row.index, 31) }, 'index'],
    ['salt', { salt: flip(salt) }, 'commitment'],
    ['commitment', { commitment: flip(row.commitment) }, 'commitment'],
    ['itemEnvelope', { itemEnvelope: flip(row.itemEnvelope, 511) }, 'rowSignature'],
    ['itemEnvelope’s size', { itemEnvelope: new Uint8Array(1024).fill(3) }, 'rowSignature'],
    ['contactEnvelope', { contactEnvelope: flip(unsigned.contactEnvelope as Uint8Array) }, 'rowSignature'],
    ['contactEnvelope left out', { contactEnvelope: null }, 'rowSignature'],
    [
      'envelopes swapped',
      { itemEnvelope: unsigned.contactEnvelope as Uint8Array, contactEnvelope: row.itemEnvelope },
      'rowSignature',
    ],
    ['status', { status: 'stolen' }, 'rowSignature'],
    ['version', { version: 2 }, 'rowSignature'],
    ['epoch', { epoch: 2 }, 'rowSignature'],
    ['registeredOn', { registeredOn: '2026-10-16' }, 'rowSignature'],
    ['rowSignature', { rowSignature: flip(row.rowSignature, 63) }, 'rowSignature'],
    ['rowSignature of zeros', { rowSignature: new Uint8Array(64) }, 'rowSignature'],
  ])('refuses a changed %s', (_, change, field) => {
    expect(() => verifyRow(origin, { ...row, ...change }, witness)).toThrow(refusal('badRow', field));
  });

  it('refuses the row for another tag, owner or registry', () => {
    expect(() => verifyRow(origin, row, { ...witness, lookupTag: flip(lookupTag) })).toThrow(
      refusal('badRow', 'index'),
    );
    const other = { ...witness, ownerPublicKey: createSigningKey().publicKey };
    expect(() => verifyRow(origin, row, other)).toThrow(refusal('badRow', 'commitment'));
    expect(() => verifyRow('registry.example2', row, witness)).toThrow(refusal('badRow', 'index'));
    const foreign = { ...row, index: registrationIndex('registry.example2', lookupTag) };
    expect(() => verifyRow('registry.example2', foreign, witness)).toThrow(refusal('badRow', 'rowSignature'));
  });

  it('refuses a row that somebody else signed, or that was signed as something else', () => {
    expect(() => verifyRow(origin, signRow(origin, unsigned, createSigningKey()), witness)).toThrow(
      refusal('badRow', 'rowSignature'),
    );
    const withdrawal = sign(owner, withdrawalHash(origin, row.commitment, 1));
    expect(() => verifyRow(origin, { ...row, rowSignature: withdrawal }, witness)).toThrow(
      refusal('badRow', 'rowSignature'),
    );
    expect(isSignature(owner.publicKey, withdrawalHash(origin, row.commitment, 1), withdrawal)).toBe(true);
  });
});

describe('the entry of a withdrawal', () => {
  it('is found by nobody who knows the registration’s commitment and not the entry’s salt', () => {
    const withdrawal = withdrawalHash(origin, row.commitment, 1);
    const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    expect(withdrawalEntryHash(one, withdrawal)).toEqual(labelledHash('withdrawal-entry', one, withdrawal));
    expect(withdrawalEntryHash(other, withdrawal)).not.toEqual(withdrawalEntryHash(one, withdrawal));
  });
});

describe('the form of a row', () => {
  const wire = formatMessage(registrationRowSchema, row);

  it.each(STATUSES)('reads back what was written, %s', (status) => {
    const signed = signRow(origin, { ...unsigned, status, contactEnvelope: null }, owner);
    const back = parseMessage(
      registrationRowSchema,
      JSON.parse(JSON.stringify(formatMessage(registrationRowSchema, signed))),
    );
    expect(back).toEqual(signed);
    verifyRow(origin, back, witness);
  });

  const sized = (length: number): string => Buffer.alloc(length).toString('base64url');

  it.each([512, 1024, 2048, 4096])('takes an item envelope of %d bytes', (size) => {
    expect(parseMessage(registrationRowSchema, { ...wire, itemEnvelope: sized(size) }).itemEnvelope).toHaveLength(size);
  });

  it.each<[string, Record<string, unknown>]>([
    ['index', { index: sized(31) }],
    ['salt', { salt: sized(33) }],
    ['commitment', { commitment: null }],
    ['itemEnvelope', { itemEnvelope: sized(513) }],
    ['itemEnvelope', { itemEnvelope: sized(511) }],
    ['itemEnvelope', { itemEnvelope: sized(8192) }],
    ['contactEnvelope', { contactEnvelope: sized(600) }],
    ['contactEnvelope', { contactEnvelope: sized(2048) }],
    ['contactEnvelope', { contactEnvelope: '' }],
    ['status', { status: 'sold' }],
    ['version', { version: 0 }],
    ['version', { version: 2 ** 31 }],
    ['version', { version: '1' }],
    ['epoch', { epoch: 1.5 }],
    ['registeredOn', { registeredOn: '2026-10-17T12:00:00Z' }],
    ['rowSignature', { rowSignature: sized(63) }],
  ])('refuses another %s: %j', (field, change) => {
    expect(() => parseMessage(registrationRowSchema, { ...wire, ...change }, 'row')).toThrow(
      refusal('badInput', `row.${field}`),
    );
  });

  it('refuses a field too many or too few', () => {
    expect(() => parseMessage(registrationRowSchema, { ...wire, account: 'x' }, 'row')).toThrow(
      refusal('badInput', 'row'),
    );
    const { epoch: _, ...rest } = wire;
    expect(() => parseMessage(registrationRowSchema, rest, 'row')).toThrow(refusal('badInput', 'row.epoch'));
  });
});
