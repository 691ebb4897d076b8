/** Drafts a roster for the guardians to sign: the first one, or the one after the current one. */
import { equalBytes } from '../../crypto/bytes.ts';
import type { KeyGeneration, KeyPurpose } from '../../crypto/dkg-messages.ts';
import { verifyKeyGeneration } from '../../crypto/dkg-outcome.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import {
  formatRoster,
  type Roster,
  type RosterEpoch,
  type RosterForce,
  type RosterIssuer,
  type RosterLog,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import type { StretchParameters } from '../../crypto/stretch.ts';
import type { LogStart } from './successor-log.ts';

/** What a draft changes. What is left out stays as in the current roster. */
export interface RosterChanges {
  readonly origin: string;
  /** A new epoch's key. The first roster needs one. */
  readonly keyGeneration?: KeyGeneration;
  /** The same epoch's key for contact envelopes, by the same guardians: with `keyGeneration`. */
  readonly decryptionKeyGeneration?: KeyGeneration;
  /** The first log's Ed25519 key; or, with `successor`, the successor's. Otherwise the log keeps its own. */
  readonly logKey?: Uint8Array;
  /** Puts another log in the place of one that forked or lost entries. */
  readonly successor?: LogStart;
  /** Stretching in the new epoch. */
  readonly stretch: StretchParameters;
  /** Numbers of epochs whose registrations are not looked up any more. */
  readonly retireEpochs?: readonly number[];
  /** Added, or put in the place of those of the same identifier. */
  readonly issuers?: readonly RosterIssuer[];
  readonly removeIssuers?: readonly string[];
  /** Added, or put in the place of those of the same identifier. */
  readonly forces?: readonly RosterForce[];
  readonly removeForces?: readonly string[];
  /** All authority roots. */
  readonly authorityRoots?: readonly Uint8Array[];
  /** Takes the schemes and makers' names that this program has. The first roster does so anyway. */
  readonly updateSchemes?: boolean;
  /** Sets the stretching floor aside, in this and all later rosters. */
  readonly testRoster?: boolean;
  /** Epoch seconds. */
  readonly now: number;
}

function merge<T extends { readonly id: string }>(
  field: string,
  current: readonly T[],
  added: readonly T[] = [],
  removed: readonly string[] = [],
): T[] {
  const unknown = removed.find((id) => !current.some((entry) => entry.id === id));
  if (unknown !== undefined) throw badInput(field, `identifiers that are in the current roster; ${unknown} is not`);
  const replaced = new Map(added.map((entry) => [entry.id, entry]));
  const kept = current.filter(({ id }) => !removed.includes(id)).map((entry) => replaced.get(entry.id) ?? entry);
  return [...kept, ...[...replaced.values()].filter(({ id }) => !kept.some((entry) => entry.id === id))];
}

type Guardianship = Pick<Roster, 'threshold' | 'guardians'>;

function guardianship({ threshold, guardians }: KeyGeneration): Guardianship {
  return {
    threshold,
    guardians: guardians.map(({ id, name, operatorKey, witnessKey }, position) => ({
      index: position + 1,
      id,
      name,
      operatorKey,
      witnessKey,
    })),
  };
}

function isSameGuardianship(a: Guardianship, b: Guardianship): boolean {
  return (
    a.threshold === b.threshold &&
    a.guardians.length === b.guardians.length &&
    a.guardians.every((guardian, position) => {
      const other = b.guardians[position] as Guardianship['guardians'][number];
      const isSameKey = equalBytes(guardian.operatorKey, other.operatorKey);
      return guardian.id === other.id && isSameKey && equalBytes(guardian.witnessKey, other.witnessKey);
    })
  );
}

/** A key generation of this registry, for this end. */
function checkGeneration(generation: KeyGeneration, purpose: KeyPurpose, origin: string, field: string): void {
  verifyKeyGeneration(generation);
  if (generation.origin !== origin) {
    throw new BlindmarkError('wrongOrigin', 'The key generation is another registry’s', { field });
  }
  if (generation.purpose !== purpose) throw badInput(field, `the outcome of a key generation for ${purpose}`);
}

function decryptionKey(changes: RosterChanges, generation: KeyGeneration): RosterEpoch['decryption'] {
  const { decryptionKeyGeneration: decryption, origin } = changes;
  const field = '--decryption-key-generation';
  if (decryption === undefined) throw badInput(field, 'a file: each epoch has a key for contact envelopes too');
  checkGeneration(decryption, 'decryption', origin, field);
  if (decryption.epoch !== generation.epoch) throw badInput(field, 'a key of the same epoch as --key-generation');
  if (!isSameGuardianship(guardianship(decryption), guardianship(generation))) {
    throw badInput(field, 'a key by the guardians of --key-generation, in their order');
  }
  const { groupKey, publicShares } = decryption;
  return { groupKey, publicShares };
}

function newEpoch(generation: KeyGeneration, changes: RosterChanges, current: Roster | undefined): RosterEpoch {
  checkGeneration(generation, 'evaluation', changes.origin, '--key-generation');
  const { epoch, groupKey, publicShares } = generation;
  if (current !== undefined && !isSameGuardianship(current, guardianship(generation))) {
    throw new BlindmarkError('badInput', 'The key was generated by other guardians than those of the current roster', {
      field: '--key-generation',
      remedy:
        'Generate it with the current guardians, in their order and with their threshold: the shares of the earlier epochs are theirs.',
    });
  }
  if (current?.epochs.some((known) => known.epoch >= epoch) === true) {
    throw badInput('--key-generation', 'an epoch with a higher number than those of the current roster');
  }
  const decryption = decryptionKey(changes, generation);
  return { epoch, live: true, stretch: { ...changes.stretch }, groupKey, publicShares, decryption };
}

/** The log goes on, unless it gets a successor. */
function draftLog({ logKey: publicKey, successor }: RosterChanges, current: Roster | undefined): RosterLog {
  if (current !== undefined && successor === undefined) return current.log;
  if (publicKey === undefined) throw badInput('logKey', 'a key for a log that begins');
  if (current !== undefined && successor !== undefined) {
    return { generation: current.log.generation + 1, publicKey, ...successor };
  }
  if (successor !== undefined) throw badInput('--successor-log', 'a registry that has a roster, and a log, already');
  return { generation: 1, publicKey, start: null, closed: null };
}

function draftEpochs(changes: RosterChanges, current: Roster | undefined): RosterEpoch[] {
  const { keyGeneration, retireEpochs = [] } = changes;
  const known = current?.epochs ?? [];
  const unknown = retireEpochs.find((epoch) => !known.some((entry) => entry.epoch === epoch));
  if (unknown !== undefined) throw badInput('--retire-epoch', 'an epoch of the current roster');
  const retire = (entry: RosterEpoch): RosterEpoch =>
    retireEpochs.includes(entry.epoch) ? { ...entry, live: false } : entry;
  if (keyGeneration === undefined && changes.decryptionKeyGeneration !== undefined) {
    throw badInput('--key-generation', 'a file: a decryption key belongs to a new epoch');
  }
  const kept = known.map(retire);
  return keyGeneration === undefined ? kept : [...kept, newEpoch(keyGeneration, changes, current)];
}

/**
 * Drafts a roster.
 *
 * @param predecessor the current roster; null for the first
 * @returns the roster's exact bytes, to be signed
 * @throws BlindmarkError `badInput` naming the option at fault, `badTranscript`, `wrongOrigin`, or `badRoster` when the whole
 *   is not consistent
 */
export function draftRoster(changes: RosterChanges, predecessor: VerifiedRoster | null): Uint8Array {
  const current = predecessor?.roster;
  const guardians = current ?? (changes.keyGeneration === undefined ? undefined : guardianship(changes.keyGeneration));
  if (guardians === undefined) throw badInput('--key-generation', 'a file: the first roster needs a key');
  const authorityRoots = changes.authorityRoots ?? current?.authorityRoots ?? [];
  if (authorityRoots.length === 0) throw badInput('--authority-root', 'a public key: the first roster needs one');
  const isTest = changes.testRoster === true || current?.testRoster === true;
  return formatRoster({
    format: 'blindmark-roster-v1',
    origin: changes.origin,
    version: (current?.version ?? 0) + 1,
    predecessor: predecessor?.hash ?? null,
    issuedAt: new Date(changes.now * 1000).toISOString(),
    ...(isTest ? { testRoster: true as const } : {}),
    threshold: guardians.threshold,
    guardians: guardians.guardians,
    epochs: draftEpochs(changes, current),
    log: draftLog(changes, current),
    authorityRoots: [...authorityRoots],
    forces: merge('--remove-force', current?.forces ?? [], changes.forces, changes.removeForces),
    issuers: merge('--remove-issuer', current?.issuers ?? [], changes.issuers, changes.removeIssuers),
    schemes: current === undefined || changes.updateSchemes === true ? STANDARD_SCHEMES : current.schemes,
  });
}
