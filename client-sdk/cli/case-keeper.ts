/** Adding hits to an officer's case file: each is on disk before it is shown. */
import { appendFileSync, existsSync, truncateSync } from 'node:fs';
import { parseUtf8 } from '../../crypto/bytes.ts';
import { checkCaseHeader, formatCaseHeader, sealCaseRecord, type CaseRecord } from '../case-file.ts';
import { readBytes, unwritable } from '../node/files.ts';

function append(path: string, lines: readonly string[]): void {
  try {
    appendFileSync(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, flush: true });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * Makes a case file, or goes on with one.
 *
 * @param seed of the officer's key, which the file is sealed to
 * @throws BlindmarkError `badFile` for another officer's, or none of this program; `storageFailed`
 */
export function createCaseKeeper(path: string, seed: Uint8Array): (records: readonly CaseRecord[]) => void {
  const header = formatCaseHeader(seed);
  const bytes = existsSync(path) ? readBytes(path) : new Uint8Array();
  // Without its line break the last line was never acknowledged.
  const end = bytes.lastIndexOf(0x0a) + 1;
  const [first = ''] = parseUtf8('case-file', bytes.subarray(0, end || bytes.length)).split('\n');
  const isTornHeader = end === 0 && header.startsWith(first);
  if (!isTornHeader) checkCaseHeader(first, seed);
  if (end < bytes.length) truncateSync(path, end);
  if (end === 0) append(path, [header]);
  return (records) => {
    if (records.length > 0)
      append(
        path,
        records.map((record) => sealCaseRecord(seed, record)),
      );
  };
}
