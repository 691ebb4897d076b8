/** What a guardian does with rosters: it signs drafts that it can answer for, accepts signed ones, and serves the last accepted. */
import { existsSync } from 'node:fs';
import { equalBytes } from '../../crypto/bytes.ts';
import { guardianCardSchema, KEY_PURPOSES, type GuardianCard, type KeyPurpose } from '../../crypto/dkg-messages.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { TreeHead } from '../../crypto/merkle.ts';
import {
  checkSuccession,
  liveEpochs,
  parseRoster,
  rosterChainSchema,
  signRoster,
  verifyRosterChain,
  type Roster,
  type RosterEpoch,
  type RosterLog,
  type RosterSignature,
  type SignedRoster,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import { readJson, writeJson } from '../files.ts';
import { guardianFiles, readConfig, writeConfig, type GuardianConfig, type LocalMaxima } from './config.ts';
import type { GuardianKeys, GuardianShare } from './keys.ts';

function refuse(field: string, message: string, remedy: string): never {
  throw new BlindmarkError('badRoster', `The roster does not hold for this guardian: ${message}`, { field, remedy });
}

const ASK_REGISTRY = 'Ask the registry’s operator for a draft that is right.';

/** The chain of rosters that this guardian has accepted; empty before the first. Not verified. */
export function readChain(folder: string): readonly SignedRoster[] {
  const { roster } = guardianFiles(folder);
  return existsSync(roster) ? readJson(roster, rosterChainSchema).chain : [];
}

/**
 * The roster that counts: the last of the accepted chain, verified from what is pinned.
 *
 * @throws BlindmarkError `badFile` when none is accepted yet; `badRoster`
 */
export function loadRoster(folder: string, config: GuardianConfig): VerifiedRoster {
  const chain = readChain(folder);
  if (config.rosterFingerprint === null || chain.length === 0) {
    throw new BlindmarkError('badFile', 'This guardian has accepted no roster yet', {
      field: 'roster.json',
      remedy: 'Accept the registry’s roster: blindmark-guardian accept-roster --help says how.',
    });
  }
  return verifyRosterChain(chain, config.rosterFingerprint, { allowTestRoster: config.allowTestRoster });
}

/** A guardian's public keys, as its roster must list them. */
export interface OwnKeys {
  readonly operatorKey: Uint8Array;
  readonly witnessKey: Uint8Array;
}

/** Checks that the roster has this guardian with its keys. Returns its index. */
function checkOwnEntry(roster: Roster, id: string, keys: OwnKeys): number {
  const own = roster.guardians.find((guardian) => guardian.id === id);
  if (own === undefined) refuse('guardians', `it does not list ${id}`, ASK_REGISTRY);
  if (!equalBytes(own.operatorKey, keys.operatorKey)) {
    refuse('guardians.operatorKey', `it lists ${id} with another operator’s key`, ASK_REGISTRY);
  }
  if (!equalBytes(own.witnessKey, keys.witnessKey)) {
    refuse('guardians.witnessKey', `it lists ${id} with another witness key`, ASK_REGISTRY);
  }
  return own.index;
}

/** Where a roster's epoch has its key of a purpose. */
const KEY_FIELDS = { evaluation: 'epochs', decryption: 'epochs.decryption' } as const;

const keyOf = (epoch: RosterEpoch, purpose: KeyPurpose): RosterEpoch['decryption'] =>
  purpose === 'evaluation' ? epoch : epoch.decryption;

/** Checks that a share is one of the key that the roster has for its purpose and epoch. */
function checkShare(roster: Roster, index: number, share: GuardianShare): void {
  const epoch = roster.epochs.find((candidate) => candidate.epoch === share.epoch);
  const name = `the ${share.purpose} key of epoch ${share.epoch}`;
  if (roster.origin !== share.origin) {
    throw new BlindmarkError('wrongOrigin', `This guardian’s share of ${name} is of another registry’s key`, {
      field: 'origin',
      remedy: 'Keep one folder for each registry.',
    });
  }
  if (epoch === undefined) {
    refuse('epochs', `this guardian has a share of ${name}, which it does not list`, 'Restore the share’s own roster.');
  }
  const key = keyOf(epoch, share.purpose);
  const isSame =
    share.index === index &&
    equalBytes(key.groupKey, share.groupKey) &&
    key.publicShares.length === share.publicShares.length &&
    key.publicShares.every((publicShare, i) => equalBytes(publicShare, share.publicShares[i] as Uint8Array));
  if (!isSame) {
    refuse(
      `${KEY_FIELDS[share.purpose]}.publicShares`,
      `${name} is not the one that this guardian has its share of`,
      ASK_REGISTRY,
    );
  }
}

/** The shares of one epoch's keys, by what the keys are for. */
export type LiveShares = { readonly epoch: number } & Readonly<Record<KeyPurpose, GuardianShare>>;

/**
 * The shares to serve with: one of each key of each live epoch. A share of an epoch that is newer than all in the roster waits
 * for a roster that lists it, so that a key generation does not keep a running registry's guardians from starting again.
 *
 * @throws BlindmarkError `badRoster` naming the epoch, for a share that the roster contradicts or never listed, for a live epoch
 *   without a share of each key, and for a roster that lists this guardian with other keys; `wrongOrigin`
 */
export function selectShares(
  roster: Roster,
  id: string,
  keys: OwnKeys,
  shares: readonly GuardianShare[],
): { readonly live: LiveShares[]; readonly waiting: GuardianShare[] } {
  const index = checkOwnEntry(roster, id, keys);
  const newest = Math.max(...roster.epochs.map(({ epoch }) => epoch));
  const waiting = shares.filter((share) => share.origin === roster.origin && share.epoch > newest);
  for (const share of shares) if (!waiting.includes(share)) checkShare(roster, index, share);
  const live = liveEpochs(roster).map(({ epoch }): LiveShares => {
    const [evaluation, decryption] = KEY_PURPOSES.map((purpose) => {
      const share = shares.find((candidate) => candidate.purpose === purpose && candidate.epoch === epoch);
      if (share !== undefined) return share;
      return refuse(
        KEY_FIELDS[purpose],
        `this guardian has no share of the ${purpose} key of epoch ${epoch}, which is live`,
        'Restore shares.json from a copy.',
      );
    }) as [GuardianShare, GuardianShare];
    return { epoch, evaluation, decryption };
  });
  return { live, waiting };
}

/** What this guardian has cosigned of the log that its current roster names. */
export interface KnownLog {
  /** Undefined before the first. */
  readonly largest: () => TreeHead | undefined;
  /** The head of one size, as far as it is kept. */
  readonly find: (size: number) => TreeHead | undefined;
}

/** The log before a successor, in entries: how many of those that this guardian or `closed` vouches for are left out. */
export function countLost({ start, closed }: Pick<RosterLog, 'start' | 'closed'>, known: KnownLog | undefined): number {
  const last = Math.max(closed?.size ?? 0, known?.largest()?.size ?? 0);
  return Math.max(0, last - (start?.size ?? 0));
}

/** Checks that a successor of the log contradicts nothing that this guardian has cosigned, and leaves nothing out unseen. */
function checkSuccessorLog(log: RosterLog, current: RosterLog, known: KnownLog | undefined, acceptLoss: boolean): void {
  if (log.generation === current.generation) return;
  for (const name of ['start', 'closed'] as const) {
    const head = log[name] as TreeHead;
    const own = known?.find(head.size);
    if (own !== undefined && !equalBytes(own.root, head.root)) {
      refuse(
        `log.${name}`,
        `this guardian has cosigned another tree of ${head.size} entries than the one it names`,
        'Keep both as evidence, and settle with the other guardians’ operators which tree counts.',
      );
    }
  }
  const lost = countLost(log, known);
  if (lost === 0 || acceptLoss) return;
  refuse(
    'log.closed',
    `${lost} entries of the log that were cosigned would be lost`,
    'Ask the registry’s operator to restore them. Only if they are lost indeed, sign with --accept-loss.',
  );
}

/** Checks that a roster grants no more than this guardian ever does. */
function checkMaxima(roster: Roster, maxima: LocalMaxima): void {
  const check = (field: string, who: string, asked: number, most: number): void => {
    if (asked <= most) return;
    refuse(field, `${who} is to have ${asked} codes a day; this guardian grants at most ${most}`, ASK_REGISTRY);
  };
  for (const force of roster.forces) {
    check('forces.codesPerDay', `force ${force.id}`, force.codesPerDay, maxima.codesPerForceAndDay);
    check(
      'forces.codesPerOfficerAndDay',
      `an officer of ${force.id}`,
      force.codesPerOfficerAndDay,
      maxima.codesPerOfficerAndDay,
    );
  }
  for (const issuer of roster.issuers) {
    check('issuers.codesPerDay', `issuer ${issuer.id}`, issuer.codesPerDay, maxima.codesPerIssuerAndDay);
  }
}

/** Checks that a draft comes right after the roster that this guardian follows. */
function checkPlace(roster: Roster, current: VerifiedRoster | undefined): void {
  const follows =
    current === undefined
      ? roster.predecessor === null && roster.version === 1
      : roster.predecessor !== null &&
        equalBytes(roster.predecessor, current.hash) &&
        roster.version === current.roster.version + 1 &&
        roster.origin === current.roster.origin;
  if (follows) return;
  refuse(
    'predecessor',
    current === undefined
      ? 'it is not a first one, and this guardian has accepted none'
      : `it does not follow on version ${current.roster.version}, which this guardian has accepted`,
    'Accept the roster that counts first; then ask for a draft that follows on it.',
  );
}

/**
 * Signs a draft, if this guardian can answer for it: it follows on the current roster, has this guardian's keys, the keys that
 * it has its shares of, keeps what registrations depend on, grants nothing above the local maxima, and does not contradict
 * what this guardian has cosigned of the log.
 *
 * @param draft the roster's exact bytes
 * @param guardian.current what this guardian follows; undefined before the first
 * @param guardian.known what it has cosigned of the current roster's log; undefined for nothing
 * @param guardian.acceptLoss whether a successor log may leave out entries that were cosigned; default: no
 * @throws BlindmarkError `badRoster`, `wrongOrigin`
 */
export function signDraft(
  draft: Uint8Array,
  guardian: {
    readonly config: GuardianConfig;
    readonly keys: {
      readonly operator: GuardianKeys['operator'];
      readonly witness: Pick<GuardianKeys['witness'], 'publicKey'>;
    };
    readonly shares: readonly GuardianShare[];
    readonly current: VerifiedRoster | undefined;
    readonly known?: KnownLog | undefined;
    readonly acceptLoss?: boolean;
  },
): RosterSignature {
  const { config, keys, shares, current, known, acceptLoss = false } = guardian;
  const roster = parseRoster(draft);
  checkPlace(roster, current);
  const ownKeys = { operatorKey: keys.operator.publicKey, witnessKey: keys.witness.publicKey };
  selectShares(roster, config.id, ownKeys, shares);
  checkSuccession(roster, current);
  if (current !== undefined) checkSuccessorLog(roster.log, current.roster.log, known, acceptLoss);
  checkMaxima(roster, config.maxima);
  if (roster.testRoster === true && !config.allowTestRoster) {
    refuse('testRoster', 'it is a test roster, whose codes are not protected by stretching', ASK_REGISTRY);
  }
  return { guardian: config.id, signature: signRoster(draft, keys.operator) };
}

/** Refuses a chain that leaves out or changes what was accepted before. */
function checkExtends(chain: readonly SignedRoster[], accepted: readonly SignedRoster[]): void {
  const isPrefix = accepted.every(({ roster }, i) => {
    const other = chain[i];
    return other !== undefined && equalBytes(other.roster, roster);
  });
  if (isPrefix) return;
  refuse(
    'chain',
    'it goes back behind, or differs from, what this guardian has accepted before',
    'Get the registry’s whole chain. If it differs, keep both: one is a fork, and the registry’s operator must explain it.',
  );
}

/**
 * Accepts a chain of rosters: verifies it from what is pinned and stores it. The first time, pins.
 *
 * @param fingerprint hash of the first roster, 32 bytes: needed the first time, when nothing is pinned, and held against
 *   what is pinned later
 * @returns the roster that counts from the next start on
 * @throws BlindmarkError `badRoster`; `badInput` when there is nothing to verify it against
 */
export function acceptRoster(
  folder: string,
  chain: readonly SignedRoster[],
  fingerprint: Uint8Array | undefined,
): VerifiedRoster {
  const config = readConfig(folder);
  const files = guardianFiles(folder);
  const pinned = config.rosterFingerprint ?? fingerprint;
  if (pinned === undefined) {
    throw new BlindmarkError('badInput', 'Nothing is pinned yet, so the first roster’s fingerprint is needed', {
      field: '--fingerprint',
      remedy: 'Compare it with another guardian’s operator, by voice; then name it with --fingerprint.',
    });
  }
  if (fingerprint !== undefined && !equalBytes(pinned, fingerprint)) {
    refuse('chain', 'another fingerprint is pinned already', 'Keep one folder for each registry.');
  }
  const verified = verifyRosterChain(chain, pinned, { allowTestRoster: config.allowTestRoster });
  checkExtends(chain, readChain(folder));
  const card: GuardianCard = readJson(files.card, guardianCardSchema);
  checkOwnEntry(verified.roster, config.id, card);
  // The roster first: a fingerprint without a roster refuses to serve, as nothing at all does.
  writeJson(files.roster, rosterChainSchema, { chain: [...chain] });
  if (config.rosterFingerprint === null) writeConfig(folder, { ...config, rosterFingerprint: pinned });
  return verified;
}
