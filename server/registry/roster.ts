/** `GET /v1/roster`: every roster of the registry, first to current, with the signatures. And how the registry loads them. */
import { existsSync } from 'node:fs';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { LoggedEntry } from '../../crypto/log-proof.ts';
import { rosterChainSchema, verifyRosterHistory, type SignedRoster, type VerifiedRoster } from '../../crypto/roster.ts';
import { rosterReplySchema, type RosterReply } from '../../crypto/wire.ts';
import { readJson } from '../files.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { Log } from '../log/log.ts';
import { registryFiles, type RegistryConfig } from './config.ts';

/** Seconds for which the roster may be cached: it comes with a checkpoint, which clients do not take when it is older than one they know. */
const MAX_AGE = 5;

/** A verified chain with its current roster. */
export interface LoadedRoster {
  readonly chain: readonly SignedRoster[];
  /** Every roster of the chain, in its order. */
  readonly history: readonly VerifiedRoster[];
  readonly current: VerifiedRoster;
}

/** The chain in the registry's folder, unverified; none before the first roster is published. */
export function readRosterChain(folder: string): readonly SignedRoster[] {
  const { roster } = registryFiles(folder);
  return existsSync(roster) ? readJson(roster, rosterChainSchema).chain : [];
}

/**
 * Verifies a chain under what the configuration pins.
 *
 * @throws BlindmarkError `badRoster`, `wrongOrigin`, or `badFile` when nothing is pinned yet
 */
export function verifyOwnRoster(chain: readonly SignedRoster[], config: RegistryConfig): LoadedRoster {
  const { rosterFingerprint, allowTestRoster, origin } = config;
  if (rosterFingerprint === null || chain.length === 0) {
    throw new BlindmarkError('badFile', 'This registry has no roster yet', {
      field: 'roster.json',
      remedy: 'Draft one, have the guardians sign it, and publish it: blindmark-registry --help says how.',
    });
  }
  const history = verifyRosterHistory(chain, rosterFingerprint, { allowTestRoster });
  const current = history.at(-1) as VerifiedRoster;
  if (current.roster.origin !== origin) {
    throw new BlindmarkError('wrongOrigin', 'The roster is another registry’s', { field: 'origin' });
  }
  return { chain, history, current };
}

/** The verified chain in the registry's folder. Throws like {@link verifyOwnRoster}. */
export function loadRoster(folder: string, config: RegistryConfig): LoadedRoster {
  return verifyOwnRoster(readRosterChain(folder), config);
}

async function proveRoster(publicLog: Log, { current }: LoadedRoster): Promise<RosterReply['log']> {
  const found = await publicLog.find(current.hash);
  if (found === null) return null;
  const { checkpoint, entries } = await publicLog.prove([found.index]);
  return { checkpoint, logged: entries[0] as LoggedEntry };
}

export function rosterRoute(roster: LoadedRoster, publicLog: Log): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/roster',
    summary: 'The signed list of all keys, guardians, forces, issuers, schemes and limits',
    description:
      'For anyone. Verify the chain from the first roster, whose fingerprint you hold, to the last, which counts: each is signed by guardians of the one before it, and the last one’s entry is in the log. `log` is null only until guardians have cosigned that entry.',
    reply: rosterReplySchema,
    errors: ['storageFailed'],
    maxAge: MAX_AGE,
    handle: async () => ({ chain: [...roster.chain], log: await proveRoster(publicLog, roster) }),
  });
}
