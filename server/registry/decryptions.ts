/** Asks the guardians for their partial decryptions of an opening's contact envelope. */
import { contactElement } from '../../crypto/contact-envelope.ts';
import { DECRYPTION_CONTEXT } from '../../crypto/decryption.ts';
import { formatMessage } from '../../crypto/message.ts';
import { findLiveEpoch, type Roster } from '../../crypto/roster.ts';
import {
  guardianDecryptionSchema,
  guardianDecryptRequestSchema,
  type GuardianDecryption,
  type GuardianDecryptRequest,
} from '../../crypto/wire-openings.ts';
import type { Inquiry } from './inquiry.ts';

/**
 * What guardians are asked for a verified opening whose entry is in the log.
 *
 * @param request its evidence without a consistency proof
 */
export function decryptionInquiry(request: GuardianDecryptRequest, roster: Roster): Inquiry<GuardianDecryption> {
  const { details, envelope } = request;
  const { publicShares } = findLiveEpoch(roster, details.epoch).decryption;
  const asked = contactElement(envelope);
  return {
    path: '/v1/decrypt',
    reply: guardianDecryptionSchema,
    evidence: request.log,
    body: (log) => JSON.stringify(formatMessage(guardianDecryptRequestSchema, { ...request, log })),
    fits: ({ epoch }) => epoch === details.epoch,
    job: ({ element, proof }, guardian) => ({
      context: DECRYPTION_CONTEXT,
      elements: [asked],
      evaluations: [{ publicShare: publicShares[guardian.index - 1] as Uint8Array, evaluated: [element], proof }],
    }),
  };
}
