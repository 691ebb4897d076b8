/** The start page: what this is, who can see what, what it can't do. */
export const start = {
  title: 'A register of marked property that nobody can browse',
  lead: 'Mark your property with a forensic code (a liquid that glows under UV light, microdots, an engraving) and register that code here.',
  about: [
    'When police recover an item, an officer reads its code and learns whether it is registered, whether it is reported stolen, and what it is. How to reach you is opened only by two officers together, and you see that they did.',
    'There are no accounts, names or addresses here, and no list of owners. Your browser seals everything with the help of independent guardians, none of whom can do it alone. So there is no list to lose, leak or sell, and every lookup leaves a public trace.',
  ],
  doors: {
    title: 'Where to go',
    owner: 'Register a mark, see who looked it up, report it stolen or lost.',
    police: 'Look up codes that were read off recovered items. Needs a credential from your force.',
    check: 'Verify a receipt that somebody shows you, without a network if need be.',
    log: 'How many lookups each force makes, and the proof that none is left out.',
  },
  table: {
    title: 'Who can see what',
    head: ['Who', 'Can see', 'Can never see'],
    owner: {
      who: 'You, the owner',
      sees: 'Everything about your own registrations, and each time police found or opened one',
      never: 'Other owners; whether somebody else has registered the same code',
    },
    officer: {
      who: 'A police officer who has read a code',
      sees: 'Whether it is registered, whether it is stolen or lost, and what the items are; how to reach the keeper once a second officer agrees',
      never: 'Anything about a code that they do not know',
    },
    registry: {
      who: 'Whoever runs the registry',
      sees: 'Sealed data, and of each registration its day and its status',
      never: 'Codes, items, owners, contacts',
    },
    guardian: {
      who: 'The guardians: independent organisations that must answer together',
      sees: 'How many codes were asked for, with which credential, for which scrambled case, and when',
      never: 'Codes, results, owners',
    },
    vendor: {
      who: 'The seller of the marking pack',
      sees: 'Which codes it made, and which packs were activated',
      never: 'Who activated a pack; whether a code is registered',
    },
    thief: {
      who: 'A thief with all of the registry’s data, but with the keys of too few guardians',
      sees: 'Nothing that would even tell whether a guess is right',
      never: 'All of the above',
    },
    everybody: {
      who: 'Everybody',
      sees: 'The public log: how many lookups and openings each force makes',
      never: 'Codes, items, owners; which entries concern the same registration',
    },
  },
  limits: {
    title: 'What it cannot do',
    list: [
      'It does not prove who owns a thing. A registration is a claim, with proof of when it was made. Two people can register the same code; police then see both, the earlier first.',
      'It does not find anything. Somebody must recover the item and read its code.',
      'Nobody can reset your recovery phrase. Without the phrase and without your vault you can never change or withdraw a registration again.',
      'If enough guardians and the registry join forces, or are all broken into, they can try out guesses. Long random codes withstand that; short numbers and serial numbers do not.',
      'An officer who has looked up your code once could, with a dishonest registry’s help, look at that registration again unseen.',
      'Two officers of one force can agree to do wrong. You will see the opening in your history, but only afterwards, at most 28 days later.',
      'Whoever can watch the traffic of both the seller and the registry might link a purchase with a registration by its time.',
      'These pages come from the registry, and a dishonest one could serve altered pages. For that case there are a command line and pages hosted by others; the public log says which pages are the right ones.',
    ],
  },
  privacy: {
    title: 'What this site keeps, and what it sends',
    none: 'There are no cookies and no analytics, and no page, script or picture comes from anybody but the host of this site.',
    keptTitle: 'Kept in this browser',
    kept: [
      'The language that you chose.',
      'Owners: your vault, if you make one. It is sealed under your passphrase; without the passphrase nobody can read it, and neither can we.',
      'Police: your key while you are signed in, and the readings and results of your cases, sealed for the same credential. They stay for 30 days after it has ended, and are deleted when an officer signs in here after that.',
    ],
    sentTitle: 'Sent elsewhere',
    sent: [
      'To the registry: sealed and scrambled values, the status of a registration, and an officer’s credential. No code, item, contact, phrase, passphrase or case reference leaves your browser in a form that anybody could read on the way.',
      'To the seller’s service: your activation key, when you use it. The service learns that the pack was activated, but not for which code.',
      'Like every website, these services see your network address while you are connected. The Blindmark programs do not write it down.',
    ],
    deleteTitle: 'To remove it',
    delete:
      'Owners: “Remove the vault from this browser”, on your page. Police: delete the case, and sign out. Or clear this site’s data in your browser’s settings. What is registered stays registered.',
    back: 'Back to the start',
  },
};
