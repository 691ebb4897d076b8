/**
 * A receipt: proof, without asking anybody, that the log held an entry of a registration before a certain moment. As text it
 * is a C2SP tlog-proof, whose extra data are the entry's salt and the entry.
 */
import { z } from 'zod';
import { checkBytes, concatBytes, equalBytes } from './bytes.ts';
import { cosignatureTime, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { BlindmarkError, isBlindmarkError } from './errors.ts';
import type { LogEntry } from './log-entry.ts';
import { checkpointField, loggedEntrySchema, logName, verifyCosigned, verifyLogged } from './log-proof.ts';
import { HASH_LENGTH } from './merkle.ts';
import { bytesField, formatMessage } from './message.ts';
import { formatBase64, parseBase64 } from './note.ts';
import type { VerifiedRoster } from './roster.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
const SALT_BYTES = 32;

/** An entry of one registration with its proof, a checkpoint with at least t cosignatures, and the salt of the entry's mark. */
export const receiptSchema = z.strictObject({
  checkpoint: checkpointField,
  logged: loggedEntrySchema,
  salt: bytesField(SALT_BYTES),
});
export type Receipt = z.output<typeof receiptSchema>;

/** A receipt as a C2SP tlog-proof. Under 2 KiB in a log of a million entries with two cosignatures. */
export function formatReceipt({ checkpoint, logged, salt }: Receipt): string {
  return [
    HEADER,
    `extra ${formatBase64(concatBytes(checkBytes('salt', salt, SALT_BYTES), logged.entry))}`,
    `index ${logged.index}`,
    ...logged.proof.map(formatBase64),
    '',
    checkpoint,
  ].join('\n');
}

function refuse(what: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badFile', `The receipt cannot be read: ${what}`, {
    field: 'receipt',
    remedy: 'Use the file as it was saved; a receipt is not to be edited.',
    cause,
  });
}

/**
 * Reads a receipt. Nothing is verified.
 *
 * @throws BlindmarkError `badFile`
 */
export function parseReceipt(text: string): Receipt {
  const end = text.indexOf('\n\n');
  const [header, extra = '', index = '', ...hashes] = text.slice(0, Math.max(end, 0)).split('\n');
  if (header !== HEADER) throw refuse(`its first line is not ${HEADER}`);
  if (!extra.startsWith('extra ')) throw refuse('it lacks the line with the entry');
  if (!/^index (?:0|[1-9]\d{0,15})$/u.test(index)) throw refuse('it lacks the line with the index');
  try {
    const content = parseBase64('extra', extra.slice('extra '.length));
    const proof = hashes.map((hash) => parseBase64('proof', hash, HASH_LENGTH));
    const logged = { index: Number(index.slice('index '.length)), entry: content.slice(SALT_BYTES), proof };
    const receipt = { checkpoint: text.slice(end + 2), logged, salt: content.slice(0, SALT_BYTES) };
    // The same limits as for a receipt in a reply.
    formatMessage(receiptSchema, receipt);
    return receipt;
  } catch (cause) {
    throw refuse('a field in it is malformed', cause);
  }
}

/** What a receipt proves. */
export interface VerifiedReceipt {
  readonly entry: LogEntry;
  readonly checkpoint: Checkpoint;
  /** Epoch seconds: by then the threshold of guardians had cosigned that the log held the entry. */
  readonly cosignedAt: number;
  /** Identifiers of the guardians that cosigned. */
  readonly guardians: readonly string[];
  /** Under which roster they did. */
  readonly roster: VerifiedRoster;
}

/**
 * Verifies a receipt.
 *
 * @param rosters all verified rosters of the registry: a receipt is good for ever under the roster that it was given under
 * @throws BlindmarkError `badCheckpoint` when no roster's log and guardians signed the checkpoint, or when it is beyond the end at
 *   which a later roster closed its log; `badProof` when the entry is
 *   not in the log; `badInput` for an entry that is not canonical
 */
export function verifyReceipt(receipt: Receipt, rosters: readonly VerifiedRoster[]): VerifiedReceipt {
  const { roster, cosigned } = verifyUnderAny(receipt.checkpoint, rosters);
  const { checkpoint, cosignatures } = cosigned;
  checkClosed(checkpoint, roster, rosters);
  const entry = verifyLogged(receipt.logged, checkpoint);
  const times = [...cosignatures.values()].map(cosignatureTime).sort((a, b) => a - b);
  const cosignedAt = times[roster.roster.threshold - 1] as number;
  return { entry, checkpoint, cosignedAt, guardians: [...cosignatures.keys()], roster };
}

/** Refuses a checkpoint of a log that the roster of the log after it closed before that checkpoint, or with another tree. */
function checkClosed(checkpoint: Checkpoint, { roster }: VerifiedRoster, rosters: readonly VerifiedRoster[]): void {
  const successor = rosters.find((later) => later.roster.log.generation === roster.log.generation + 1);
  const closed = successor?.roster.log.closed ?? null;
  if (closed === null || checkpoint.size < closed.size) return;
  if (checkpoint.size === closed.size && equalBytes(checkpoint.root, closed.root)) return;
  throw new BlindmarkError('badCheckpoint', 'The receipt is of a branch of the log that its operators left out', {
    field: 'checkpoint',
    remedy: `They closed that log at ${closed.size} entries, and guardians had signed ${checkpoint.size} here. Keep the receipt, and show it to the operators: either the log was closed too early, or it was forked.`,
  });
}

/**
 * Verifies a checkpoint under the newest roster that it holds under.
 *
 * @throws BlindmarkError `badCheckpoint`: the newest roster's reason among those whose log it is
 */
function verifyUnderAny(checkpoint: string, rosters: readonly VerifiedRoster[]) {
  const { origin } = parseCheckpoint(checkpoint).checkpoint;
  let reason: BlindmarkError | undefined;
  for (const roster of rosters.toReversed()) {
    if (logName(roster.roster) !== origin) continue;
    try {
      return { roster, cosigned: verifyCosigned(checkpoint, roster.roster) };
    } catch (error) {
      if (!isBlindmarkError(error, 'badCheckpoint')) throw error;
      reason ??= error;
    }
  }
  throw reason ?? new BlindmarkError('badCheckpoint', 'The checkpoint is of another log', { field: 'checkpoint' });
}
