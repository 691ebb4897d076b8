/**
 * An officer's case file: what proves each hit, and what opening its contact needs. A first line says whose it is; then one line
 * a hit, sealed under a key that only the officer's own file of that shift yields. So a hit is durable by adding one line, and
 * the file is worth nothing to whoever else finds it.
 */
import { z } from 'zod';
import {
  equalBytes,
  formatBase64url,
  formatJsonBytes,
  parseBase64url,
  parseJsonBytes,
  randomBytes,
  type RandomSource,
} from '../crypto/bytes.ts';
import { officerThumbprint } from '../crypto/credential.ts';
import { badInput, BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { deriveKey, labelledHash } from '../crypto/hash.ts';
import { checkpointField, delayedField, loggedEntrySchema } from '../crypto/log-proof.ts';
import { bytesField, formatMessage, identifierField, parseMessage, textField } from '../crypto/message.ts';
import { MAX_CASE_REFERENCE } from '../crypto/officer-request.ts';
import { registrationRowSchema } from '../crypto/registration.ts';
import { originField } from '../crypto/roster.ts';
import { openWithKey, sealWithKey } from '../crypto/seal.ts';
import { createSigningKey } from '../crypto/signature.ts';
import { loggedWithSaltSchema } from '../crypto/wire.ts';
import type { LookupEntryEvidence, LookupResult } from './officer.ts';

const headerSchema = z.strictObject({
  format: z.literal('blindmark-case-v1'),
  /** Thumbprint of the officer's key. */
  officer: bytesField(32),
});

const caseRecordSchema = z.strictObject({
  origin: originField,
  caseReference: textField(MAX_CASE_REFERENCE),
  /** Opens the case commitments of the lookup's requests. */
  caseSalt: bytesField(32),
  scheme: identifierField,
  /** In canonical form. */
  code: textField(400),
  lookupTag: bytesField(32),
  codeKey: bytesField(32),
  /** The registration as it was shown: signed by its owner. */
  row: registrationRowSchema,
  /** The lookup's entry, and the hash of the request that it holds. */
  lookup: z.strictObject({
    evaluation: bytesField(32),
    checkpoint: checkpointField,
    logged: loggedEntrySchema,
    delayed: delayedField,
  }),
  /** That of the lookup's reply: the proofs of both entries below lead to it. */
  checkpoint: checkpointField,
  registered: loggedWithSaltSchema,
  match: z.strictObject({
    /** In the log. */
    index: z.int().min(0),
    ...loggedWithSaltSchema.shape,
    delayed: delayedField,
  }),
});

/** One hit. */
export type CaseRecord = z.output<typeof caseRecordSchema>;

/** The hits of a lookup's result, as a case file keeps them. */
export function caseRecordsOf(
  { registrations, evidence: { caseSalt, lookups } }: LookupResult,
  facts: { readonly origin: string; readonly caseReference: string },
): CaseRecord[] {
  return registrations.map(({ scheme, code, evidence }): CaseRecord => {
    const { lookup: index, match, ...rest } = evidence;
    const { evaluation, checkpoint, logged, delayed } = lookups.find(
      (lookup) => lookup.logged.index === index,
    ) as LookupEntryEvidence;
    const lookup = { evaluation, checkpoint, logged, delayed };
    return { ...facts, caseSalt, scheme, code, ...rest, lookup, match: { index: match.logged.index, ...match } };
  });
}

function fileKey(seed: Uint8Array): Uint8Array {
  return deriveKey(seed, 32, new Uint8Array(), 'officer-case-file');
}

const binding = (officer: Uint8Array): Uint8Array => labelledHash('case-record', officer);
const thumbprintOf = (seed: Uint8Array): Uint8Array => officerThumbprint(createSigningKey(seed).publicKey);

/** The first line of a case file, without its line break. */
export function formatCaseHeader(seed: Uint8Array): string {
  return JSON.stringify(formatMessage(headerSchema, { format: 'blindmark-case-v1', officer: thumbprintOf(seed) }));
}

/** Checks that a case file's first line is of this officer's key. @throws BlindmarkError `badFile` */
export function checkCaseHeader(line: string, seed: Uint8Array): void {
  let header: z.output<typeof headerSchema>;
  try {
    header = parseMessage(headerSchema, JSON.parse(line));
  } catch {
    throw badCaseFile('is no case file of this program', 'Name another file.');
  }
  if (equalBytes(header.officer, thumbprintOf(seed))) return;
  throw badCaseFile(
    'belongs to another credential than this one',
    'Use the officer’s file of that shift; where it is gone, look the item up again.',
  );
}

/** One hit as a line of a case file, without its line break. */
export function sealCaseRecord(seed: Uint8Array, record: CaseRecord, random: RandomSource = randomBytes): string {
  const plaintext = formatJsonBytes(formatMessage(caseRecordSchema, record));
  return formatBase64url(sealWithKey(fileKey(seed), plaintext, binding(thumbprintOf(seed)), random));
}

/**
 * Reads a case file. A last line without its line break was never acknowledged, and is left out.
 *
 * @param seed of the officer's key
 * @throws BlindmarkError `badFile` for another officer's, or one that was altered
 */
export function openCaseFile(text: string, seed: Uint8Array): CaseRecord[] {
  const [header = '', ...lines] = text.split('\n').slice(0, -1);
  checkCaseHeader(header, seed);
  const [key, data] = [fileKey(seed), binding(thumbprintOf(seed))];
  return lines.map((line, i) => {
    try {
      const plaintext = openWithKey(key, parseBase64url('case', line), data);
      return parseMessage(caseRecordSchema, parseJsonBytes('case', plaintext), 'case');
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      throw badCaseFile(`was altered at line ${i + 2}`, 'Restore it from a copy, or look the item up again.');
    }
  });
}

/**
 * One hit of a case file: the one of a match's entry, or the latest of a code.
 *
 * @param wanted may be left out where the file holds one hit alone
 * @throws BlindmarkError `notFound`; `badInput` where it must be said which one
 */
export function findCaseRecord(
  records: readonly CaseRecord[],
  wanted: {
    readonly match?: number | undefined;
    readonly code?: string | undefined;
    readonly scheme?: string | undefined;
  },
): CaseRecord {
  const { match, code, scheme } = wanted;
  const fitting = records.filter(
    (record) =>
      (match === undefined || record.match.index === match) &&
      (code === undefined || record.code === code) &&
      (scheme === undefined || record.scheme === scheme),
  );
  const found = fitting.at(-1);
  if (found === undefined) {
    throw new BlindmarkError('notFound', 'The case file has no such hit', {
      field: match === undefined ? 'code' : 'match',
      remedy: 'Compare with what the lookup printed: each hit says its match’s entry.',
    });
  }
  const registrations = new Set(fitting.map(({ row }) => formatBase64url(row.commitment)));
  if (registrations.size > 1) throw badInput('match', 'the entry of one match: the case file holds several hits');
  return found;
}

function badCaseFile(what: string, remedy: string): BlindmarkError {
  return new BlindmarkError('badFile', `The case file ${what}`, { field: 'evidence', remedy });
}
