/** A roster in plain words, for the operator who is about to sign it. */
import { equalBytes, formatBase64url } from '../../crypto/bytes.ts';
import {
  rosterFingerprint,
  type Roster,
  type RosterEpoch,
  type RosterForce,
  type RosterIssuer,
} from '../../crypto/roster.ts';

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
  `${force.name}, ${force.codesPerDay} codes a day, ${force.codesPerOfficerAndDay} an officer`;

const describeIssuer = (issuer: RosterIssuer): string =>
  `${issuer.name}, number ${issuer.number}, ${issuer.url}, ${issuer.codesPerDay} codes a day, token keys for ` +
  issuer.tokenKeys.map(({ quarter, publicKey }) => `${quarter} (${formatBase64url(publicKey).slice(-12)})`).join(', ');

const describeEpoch = ({ live, stretch, groupKey }: RosterEpoch): string =>
  `${live ? 'live' : 'retired'}, key ${formatBase64url(groupKey)}, stretched with ${stretch.memoryKiB / 1024} MiB, ` +
  `${stretch.passes} passes, ${stretch.lanes} lanes`;

const withId = (epochs: readonly RosterEpoch[]): (RosterEpoch & { id: string })[] =>
  epochs.map((epoch) => ({ ...epoch, id: `epoch ${epoch.epoch}` }));

/**
 * All that a roster says, one line each, with what is new, changed or removed since the current one.
 *
 * @param bytes the roster's exact bytes
 * @param current the roster before it; undefined for the first
 */
export function describeRoster(roster: Roster, bytes: Uint8Array, current: Roster | undefined): string {
  const roots = roster.authorityRoots.map((key) => {
    const isNew = current !== undefined && !current.authorityRoots.some((other) => equalBytes(other, key));
    return `  ${formatBase64url(key)}${isNew ? ' (NEW)' : ''}`;
  });
  const removedRoots = (current?.authorityRoots ?? []).filter(
    (key) => !roster.authorityRoots.some((other) => equalBytes(other, key)),
  );
  const schemesChanged = current !== undefined && JSON.stringify(current.schemes) !== JSON.stringify(roster.schemes);
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
        `${guardian.name}, index ${guardian.index}, operator’s key ${formatBase64url(guardian.operatorKey)}`,
    ),
    ...listChanges('Keys', withId(roster.epochs), current && withId(current.epochs), describeEpoch),
    'Authority roots, which certify forces:',
    ...roots,
    ...removedRoots.map((key) => `  ${formatBase64url(key)} (REMOVED)`),
    ...listChanges('Forces', roster.forces, current?.forces, describeForce),
    ...listChanges('Issuers', roster.issuers, current?.issuers, describeIssuer),
    `Schemes: ${roster.schemes.schemes.map(({ id }) => id).join(', ')}${schemesChanged ? ' (THEIR RULES HAVE CHANGED)' : ''}`,
  ].join('\n');
}
