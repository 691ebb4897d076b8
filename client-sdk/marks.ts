/** What is known of a mark, and what a request makes of it. Pure: nothing is asked for, nothing is kept. */
import { equalBytes } from '../crypto/bytes.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { openItemEnvelope, type Item } from '../crypto/item-envelope.ts';
import type { RegistrationRow, Status } from '../crypto/registration.ts';
import type { CodeSecrets } from '../crypto/stretch.ts';
import type { ContactChoice } from './contacts.ts';
import type { SchemeCode } from './registry.ts';
import type { MarkRecord } from './vault.ts';

/** A mark whose registration the registry has acknowledged. */
export type RegisteredMark = MarkRecord & { readonly row: RegistrationRow } & CodeSecrets;

/** What is asked for, of a registration. */
export interface AskedContent {
  readonly items: readonly Item[];
  readonly status?: Status | undefined;
  readonly contact?: ContactChoice | undefined;
}

/** @throws BlindmarkError `notFound` for a mark that is not registered at present */
export function checkRegistered(mark: MarkRecord): RegisteredMark {
  const { row, lookupTag, codeKey } = mark;
  if (mark.stage === 'registered' && row !== undefined && lookupTag !== undefined && codeKey !== undefined) {
    return { ...mark, row, lookupTag, codeKey };
  }
  throw new BlindmarkError('notFound', 'This mark is not registered at present', {
    field: 'code',
    remedy: 'Register it, or go on with a registration that was interrupted.',
  });
}

function isSameEnvelope(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : equalBytes(a, b);
}

/** The mark as a row of the registry says: of a contact that was changed elsewhere, nothing is known here. */
export function withRow(mark: RegisteredMark, row: RegistrationRow): RegisteredMark {
  const { items } = openItemEnvelope(row.itemEnvelope, mark.codeKey, row.commitment);
  const { contact, ...rest } = mark;
  const current = { ...rest, row, items, status: row.status };
  if (row.contactEnvelope === null) return { ...current, contact: null };
  const isKnown = contact !== undefined && isSameEnvelope(mark.row.contactEnvelope, row.contactEnvelope);
  return isKnown ? { ...current, contact } : current;
}

/** What is kept of a registration that was found withdrawn. */
export function withdrawnAt(mark: SchemeCode & { readonly origin: string }, counter: number): MarkRecord {
  const { origin, scheme, canonical } = mark;
  return { kind: 'mark', origin, scheme, canonical, counter, stage: 'withdrawn', status: 'withKeeper', items: [] };
}

/** As JSON, with each object's fields in one order: a vault that is opened again has them in another than the caller gave. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** Whether both are the same items, in the same order. */
export function isSameItems(a: readonly Item[], b: readonly Item[]): boolean {
  return isSame(a, b);
}

/** Whether both are the same contact; one that is not known is like no other. */
export function isSameContact(a: ContactChoice | undefined, b: ContactChoice | undefined): boolean {
  return a !== undefined && b !== undefined && isSame(a, b);
}

/** A registration that exists, when it is what is asked for. @throws BlindmarkError `alreadyRegistered` */
export function checkSame(mark: MarkRecord, asked: AskedContent): MarkRecord {
  const differing = [
    ['items', isSameItems(mark.items, asked.items)],
    ['status', asked.status === undefined || asked.status === mark.status],
    ['contact', asked.contact === undefined || isSameContact(mark.contact, asked.contact)],
  ].find(([, same]) => same === false);
  if (differing === undefined) return mark;
  throw new BlindmarkError('alreadyRegistered', 'This code is registered already, with something else', {
    field: differing[0] as string,
    remedy: 'Change the registration: blindmark owner replace, or blindmark owner status.',
  });
}

/** A pending mark with what is asked for now. What no longer fits to that is made anew. */
export function renewed(
  last: MarkRecord,
  asked: Pick<MarkRecord, 'items' | 'status'> & {
    readonly contact: ContactChoice;
    readonly activationKey: Uint8Array;
  },
): MarkRecord {
  const { pendingToken, row, ...rest } = last;
  const isSameRow =
    isSameItems(last.items, asked.items) && last.status === asked.status && isSameContact(last.contact, asked.contact);
  // A token on its way belongs to the activation key that it was asked for with.
  const isSameKey = last.activationKey !== undefined && equalBytes(last.activationKey, asked.activationKey);
  return {
    ...rest,
    ...asked,
    ...(isSameKey && pendingToken !== undefined ? { pendingToken } : {}),
    ...(isSameRow && row !== undefined ? { row } : {}),
  };
}
