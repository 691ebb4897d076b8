/** Registration rows for tests of storage: bytes without meaning, in the shapes that a real one has. */
import { randomBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import type { RegistrationRow } from '../../crypto/registration.ts';

/** A first version of a row, random where `fields` says nothing. */
export function createRow(fields: Partial<RegistrationRow> = {}): RegistrationRow {
  return {
    index: randomBytes(32),
    salt: randomBytes(32),
    commitment: randomBytes(32),
    itemEnvelope: randomBytes(512),
    contactEnvelope: null,
    status: 'withKeeper',
    version: 1,
    epoch: 1,
    registeredOn: '2026-03-01',
    rowSignature: randomBytes(64),
    ...fields,
  };
}

/** What an owner makes of a row when its status changes. */
export function nextVersion(row: RegistrationRow, fields: Partial<RegistrationRow> = {}): RegistrationRow {
  return { ...row, version: row.version + 1, status: 'stolen', rowSignature: randomBytes(64), ...fields };
}

/** 32 bytes that follow from a name alone: two processes make the same of it. */
export function namedBytes(name: string): Uint8Array {
  return labelledHash('test', name);
}

/** A row that follows from a name alone, under the index of another name. */
export function namedRow(name: string, code = name): RegistrationRow {
  const bytes = (part: string, length: number): Uint8Array => {
    const block = namedBytes(`${part} ${name}`);
    return Uint8Array.from({ length }, (_, i) => block[i % block.length] as number);
  };
  return createRow({
    index: namedBytes(`code ${code}`),
    salt: bytes('salt', 32),
    commitment: bytes('commitment', 32),
    itemEnvelope: bytes('envelope', 512),
    rowSignature: bytes('signature', 64),
  });
}
