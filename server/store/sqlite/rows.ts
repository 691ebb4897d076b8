/** A registration's row as SQLite keeps it. */
import { equalBytes } from '../../../crypto/bytes.ts';
import { MAX_CLAIMS, STATUSES, type RegistrationRow } from '../../../crypto/registration.ts';

/** A row of the table `registrations`. */
export interface StoredRow {
  readonly id: bigint;
  readonly status: bigint;
  readonly version: bigint;
  readonly epoch: bigint;
  readonly registered_on: bigint;
  readonly index_hash: Uint8Array;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly row_signature: Uint8Array;
  readonly item_envelope: Uint8Array;
  readonly contact_envelope: Uint8Array | null;
}

/** The columns after `id`, in the order of {@link formatColumns}. */
export const COLUMNS = [
  'status',
  'version',
  'epoch',
  'registered_on',
  'index_hash',
  'salt',
  'commitment',
  'row_signature',
  'item_envelope',
  'contact_envelope',
] as const satisfies (keyof StoredRow)[];

const SECONDS_A_DAY = 86_400;

export function formatColumns(row: RegistrationRow): (number | Uint8Array | null)[] {
  return [
    STATUSES.indexOf(row.status),
    row.version,
    row.epoch,
    Date.parse(`${row.registeredOn}T00:00:00Z`) / 1000 / SECONDS_A_DAY,
    row.index,
    row.salt,
    row.commitment,
    row.rowSignature,
    row.itemEnvelope,
    row.contactEnvelope,
  ];
}

export function parseStoredRow(stored: StoredRow): RegistrationRow {
  return {
    index: stored.index_hash,
    salt: stored.salt,
    commitment: stored.commitment,
    itemEnvelope: stored.item_envelope,
    contactEnvelope: stored.contact_envelope,
    status: STATUSES[Number(stored.status)] as RegistrationRow['status'],
    version: Number(stored.version),
    epoch: Number(stored.epoch),
    registeredOn: new Date(Number(stored.registered_on) * SECONDS_A_DAY * 1000).toISOString().slice(0, 10),
    rowSignature: stored.row_signature,
  };
}

/** Whether both rows are the same, byte for byte. */
export function isSameRow(a: RegistrationRow, b: RegistrationRow): boolean {
  const [left, right] = [formatColumns(a), formatColumns(b)];
  return left.every((value, i) => {
    const other = right[i];
    if (value instanceof Uint8Array) return other instanceof Uint8Array && equalBytes(value, other);
    return value === other;
  });
}

/** The first of the `id`s of an index; the places of its claims follow. */
export function firstPlace(index: Uint8Array): bigint {
  const bits = new DataView(index.buffer, index.byteOffset, 8).getBigInt64(0);
  return bits & ~BigInt(MAX_CLAIMS - 1);
}
