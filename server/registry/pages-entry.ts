/** The log's entries that say which pages the registry serves: one whenever they are others than before. */
import { equalBytes, formatUint } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { formatLogEntry, hourOf, parseLogEntry } from '../../crypto/log-entry.ts';
import type { LoggedEntry } from '../../crypto/log-proof.ts';
import { storageFailed } from '../database/database.ts';
import type { Log } from '../log/log.ts';

export interface PagesEntryDependencies {
  readonly publicLog: Pick<Log, 'append' | 'find' | 'has'>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** The append key of the entry with this number, from 1 on. The entry with the highest number is the newest. */
export function pagesEntryKey(number: number): Uint8Array {
  return labelledHash('pages-entry', formatUint(number, 6));
}

function buildOf(entry: Uint8Array): Uint8Array {
  const parsed = parseLogEntry(entry);
  if (parsed.kind === 'pages') return parsed.build;
  throw storageFailed('The log holds another entry under the key of one that names pages');
}

/**
 * Makes the newest entry of pages be of this build: appends one unless it is already. Each number is appended once, whoever
 * does so first; so processes that start at one moment agree on the order.
 *
 * @param build 32 bytes: `pagesHash`
 * @throws BlindmarkError as `Log.append`; the same call may be made again
 */
export async function appendPages(build: Uint8Array, { publicLog, now }: PagesEntryDependencies): Promise<void> {
  let newest: Uint8Array | null = null;
  for (let number = 1; ; number += 1) {
    const key = pagesEntryKey(number);
    const found = await publicLog.find(key);
    if (found !== null) {
      newest = buildOf(found.entry);
      continue;
    }
    // A next one may have been appended and not been cosigned yet.
    if (newest !== null && equalBytes(newest, build) && !(await publicLog.has(key))) return;
    const { entries } = await publicLog.append([
      { key, entry: formatLogEntry({ kind: 'pages', hour: hourOf(now()), build }) },
    ]);
    newest = buildOf((entries[0] as LoggedEntry).entry);
  }
}
