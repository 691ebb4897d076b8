/** Who may look up: the authority root certifies forces, and forces certify their officers for a shift. */
import { bytesToHex, formatBase64url, randomBytes, type RandomSource } from '../crypto/bytes.ts';
import type { ForceFile, OfficerFile, RegistryFile, RootFile } from '../crypto/credential-files.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../crypto/credential.ts';
import { identifierField, parseMessage } from '../crypto/message.ts';
import { createSigningKey } from '../crypto/signature.ts';

/** A new authority root. Its public key goes into the registry's roster; the file stays with the authority, offline. */
export function createRoot(
  origin: string,
  random: RandomSource = randomBytes,
): { file: RootFile; publicKey: Uint8Array } {
  const key = createSigningKey(random(32));
  return { file: { format: 'blindmark-authority-root-v1', origin, seed: key.seed }, publicKey: key.publicKey };
}

/**
 * A new force, certified by the root.
 *
 * @param options.now epoch seconds
 * @param options.validDays default 365
 */
export async function createForce(
  root: RootFile,
  options: { readonly force: string; readonly now: number; readonly validDays?: number | undefined },
  random: RandomSource = randomBytes,
): Promise<ForceFile> {
  const { origin } = root;
  const { publicKey, seed } = createSigningKey(random(32));
  const forceCredential = await createForceCredential(createSigningKey(root.seed), {
    origin,
    force: options.force,
    publicKey,
    now: options.now,
    validSeconds: (options.validDays ?? 365) * 86_400,
  });
  const exchangeSecret = random(32);
  return { format: 'blindmark-force-v1', origin, force: options.force, seed, exchangeSecret, forceCredential };
}

function randomPseudonym(random: RandomSource): string {
  return `officer-${bytesToHex(random(8))}`;
}

/**
 * A new officer's key and credential, for one shift.
 *
 * @param options.officer the force's own identifier of the person, who so remains one officer whatever the credentials; the
 *   credential holds keyed hashes of it, one for each day
 * @param options.pseudonym what the public log shows; a random one by default. The force keeps who it is, and changes it daily
 * @param options.now epoch seconds
 * @param options.validHours default and most: 12
 */
export async function createOfficer(
  force: ForceFile,
  options: {
    readonly registry: RegistryFile;
    readonly now: number;
    readonly officer: string;
    readonly pseudonym?: string | undefined;
    readonly validHours?: number | undefined;
  },
  random: RandomSource = randomBytes,
): Promise<OfficerFile> {
  const pseudonym = parseMessage(identifierField, options.pseudonym ?? randomPseudonym(random), 'pseudonym');
  const { publicKey, seed } = createSigningKey(random(32));
  const { format: _, ...registry } = options.registry;
  const { now, validHours } = options;
  const shift = { now, ...(validHours === undefined ? {} : { validSeconds: Math.round(validHours * 3600) }) };
  const officerCredential = await createOfficerCredential(createSigningKey(force.seed), {
    origin: force.origin,
    force: force.force,
    pseudonym,
    persons: officerPersons(force.seed, options.officer, shift),
    publicKey,
    rosterFingerprint: formatBase64url(registry.rosterFingerprint),
    ...shift,
  });
  return {
    format: 'blindmark-officer-v1',
    ...registry,
    seed,
    officerCredential,
    forceCredential: force.forceCredential,
  };
}
