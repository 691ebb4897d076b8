import { describe, expect, it } from 'vitest';
import { checkContact, contactSchema, type Contact } from '../../crypto/contact.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { refusal } from '../support/refusal.ts';

const details: Contact = { kind: 'details', name: 'A. Keeper', telephone: '+44 20 7946 0000' };
const relay: Contact = { kind: 'relay', exchangeKey: new Uint8Array(32).fill(9) };

describe('a contact', () => {
  it.each<[string, Contact]>([
    ['a telephone number', details],
    ['an e-mail address', { kind: 'details', email: 'keeper@example.org' }],
    ['an address in a note', { kind: 'details', note: '12 High Street,\nLittle Snoring' }],
    ['a second person alone', { kind: 'details', name: 'A. Keeper', second: { email: 'executor@example.org' } }],
    ['a relay', relay],
  ])('is %s', (_, contact) => {
    expect(checkContact(contact)).toEqual(contact);
    expect(parseMessage(contactSchema, JSON.parse(JSON.stringify(formatMessage(contactSchema, contact))))).toEqual(
      contact,
    );
  });

  it.each([
    ['nothing', { kind: 'details' }, 'contact'],
    ['a name alone', { kind: 'details', name: 'A. Keeper', second: { name: 'B. Executor' } }, 'contact'],
    ['no e-mail address', { ...details, email: 'keeper' }, 'contact.email'],
    ['an e-mail address with a space', { ...details, email: 'kee per@example.org' }, 'contact.email'],
    ['an empty telephone number', { ...details, telephone: '' }, 'contact.telephone'],
    ['a long note', { ...details, note: 'n'.repeat(301) }, 'contact.note'],
    ['a control character', { ...details, name: 'A\u001b[2J' }, 'contact.name'],
    ['a third person', { ...details, third: {} }, 'contact'],
    ['a long name of the second person', { ...details, second: { name: 'n'.repeat(101) } }, 'contact.second.name'],
    ['a short relay key', { kind: 'relay', exchangeKey: new Uint8Array(31) }, 'contact.exchangeKey'],
    ['details in a relay', { ...relay, name: 'A. Keeper' }, 'contact'],
    ['another kind', { kind: 'post' }, 'contact.kind'],
    ['no object', 'keeper@example.org', 'contact'],
  ])('is not %s', (_, contact, field) => {
    expect(() => checkContact(contact)).toThrow(refusal('badInput', field));
  });
});
