/**
 * The messages of the HTTP interfaces, each once: both sides parse and format with these schemas, and OpenAPI is generated
 * from them. Binary is base64url without padding.
 */
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from './errors.ts';
import { bytesField, identifierField, textField } from './message.ts';
import { officerAuthorizationSchema } from './officer-request.ts';
import { MAX_CLAIMS, registrationRowSchema } from './registration.ts';

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
 * Asks for evaluations on behalf of an owner. With a token: one element, which the token's nonce names. Without: elements
 * that were accepted under a token before.
 */
export const registrationEvaluationSchema = z.strictObject({
  purpose: z.literal('registration'),
  roster: bytesField(32),
  epochs,
  elements,
  /** For each element the commitment to the secret that redeems its token at the registry. */
  redemptions: elements,
  token: bytesField(TOKEN_BYTES).nullable(),
});

/** Asks for evaluations on behalf of an officer, whose signature covers the elements. */
export const lookupEvaluationSchema = z.strictObject({
  purpose: z.literal('lookup'),
  epochs,
  elements,
  authorization: officerAuthorizationSchema,
});

/** `POST /v1/evaluations` at the registry, and `POST /v1/evaluate` at a guardian: the same bytes. */
export const evaluationRequestSchema = z.discriminatedUnion('purpose', [
  registrationEvaluationSchema,
  lookupEvaluationSchema,
]);
export type EvaluationRequest = z.output<typeof evaluationRequestSchema>;

/** One guardian's evaluations: for each epoch asked, each element times its share, and one proof (RFC 9497 section 2.2). */
export const guardianEvaluationSchema = z.strictObject({
  guardian: identifierField,
  evaluations: z
    .array(z.strictObject({ epoch: z.int().min(1), elements, proof: bytesField(64) }))
    .min(1)
    .max(16),
});
export type GuardianEvaluation = z.output<typeof guardianEvaluationSchema>;

/** Why one guardian did not contribute. */
export const faultSchema = z.strictObject({
  guardian: identifierField,
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
});
export type Fault = z.output<typeof faultSchema>;

/** Reply to `POST /v1/evaluations`: at least t guardians' evaluations, and who is at fault. */
export const evaluationReplySchema = z.strictObject({
  evaluations: z.array(guardianEvaluationSchema).min(1),
  faults: z.array(faultSchema),
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

/** Reply to a registration. `again` when this very registration was stored before. */
export const registrationReplySchema = z.strictObject({ result: z.enum(['registered', 'again']) });

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

export const actionReplySchema = z.strictObject({ result: z.enum(['done', 'again']) });

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

export const historyReplySchema = z.strictObject({ registration: registrationRowSchema });

/** `POST /v1/lookups`: the tags of codes that this officer had evaluated under that very request. */
export const lookupRequestSchema = z.strictObject({
  /** Hash of the officer's evaluation request. */
  evaluation: bytesField(32),
  tags: elements,
  authorization: officerAuthorizationSchema,
});
export type LookupRequest = z.output<typeof lookupRequestSchema>;

/** One of a tag's four places: a registration or none, padded so that both are of one length. */
export const lookupSlotSchema = z.strictObject({
  registration: registrationRowSchema.nullable(),
  padding: z.string().regex(/^0*$/u),
});

/** Reply to a lookup: for each tag, in the order asked, four slots. */
export const lookupReplySchema = z.strictObject({
  results: z.array(z.array(lookupSlotSchema).length(MAX_CLAIMS)).min(1).max(MAX_ELEMENTS),
});
export type LookupReply = z.output<typeof lookupReplySchema>;

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
});
export type Problem = z.output<typeof problemSchema>;
