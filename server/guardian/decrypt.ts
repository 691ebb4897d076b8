/**
 * `POST /v1/decrypt`: a contact envelope is decrypted, in part, for two officers of one force, once the log says so (DESIGN
 * 3.3). All of it is verified by this guardian itself; the endpoint alone selects the decryption key.
 */
import { contactElement } from '../../crypto/contact-envelope.ts';
import type { ErrorCode } from '../../crypto/errors.ts';
import { hourOf, markHash } from '../../crypto/log-entry.ts';
import { OPENING_ERRORS, openingEntry, verifyOpening } from '../../crypto/opening.ts';
import type { GuardianDecryption, GuardianDecryptRequest } from '../../crypto/wire-openings.ts';
import { admitOfficer, type Admission } from './admission.ts';
import type { DecisionDependencies } from './evaluate.ts';
import type { Decryptor } from './evaluator.ts';
import { EVIDENCE_ERRORS, witnessRequest } from './evidence.ts';

/** What the decision on a decryption needs. */
export interface DecryptionDependencies extends DecisionDependencies {
  readonly decryptor: Decryptor;
}

/** Every code with which {@link decrypt} refuses. */
export const DECRYPT_ERRORS = [
  ...OPENING_ERRORS,
  ...EVIDENCE_ERRORS,
  'credentialRevoked',
  'revocationsStale',
  'quotaExceeded',
  'storageFailed',
  'unavailable',
] as const satisfies readonly ErrorCode[];

/**
 * Verifies both officers and the envelope, witnesses the opening's entry, charges the first officer for one code, decrypts.
 *
 * @returns the partial decryption, and whether the opening was charged before
 * @throws BlindmarkError those of {@link DECRYPT_ERRORS}, and `overloaded`. After that one, `storageFailed` and `unavailable`
 *   the same request may be sent again, and is not charged twice
 */
export async function decrypt(
  request: GuardianDecryptRequest,
  dependencies: DecryptionDependencies,
): Promise<{ reply: GuardianDecryption; admission: Admission }> {
  const { guardian, roster, revocations, decryptor } = dependencies;
  const now = dependencies.now();
  const { details, envelope, markSalt, log } = request;
  const opening = await verifyOpening(request, { roster, now });
  const { id, force, first, second } = opening;
  const checkRevocations = async (): Promise<void> => {
    await revocations.check(first.officer, now);
    await revocations.check(second.officer, now);
  };
  await checkRevocations();
  const entry = openingEntry(opening, markHash(markSalt, details.commitment), hourOf(now));
  // Guardians that were down are asked again, with the entry of the approval.
  const made = { from: first.claims.iat, until: now };
  const cosignature = await witnessRequest(log, { entry, delayDays: force.delayDays, made }, dependencies);
  await checkRevocations();
  const admission = await admitOfficer(
    { officer: first.officer, hash: id, exp: details.expiresAt, codes: 1 },
    now,
    dependencies,
  );
  const { element, proof } = await decryptor.decrypt(details.epoch, contactElement(envelope));
  return { reply: { guardian, epoch: details.epoch, element, proof, cosignature }, admission };
}
