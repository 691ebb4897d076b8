/**
 * The four places of a tag in the reply to a lookup. Each takes the same number of bytes, whatever is in it: none, or a
 * registration with small or large envelopes and its entries. So the length of a reply tells how many tags were asked for, how
 * deep the log is, and no more.
 */
import { formatLogEntry, type LogEntry } from '../../crypto/log-entry.ts';
import type { DelayedFields, LoggedEntry } from '../../crypto/log-proof.ts';
import { formatMessage } from '../../crypto/message.ts';
import { MAX_CLAIMS, STATUSES, type RegistrationRow } from '../../crypto/registration.ts';
import { lookupSlotSchema, type LoggedWithSalt, type LookupSlot } from '../../crypto/wire.ts';

/** A registration that is shown, with the entries that say so. */
export interface ShownRegistration {
  readonly registration: RegistrationRow;
  readonly registered: LoggedWithSalt;
  readonly match: LoggedWithSalt & { readonly delayed: DelayedFields };
}

const MAX_NUMBER = 2 ** 31 - 1;
const LONGEST_STATUS = STATUSES.toSorted((a, b) => b.length - a.length)[0] as RegistrationRow['status'];
const HASH = new Uint8Array(32);

/** The longest row that the schema takes. */
export const LARGEST_ROW: RegistrationRow = {
  index: HASH,
  salt: HASH,
  commitment: HASH,
  itemEnvelope: new Uint8Array(4096),
  contactEnvelope: new Uint8Array(1024),
  status: LONGEST_STATUS,
  version: MAX_NUMBER,
  epoch: MAX_NUMBER,
  registeredOn: '2000-01-01',
  rowSignature: new Uint8Array(64),
};

function longest(...entries: LogEntry[]): Uint8Array {
  return entries.map(formatLogEntry).reduce((a, b) => (b.length > a.length ? b : a));
}

const LARGEST_REGISTERED = longest(
  { kind: 'registration', hour: 0, mark: HASH, row: HASH, epoch: MAX_NUMBER },
  { kind: 'action', hour: 0, mark: HASH, action: 'replace', row: HASH },
);
const LARGEST_MATCH = longest({ kind: 'match', hour: 0, mark: HASH, lookup: Number.MAX_SAFE_INTEGER });
const LARGEST_LOGGED_MATCH = longest(
  { kind: 'match', hour: 0, mark: HASH, lookup: Number.MAX_SAFE_INTEGER },
  { kind: 'delayed', hour: 0, of: 'match', commitment: HASH, revealBy: 0 },
);

/** Hashes of the longest inclusion proof in a tree of `size` entries (RFC 6962 section 2.1.1). */
function depthOf(size: number): number {
  return size <= 1 ? 0 : (size - 1).toString(2).length;
}

function largestIn(size: number): ShownRegistration {
  const logged = (entry: Uint8Array): LoggedEntry => ({
    index: size,
    entry,
    proof: Array.from({ length: depthOf(size) }, () => HASH),
  });
  return {
    registration: LARGEST_ROW,
    registered: { logged: logged(LARGEST_REGISTERED), salt: HASH },
    match: { logged: logged(LARGEST_LOGGED_MATCH), salt: HASH, delayed: { salt: HASH, plain: LARGEST_MATCH } },
  };
}

const EMPTY = { registration: null, registered: null, match: null };

/** Characters of a slot on the wire without its padding, all of them ASCII. */
function wireLength(content: Omit<LookupSlot, 'padding'>): number {
  return JSON.stringify(formatMessage(lookupSlotSchema, { ...content, padding: '' })).length;
}

const EMPTY_LENGTH = wireLength(EMPTY);

/**
 * Fills the places of tags.
 *
 * @param size of the tree that the entries' proofs are in
 * @param tags for each tag its registrations, at most {@link MAX_CLAIMS}, in the order of registration
 */
export function formatSlots(size: number, tags: readonly (readonly ShownRegistration[])[]): LookupSlot[][] {
  const largest = largestIn(size);
  const whole = wireLength(largest);
  const formatSlot = (shown: ShownRegistration | undefined): LookupSlot => {
    // An empty place costs the work of a full one.
    const length = wireLength(shown ?? largest);
    return { ...(shown ?? EMPTY), padding: '0'.repeat(whole - (shown === undefined ? EMPTY_LENGTH : length)) };
  };
  return tags.map((registrations) =>
    Array.from({ length: MAX_CLAIMS }, (_, place) => formatSlot(registrations[place])),
  );
}
