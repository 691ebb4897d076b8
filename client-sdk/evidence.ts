/** The results of lookups with all that proves them, as JSON: for a case's papers, and for whoever checks them later. */
import { z } from 'zod';
import { formatBase64url } from '../crypto/bytes.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { itemsSchema } from '../crypto/item-envelope.ts';
import { checkpointField, delayedField, loggedEntrySchema } from '../crypto/log-proof.ts';
import { bytesField, dateField, formatMessage, identifierField, parseMessage, textField } from '../crypto/message.ts';
import { MAX_CASE_REFERENCE } from '../crypto/officer-request.ts';
import { formatReceipt } from '../crypto/receipt.ts';
import { registrationRowSchema, STATUSES } from '../crypto/registration.ts';
import { originField, rosterChainSchema, type SignedRoster } from '../crypto/roster.ts';
import type { FoundRegistration } from './found.ts';
import type { LookupEntryEvidence } from './lookup-batch.ts';
import type { LookupResult } from './lookup-findings.ts';

/** JSON. */
export type EvidenceRecord = Readonly<Record<string, unknown>>;

const index = z.int().min(0);
const receipt = z.string().max(32 * 1024);
const text = textField(1000, 0);

/** The entry of a lookup, with the proof that the log has it. */
const lookupSchema = z.strictObject({
  /** Hash of the evaluation request: what the entry holds. */
  evaluation: bytesField(32),
  ...loggedEntrySchema.shape,
  checkpoint: checkpointField,
  delayed: delayedField.optional(),
});

const foundSchema = z.strictObject({
  status: z.enum(STATUSES),
  items: itemsSchema,
  registeredOn: dateField,
  registeredBefore: z.string().max(30),
  scheme: identifierField,
  /** In canonical form. */
  code: textField(400),
  hasContact: z.boolean(),
  registered: z.strictObject({ index, receipt }),
  match: z.strictObject({ index, lookup: index, receipt, delayed: delayedField.optional() }),
  /** What shows that the registration says just this: it, and what opens its description. Absent where that is kept back. */
  proof: z.strictObject({ row: registrationRowSchema, lookupTag: bytesField(32), codeKey: bytesField(32) }).optional(),
});
export type FoundRecord = z.output<typeof foundSchema>;

const resultSchema = z.looseObject({
  /** `notAsked`: nothing was looked up. */
  result: z.enum(['hit', 'miss', 'unsure', 'notAsked']),
  label: text.optional(),
  reading: text.optional(),
  /** The scheme that the officer named. */
  scheme: identifierField.optional(),
  registrations: z.array(foundSchema).max(2000).optional(),
  /** Registrations that were found, and did not verify. */
  refused: index.optional(),
  evidence: z.strictObject({ caseSalt: bytesField(32), lookups: z.array(lookupSchema).max(300) }).optional(),
});

export const evidenceFileSchema = z.strictObject({
  format: z.literal('blindmark-evidence-v1'),
  origin: originField,
  caseReference: textField(MAX_CASE_REFERENCE),
  /** The force's name. */
  force: textField(100),
  /** The officer's pseudonym. */
  officer: textField(100),
  /** ISO time. */
  createdAt: z.string().max(40),
  results: z.array(resultSchema).max(10_000),
  /** What was opened; this file does not prove it. */
  openings: z.array(z.record(z.string(), z.unknown())).max(10_000),
  chain: rosterChainSchema.shape.chain,
});
export type EvidenceFileContent = z.output<typeof evidenceFileSchema>;

/** A registration with what lets others check it: the log's entry of it, and the one of this match. */
export function recordOfFound(found: FoundRegistration): EvidenceRecord {
  const { scheme, code, status, items, registeredOn, registeredBefore, hasContact, evidence } = found;
  const { checkpoint, registered, match } = evidence;
  return {
    status,
    items,
    registeredOn,
    registeredBefore,
    scheme,
    code,
    hasContact,
    registered: { index: registered.logged.index, receipt: formatReceipt({ checkpoint, ...registered }) },
    match: {
      index: match.logged.index,
      lookup: evidence.lookup,
      receipt: formatReceipt({ checkpoint, ...match }),
      ...(match.delayed === null ? {} : { delayed: formatMessage(delayedField, match.delayed) }),
    },
  };
}

/** The same with what opens the registration's description, and so shows that the record says what stands in it. */
function provenRecord(found: FoundRegistration): EvidenceRecord {
  const { row, lookupTag, codeKey } = found.evidence;
  const proof = {
    row: formatMessage(registrationRowSchema, row),
    lookupTag: formatBase64url(lookupTag),
    codeKey: formatBase64url(codeKey),
  };
  return { ...recordOfFound(found), proof };
}

function recordOfLookup({ evaluation, checkpoint, logged, delayed }: LookupEntryEvidence): EvidenceRecord {
  return {
    evaluation: formatBase64url(evaluation),
    ...formatMessage(loggedEntrySchema, logged),
    checkpoint,
    ...(delayed === null ? {} : { delayed: formatMessage(delayedField, delayed) }),
  };
}

/**
 * What a result proves.
 *
 * @param refusals why registrations that were found were refused, in whatever form
 * @param withKeys whether what opens the registrations is put in too: without it nobody else can verify what they say. It opens
 *   no contact. Default: false
 */
export function evidenceOf(
  result: Omit<LookupResult, 'id' | 'refusals'>,
  refusals: readonly EvidenceRecord[],
  withKeys = false,
): EvidenceRecord {
  const { result: verdict, candidates, registrations, omitted, misread, refused, evidence } = result;
  return {
    result: verdict,
    candidates,
    registrations: registrations.map(withKeys ? provenRecord : recordOfFound),
    ...(omitted.length > 0 ? { omitted } : {}),
    ...(misread.length > 0 ? { misread } : {}),
    ...(refused > 0 ? { refused, refusals } : {}),
    evidence: { caseSalt: formatBase64url(evidence.caseSalt), lookups: evidence.lookups.map(recordOfLookup) },
  };
}

/** A case's results in one file. */
export interface EvidenceFile {
  readonly origin: string;
  readonly caseReference: string;
  /** The force's name. */
  readonly force: string;
  /** The officer's pseudonym. */
  readonly officer: string;
  /** ISO time. */
  readonly createdAt: string;
  /** All rosters of the registry: by them, and the fingerprint of the first, every proof is verified. */
  readonly chain: readonly SignedRoster[];
  /** Each made by {@link evidenceOf}, with the reading and its label. */
  readonly results: readonly EvidenceRecord[];
  readonly openings: readonly EvidenceRecord[];
}

/** The text of an evidence file. It holds the codes, the items and the case reference in clear: it belongs into the case's papers. */
export function formatEvidenceFile({ chain, ...rest }: EvidenceFile): string {
  const chained = formatMessage(rosterChainSchema, { chain: [...chain] });
  return `${JSON.stringify({ format: 'blindmark-evidence-v1', ...rest, ...chained }, null, 2)}\n`;
}

/** Whether a text is an evidence file, whole or not. */
export function isEvidenceFile(content: string): boolean {
  return /^\s*\{\s*"format"\s*:\s*"blindmark-evidence-v1"/u.test(content);
}

/**
 * Reads an evidence file. Nothing is verified.
 *
 * @throws BlindmarkError `badFile`
 */
export function parseEvidenceFile(content: string): EvidenceFileContent {
  try {
    return parseMessage(evidenceFileSchema, JSON.parse(content));
  } catch {
    // Without the cause, which may quote the text at fault.
    throw new BlindmarkError('badFile', 'The file is no evidence file of this program', {
      field: 'file',
      remedy: 'Use the file as the police pages saved it.',
    });
  }
}
