/**
 * Every error in words that owners and officers can act on: what happened, what is unchanged, what to do next. One for each code of
 * crypto/errors.ts; a test fails where one is missing.
 */

const NOTHING = 'Nothing was sent, and nothing has changed.';
const NOT_TAKEN = 'Nothing was accepted, and nothing has changed.';
const REFUSED = 'Nothing was changed. All that was registered before still stands.';
const KEPT = 'Nothing is lost. What you typed is still here, and the same request goes on when you try again.';
const REPORT = 'Please tell whoever runs this registry, and give them the details below.';

export const errors = {
  // What was given
  badInput: {
    title: 'Something is missing or not in the right form',
    what: 'One of the fields is empty, too long, or holds something that does not belong there.',
    unchanged: NOT_TAKEN,
    next: 'Look through what you entered, correct it and send it again.',
  },
  tooLarge: {
    title: 'That is too much at once',
    what: 'What you entered, or the file that you chose, is larger than the registry accepts.',
    unchanged: NOT_TAKEN,
    next: 'Shorten the text, or split the file, and try again.',
  },
  unknownRoute: {
    title: 'The registry does not know this request',
    what: 'This page asked the registry for something that it does not offer. The page may be older or newer than the registry.',
    unchanged: 'Nothing has changed.',
    next: 'Reload the page and try again. If it happens again, tell whoever runs this registry.',
  },
  methodNotAllowed: {
    title: 'The registry does not take this request',
    what: 'This page asked in a way that the registry does not accept. The page may be older or newer than the registry.',
    unchanged: 'Nothing has changed.',
    next: 'Reload the page and try again. If it happens again, tell whoever runs this registry.',
  },
  unsupportedMediaType: {
    title: 'The registry could not read this request',
    what: 'This page sent its request in a form that the registry does not read. Something between you and the registry may have altered it.',
    unchanged: 'Nothing has changed.',
    next: 'Reload the page and try again, if you can from another network. If it happens again, tell whoever runs this registry.',
  },
  noSchemeFits: {
    title: 'This is not a code of any known kind',
    what: 'Its length or its characters fit none of the kinds of code that this registry knows.',
    unchanged: NOTHING,
    next: 'Compare it with the mark, character by character. If some can’t be read, put a ? in their place where the page allows it.',
  },
  checkFailed: {
    title: 'One character is not right',
    what: 'The last characters of a code check the ones before, and here they do not match. One character is most likely mistyped, or two have changed places.',
    unchanged: NOTHING,
    next: 'Compare it with the mark again. Look twice at characters that resemble each other, such as 0 and O, 1 and I, 5 and S, 8 and B.',
  },
  tooManyCandidates: {
    title: 'Too much of the code is unread',
    what: 'What was read could stand for more codes than may be asked for at once.',
    unchanged: 'Nothing was asked, and no part of the quota was used.',
    next: 'Read more of the mark, if need be under better light or a microscope. Say which kind of code it is, if you know. Instead of ? give the characters that it can be, such as [8B].',
  },
  badPhrase: {
    title: 'These are not the words of a recovery phrase',
    what: 'A recovery phrase has twelve words from a fixed list, in one order. A word is mistyped, missing, or in another place.',
    unchanged: NOTHING,
    next: 'Compare each word with your sheet, and mind the order.',
  },
  badPassphrase: {
    title: 'The passphrase does not open it',
    what: 'What you typed is not the passphrase under which this was sealed.',
    unchanged: 'What is sealed stays as it is. You can try as often as you need.',
    next: 'Type it again, and mind capitals and spaces. Nobody can tell you the passphrase, but your recovery phrase, with the codes of your marks, brings your registrations back without it.',
  },
  badActivationKey: {
    title: 'The activation key is mistyped',
    what: 'The key’s own check shows that a character is wrong or missing.',
    unchanged: 'The key was not used.',
    next: 'Compare it with the card in the pack, or scan the code that is printed beside it.',
  },
  badFile: {
    title: 'This file is not what is needed here',
    what: 'It can’t be read as the kind of file that this step takes. It may be another file, or damaged.',
    unchanged: 'Nothing has changed, and the file stays as it is.',
    next: 'Choose the right file, or a new copy of it.',
  },
  // Who asks
  badSignature: {
    title: 'The request was not accepted as yours',
    what: 'Its signature does not match. The request was altered on its way, or made with another key.',
    unchanged: REFUSED,
    next: 'Reload the page and try again. Officers: sign in again with your credential file. If it happens again, tell whoever runs this registry.',
  },
  badCredential: {
    title: 'The credential is not valid',
    what: 'The registry could not confirm that this credential was issued by a force that it knows.',
    unchanged: 'Nothing was asked, and your case’s readings and results stay as they are.',
    next: 'Get a new credential file from your force and sign in with it.',
  },
  credentialExpired: {
    title: 'The credential is no longer valid',
    what: 'A credential lasts for hours only, and its time is over; or the clock of this computer is wrong.',
    unchanged: 'Your case’s readings and results stay as they are. What was still waiting was not asked.',
    next: 'Check this computer’s clock. Then get a new credential file from your force, sign in with it and go on.',
  },
  unknownForce: {
    title: 'This registry does not know your force',
    what: 'The force that issued the credential is not, or no longer, on this registry’s list.',
    unchanged: 'Nothing was asked and nothing has changed.',
    next: 'Make sure that you are using the right registry. If you are, ask whoever is responsible for it in your force.',
  },
  unknownIssuer: {
    title: 'This registry does not know who made the pack',
    what: 'The service that stands behind this activation key is not, or no longer, on the registry’s list.',
    unchanged: 'The activation key was not used.',
    next: 'Make sure that the pack is meant for this registry. If it is, ask the seller of the pack.',
  },
  unknownVendor: {
    title: 'The seller is not known',
    what: 'The service that issues activation keys does not know this seller.',
    unchanged: 'Nothing has changed.',
    next: 'Ask the seller of the pack to get in touch with that service.',
  },
  wrongOrigin: {
    title: 'This belongs to another registry',
    what: 'The request, file or key was made for another registry, not for this one.',
    unchanged: 'Nothing has changed, here or there.',
    next: 'Open the pages of the registry that it was made for; its address is on your sheet, receipt or credential.',
  },
  wrongIssuer: {
    title: 'This belongs to another seller’s service',
    what: 'The activation key was made for another service, not for the one that was asked.',
    unchanged: 'The activation key was not used.',
    next: 'Type the whole key again as it is printed. If it happens again, ask the seller of the pack.',
  },
  wrongEpoch: {
    title: 'The registry has changed its keys',
    what: 'The registry began to use new keys while this page was open.',
    unchanged: REFUSED,
    next: 'Reload the page and try again. It then works with the new keys.',
  },
  wrongRoster: {
    title: 'The registry’s list of partners has changed',
    what: 'The registry published a new list of who takes part while this page was open.',
    unchanged: REFUSED,
    next: 'Reload the page and try again. It then works with the new list.',
  },
  badRoster: {
    title: 'This registry can’t show that it is the right one',
    what: 'Its list of who takes part is not signed as it must be, or is not the one that your pack, sheet or credential names.',
    unchanged: 'Nothing secret was sent, and nothing has changed.',
    next: 'Do not go on here. Check the address of this page. If it is right, tell whoever runs this registry, and your force if you are an officer.',
  },
  // Activation keys, quotas, repetitions
  badToken: {
    title: 'The permission to register was not accepted',
    what: 'The activation key was exchanged for a permission that the registry does not accept.',
    unchanged: 'Nothing was registered. Your activation key is remembered with this mark.',
    next: 'Try again. If it happens again, ask the seller of the pack, and give them the details below.',
  },
  tokenRequired: {
    title: 'This needs an activation key',
    what: 'The registry has not seen this code from you before, so you need an activation key to register it.',
    unchanged: REFUSED,
    next: 'Register the mark with the activation key of your pack. If you are bringing back a mark from your phrase, check the code character by character.',
  },
  tokenForAnotherElement: {
    title: 'The permission belongs to another code',
    what: 'The activation key was exchanged for a permission to register another code, not this one.',
    unchanged: REFUSED,
    next: 'Start again with the same activation key and this code. If the key has no use left, ask the seller of the pack.',
  },
  tokenSpent: {
    title: 'This activation key has already made a registration',
    what: 'One pack makes one registration, and this one has made its own.',
    unchanged: REFUSED,
    next: 'Look under “My marks”: the registration may be yours already. For a further mark, use the key of another pack.',
  },
  activationKeyUnknown: {
    title: 'This activation key is not known',
    what: 'The key is well typed, but the seller’s service has no pack with it.',
    unchanged: 'Nothing was registered.',
    next: 'Check that you copied it from the right card. If you did, ask the seller of the pack.',
  },
  activationKeyUsedUp: {
    title: 'This activation key has no use left',
    what: 'A key can be used a few times, so that a mistyped code can be corrected. All of its uses are gone.',
    unchanged: REFUSED,
    next: 'Look under “My marks” whether the code is registered. If it is not, and you did not use the key yourself, ask the seller of the pack for another.',
  },
  unknownTokenKey: {
    title: 'The seller’s service has changed its key',
    what: 'The service that exchanges activation keys began to use a new key in the meantime.',
    unchanged: 'The activation key was not used.',
    next: 'Reload the page and try again.',
  },
  quotaExceeded: {
    title: 'The quota is used up',
    what: 'So that nobody can try out codes, only so many may be asked for in a day. That number is reached.',
    unchanged: 'What was answered is kept. What was still waiting was not asked.',
    next: 'Go on tomorrow. Officers: a reading with fewer unread characters costs less; your force can tell you what quota it has.',
  },
  replayed: {
    title: 'This request was used already',
    what: 'The registry has seen this very request before, and takes each one only once.',
    unchanged: 'What the first one did still stands. Nothing was done twice.',
    next: 'Reload the page and look whether it is done. If it is not, do it again.',
  },
  evaluationRequired: {
    title: 'The lookup is not complete',
    what: 'A lookup has two steps, and the registry has no first step of yours for this one; it may have become too old.',
    unchanged: 'Your case’s readings and results stay as they are.',
    next: 'Look up again in this case. The readings that have no result yet are asked anew.',
  },
  credentialRevoked: {
    title: 'Your force has withdrawn this credential',
    what: 'The credential that you signed in with is on your force’s list of withdrawn ones.',
    unchanged: 'Nothing was asked. Your case’s readings and results stay as they are.',
    next: 'Sign out and ask your force. If you did not expect this, report it: somebody may have used your credential.',
  },
  // Opening a contact
  notMatched: {
    title: 'There is no result of yours to open',
    what: 'Only an officer whose lookup found that registration can ask for its contact.',
    unchanged: 'The contact stays sealed.',
    next: 'Look up the reading in this case first, then ask for the opening from its result.',
  },
  sameOfficer: {
    title: 'A second officer is needed',
    what: 'You asked for this opening yourself, and nobody can approve their own request.',
    unchanged: 'The contact stays sealed, and your request still stands.',
    next: 'Hand the request to a colleague, who signs in with their own credential and approves it.',
  },
  openingNotPending: {
    title: 'This opening has already been decided',
    what: 'A colleague has already approved it, or it is finished.',
    unchanged: 'What was decided still stands.',
    next: 'The officer who asked can read the contact in the case. For another look, ask for a new opening.',
  },
  openingExpired: {
    title: 'The request to open has run out',
    what: 'Nobody approved it in the time that it was given.',
    unchanged: 'The contact stays sealed.',
    next: 'Ask for a new opening, and give it more hours if your colleague needs them.',
  },
  // The log
  notLogged: {
    title: 'There is no trace of this request in the public log',
    what: 'The guardians answer only what is in the public log, and this request is not.',
    unchanged: 'The guardians gave nothing out.',
    next: `Try again. ${REPORT}`,
  },
  sizeConflict: {
    title: 'The public log is not as long as expected',
    what: 'The registry and a guardian do not agree on how long the log is. This can happen for a moment when much is going on.',
    unchanged: KEPT,
    next: `Wait a minute and try again. If it happens again: ${REPORT.toLowerCase()}`,
  },
  logForked: {
    title: 'The public log contradicts itself',
    what: 'Two versions of the log have been seen that can’t both be true. A guardian that sees this stops answering, as it must.',
    unchanged: 'The receipts that you hold still prove what they say.',
    next: 'Do not go on here for now. Tell whoever runs this registry; officers: tell your force as well.',
  },
  badCheckpoint: {
    title: 'The public log can’t be trusted at the moment',
    what: 'What the registry says about its log is not signed as it must be.',
    unchanged: 'Nothing that depends on it was accepted, and nothing of yours has changed.',
    next: `Try again in a minute. If it happens again: ${REPORT.toLowerCase()}`,
  },
  // Registrations
  notFound: {
    title: 'The registry has nothing under this',
    what: 'There is no such registration or request, or it is not yours. The registry does not say which, so that nobody can find out by trying.',
    unchanged: 'Nothing has changed.',
    next: 'Check that you chose the right one. If you withdrew the registration, it is gone for good.',
  },
  versionConflict: {
    title: 'It was changed in the meantime',
    what: 'This registration was changed from another place, perhaps another of your devices, after this page had read it.',
    unchanged: 'The other change stands. Yours was not made.',
    next: 'Open the mark again, look at what it says now, and make your change if it is still needed.',
  },
  alreadyRegistered: {
    title: 'This is already registered, with other content',
    what: 'The same registration exists, but holds something different from what was sent now.',
    unchanged: 'The registration stays as it was.',
    next: 'Open it under “My marks” and change what you want to change there.',
  },
  claimsFull: {
    title: 'No further claim to this code is taken',
    what: 'The registry keeps only a few registrations of the same code, and that number is reached.',
    unchanged: 'Nothing was registered.',
    next: 'Compare the code with the mark again. If it is right and the item is yours, take your pack and proof of purchase to the police.',
  },
  // What a service said does not hold
  badProof: {
    title: 'An answer could not be proven right',
    what: 'A guardian’s or the registry’s answer came without a valid proof, so this page did not use it.',
    unchanged: 'Nothing false was accepted. What you typed is still here.',
    next: `Try again. If it happens again: ${REPORT.toLowerCase()}`,
  },
  badElement: {
    title: 'Part of the request could not be used',
    what: 'One of the sealed values in the request is not valid. Nothing that you type should cause this.',
    unchanged: 'Nothing has changed.',
    next: `Reload the page and try again. If it happens again: ${REPORT.toLowerCase()}`,
  },
  badEnvelope: {
    title: 'What is sealed does not open',
    what: 'What the registry keeps for this code can’t be opened with its key. It was damaged or altered.',
    unchanged: 'It stays sealed, and nothing of it was shown to anybody.',
    next: `Try again. If it happens again: ${REPORT.toLowerCase()}`,
  },
  badRow: {
    title: 'A registration does not bear its owner’s signature',
    what: 'What the registry showed was not signed by the owner of that registration, so this page does not show it.',
    unchanged: 'Nothing false was accepted.',
    next: REPORT,
  },
  badTranscript: {
    title: 'The guardians’ keys were not made properly',
    what: 'The record of how the guardians made their keys does not prove that they made them properly.',
    unchanged: 'Nothing has changed.',
    next: REPORT,
  },
  badReply: {
    title: 'The answer makes no sense',
    what: 'A service answered in a form that this page does not understand. It may be out of order, or something on the way may have replaced its answer.',
    unchanged: 'Nothing false was accepted. What you typed is still here.',
    next: 'Try again, if you can from another network. If it happens again, tell whoever runs this registry.',
  },
  // Not at present
  logBehind: {
    title: 'The registry is catching up',
    what: 'The registry’s log is shorter than what the guardians have seen of it. That can happen for a while after a repair.',
    unchanged: KEPT,
    next: 'Try again in a while. If it lasts for hours, tell whoever runs this registry.',
  },
  revocationsStale: {
    title: 'Your force’s list of withdrawn credentials is too old',
    what: 'The registry answers officers only while it knows which credentials their force has withdrawn, and it has not heard from your force lately.',
    unchanged: 'Nothing was asked. Your case’s readings and results stay as they are.',
    next: 'Tell your force that its list must be sent to the registry. Then go on.',
  },
  guardiansUnavailable: {
    title: 'Too few guardians answer',
    what: 'Several independent guardians must answer together, and not enough of them do so at present.',
    unchanged: KEPT,
    next: 'Try again in a while.',
  },
  unavailable: {
    title: 'The registry can’t answer at present',
    what: 'The service is there but can’t work just now.',
    unchanged: KEPT,
    next: 'Try again in a while.',
  },
  overloaded: {
    title: 'The registry has too much to do',
    what: 'The service is being asked for more than it can answer at the moment.',
    unchanged: KEPT,
    next: 'Try again shortly.',
  },
  storageFailed: {
    title: 'It could not be saved',
    what: 'The service, or this browser, could not write to its storage. The disk may be full, or storage may be switched off, as in some private windows.',
    unchanged: 'What was saved before is still there. What you did last may not be saved.',
    next: 'Keep this page open. Make room on the disk, or use a window that is not private, and try again.',
  },
  unreachable: {
    title: 'The registry can’t be reached',
    what: 'There is no connection to it. Your network may be down, or may not let this page through.',
    unchanged: KEPT,
    next: 'Check your connection and try again.',
  },
  timedOut: {
    title: 'There was no answer in time',
    what: 'The service took too long. It may have received the request all the same.',
    unchanged: KEPT,
    next: 'Try again. Nothing is done twice.',
  },
  cancelled: {
    title: 'Stopped',
    what: 'The work was stopped before it was finished.',
    unchanged: 'What was finished before then is kept.',
    next: 'Start again whenever you like; it goes on from there.',
  },
  internal: {
    title: 'Something went wrong that should not have',
    what: 'This page or the service behind it has a fault.',
    unchanged: 'What was saved before is still there.',
    next: `Reload the page and try again. If it happens again: ${REPORT.toLowerCase()}`,
  },
};
