/**
 * Openings: one officer asks for a contact envelope, another officer of the same force approves, and each guardian verifies all
 * of it by itself (DESIGN 3.3, 3.5). Here stands what registry, guardian and client verify alike, without a memory.
 */
import { z } from 'zod';
import { checkBytes, equalBytes, formatUint, parseUtf8, randomBytes, utf8ToBytes, type RandomSource } from './bytes.ts';
import { contactEnvelopeHash, verifyContactEnvelope } from './contact-envelope.ts';
import { CLOCK_TOLERANCE, isSameOfficer } from './credential.ts';
import { badInput, BlindmarkError, type ErrorCode } from './errors.ts';
import { labelledHash } from './hash.ts';
import type { EntryOf } from './log-entry.ts';
import { bytesField, parseMessage, textField } from './message.ts';
import {
  authorizationHash,
  OFFICER_REQUEST_ERRORS,
  verifyOfficerRequest,
  type OfficerAuthorization,
  type VerifiedOfficerRequest,
} from './officer-request.ts';
import { pad, PADDING_OVERHEAD, unpad } from './padding.ts';
import { findLiveEpoch, type RosterEpoch, type RosterForce, type VerifiedRoster } from './roster.ts';
import { openSealed, SEALED_TO_OVERHEAD, sealTo, type ExchangeKey } from './seal.ts';

/** Why a contact envelope is to be opened. */
export const REASONS = ['returnProperty', 'suspectedTheft', 'safety', 'courtOrder', 'other'] as const;
export type Reason = (typeof REASONS)[number];

const EXPLANATION_BYTES = 1024;

/** The longest explanation, in bytes of UTF-8. */
export const MAX_EXPLANATION_BYTES = EXPLANATION_BYTES - PADDING_OVERHEAD;

/** What the first officer asks for, and signs the hash of. */
export const openingDetailsSchema = z.strictObject({
  /** The registration's commitment. */
  commitment: bytesField(32),
  /** The registration's epoch. */
  epoch: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  /** `contactEnvelopeHash` of the registration's contact envelope. */
  envelopeHash: bytesField(32),
  /** Index of the match's entry in the log: the hit that this officer's force has on the registration. */
  match: z.int().min(0),
  reason: z.enum(REASONS),
  /** Free text for the force's own records: sealed to its exchange key, always of one size. */
  explanation: bytesField(EXPLANATION_BYTES + SEALED_TO_OVERHEAD),
  /** Epoch seconds: when the first officer's request ends. */
  expiresAt: z
    .int()
    .min(0)
    .max(2 ** 40),
});
export type OpeningDetails = z.output<typeof openingDetailsSchema>;

/** Hash of what is asked for: the content of the first officer's request. */
export function openingHash(origin: string, details: OpeningDetails): Uint8Array {
  const { commitment, epoch, envelopeHash, match, reason, explanation, expiresAt } = details;
  return labelledHash(
    'opening',
    origin,
    commitment,
    formatUint(epoch, 4),
    envelopeHash,
    formatUint(match, 6),
    reason,
    explanation,
    formatUint(expiresAt, 6),
  );
}

/** Identifies an opening, bound to the first officer's request to the byte: the content of the second officer's request. */
export function openingId(origin: string, details: OpeningDetails, first: OfficerAuthorization): Uint8Array {
  return labelledHash('opening-id', authorizationHash(first), openingHash(origin, details));
}

/** What an explanation is sealed for. */
export interface ExplanationContext {
  readonly origin: string;
  readonly force: string;
  /** The registration's. */
  readonly commitment: Uint8Array;
}

const explanationData = ({ origin, force, commitment }: ExplanationContext): Uint8Array =>
  labelledHash('explanation', origin, force, commitment);

/**
 * Seals an officer's explanation to the force. An empty one is sealed as well, so that nobody sees whether there is one.
 *
 * @param forceKey the force's exchange key, from the roster
 * @throws BlindmarkError `badInput` for text that is too long or holds control characters
 */
export function sealExplanation(
  text: string,
  forceKey: Uint8Array,
  context: ExplanationContext,
  random: RandomSource = randomBytes,
): Uint8Array {
  const bytes = utf8ToBytes(parseMessage(textField(MAX_EXPLANATION_BYTES, 0), text, 'explanation'));
  if (bytes.length > MAX_EXPLANATION_BYTES) {
    throw badInput('explanation', `at most ${MAX_EXPLANATION_BYTES} bytes, not ${bytes.length}`);
  }
  return sealTo(forceKey, pad(bytes, EXPLANATION_BYTES), explanationData(context), random);
}

/**
 * Opens an explanation with the force's key.
 *
 * @throws BlindmarkError `badEnvelope`
 */
export function openExplanation(forceKey: ExchangeKey, box: Uint8Array, context: ExplanationContext): string {
  const text = unpad(openSealed(forceKey, box, explanationData(context)));
  try {
    if (text === null) throw badInput('explanation', 'other padding');
    return parseMessage(textField(MAX_EXPLANATION_BYTES, 0), parseUtf8('explanation', text));
  } catch (cause) {
    throw new BlindmarkError('badEnvelope', 'The explanation is malformed inside', { field: 'explanation', cause });
  }
}

/** Every code with which {@link verifyOpening} refuses. */
export const OPENING_ERRORS = [
  ...OFFICER_REQUEST_ERRORS,
  'badElement',
  'badEnvelope',
  'openingExpired',
  'sameOfficer',
  'wrongEpoch',
] as const satisfies readonly ErrorCode[];

/** An opening that one officer has asked for. */
export interface AskedOpening {
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly details: OpeningDetails;
  readonly force: RosterForce;
  readonly epoch: RosterEpoch;
  /** 32 bytes: of the first officer's case, hence of the second's. */
  readonly caseCommitment: Uint8Array;
  readonly first: VerifiedOfficerRequest;
}

/** An opening that two officers stand for. */
export interface VerifiedOpening extends AskedOpening {
  readonly second: VerifiedOfficerRequest;
}

/** What an opening is verified against. */
export interface OpeningContext {
  readonly roster: VerifiedRoster;
  /** Epoch seconds. */
  readonly now: number;
}

function mismatch(what: string): never {
  throw new BlindmarkError('badSignature', `The officer signed another ${what} than this request has`, {
    field: 'request',
  });
}

function checkEpochs(request: VerifiedOfficerRequest, epoch: number): void {
  if (request.claims.epochs.length !== 1 || request.claims.epochs[0] !== epoch) mismatch('epoch');
}

/**
 * Verifies what the first officer asks for, as far as it can be verified without the envelope and without a memory: for
 * whoever is to approve it.
 *
 * @throws BlindmarkError `openingExpired`; `wrongEpoch` for one that is not live; `badSignature` for an altered request; and
 *   those of {@link verifyOfficerRequest}
 */
export async function verifyAskedOpening(
  asked: { readonly details: OpeningDetails; readonly first: OfficerAuthorization },
  { roster, now }: OpeningContext,
): Promise<AskedOpening> {
  const { details } = asked;
  const { origin } = roster.roster;
  if (now > details.expiresAt + CLOCK_TOLERANCE) {
    throw new BlindmarkError('openingExpired', 'Nobody approved the opening in time', {
      field: 'expiresAt',
      remedy: 'Ask for it again, and have a colleague approve it within the time.',
    });
  }
  const epoch = findLiveEpoch(roster.roster, details.epoch);
  const content = [openingHash(origin, details)];
  const first = await verifyOfficerRequest(asked.first, { purpose: 'opening', content, roster, now });
  if (first.claims.exp !== details.expiresAt) mismatch('time of expiry');
  checkEpochs(first, details.epoch);
  const id = openingId(origin, details, asked.first);
  return { id, details, force: first.officer.force, epoch, caseCommitment: first.claims.caseCommitment, first };
}

/**
 * Verifies that the envelope is the one that was asked for, and was made for the registration's commitment.
 *
 * @throws BlindmarkError `badEnvelope`, `badElement`
 */
export function checkOpeningEnvelope(details: OpeningDetails, envelope: Uint8Array): void {
  if (!equalBytes(details.envelopeHash, contactEnvelopeHash(envelope))) {
    throw new BlindmarkError('badEnvelope', 'The opening names another contact envelope', {
      field: 'envelopeHash',
      remedy: 'The keeper may have replaced it. Look the item up again, and ask for the contact that it has now.',
    });
  }
  verifyContactEnvelope(envelope, checkBytes('commitment', details.commitment, 32));
}

/**
 * Verifies the second officer's approval of an opening.
 *
 * @throws BlindmarkError `sameOfficer` unless key, pseudonym and person all are others; `badSignature` for another force, another case
 *   or another opening; and those of {@link verifyOfficerRequest}
 */
export async function verifyApproval(
  asked: AskedOpening,
  approval: OfficerAuthorization,
  { roster, now }: OpeningContext,
): Promise<VerifiedOpening> {
  const second = await verifyOfficerRequest(approval, { purpose: 'approval', content: [asked.id], roster, now });
  if (second.officer.force.id !== asked.force.id) mismatch('force');
  if (isSameOfficer(second.officer, asked.first.officer)) {
    throw new BlindmarkError('sameOfficer', 'The officer who asked cannot approve', {
      field: 'request',
      remedy: 'Have another officer of the force approve it.',
    });
  }
  if (!equalBytes(second.claims.caseCommitment, asked.caseCommitment)) mismatch('case');
  checkEpochs(second, asked.details.epoch);
  return { ...asked, second };
}

/**
 * Verifies a whole opening without a memory: both officers' credentials and signatures now, one force, two officers, one case,
 * in time, the envelope and its proof. Revocations, quotas and the log are the caller's to check.
 *
 * @throws BlindmarkError those of {@link verifyAskedOpening}, {@link checkOpeningEnvelope} and {@link verifyApproval}
 */
export async function verifyOpening(
  opening: {
    readonly details: OpeningDetails;
    readonly first: OfficerAuthorization;
    readonly second: OfficerAuthorization;
    readonly envelope: Uint8Array;
  },
  context: OpeningContext,
): Promise<VerifiedOpening> {
  const asked = await verifyAskedOpening(opening, context);
  const verified = await verifyApproval(asked, opening.second, context);
  checkOpeningEnvelope(opening.details, opening.envelope);
  return verified;
}

/**
 * The log's entry of an opening, and of no other: two by the same officers, on the same registration and case, have two entries.
 * Its request is a hash of the opening's identifier, since whoever knows an identifier may read the opening at the registry.
 *
 * @param mark `markHash` of the registration under the entry's own salt
 * @param hour whole hours since 1970
 */
export function openingEntry(
  opening: Pick<VerifiedOpening, 'caseCommitment' | 'force' | 'first' | 'id' | 'second'>,
  mark: Uint8Array,
  hour: number,
): EntryOf<'opening'> {
  const { caseCommitment, force, first, id, second } = opening;
  return {
    kind: 'opening',
    hour,
    request: labelledHash('opening-request', id),
    mark,
    caseCommitment,
    force: force.id,
    first: first.officer.pseudonym,
    second: second.officer.pseudonym,
  };
}
