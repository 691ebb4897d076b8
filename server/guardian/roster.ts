/** What a guardian does with rosters: it signs drafts that it can answer for, accepts signed ones, and serves the last accepted. */
import { existsSync } from 'node:fs';
import { equalBytes } from '../../crypto/bytes.ts';
import { guardianCardSchema, type GuardianCard } from '../../crypto/dkg-messages.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import {
  checkSuccession,
  liveEpochs,
  parseRoster,
  rosterChainSchema,
  signRoster,
  verifyRosterChain,
  type Roster,
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

/** Checks that the roster has this guardian with this operator's key. Returns its index. */
function checkOwnEntry(roster: Roster, id: string, operatorKey: Uint8Array): number {
  const own = roster.guardians.find((guardian) => guardian.id === id);
  if (own === undefined) refuse('guardians', `it does not list ${id}`, ASK_REGISTRY);
  if (!equalBytes(own.operatorKey, operatorKey)) {
    refuse('guardians.operatorKey', `it lists ${id} with another operator’s key`, ASK_REGISTRY);
  }
  return own.index;
}

/** Checks that a share is one of the key that the roster has for its epoch. */
function checkShare(roster: Roster, index: number, share: GuardianShare): void {
  const epoch = roster.epochs.find((candidate) => candidate.epoch === share.epoch);
  const name = `epoch ${share.epoch}`;
  if (roster.origin !== share.origin) {
    throw new BlindmarkError('wrongOrigin', `This guardian’s share of ${name} is of another registry’s key`, {
      field: 'origin',
      remedy: 'Keep one folder for each registry.',
    });
  }
  if (epoch === undefined) {
    refuse('epochs', `this guardian has a share of ${name}, which it does not list`, 'Restore the share’s own roster.');
  }
  const isSame =
    share.index === index &&
    equalBytes(epoch.groupKey, share.groupKey) &&
    epoch.publicShares.length === share.publicShares.length &&
    epoch.publicShares.every((publicShare, i) => equalBytes(publicShare, share.publicShares[i] as Uint8Array));
  if (!isSame) {
    refuse(
      'epochs.publicShares',
      `its key of ${name} is not the one that this guardian has its share of`,
      ASK_REGISTRY,
    );
  }
}

/**
 * The shares to serve with: one for each live epoch. A share of an epoch that is newer than all in the roster waits for a
 * roster that lists it, so that a key generation does not keep a running registry's guardians from starting again.
 *
 * @throws BlindmarkError `badRoster` naming the epoch, for a share that the roster contradicts or never listed, and for a
 *   live epoch without a share; `wrongOrigin`
 */
export function selectShares(
  roster: Roster,
  id: string,
  operatorKey: Uint8Array,
  shares: readonly GuardianShare[],
): { readonly live: GuardianShare[]; readonly waiting: GuardianShare[] } {
  const index = checkOwnEntry(roster, id, operatorKey);
  const newest = Math.max(...roster.epochs.map(({ epoch }) => epoch));
  const waiting = shares.filter((share) => share.origin === roster.origin && share.epoch > newest);
  for (const share of shares) if (!waiting.includes(share)) checkShare(roster, index, share);
  const live = liveEpochs(roster).map(({ epoch }) => {
    const share = shares.find((candidate) => candidate.epoch === epoch);
    if (share !== undefined) return share;
    return refuse(
      'epochs',
      `this guardian has no share of epoch ${epoch}, which is live`,
      'Restore shares.json from a copy.',
    );
  });
  return { live, waiting };
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
 * Signs a draft, if this guardian can answer for it: it follows on the current roster, has this operator's key, the keys that
 * this guardian has its shares of, keeps what registrations depend on, and grants nothing above the local maxima.
 *
 * @param draft the roster's exact bytes
 * @param current what this guardian follows; undefined before the first
 * @throws BlindmarkError `badRoster`, `wrongOrigin`
 */
export function signDraft(
  draft: Uint8Array,
  guardian: {
    readonly config: GuardianConfig;
    readonly keys: Pick<GuardianKeys, 'operator'>;
    readonly shares: readonly GuardianShare[];
    readonly current: VerifiedRoster | undefined;
  },
): RosterSignature {
  const { config, keys, shares, current } = guardian;
  const roster = parseRoster(draft);
  checkPlace(roster, current);
  selectShares(roster, config.id, keys.operator.publicKey, shares);
  checkSuccession(roster, current);
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
  checkOwnEntry(verified.roster, config.id, card.operatorKey);
  // The roster first: a fingerprint without a roster refuses to serve, as nothing at all does.
  writeJson(files.roster, rosterChainSchema, { chain: [...chain] });
  if (config.rosterFingerprint === null) writeConfig(folder, { ...config, rosterFingerprint: pinned });
  return verified;
}
