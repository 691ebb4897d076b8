/**
 * The four places of a tag in the reply to a lookup. Each takes the same number of bytes, whatever is in it: none, or a
 * registration with small or large envelopes. So the length of a reply tells how many tags were asked for, and no more.
 */
import type { z } from 'zod';
import { formatMessage } from '../../crypto/message.ts';
import { MAX_CLAIMS, registrationRowSchema, STATUSES, type RegistrationRow } from '../../crypto/registration.ts';
import type { lookupSlotSchema } from '../../crypto/wire.ts';

export type LookupSlot = z.output<typeof lookupSlotSchema>;

const MAX_NUMBER = 2 ** 31 - 1;
const LONGEST_STATUS = STATUSES.toSorted((a, b) => b.length - a.length)[0] as RegistrationRow['status'];

/** The longest row that the schema takes. */
export const LARGEST_ROW: RegistrationRow = {
  index: new Uint8Array(32),
  salt: new Uint8Array(32),
  commitment: new Uint8Array(32),
  itemEnvelope: new Uint8Array(4096),
  contactEnvelope: new Uint8Array(1024),
  status: LONGEST_STATUS,
  version: MAX_NUMBER,
  epoch: MAX_NUMBER,
  registeredOn: '2000-01-01',
  rowSignature: new Uint8Array(64),
};

/** Characters of a row on the wire, all of them ASCII. */
function wireLength(row: RegistrationRow): number {
  return JSON.stringify(formatMessage(registrationRowSchema, row)).length;
}

const LARGEST = wireLength(LARGEST_ROW);

function formatSlot(row: RegistrationRow | null): LookupSlot {
  // An empty place costs the work of a full one.
  const length = wireLength(row ?? LARGEST_ROW);
  return { registration: row, padding: '0'.repeat(LARGEST - (row === null ? 'null'.length : length)) };
}

/**
 * The places of one tag.
 *
 * @param rows its registrations, at most {@link MAX_CLAIMS}, in the order of registration
 */
export function formatSlots(rows: readonly RegistrationRow[]): LookupSlot[] {
  return Array.from({ length: MAX_CLAIMS }, (_, place) => formatSlot(rows[place] ?? null));
}
