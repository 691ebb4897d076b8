/** Publishes a roster that guardians have signed: the registry serves it from the next start on. */
import { equalBytes } from '../../crypto/bytes.ts';
import { formatCredentialFile, registryFileSchema } from '../../crypto/credential-files.ts';
import {
  rosterChainSchema,
  rosterHash,
  type Roster,
  type RosterDraft,
  type RosterSignature,
  type SignedRoster,
} from '../../crypto/roster.ts';
import { writeJson, writeText } from '../files.ts';
import { readConfig, registryFiles, writeConfig, type RegistryConfig } from './config.ts';
import { readRosterChain, verifyOwnRoster, type LoadedRoster } from './roster.ts';

/** The public files may be read by anyone. */
const PUBLIC = 0o644;

function writeRegistryFile(folder: string, config: RegistryConfig, fingerprint: Uint8Array, roster: Roster): void {
  const content = {
    format: 'blindmark-registry-v1' as const,
    url: config.url,
    rosterFingerprint: fingerprint,
    ...(roster.testRoster === true ? { allowTestRoster: true as const } : {}),
  };
  writeText(registryFiles(folder).registryFile, formatCredentialFile(registryFileSchema, content), PUBLIC);
}

/**
 * Verifies a draft with its signatures as the next of the chain, and stores it. The first one is pinned in the configuration,
 * and `registry.json` is written for owners. A roster that is published already is left as it is.
 *
 * @throws BlindmarkError `badRoster`, naming the guardian at fault; `badFile`, `wrongOrigin` or `storageFailed`. The roster
 *   before it stays in force then
 */
export function publishRoster(
  folder: string,
  draft: RosterDraft,
  signatures: readonly RosterSignature[],
): LoadedRoster {
  const config = readConfig(folder);
  const chain = readRosterChain(folder);
  const signed: SignedRoster = { roster: draft.roster, signatures: [...signatures] };
  const last = chain.at(-1);
  const isPublished = last !== undefined && equalBytes(last.roster, draft.roster);
  const next = isPublished ? chain : [...chain, signed];
  const fingerprint = config.rosterFingerprint ?? rosterHash((next[0] as SignedRoster).roster);
  const pinned = { ...config, rosterFingerprint: fingerprint };
  const loaded = verifyOwnRoster(next, pinned);
  // Pinned first: a crash between both leaves a registry that takes this first roster and no other.
  if (config.rosterFingerprint === null) writeConfig(folder, pinned);
  if (!isPublished)
    writeJson(registryFiles(folder).roster, rosterChainSchema, { chain: next as SignedRoster[] }, PUBLIC);
  writeRegistryFile(folder, config, fingerprint, loaded.current.roster);
  return loaded;
}
