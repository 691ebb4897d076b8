/** The messages of openings, of messages to owners and of revocations, beside those of {@link wire.ts}. */
import { z } from 'zod';
import { bytesField, dateField, identifierField } from './message.ts';
import { officerAuthorizationSchema } from './officer-request.ts';
import { openingDetailsSchema } from './opening.ts';
import { CONTACT_ENVELOPE_SIZES, envelopeField } from './registration.ts';
import { MAX_MESSAGES, relayBoxField } from './relay-message.ts';
import { signedRevocationListSchema } from './revocation-list.ts';
import { checkpointField, delayedField, faultSchema, logEvidenceSchema, loggedEntrySchema } from './wire.ts';

/**
 * `POST /v1/openings`: the first officer asks. The registry keeps the envelope that the details name, and appends nothing yet.
 */
export const openingRequestSchema = z.strictObject({
  details: openingDetailsSchema,
  /** Shows that the officer has the code; the registration's index must belong to it. */
  lookupTag: bytesField(32),
  /** Purpose `opening`, content `[openingHash]`, with the case commitment of the lookup that the match came from. */
  authorization: officerAuthorizationSchema,
});
export type OpeningRequest = z.output<typeof openingRequestSchema>;

export const openingAskedSchema = z.strictObject({
  /** What the other officer approves, and whoever has it may read the opening. */
  id: bytesField(32),
  expiresAt: z.int().min(0),
});
export type OpeningAsked = z.output<typeof openingAskedSchema>;

/** `POST /v1/openings/{id}/approvals`: another officer of the force approves. Purpose `approval`, content `[id]`. */
export const approvalRequestSchema = z.strictObject({ authorization: officerAuthorizationSchema });
export type ApprovalRequest = z.output<typeof approvalRequestSchema>;

/** One guardian's partial decryption of a contact envelope, and its cosignature of the evidence's checkpoint. */
export const guardianDecryptionSchema = z.strictObject({
  guardian: identifierField,
  epoch: z.int().min(1),
  /** The envelope's element times the guardian's share. */
  element: bytesField(32),
  proof: bytesField(64),
  cosignature: bytesField(72),
});
export type GuardianDecryption = z.output<typeof guardianDecryptionSchema>;

/** `POST /v1/decrypt` at a guardian. The endpoint selects the decryption key. */
export const guardianDecryptRequestSchema = z.strictObject({
  details: openingDetailsSchema,
  first: officerAuthorizationSchema,
  second: officerAuthorizationSchema,
  envelope: envelopeField(CONTACT_ENVELOPE_SIZES),
  /** The salt of the mark in the opening's entry. */
  markSalt: bytesField(32),
  log: logEvidenceSchema,
});
export type GuardianDecryptRequest = z.output<typeof guardianDecryptRequestSchema>;

/** How far an opening is. `approved`: approved by two officers, while fewer than t guardians have answered yet. */
export const OPENING_STATES = ['pending', 'approved', 'opened', 'expired'] as const;
export type OpeningState = (typeof OPENING_STATES)[number];

/** What an opening yields: useless without the code's key. */
export const openingResultSchema = z.strictObject({
  decryptions: z.array(guardianDecryptionSchema).min(1).max(255),
  /** With at least t cosignatures. */
  checkpoint: checkpointField,
  logged: loggedEntrySchema,
  markSalt: bytesField(32),
  delayed: delayedField,
});

/** Reply to `GET /v1/openings/{id}` and to an approval. `second` and `result` are null until there is one, `result` also once the opening's time is over. */
export const openingReplySchema = z.strictObject({
  status: z.enum(OPENING_STATES),
  details: openingDetailsSchema,
  first: officerAuthorizationSchema,
  second: officerAuthorizationSchema.nullable(),
  result: openingResultSchema.nullable(),
  faults: z.array(faultSchema),
});
export type OpeningReply = z.output<typeof openingReplySchema>;

/** `POST /v1/openings/{id}/messages`: the first officer of an opened opening. Purpose `message`, content `[id, relayBoxHash]`. */
export const relayRequestSchema = z.strictObject({
  authorization: officerAuthorizationSchema,
  box: relayBoxField,
});
export type RelayRequest = z.output<typeof relayRequestSchema>;

/** `again` when this very message was left before. */
export const relayReplySchema = z.strictObject({ result: z.enum(['left', 'again']) });

/** `POST /v1/registrations/{commitment}/messages`: the owner fetches what was left, and erases what it acknowledges. */
export const messagesRequestSchema = z.strictObject({
  lookupTag: bytesField(32),
  ownerPublicKey: bytesField(32),
  issuedAt: z
    .int()
    .min(0)
    .max(2 ** 40),
  /** Identifiers of messages that have arrived: the registry erases them before it answers. */
  acknowledged: z.array(bytesField(32)).max(MAX_MESSAGES),
  /** By the mark's key over `messagesHash`. */
  signature: bytesField(64),
});
export type MessagesRequest = z.output<typeof messagesRequestSchema>;

export const messagesReplySchema = z.strictObject({
  /** Oldest first. */
  messages: z
    .array(
      z.strictObject({
        /** `relayMessageId(opening, box)`. */
        id: bytesField(32),
        opening: bytesField(32),
        receivedOn: dateField,
        box: relayBoxField,
        /** The officer's request that it was left by: the owner verifies who wrote. */
        authorization: officerAuthorizationSchema,
      }),
    )
    .max(MAX_MESSAGES),
});
export type MessagesReply = z.output<typeof messagesReplySchema>;

/** `POST /v1/revocations` by the force; `GET /v1/revocations/{force}`, or wherever the force's `revocationUrl` points. */
export const revocationsSchema = signedRevocationListSchema;
export type Revocations = z.output<typeof revocationsSchema>;

/** Reply to a pushed list. `again` when a list of this or a later time was there already. */
export const revocationsReplySchema = z.strictObject({ result: z.enum(['taken', 'again']) });
