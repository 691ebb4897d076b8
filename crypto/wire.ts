/**
 * The messages of the HTTP interfaces, each once: both sides parse and format with these schemas, and OpenAPI is generated
 * from them. Binary is base64url without padding.
 */
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from './errors.ts';
import { checkpointField, delayedField, loggedEntrySchema, logEvidenceSchema } from './log-proof.ts';
import { bytesField, identifierField, textField } from './message.ts';
import { officerAuthorizationSchema } from './officer-request.ts';
import { receiptSchema } from './receipt.ts';
import { MAX_CLAIMS, registrationRowSchema } from './registration.ts';
import { rosterChainSchema } from './roster.ts';

export { checkpointField, delayedField, loggedEntrySchema, logEvidenceSchema, proofField } from './log-proof.ts';
export { receiptSchema } from './receipt.ts';
export { rosterChainSchema } from './roster.ts';

/** Elements that one request may carry (RFC 9497's composites weaken with the size of a batch). */
export const MAX_ELEMENTS = 64;

/** Largest request body in bytes. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Bytes of an RFC 9578 token of type 0x0002 with a 2,048-bit key. */
export const TOKEN_BYTES = 2 + 32 + 32 + 32 + 256;

const elements = z.array(bytesField(32)).min(1).max(MAX_ELEMENTS);
const epochs = z
  .array(
    z
      .int()
      .min(1)
      .max(2 ** 31 - 1),
  )
  .min(1)
  .max(16);

/**
 * Asks for the evaluation of one element on behalf of an owner. With a token, whose nonce names the element; without, when the
 * element was accepted under a token before.
 */
export const registrationEvaluationSchema = z.strictObject({
  purpose: z.literal('registration'),
  roster: bytesField(32),
  epochs,
  /** Just one: each request has an entry in the log, and no choice of elements may make more of them. */
  elements: elements.length(1),
  /** The commitment to the secret that redeems the element's token at the registry. */
  redemptions: elements.length(1),
  token: bytesField(TOKEN_BYTES).nullable(),
});

/** Asks for evaluations on behalf of an officer, whose signature covers the elements. */
export const lookupEvaluationSchema = z.strictObject({
  purpose: z.literal('lookup'),
  epochs,
  elements,
  authorization: officerAuthorizationSchema,
});

/** `POST /v1/evaluations` at the registry, which hands it to guardians. */
export const evaluationRequestSchema = z.discriminatedUnion('purpose', [
  registrationEvaluationSchema,
  lookupEvaluationSchema,
]);
export type EvaluationRequest = z.output<typeof evaluationRequestSchema>;

/** `POST /v1/evaluate` at a guardian: the same request, and the evidence that it is in the log. */
export const guardianEvaluateSchema = z.strictObject({ request: evaluationRequestSchema, log: logEvidenceSchema });
export type GuardianEvaluateRequest = z.output<typeof guardianEvaluateSchema>;

/** One guardian's evaluations: for each epoch asked, each element times its share, and one proof (RFC 9497 section 2.2). */
export const guardianEvaluationSchema = z.strictObject({
  guardian: identifierField,
  evaluations: z
    .array(z.strictObject({ epoch: z.int().min(1), elements, proof: bytesField(64) }))
    .min(1)
    .max(16),
  /** Over the evidence's checkpoint: time and signature (C2SP tlog-cosignature). */
  cosignature: bytesField(72),
});
export type GuardianEvaluation = z.output<typeof guardianEvaluationSchema>;

/** Why one guardian did not contribute. */
export const faultSchema = z.strictObject({
  guardian: identifierField,
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
});
export type Fault = z.output<typeof faultSchema>;

/** Reply to `POST /v1/evaluations`: at least t guardians' evaluations, who is at fault, and the request's entry in the log. */
export const evaluationReplySchema = z.strictObject({
  evaluations: z.array(guardianEvaluationSchema).min(1),
  faults: z.array(faultSchema),
  log: z.strictObject({
    /** The one that the guardians cosigned, with at least t cosignatures. */
    checkpoint: checkpointField,
    logged: loggedEntrySchema,
    delayed: delayedField,
  }),
});
export type EvaluationReply = z.output<typeof evaluationReplySchema>;

const ownerProof = { lookupTag: bytesField(32), ownerPublicKey: bytesField(32) };

/** `POST /v1/registrations`. */
export const registrationRequestSchema = z.strictObject({
  ...ownerProof,
  row: registrationRowSchema,
  token: bytesField(TOKEN_BYTES),
  /** What the token's nonce was made of: the blinded element, and the secret behind the commitment. */
  element: bytesField(32),
  redemptionSecret: bytesField(32),
});
export type RegistrationRequest = z.output<typeof registrationRequestSchema>;

/** Reply to a registration. `again` when this very registration was stored before: the receipt is of the same entry. */
export const registrationReplySchema = z.strictObject({
  result: z.enum(['registered', 'again']),
  receipt: receiptSchema,
});
export type RegistrationReply = z.output<typeof registrationReplySchema>;

/** `POST /v1/registrations/{commitment}/actions`: the row's next version, or its end. */
export const actionRequestSchema = z.discriminatedUnion('kind', [
  /** Changes the status alone. */
  z.strictObject({ kind: z.literal('status'), ...ownerProof, row: registrationRowSchema }),
  /** Changes the envelopes alone. */
  z.strictObject({ kind: z.literal('replace'), ...ownerProof, row: registrationRowSchema }),
  /** Erases the row of this version. */
  z.strictObject({
    kind: z.literal('withdraw'),
    ...ownerProof,
    version: z.int().min(1),
    signature: bytesField(64),
  }),
]);
export type ActionRequest = z.output<typeof actionRequestSchema>;

export const actionReplySchema = z.strictObject({ result: z.enum(['done', 'again']), receipt: receiptSchema });
export type ActionReply = z.output<typeof actionReplySchema>;

/** `POST /v1/registrations/{commitment}/history`: signed by the mark's key, good for a few minutes. */
export const historyRequestSchema = z.strictObject({
  ...ownerProof,
  issuedAt: z
    .int()
    .min(0)
    .max(2 ** 40),
  signature: bytesField(64),
});
export type HistoryRequest = z.output<typeof historyRequestSchema>;

/** Most entries of one history. */
export const MAX_HISTORY = 1000;

/** An entry of one registration, with the salt of its mark. */
export const loggedWithSaltSchema = z.strictObject({ logged: loggedEntrySchema, salt: bytesField(32) });
export type LoggedWithSalt = z.output<typeof loggedWithSaltSchema>;

/**
 * Reply to a history request: the registration's entries, oldest first; of more than {@link MAX_HISTORY}, the registration's
 * and the newest. A delayed entry is shown once it is revealed, by its `reveal` entry, whose salt is that of the hidden mark.
 */
export const historyReplySchema = z.strictObject({
  registration: registrationRowSchema,
  /** With at least t cosignatures: all proofs lead to it. */
  checkpoint: checkpointField,
  entries: z.array(loggedWithSaltSchema).max(MAX_HISTORY),
});
export type HistoryReply = z.output<typeof historyReplySchema>;

/** `POST /v1/lookups`: the tags of codes that this officer had evaluated under that very request. */
export const lookupRequestSchema = z.strictObject({
  /** Hash of the officer's evaluation request. */
  evaluation: bytesField(32),
  tags: elements,
  authorization: officerAuthorizationSchema,
});
export type LookupRequest = z.output<typeof lookupRequestSchema>;

/** One of a tag's four places: a registration with its entries or none, padded so that both are of one length. */
export const lookupSlotSchema = z.strictObject({
  registration: registrationRowSchema.nullable(),
  /** The entry of the registration; of a `registration` that is null, null. */
  registered: loggedWithSaltSchema.nullable(),
  /** The entry that records that this registration is shown in this lookup. */
  match: z.strictObject({ ...loggedWithSaltSchema.shape, delayed: delayedField }).nullable(),
  padding: z.string().regex(/^0*$/u),
});
export type LookupSlot = z.output<typeof lookupSlotSchema>;

/** Reply to a lookup: for each tag, in the order asked, four slots. */
export const lookupReplySchema = z.strictObject({
  /** With at least t cosignatures: all proofs lead to it. */
  checkpoint: checkpointField,
  results: z.array(z.array(lookupSlotSchema).length(MAX_CLAIMS)).min(1).max(MAX_ELEMENTS),
});
export type LookupReply = z.output<typeof lookupReplySchema>;

/** `GET /v1/roster`: every roster, first to current, and the current one's entry in the log. */
export const rosterReplySchema = z.strictObject({
  chain: rosterChainSchema.shape.chain,
  /** Null only before guardians have cosigned a checkpoint with that entry. */
  log: z.strictObject({ checkpoint: checkpointField, logged: loggedEntrySchema }).nullable(),
});
export type RosterReply = z.output<typeof rosterReplySchema>;

const count = z.int().min(0);

/** `GET /v1/statistics`: what anybody could count in the log, as far as it is not delayed. */
export const statisticsReplySchema = z.strictObject({
  /** Entries that were counted. */
  size: count,
  /** Months with at least one lookup or opening, in order; in UTC. */
  months: z.array(
    z.strictObject({
      month: z.string().regex(/^\d{4}-\d\d$/u),
      force: identifierField,
      lookups: count,
      hits: count,
      openings: count,
    }),
  ),
  /** Entries whose plain fields are not revealed yet. */
  delayed: count,
});
export type StatisticsReply = z.output<typeof statisticsReplySchema>;

/** `GET /v1/info` at a guardian. */
export const guardianInfoSchema = z.strictObject({
  guardian: identifierField,
  origin: z.string(),
  /** Hash of the roster that this guardian follows. */
  roster: bytesField(32),
  epochs: z.array(z.strictObject({ epoch: z.int().min(1), publicShare: bytesField(32) })),
});

/** `POST /v1/packs` at an issuer: hashes of activation keys that the vendor minted, in a JWS by the vendor. */
export const packsRequestSchema = z.strictObject({
  authorization: z.string().max(4096),
  keyHashes: z.array(bytesField(32)).min(1).max(1000),
});
export const packsReplySchema = z.strictObject({ added: z.int().min(0), known: z.int().min(0) });

/** `POST /v1/tokens` at an issuer: an activation key for one blind signature (RFC 9578 section 6.2). */
export const tokenRequestSchema = z.strictObject({
  /** The 14 random bytes and the issuer's number of an activation key. */
  activationKey: bytesField(15),
  tokenKeyId: bytesField(32),
  blindedMessage: bytesField(256),
});
export const tokenReplySchema = z.strictObject({ blindSignature: bytesField(256) });

/** `GET /v1/info` at an issuer. */
export const issuerInfoSchema = z.strictObject({
  issuer: identifierField,
  number: z.int().min(0).max(255),
  tokenKeys: z.array(z.strictObject({ quarter: z.string(), publicKey: bytesField(200, 1024) })),
});

/**
 * An error as it travels (RFC 9457). Its texts end on a person's terminal, so those of a service that lies must be plain and
 * short too.
 */
export const problemSchema = z.object({
  type: textField(200, 0),
  title: textField(200, 0),
  status: z.int(),
  detail: textField(4000, 0),
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  field: textField(1000, 0).optional(),
  remedy: textField(4000, 0).optional(),
  retryAfter: z.number().optional(),
  guardians: z.array(identifierField).max(255).optional(),
  size: z.int().min(0).optional(),
});
export type Problem = z.output<typeof problemSchema>;
