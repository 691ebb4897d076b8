/** What a guardian says of a fork of the log: in its log, and in a file for people, who can verify what is in it. */
import { existsSync } from 'node:fs';
import type { Cosigner } from '../../crypto/checkpoint.ts';
import { logName } from '../../crypto/log-proof.ts';
import { formatVerifierKey, SIGNATURE_TYPES } from '../../crypto/note.ts';
import type { Roster } from '../../crypto/roster.ts';
import { writeText } from '../files.ts';
import { describeError, type Log } from '../http/log.ts';
import { guardianFiles } from './config.ts';
import type { Fork } from './witness-store.ts';

/** Whose fork it is, and who saw it. */
export interface ForkContext {
  /** Where the file goes: `fork-GENERATION-SIZE.txt`. */
  readonly folder: string;
  readonly roster: Roster;
  readonly cosigner: Cosigner;
  readonly log: Log;
}

function describeFork({ size, known, other, seenAt }: Fork, { roster, cosigner }: ForkContext): string {
  const name = logName(roster);
  const logKey = { name, type: SIGNATURE_TYPES.ed25519, publicKey: roster.log.publicKey };
  return [
    `The log ${name} has forked: there are two trees of ${size} entries, and its operator has signed for both.`,
    `${cosigner.name} saw the second at ${new Date(seenAt * 1000).toISOString()}, and has stopped. Keep this file: it is evidence.`,
    'Anybody can verify the signatures (C2SP signed-note and tlog-cosignature) with these keys:',
    `  of the log: ${formatVerifierKey(logKey)}`,
    `  of the guardian: ${formatVerifierKey({ ...cosigner, type: SIGNATURE_TYPES.cosignature })}`,
    `\nWhat this guardian had verified:\n\n${known}`,
    `What it was shown then:\n\n${other}`,
  ].join('\n');
}

/** As loud as a program can be. When it was said before, it is said again, and the file is written if it is gone. */
export function reportFork(fork: Fork, context: ForkContext): void {
  const { folder, roster, log } = context;
  const { generation } = roster.log;
  const file = guardianFiles(folder).fork(generation, fork.size);
  const fields = { generation, size: fork.size, file };
  log.error(fields, 'THE LOG HAS FORKED: this guardian answers nothing until a roster names a successor log');
  try {
    if (!existsSync(file)) writeText(file, describeFork(fork, context));
  } catch (error) {
    // It is in the database all the same.
    log.error({ ...fields, ...describeError(error) }, 'the evidence of the fork could not be written to a file');
  }
}
