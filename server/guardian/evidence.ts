/**
 * No answer without a trace (DESIGN 3.5): the registry must show that the log holds the entry of this very request, in a tree
 * that this guardian, and no other tree of the log, has witnessed.
 */
import { BlindmarkError, isBlindmarkError, type ErrorCode } from '../../crypto/errors.ts';
import { hourOf, type LogEntry } from '../../crypto/log-entry.ts';
import { verifyEvidence, type LogEvidence } from '../../crypto/log-proof.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import type { Witness } from './witness.ts';

/** Every code with which {@link witnessRequest} refuses. */
export const EVIDENCE_ERRORS = [
  'badCheckpoint',
  'badRoster',
  'logForked',
  'notLogged',
  'sizeConflict',
] as const satisfies readonly ErrorCode[];

/** Hours by which the registry's clock and this guardian's may be apart. */
const HOURS_APART = 1;

/** What the log must hold. */
export interface ExpectedEntry {
  /** Its `hour` is not compared. */
  readonly entry: LogEntry;
  /** Days for which the force's policy may hide it. */
  readonly delayDays: number;
  /** Epoch seconds between which the entry was made, give or take an hour; null when any time will do. */
  readonly made: { readonly from: number; readonly until: number } | null;
}

/**
 * Verifies the evidence, and cosigns its checkpoint.
 *
 * @returns the cosignature, 72 bytes. What this guardian now knows of the log is on disk
 * @throws BlindmarkError `badCheckpoint`, `badRoster` for the roster's entry, `notLogged`, `sizeConflict` with the size that
 *   this guardian knows, `logForked`; `storageFailed`, `overloaded`
 */
export async function witnessRequest(
  evidence: LogEvidence,
  expected: ExpectedEntry,
  { roster, witness }: { readonly roster: VerifiedRoster; readonly witness: Pick<Witness, 'observe'> },
): Promise<Uint8Array> {
  const { entry } = verifyEvidence(evidence, roster, expected.entry, expected.delayDays);
  checkHour(entry.hour, expected.made);
  try {
    return await witness.observe(evidence.checkpoint, evidence.consistency);
  } catch (cause) {
    if (!isBlindmarkError(cause, 'badProof')) throw cause;
    throw new BlindmarkError('notLogged', 'The checkpoint is not shown to belong to the log that this guardian knows', {
      field: 'log.consistency',
      cause,
    });
  }
}

function checkHour(hour: number, made: ExpectedEntry['made']): void {
  if (made === null) return;
  if (hour >= hourOf(made.from) - HOURS_APART && hour <= hourOf(made.until) + HOURS_APART) return;
  throw new BlindmarkError('notLogged', 'The entry says another time than that of the request', {
    field: 'log.logged.entry',
    remedy: 'See that the clocks of registry and guardian are right.',
  });
}
