/** `GET /v1/roster`: every roster of the registry, first to current, with the signatures. And how the registry loads them. */
import { existsSync } from 'node:fs';
import { BlindmarkError } from '../../crypto/errors.ts';
import { rosterChainSchema, verifyRosterChain, type SignedRoster, type VerifiedRoster } from '../../crypto/roster.ts';
import { readJson } from '../files.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { registryFiles, type RegistryConfig } from './config.ts';

/** Seconds for which the roster may be cached: a new one reaches clients soon. */
const MAX_AGE = 60;

/** A verified chain with its current roster. */
export interface LoadedRoster {
  readonly chain: readonly SignedRoster[];
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
  const current = verifyRosterChain(chain, rosterFingerprint, { allowTestRoster });
  if (current.roster.origin !== origin) {
    throw new BlindmarkError('wrongOrigin', 'The roster is another registry’s', { field: 'origin' });
  }
  return { chain, current };
}

/** The verified chain in the registry's folder. Throws like {@link verifyOwnRoster}. */
export function loadRoster(folder: string, config: RegistryConfig): LoadedRoster {
  return verifyOwnRoster(readRosterChain(folder), config);
}

export function rosterRoute({ chain }: { readonly chain: readonly SignedRoster[] }): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/roster',
    summary: 'The signed list of all keys, guardians, forces, issuers, schemes and limits',
    description:
      'For anyone. Verify the chain from the first roster, whose fingerprint you hold, to the last, which counts: each is signed by guardians of the one before it.',
    reply: rosterChainSchema,
    errors: [],
    maxAge: MAX_AGE,
    handle: async () => Promise.resolve({ chain: [...chain] }),
  });
}
