/**
 * An owner's right to a registration: shown by its lookup tag, the mark's public key and a signature by that key.
 *
 * A registration that does not exist, and one that is somebody else's, are refused alike, on one path. All that a request can
 * be refused for beside that shows in the request itself, and is refused whether the registration exists or not. So who
 * holds a tag, a key or a commitment without the right learns nothing by asking.
 */
import { equalBytes } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import {
  registrationCommitment,
  registrationIndex,
  rowHash,
  type RegistrationRow,
  type RowWitness,
} from '../../crypto/registration.ts';
import type { RegistryStore } from '../store/store.ts';

const NO_SALT = new Uint8Array(32);

export function notFound(): BlindmarkError {
  return new BlindmarkError('notFound', 'There is no such registration for this key and tag', {
    field: 'commitment',
    remedy: 'Compare phrase and code. A registration that was withdrawn is gone.',
  });
}

/**
 * The registration of this commitment, if tag and key are those that it was made with.
 *
 * @param witness whose signature over the request has been verified
 * @throws BlindmarkError `notFound`
 */
export async function findOwn(
  store: RegistryStore,
  origin: string,
  commitment: Uint8Array,
  witness: RowWitness,
): Promise<RegistrationRow> {
  const { lookupTag, ownerPublicKey } = witness;
  const stored = await store.findByCommitment({ index: registrationIndex(origin, lookupTag), commitment });
  const expected = registrationCommitment(stored?.salt ?? NO_SALT, lookupTag, ownerPublicKey);
  if (!equalBytes(expected, commitment) || stored === null) throw notFound();
  return stored;
}

/** Whether both rows say the same under the same signature. */
export function isSameRow(origin: string, a: RegistrationRow, b: RegistrationRow): boolean {
  return equalBytes(a.rowSignature, b.rowSignature) && equalBytes(rowHash(origin, a), rowHash(origin, b));
}
