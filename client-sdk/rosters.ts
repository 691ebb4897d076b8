/** A registry's rosters: all that verifying a receipt takes beside it. */
import type { RegistryFile } from '../crypto/credential-files.ts';
import { verifyRosterHistory, type VerifiedRoster } from '../crypto/roster.ts';
import { rosterReplySchema } from '../crypto/wire.ts';
import { checkAddress, JsonClient, type Fetch, type RetryPolicy } from './http.ts';

export interface FetchRostersOptions {
  /** Default: the platform's. */
  readonly fetch?: Fetch | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a registry's rosters and verifies them from the pinned first on. A test registry's count as any other: they say that it
 * is one. Whether the last is the current one, only a connection tells (`Registry.connect`): receipts do not need it.
 *
 * @returns first to current
 * @throws BlindmarkError `badRoster`; those of {@link JsonClient.ask}
 */
export async function fetchRosters(
  { url, rosterFingerprint }: Pick<RegistryFile, 'url' | 'rosterFingerprint'>,
  { signal, ...options }: FetchRostersOptions = {},
): Promise<readonly VerifiedRoster[]> {
  const http = new JsonClient(options);
  const reply = await http.ask({ url: `${checkAddress(url)}/v1/roster`, reply: rosterReplySchema, signal });
  return verifyRosterHistory(reply.chain, rosterFingerprint, { allowTestRoster: true });
}
