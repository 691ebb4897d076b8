/** The row of a registration: how it is found, bound to its owner's key, and signed (DESIGN 3.2). */
import { z } from 'zod';
import { equalBytes, formatUint } from './bytes.ts';
import { BlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, dateField } from './message.ts';
import { type SigningKey, isSignature, sign } from './signature.ts';

/** What an owner says of the marked property. */
export const STATUSES = ['withKeeper', 'stolen', 'lost', 'recovered'] as const;
export type Status = (typeof STATUSES)[number];

/** Sizes in bytes that an item envelope is padded to. */
export const ITEM_ENVELOPE_SIZES = [512, 1024, 2048, 4096] as const;

/** Sizes in bytes that a contact envelope is padded to. */
export const CONTACT_ENVELOPE_SIZES = [512, 1024] as const;

/** At most so many registrations (counter-claims) of one code are kept. */
export const MAX_CLAIMS = 4;

/** An envelope of one of these sizes: any other would tell something of what is inside. */
export function envelopeField(sizes: readonly number[]) {
  const field = bytesField(Math.min(...sizes), Math.max(...sizes));
  return field.refine((bytes) => sizes.includes(bytes.length), 'one of the envelope sizes');
}

/** One stored registration, as it travels and as it is kept. `contactEnvelope` is null where the owner left no contact. */
export const registrationRowSchema = z.strictObject({
  index: bytesField(32),
  salt: bytesField(32),
  commitment: bytesField(32),
  itemEnvelope: envelopeField(ITEM_ENVELOPE_SIZES),
  contactEnvelope: envelopeField(CONTACT_ENVELOPE_SIZES).nullable(),
  status: z.enum(STATUSES),
  version: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  epoch: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  registeredOn: dateField,
  rowSignature: bytesField(64),
});
export type RegistrationRow = z.output<typeof registrationRowSchema>;

/** Where a registration is found: several may share it. */
export function registrationIndex(origin: string, lookupTag: Uint8Array): Uint8Array {
  return labelledHash('index', origin, lookupTag);
}

/** The salted hash that binds a registration to its owner's key. */
export function registrationCommitment(
  salt: Uint8Array,
  lookupTag: Uint8Array,
  ownerPublicKey: Uint8Array,
): Uint8Array {
  return labelledHash('commitment', salt, lookupTag, ownerPublicKey);
}

/** The hash of a row without its signature: what the owner signs. An absent contact envelope counts as empty. */
export function rowHash(origin: string, row: Omit<RegistrationRow, 'rowSignature'>): Uint8Array {
  return labelledHash(
    'row',
    origin,
    row.index,
    row.salt,
    row.commitment,
    row.itemEnvelope,
    row.contactEnvelope ?? new Uint8Array(),
    row.status,
    formatUint(row.version, 4),
    formatUint(row.epoch, 4),
    row.registeredOn,
  );
}

/** The row with its owner's signature. */
export function signRow(
  origin: string,
  row: Omit<RegistrationRow, 'rowSignature'>,
  signingKey: SigningKey,
): RegistrationRow {
  return { ...row, rowSignature: sign(signingKey, rowHash(origin, row)) };
}

/** Whoever holds a code's tag and the owner's public key can check a row against both. */
export interface RowWitness {
  readonly lookupTag: Uint8Array;
  readonly ownerPublicKey: Uint8Array;
}

/**
 * Checks that a row belongs to this tag and this owner's key, and that the owner signed just this content.
 *
 * @throws BlindmarkError `badRow`, saying which of the three does not hold
 */
export function verifyRow(origin: string, row: RegistrationRow, witness: RowWitness): void {
  const refuse = (field: string, what: string): never => {
    throw new BlindmarkError('badRow', `The registration's ${what}`, { field });
  };
  if (!equalBytes(row.index, registrationIndex(origin, witness.lookupTag))) {
    refuse('index', 'index does not belong to the lookup tag');
  }
  const commitment = registrationCommitment(row.salt, witness.lookupTag, witness.ownerPublicKey);
  if (!equalBytes(row.commitment, commitment))
    refuse('commitment', 'commitment does not belong to the key and the tag');
  if (!isSignature(witness.ownerPublicKey, rowHash(origin, row), row.rowSignature)) {
    refuse('rowSignature', 'signature does not verify: its content was changed by someone else than its owner');
  }
}

/** What an owner signs to erase a registration. Bound to the version, so that it serves once. */
export function withdrawalHash(origin: string, commitment: Uint8Array, version: number): Uint8Array {
  return labelledHash('withdrawal', origin, commitment, formatUint(version, 4));
}

/**
 * What a withdrawal's entry in the log has in the place of a row's hash. Whoever once saw the commitment, as guardians do when
 * the contact is opened, could compute {@link withdrawalHash}, and find the entry by it.
 *
 * @param entrySalt of the entry's mark
 */
export function withdrawalEntryHash(entrySalt: Uint8Array, withdrawal: Uint8Array): Uint8Array {
  return labelledHash('withdrawal-entry', entrySalt, withdrawal);
}

/** What an owner signs to read a registration. Bound to the second. */
export function historyHash(origin: string, commitment: Uint8Array, issuedAt: number): Uint8Array {
  return labelledHash('history', origin, commitment, formatUint(issuedAt, 6));
}
