import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTACT_ENVELOPE_OVERHEAD } from '../../../../crypto/contact-envelope.ts';
import { checkContact } from '../../../../crypto/contact.ts';
import { formatJsonBytes } from '../../../../crypto/bytes.ts';
import { isBlindmarkError } from '../../../../crypto/errors.ts';
import type { ContactChoice } from '../../../../server/web/engine/owner-api.ts';
import {
  contactOf,
  contactProblems,
  draftOfContact,
  EMPTY_CONTACT,
  type ContactDraft,
} from '../../../../server/web/owner/contact-form.ts';

const details: ContactDraft = { ...EMPTY_CONTACT, kind: 'details' };
const withFirst = (first: Partial<ContactDraft['first']>): ContactDraft => ({
  ...details,
  first: { ...details.first, ...first },
});

/** Whether the SDK takes a contact, and it fits into an envelope. */
function isTaken(contact: ContactChoice): boolean {
  try {
    return formatJsonBytes(checkContact(contact)).length + CONTACT_ENVELOPE_OVERHEAD <= 1024;
  } catch (error) {
    if (isBlindmarkError(error, 'badInput')) return false;
    throw error;
  }
}

describe('contactOf', () => {
  it.each<ContactChoice>([
    null,
    { kind: 'relay' },
    { kind: 'details', email: 'dilys@example.org' },
    { kind: 'details', name: 'Dilys', telephone: '+44 1', note: 'evenings', second: { name: 'Rhona', email: 'r@x' } },
  ])('gives back %j', (contact) => {
    expect(contactOf(draftOfContact(contact))).toEqual(contact);
  });

  it('leaves out what is not chosen any more', () => {
    expect(contactOf({ ...withFirst({ email: 'dilys@example.org' }), kind: 'relay' })).toEqual({ kind: 'relay' });
    expect(contactOf({ ...withFirst({ email: 'dilys@example.org' }), kind: 'none' })).toBeNull();
  });
});

describe('draftOfContact', () => {
  it('chooses nothing for a contact that is not known', () => {
    expect(draftOfContact(undefined).kind).toBe('');
  });
});

describe('contactProblems', () => {
  it.each([
    [withFirst({ name: 'Dilys' }), 'contact-first-email', 'unreachable'],
    [withFirst({ email: 'dilys' }), 'contact-first-email', 'badEmail'],
    [withFirst({ email: 'd ilys@example.org' }), 'contact-first-email', 'badEmail'],
    [withFirst({ telephone: '0'.repeat(41) }), 'contact-first-telephone', 'tooLong'],
    [withFirst({ note: 'x'.repeat(301) }), 'contact-first-note', 'tooLong'],
    [withFirst({ name: '\u2066', email: 'd@x' }), 'contact-first-name', 'hiddenCharacters'],
    [{ ...details, second: { ...details.second, email: 'r' } }, 'contact-second-email', 'badEmail'],
  ])('finds fault with %j', (draft, field, problem) => {
    expect(contactProblems(draft).map((found) => [found.field, found.problem])).toEqual([[field, problem]]);
  });

  it('takes a second person alone who can be reached', () => {
    expect(contactProblems({ ...details, second: { ...details.second, telephone: '0123' } })).toEqual([]);
  });

  it('asks nothing where there are no details', () => {
    expect(contactProblems({ ...withFirst({ email: 'no' }), kind: 'relay' })).toEqual([]);
  });

  it('passes exactly what the SDK takes', () => {
    const text = (most: number) => fc.string({ unit: fc.constantFrom('a', 'é', '"', '\u202e'), maxLength: most });
    const person = fc.record({
      name: text(12),
      email: fc.constantFrom('', 'a@b', 'ab', `${'a'.repeat(240)}@example.org`),
      telephone: fc.constantFrom('', '0123', '0'.repeat(41)),
      note: fc.oneof(
        text(6),
        fc.integer({ min: 100, max: 301 }).map((length) => 'n'.repeat(length)),
      ),
    });
    fc.assert(
      fc.property(person, person, (first, second) => {
        const draft: ContactDraft = { kind: 'details', first, second };
        expect(contactProblems(draft).length === 0).toBe(isTaken(contactOf(draft)));
      }),
    );
  });
});
