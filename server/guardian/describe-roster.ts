/** A roster in plain words, for the operator who is about to sign it. */
import { equalBytes, formatBase64url } from '../../crypto/bytes.ts';
import { logName } from '../../crypto/log-proof.ts';
import type { TreeHead } from '../../crypto/merkle.ts';
import {
  rosterFingerprint,
  type Roster,
  type RosterEpoch,
  type RosterForce,
  type RosterIssuer,
} from '../../crypto/roster.ts';
import { isExtension, type SchemeRules } from '../../crypto/scheme-rules.ts';
import { countLost, type KnownLog } from './roster.ts';

/** One line about something in a list, with what changed about it since the current roster. */
function listChanges<T extends { readonly id: string }>(
  title: string,
  next: readonly T[],
  current: readonly T[] | undefined,
  describe: (entry: T) => string,
): string[] {
  const change = (entry: T): string => {
    if (current === undefined) return '';
    const before = current.find(({ id }) => id === entry.id);
    if (before === undefined) return ' (NEW)';
    return describe(before) === describe(entry) ? '' : ` (CHANGED; was: ${describe(before)})`;
  };
  const removed = (current ?? []).filter(({ id }) => !next.some((entry) => entry.id === id));
  return [
    `${title}:${next.length === 0 ? ' none' : ''}`,
    ...next.map((entry) => `  ${entry.id}: ${describe(entry)}${change(entry)}`),
    ...removed.map((entry) => `  ${entry.id}: ${describe(entry)} (REMOVED)`),
  ];
}

const describeForce = (force: RosterForce): string =>
  [
    `${force.name}, ${force.codesPerDay} codes a day, ${force.codesPerOfficerAndDay} an officer`,
    force.delayDays === 0 ? 'shown in the log at once' : `hidden in the log for ${force.delayDays} days`,
    `revocations from ${force.revocationUrl}`,
    `reasons sealed to ${formatBase64url(force.exchangeKey)}`,
  ].join(', ');

const describeIssuer = (issuer: RosterIssuer): string =>
  `${issuer.name}, number ${issuer.number}, ${issuer.url}, ${issuer.codesPerDay} codes a day, token keys for ` +
  issuer.tokenKeys.map(({ quarter, publicKey }) => `${quarter} (${formatBase64url(publicKey).slice(-12)})`).join(', ');

const describeEpoch = ({ live, stretch, groupKey, decryption }: RosterEpoch): string =>
  `${live ? 'live' : 'retired'}, key ${formatBase64url(groupKey)}, contacts’ key ${formatBase64url(decryption.groupKey)}, stretched with ${stretch.memoryKiB / 1024} MiB, ` +
  `${stretch.passes} passes, ${stretch.lanes} lanes`;

const withId = (epochs: readonly RosterEpoch[]): (RosterEpoch & { id: string })[] =>
  epochs.map((epoch) => ({ ...epoch, id: `epoch ${epoch.epoch}` }));

const describeHead = ({ size, root }: TreeHead): string => `${size} entries, root ${formatBase64url(root)}`;

/**
 * The log, and what becomes of the one before it: which begins, which is closed, what is lost.
 *
 * @param known what this guardian has cosigned of the current roster's log
 */
export function describeLog(next: Roster, current: Roster | undefined, known?: KnownLog): string[] {
  const { generation, publicKey, start, closed } = next.log;
  const line = `Log: ${logName(next)}, generation ${generation}, key ${formatBase64url(publicKey)}, begins ${
    start === null ? 'empty' : `with ${describeHead(start)}`
  }`;
  if (current === undefined || start === null || closed === null || generation === current.log.generation)
    return [line];
  const lost = countLost(next.log, known);
  const largest = known?.largest();
  const isVerified = known?.find(start.size) !== undefined;
  return [
    line,
    `A NEW LOG IS STARTED: ${logName(next)}, generation ${generation}`,
    `  It begins with ${describeHead(start)}`,
    `THE LOG ${logName(current)}, GENERATION ${current.log.generation}, IS CLOSED: no guardian cosigns it any more`,
    `  Its last cosigned checkpoint has ${describeHead(closed)}`,
    `  This guardian has cosigned it up to ${largest === undefined ? 'nothing' : describeHead(largest)}, and ${
      isVerified ? 'has verified' : 'CANNOT SAY WHETHER IT IS RIGHT'
    } where the new log begins`,
    ...(lost === 0 ? [] : [`${lost} ENTRIES ARE LOST: they were cosigned, and the new log does not have them`]),
  ];
}

/** Schemes by their identifiers, and how many makers; by name those schemes, makers and aliases that are new. */
function describeSchemes(next: SchemeRules, current: SchemeRules | undefined): string[] {
  const added = <T>(all: readonly T[], before: readonly T[] | undefined): T[] =>
    before === undefined ? [] : all.filter((each) => !before.includes(each));
  const names = ({ makers }: SchemeRules): string[] => makers.names.flatMap(({ name, aliases }) => [name, ...aliases]);
  const schemes = next.schemes.map(({ id }) => id);
  const newSchemes = added(
    schemes,
    current?.schemes.map(({ id }) => id),
  );
  const newMakers = added(names(next), current && names(current));
  return [
    `Schemes: ${schemes.map((id) => `${id}${newSchemes.includes(id) ? ' (NEW)' : ''}`).join(', ')}`,
    `Makers: ${next.makers.names.length}${newMakers.length === 0 ? '' : `; new names and aliases: ${newMakers.join(', ')}`}`,
    ...(current !== undefined && !isExtension(current, next)
      ? ['RULES OF SCHEMES OR NAMES OF MAKERS HAVE CHANGED OR ARE GONE: this roster will be refused']
      : []),
  ];
}

/**
 * All that a roster says, one line each, with what is new, changed or removed since the current one.
 *
 * @param bytes the roster's exact bytes
 * @param current the roster before it; undefined for the first
 * @param known what this guardian has cosigned of the current roster's log
 */
export function describeRoster(
  roster: Roster,
  bytes: Uint8Array,
  current: Roster | undefined,
  known?: KnownLog,
): string {
  const roots = roster.authorityRoots.map((key) => {
    const isNew = current !== undefined && !current.authorityRoots.some((other) => equalBytes(other, key));
    return `  ${formatBase64url(key)}${isNew ? ' (NEW)' : ''}`;
  });
  const removedRoots = (current?.authorityRoots ?? []).filter(
    (key) => !roster.authorityRoots.some((other) => equalBytes(other, key)),
  );
  return [
    `Roster of ${roster.origin}, version ${roster.version}, made at ${roster.issuedAt}`,
    `Hash: ${rosterFingerprint(bytes)}`,
    ...(roster.testRoster === true ? ['A TEST ROSTER: codes in it are not protected by stretching'] : []),
    `Any ${roster.threshold} of these ${roster.guardians.length} guardians decide:`,
    ...listChanges(
      'Guardians',
      roster.guardians,
      current?.guardians,
      (guardian) =>
        `${guardian.name}, index ${guardian.index}, operator’s key ${formatBase64url(guardian.operatorKey)}, ` +
        `witness key ${formatBase64url(guardian.witnessKey)}`,
    ),
    ...describeLog(roster, current, known),
    ...listChanges('Keys', withId(roster.epochs), current && withId(current.epochs), describeEpoch),
    'Authority roots, which certify forces:',
    ...roots,
    ...removedRoots.map((key) => `  ${formatBase64url(key)} (REMOVED)`),
    ...listChanges('Forces', roster.forces, current?.forces, describeForce),
    ...listChanges('Issuers', roster.issuers, current?.issuers, describeIssuer),
    ...describeSchemes(roster.schemes, current?.schemes),
  ].join('\n');
}
