/** What the police pages say of signing in and of a reading, in English. */
import { plural } from '../language.ts';
import { schemes } from './schemes.ts';

const amounts = new Intl.NumberFormat('en-GB');
const codes = (count: number): string => `${amounts.format(count)} ${plural(count, { one: 'code', other: 'codes' })}`;
const counted = (count: number, one: string, other: string): string =>
  `${amounts.format(count)} ${plural(count, { one, other })}`;

export const policeLookup = {
  signIn: {
    title: 'Sign in with your credential file',
    lead: 'Look up what you read off a recovered item, and learn whether it is registered.',
    file: 'Credential file',
    hint: 'Your force gives you a new file for each shift, often called officer.json. It is good for at most 12 hours.',
    button: 'Sign in',
    missing: 'Choose your credential file',
    keyTitle: 'What happens to the file',
    keyText:
      'It is read in this browser and is not uploaded. Its key is kept so that it can be used here and cannot be copied out, and it is forgotten when you sign out.',
    whoSees: 'Who sees that you look something up?',
    whoSeesText:
      'Each lookup makes an entry in a public log: your force, your pseudonym of the day, and about how many codes. It holds neither the code nor the case reference. The owner of a registered mark sees that it was looked up, at the latest after 28 days.',
    signingOut: 'Signing out',
    notSignedOut: 'You are not signed out yet',
    notSignedOutText:
      'This browser still holds your key. Try again; if that does not help, clear the data of this site in the browser’s settings. Without that, the session ends 15 minutes after you last did something.',
    ended: {
      self: 'You are signed out. The key is forgotten.',
      idle: 'You were signed out because nothing was done here for 15 minutes. Cases are kept, sealed: sign in with the same file and they open again. A lookup that was under way goes on then.',
      expired:
        'Your credential has ended, so you are signed out. To read your cases or save their evidence, sign in with the same file; to look up more, with the file of the next shift.',
      elsewhere: 'In another tab you signed out, or somebody else signed in. Sign in again to go on.',
    },
  },
  session: {
    signedInAs: (officer: string, force: string): string => `${officer}, ${force}`,
    officer: 'Signed in as',
    until: (time: string): string => `until ${time}`,
    signOut: 'Sign out',
    menu: 'Police',
    desk: 'Look up',
    approve: 'Approve a colleague’s request',
    keyInMemory:
      'This browser cannot keep the key safely, so the key is in this tab alone. If you close or reload the tab, sign in again.',
    testRegistry: 'Test registry',
    readOnly:
      'This credential has ended. You can read your cases and save their evidence. To look up more, sign in with the file of the next shift.',
    idleSoon:
      'Nothing was done here for some time. You will be signed out within a minute. To stay signed in, press a key, move the mouse or touch the page.',
    endsSoon: (time: string): string =>
      `Your credential ends on ${time}. Finish what you are doing, or sign in with the next file.`,
  },
  desk: {
    title: 'Look up a reading',
    casesTitle: 'Your cases',
    cases: 'Cases in this browser',
    noCases: 'None yet. A case is made when you look something up for it.',
    openCase: 'Open the case',
    openCaseHint: 'To paste or upload a list, open the case first.',
    caseName: 'Case',
    caseReadings: 'Readings',
    caseHits: 'Registered',
    caseWaiting: 'Waiting',
    caseChanged: 'Last change',
    sealed: 'Cases are kept in this browser, sealed to your credential file. They open with that file alone.',
  },
  schemes,
  reading: {
    caseLabel: 'Case reference',
    caseHint: 'At most 64 characters. It does not leave this browser in a readable form.',
    caseMissing: 'Enter the case reference',
    caseTooLong: (length: number): string => `The case reference has ${length} characters. It may have at most 64`,
    label: 'What you read',
    hint: 'Type ? for a character you cannot read, and [8B] where it is an 8 or a B. Spaces and dashes do not matter.',
    missing: 'Enter what you read off the item',
    more: 'Exhibit number and kind of code (optional)',
    exhibit: 'Exhibit number',
    exhibitHint: 'Your own name for the item. It stays in this browser.',
    scheme: 'Kind of code',
    schemeHint: 'If you know it, fewer codes are asked for.',
    anyScheme: 'I do not know',
    example: (title: string, example: string): string => `${title}, such as ${example}`,
    buttonCost: (count: number): string => (count === 1 ? 'Look up' : `Look up ${codes(count)}`),
    cost: (count: number, perDay: number): string =>
      count === 1
        ? `This is one code. Of ${amounts.format(perDay)} a day it uses 1.`
        : `This may be ${amounts.format(count)} different codes. Of ${amounts.format(perDay)} a day it uses ${amounts.format(count)}.`,
    costShown: 'Nothing has been asked yet. Press the button again to look up.',
    fits: (titles: string): string => `It fits: ${titles}.`,
    omitted: (count: number): string =>
      `${counted(count, 'less likely code is', 'less likely codes are')} left out. Read more characters, or say which kind of code it is, to have all of them asked.`,
    help: 'How to type a serial number or a code you can only partly read',
    helpUnread: '? stands for one character that you cannot read: 8EQ7 1S0? SG3J TS93',
    helpOneOf: '[8B] stands for one character that is one of these: 8KCM ESFH 2[8B]N1 9043',
    helpMaker: 'For the serial number of a firearm, put the maker before a bar: Beretta | 279241',
    helpCost: 'Each ? and each bracket makes more possible codes, and each of them uses up some of your day’s codes.',
  },
  problem: {
    badInput: 'It has a character that no code has. Use letters, digits, ? and brackets such as [8B].',
    noSchemeFits: 'No kind of code looks like this. Count the characters, and put ? for each one you cannot read.',
    checkFailed:
      'The check characters do not match, so a character was misread. Look again, and put ? where you are not sure.',
    tooManyCandidates:
      'It could be too many different codes. Read more characters, or say which kind of code it is. Nothing was asked.',
    rounded:
      'The spreadsheet has rounded this number, and digits are lost. Format the column as text, enter the code again and save the spreadsheet.',
    dated:
      'The spreadsheet has turned this code into a date. Format the column as text, enter the code again and save the spreadsheet.',
    other: (code: string): string => `It cannot be looked up (${code}).`,
  },
};
