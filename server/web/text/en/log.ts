/** What the page of the public log says, in English. */
import { plural } from '../language.ts';

const amounts = new Intl.NumberFormat('en-GB');
const entries = (count: number): string =>
  `${amounts.format(count)} ${plural(count, { one: 'entry', other: 'entries' })}`;

export const log = {
  title: 'The public log',
  lead: 'Whenever a code is registered or looked up, an entry is added to this log first. No entry can be changed or taken out unnoticed: independent organisations, the guardians, sign every state of the log.',
  loading: 'Asking the registry for its log',
  refresh: 'Refresh',
  stated: {
    title: 'As the registry states it, not yet verified',
    text: 'What follows comes from the registry. Your browser can verify it:',
    link: 'verify the newest entries',
    updated: (time: string): string => `Fetched ${time}.`,
  },
  now: {
    title: 'The log now',
    size: 'Entries',
    confirmed: 'Last confirmed by a guardian',
    never: 'Not yet',
    hidden: 'Hidden for now',
    root: 'Fingerprint of all entries',
    rootHint:
      'Whoever sees the same number of entries as you must see these same characters. If they see others, keep a copy of both: it means that one of you was shown a falsified log.',
    registry: 'Registry',
    test: 'For tests',
    testHint: 'A registry for tests protects nobody: register nothing real here.',
    fingerprint: 'Fingerprint of the registry',
    fingerprintHint: 'It is on marking packs and receipts too.',
  },
  guardians: {
    title: 'Who watches the log',
    text: (threshold: number, guardians: number): string =>
      `At least ${amounts.format(threshold)} of these ${amounts.format(guardians)} guardians must confirm each state of the log before anything is answered. The last confirmation of each should be less than a day old.`,
    caption: 'Guardians',
    name: 'Guardian',
    age: 'Last confirmed',
    fresh: 'Confirms',
    old: 'Older than a day',
    missing: 'Not this state',
    ahead: 'Clock is ahead',
  },
  verify: {
    title: 'Verify it yourself',
    text: 'Your browser fetches the newest entries, works out the fingerprint of all entries from them, and checks the signatures of the registry and the guardians. Nothing about you is sent.',
    count: 'How many of the newest entries?',
    option: (count: number): string => amounts.format(count),
    all: (count: number): string => `All ${amounts.format(count)}`,
    button: 'Verify in this browser',
    running: 'Verifying entries',
    again: 'Verify again',
  },
  result: {
    title: (count: number): string => `Verified: ${entries(count)}`,
    range: (from: number, to: number): string =>
      `Entries ${amounts.format(from)} to ${amounts.format(to)} are exactly those that the registry signed for. None was changed, left out or added.`,
    empty: 'The log has no entries yet.',
    witnesses: (names: string): string => `This state of the log was confirmed within the last day by ${names}.`,
    and: 'and',
    whole: 'Those are all entries of the log.',
    older: (count: number): string =>
      `The ${entries(count)} before them are fixed by the same fingerprint. The command line verifies every one of them.`,
    kindsCaption: 'What these entries record',
    kind: 'What',
    amount: 'How many',
    show: 'Show the entries',
    shown: (count: number): string => `The newest ${amounts.format(count)} of them.`,
    entriesCaption: 'Verified entries, newest first',
    index: 'Number',
    hour: 'When',
    force: 'Force',
  },
  failed: {
    title: 'The log did not verify',
    altered:
      'The registry sent something different from what it signed for. Your browser stopped there and accepted none of it.',
    unsigned: 'What the registry shows as the state of its log is not signed as it must be, or is more than a day old.',
    forked: 'The registry shows a different log from the one it showed before. Both cannot be true.',
    behind: 'The registry shows a shorter log than it showed before.',
    stranger: 'The list of who takes part is not signed as it must be.',
    place: 'Where',
    unchanged: 'What has not changed',
    unchangedText: 'Receipts that owners hold still prove what they say.',
    next: 'What to do now',
    nextText:
      'Try again. If it happens again, do not rely on this registry, and tell a guardian. The command line (blindmark audit) saves the evidence.',
  },
  kinds: {
    activation: 'An owner had a code prepared for registration',
    registration: 'A registration',
    lookup: 'An officer looked up codes',
    match: 'A registration was shown to an officer (a hit)',
    opening: 'Two officers opened a contact',
    action: 'An owner changed or withdrew a registration',
    check: 'Somebody asked whether an item is reported stolen',
    roster: 'The list of who takes part changed',
    revocation: 'A force withdrew officers’ credentials',
    pages: 'New pages: this site was changed',
    delayed: 'Hidden for now, as a force’s policy allows',
    reveal: 'An entry that was hidden is shown',
  },
  otherKind: (kind: string): string => `Something that this page does not know: ${kind}`,
  activity: {
    title: 'What the police asked',
    text: 'By force and month. A hit is a registration that was shown to an officer. An opening means that two officers read how to reach its keeper.',
    none: 'No force has looked anything up yet.',
    force: 'Force',
    allForces: 'All forces',
    lookups: 'Lookups',
    hits: 'Hits',
    openings: 'Openings',
    chartLabel: (first: string, last: string): string =>
      `Chart of lookups, hits and openings by month, from ${first} to ${last}. The table below has the same numbers.`,
    caption: (force: string): string => `Lookups, hits and openings: ${force}`,
    month: 'Month',
    more: (count: number): string => `Show ${amounts.format(count)} more rows`,
    delayed: (count: number): string =>
      `${entries(count)} ${plural(count, { one: 'is', other: 'are' })} hidden for now, as a force’s policy allows. Each counts here once it is shown, at most 28 days later.`,
    zone: 'Months are those of Universal Time.',
  },
  unseen: {
    title: 'What nobody can see here',
    text: 'No entry names an owner, a code, an item or a contact. That two entries concern one registration, only its owner and the officers who were shown it can tell.',
    command: 'Verify all of it',
    commandText:
      'This page comes from the registry as well. If you do not want to rely on that, use a copy of these pages that somebody else hosts, or the command line. It verifies every entry, and that these pages are the ones that the log names. The fingerprint below comes from this registry: compare it with the one in a marking pack or on an owner’s sheet before you use it.',
  },
};
