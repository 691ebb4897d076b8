/** How to reach a mark's keeper: what a contact envelope holds. The owner chooses how much. */
import { z } from 'zod';
import { badInput } from './errors.ts';
import { bytesField, parseMessage, textField } from './message.ts';

const person = {
  name: textField(100).optional(),
  email: textField(254)
    .regex(/^[^\s@]+@[^\s@]+$/u)
    .optional(),
  telephone: textField(40).optional(),
  /** Whatever else helps: a postal address, hours. */
  note: textField(300).optional(),
};

const personSchema = z.strictObject(person);
export type ContactPerson = z.output<typeof personSchema>;

/** Details, with a second person such as an executor; or nothing but a key that messages are sealed to. */
export const contactSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('details'), ...person, second: personSchema.optional() }),
  z.strictObject({
    kind: z.literal('relay'),
    /** The mark's X25519 public key. */
    exchangeKey: bytesField(32),
  }),
]);
export type Contact = z.output<typeof contactSchema>;
export type ContactDetails = Extract<Contact, { kind: 'details' }>;

const isReachable = ({ email, telephone, note }: ContactPerson): boolean =>
  email !== undefined || telephone !== undefined || note !== undefined;

/** {@link contactSchema} for a value whose bytes are bytes already. */
const contactCheck = z.discriminatedUnion('kind', [
  contactSchema.options[0],
  z.strictObject({
    kind: z.literal('relay'),
    exchangeKey: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 32),
  }),
]);

/**
 * Checks a contact as an owner gives it: its form, and that it names a way to reach somebody.
 *
 * @throws BlindmarkError `badInput`, naming the field
 */
export function checkContact(contact: unknown): Contact {
  const checked = parseMessage(contactCheck, contact, 'contact');
  if (checked.kind === 'details' && ![checked, checked.second ?? {}].some(isReachable)) {
    throw badInput('contact', 'an e-mail address, a telephone number or a note: some way to reach somebody');
  }
  return checked;
}
