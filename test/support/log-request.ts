/** Entries for logs that do not care what an entry says. */
import { utf8ToBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import type { AppendRequest } from '../../server/log/log.ts';

/** An entry and its key, both named. */
export function namedRequest(name: string): AppendRequest {
  return { key: labelledHash('test-key', name), entry: utf8ToBytes(`entry ${name}\n`) };
}
