/** What a lookup finds: registrations that are what their owners signed, and that the log says were shown in this lookup. */
import type { Checkpoint } from '../crypto/checkpoint.ts';
import { isBlindmarkError, type BlindmarkError } from '../crypto/errors.ts';
import { openItemEnvelope, type Item } from '../crypto/item-envelope.ts';
import { verifyRow, type RegistrationRow, type Status } from '../crypto/registration.ts';
import type { CodeSecrets } from '../crypto/stretch.ts';
import type { LoggedWithSalt, LookupSlot } from '../crypto/wire.ts';
import { notLogged, verifyMatch, verifyRegistered } from './entries.ts';
import type { SchemeCode } from './registry.ts';

/** What proves a hit later, and what an opening of its contact needs. Holds the code's secrets: it stays on this machine. */
export interface FoundEvidence extends CodeSecrets {
  /** The registration as it was shown: signed by its owner. */
  readonly row: RegistrationRow;
  /** Index of the lookup's entry. */
  readonly lookup: number;
  /** The signed note with at least t cosignatures that both proofs lead to. */
  readonly checkpoint: string;
  /** The entry by which the registration became public. */
  readonly registered: LoggedWithSalt;
  /** The entry that says that it was shown in this lookup; `delayed` opens it where the force's policy hides it for now. */
  readonly match: NonNullable<LookupSlot['match']>;
}

/** One registration of a code, verified: its owner signed it as it is, and the log has both it and this lookup of it. */
export interface FoundRegistration {
  readonly scheme: string;
  /** In canonical form: which of the possible codes it is. */
  readonly code: string;
  readonly status: Status;
  readonly items: readonly Item[];
  /** Calendar date, `YYYY-MM-DD`, by its owner's clock. */
  readonly registeredOn: string;
  /** The end of the hour in which the log took it: `2026-11-24T13:00:00Z`. */
  readonly registeredBefore: string;
  /** Whether its owner left a way to reach the keeper. */
  readonly hasContact: boolean;
  readonly evidence: FoundEvidence;
}

/** What a found registration is verified against. */
export interface FoundContext {
  readonly origin: string;
  /** The checkpoint of the lookup's reply, verified. */
  readonly checkpoint: Checkpoint;
  readonly note: string;
  /** Index of the entry of the lookup's evaluation request. */
  readonly lookup: number;
  /** The longest that the force's policy hides a match. */
  readonly delayDays: number;
}

/** Why a registration that was found is not believed. */
const REFUSALS = ['badEnvelope', 'badRow', 'badProof', 'notLogged'] as const;

/** A place with a registration in it. */
export interface FilledSlot extends LookupSlot {
  readonly registration: RegistrationRow;
}

/**
 * The registration in a place of a lookup's reply; or why it is refused: it is not what its owner signed, belongs to another
 * code, or the log does not hold its entry and the one of this match.
 */
export function verifyFound(
  { scheme, canonical }: SchemeCode,
  slot: FilledSlot,
  secrets: CodeSecrets,
  context: FoundContext,
): FoundRegistration | BlindmarkError {
  const { registration: row, registered, match } = slot;
  const { origin, checkpoint, note, lookup, delayDays } = context;
  try {
    const { items, ownerPublicKey } = openItemEnvelope(row.itemEnvelope, secrets.codeKey, row.commitment);
    verifyRow(origin, row, { lookupTag: secrets.lookupTag, ownerPublicKey });
    if (match === null) throw notLogged('match', 'there is no entry that says that it was shown');
    if (registered === null) throw notLogged('registration', 'there is no entry of the registration');
    verifyMatch(match, checkpoint, { lookup, commitment: row.commitment, delayDays });
    const { hour } = verifyRegistered(origin, registered, checkpoint, row);
    if (registered.logged.index > match.logged.index) throw notLogged('match', 'it was shown before it was registered');
    return {
      scheme,
      code: canonical,
      status: row.status,
      items,
      registeredOn: row.registeredOn,
      registeredBefore: `${new Date((hour + 1) * 3_600_000).toISOString().slice(0, 19)}Z`,
      hasContact: row.contactEnvelope !== null,
      evidence: { ...secrets, row, lookup, checkpoint: note, registered, match },
    };
  } catch (error) {
    if (isBlindmarkError(error, ...REFUSALS)) return error;
    throw error;
  }
}

/** In the order in which the log took them. */
export function inLogOrder(found: readonly FoundRegistration[]): FoundRegistration[] {
  return found.toSorted((a, b) => a.evidence.registered.logged.index - b.evidence.registered.logged.index);
}
