/** What an audit keeps from one run to the next, so that it goes on where it was. */
import { z } from 'zod';
import { formatBase64url, parseBase64url, parseJsonBytes } from '../crypto/bytes.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { DELAYABLE, ENTRY_KINDS } from '../crypto/log-entry.ts';
import { checkpointField } from '../crypto/log-proof.ts';
import { bytesField, formatMessage, identifierField, parseMessage } from '../crypto/message.ts';
import { originField } from '../crypto/roster.ts';
import { UNKNOWN_FORCE } from './audit-rules.ts';

const count = z.int().min(0);

/** Bytes of any length: megabytes, which a pattern would be slow on. */
const tableField = z.codec(
  z.string(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  { decode: (text) => parseBase64url('state', text), encode: formatBase64url },
);

export const auditStateSchema = z.strictObject({
  format: z.literal('blindmark-audit-state-v1'),
  origin: originField,
  rosterFingerprint: bytesField(32),
  /** Of the log. */
  generation: z.int().min(1),
  /** The latest checkpoint that was seen. Whatever the log shows later must go on from it. */
  checkpoint: checkpointField,
  /** Entries that were judged: at most the checkpoint's size. */
  audited: count,
  /** When each guardian last cosigned a checkpoint that was seen, in epoch seconds. */
  guardians: z.array(z.strictObject({ id: identifierField, cosignedAt: count })),
  /** Of each guardian that had cosigned more than the registry showed, the first such checkpoint: it must show that in time. */
  ahead: z.array(z.strictObject({ guardian: identifierField, checkpoint: checkpointField })),
  rules: z.strictObject({
    latestHour: count,
    rosterVersion: count,
    kinds: z.partialRecord(z.enum(ENTRY_KINDS), count),
    forces: z.array(
      z.strictObject({
        force: z.union([identifierField, z.literal(UNKNOWN_FORCE)]),
        lookups: count,
        hits: count,
        openings: count,
      }),
    ),
    hidden: z.array(
      z.strictObject({
        index: count,
        of: z.enum(DELAYABLE),
        hour: count,
        revealBy: count,
        commitment: bytesField(32),
      }),
    ),
    /** The newest entry of pages. An audit that did not know such entries has judged none. */
    pages: z
      .strictObject({ index: count, build: bytesField(32) })
      .nullable()
      .default(null),
    requests: tableField,
    lookups: tableField,
  }),
});
export type AuditState = z.output<typeof auditStateSchema>;

/** The text of a state file. */
export function formatAuditState(state: AuditState): string {
  return `${JSON.stringify(formatMessage(auditStateSchema, state))}\n`;
}

/**
 * Reads a state file.
 *
 * @param name what errors call it: its path
 * @throws BlindmarkError `badFile`
 */
export function parseAuditState(name: string, bytes: Uint8Array): AuditState {
  try {
    return parseMessage(auditStateSchema, parseJsonBytes('state', bytes), 'state');
  } catch (cause) {
    if (!isBlindmarkError(cause)) throw cause;
    throw new BlindmarkError('badFile', `${name}: it is not the state of an audit`, {
      field: name,
      remedy: 'Name the file of an earlier audit, or a new one to audit the log from its beginning.',
      cause,
    });
  }
}
