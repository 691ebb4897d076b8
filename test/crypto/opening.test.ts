import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contactEnvelopeHash, sealContactEnvelope } from '../../crypto/contact-envelope.ts';
import type { Contact } from '../../crypto/contact.ts';
import { CLOCK_TOLERANCE, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { formatLogEntry, markHash, parseLogEntry } from '../../crypto/log-entry.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import {
  authorizationHash,
  MAX_OPENING_SECONDS,
  OPENING_SECONDS,
  REQUEST_SECONDS,
  signOfficerRequest,
  type OfficerSigner,
} from '../../crypto/officer-request.ts';
import {
  checkOpeningEnvelope,
  MAX_EXPLANATION_BYTES,
  openExplanation,
  openingDetailsSchema,
  openingEntry,
  openingHash,
  openingId,
  sealExplanation,
  verifyApproval,
  verifyAskedOpening,
  verifyOpening,
  type OpeningDetails,
} from '../../crypto/opening.ts';
import { formatRoster, rosterFingerprint } from '../../crypto/roster.ts';
import { createExchangeKey, sealTo } from '../../crypto/seal.ts';
import { createSigner, createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { flippedJws } from '../support/jws.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import {
  decryptionKey,
  force,
  forceExchange,
  NOON,
  officerSigner,
  smallRoster,
  verified,
} from '../support/small-roster.ts';

const roster = verified();
const { origin } = roster.roster;
const commitment = new Uint8Array(32).fill(4);
const caseCommitment = new Uint8Array(32).fill(8);
const contact: Contact = { kind: 'details', telephone: '+44 20 7946 0000' };
const envelope = sealContactEnvelope(contact, {
  groupKey: decryptionKey.groupKey,
  codeKey: new Uint8Array(32).fill(5),
  commitment,
});
const context = { origin, force: 'force-a', commitment };

/** A signer of force-a, or of whatever force the credential names; another person for each pseudonym. */
async function signerOf(
  pseudonym: string,
  key: SigningKey,
  changes: { force?: string; now?: number; person?: string } = {},
) {
  const now = changes.now ?? NOON - 3600;
  const { forceCredential } = await officerSigner(changes.force === undefined ? {} : { forceId: changes.force });
  const officerCredential = await createOfficerCredential(force, {
    origin,
    force: changes.force ?? 'force-a',
    pseudonym,
    persons: officerPersons(force.seed, changes.person ?? pseudonym, { now }),
    publicKey: key.publicKey,
    rosterFingerprint: rosterFingerprint(formatRoster(smallRoster())),
    now,
  });
  return { key: createSigner(key), officerCredential, forceCredential } satisfies OfficerSigner;
}

const first = await officerSigner();
const secondKey = createSigningKey();
const second = await signerOf('p-22bb', secondKey);

const details: OpeningDetails = {
  commitment,
  epoch: 1,
  envelopeHash: contactEnvelopeHash(envelope),
  match: 17,
  reason: 'returnProperty',
  explanation: sealExplanation('Found in a van.', forceExchange.publicKey, context),
  expiresAt: NOON + OPENING_SECONDS,
};

async function ask(by = first, of = details, changes: Partial<Parameters<typeof signOfficerRequest>[1]> = {}) {
  return signOfficerRequest(by, {
    purpose: 'opening',
    content: [openingHash(origin, of)],
    caseCommitment,
    roster,
    epochs: [1],
    now: NOON,
    ...changes,
  });
}

async function approve(
  by: OfficerSigner,
  id: Uint8Array,
  changes: Partial<Parameters<typeof signOfficerRequest>[1]> = {},
) {
  return signOfficerRequest(by, {
    purpose: 'approval',
    content: [id],
    caseCommitment,
    roster,
    epochs: [1],
    now: NOON,
    ...changes,
  });
}

const asked = await ask();
const id = openingId(origin, details, asked);
const approval = await approve(second, id);
const opening = { details, first: asked, second: approval, envelope };
const verify = async (changes: Partial<typeof opening> = {}, now = NOON) =>
  verifyOpening({ ...opening, ...changes }, { roster, now });

describe('an opening', () => {
  it('says who asked, who approved, why, for which case and until when', async () => {
    const result = await verify();
    expect(result.id).toEqual(id);
    expect(result.force.id).toBe('force-a');
    expect([result.first, result.second].map(({ officer }) => officer.pseudonym)).toEqual(['p-7f3a', 'p-22bb']);
    expect(result.caseCommitment).toEqual(caseCommitment);
    expect(result.epoch.epoch).toBe(1);
    expect(id).toEqual(labelledHash('opening-id', authorizationHash(asked), openingHash(origin, details)));
  });

  it('stays good until it expires, approved within that time', async () => {
    const late = NOON + OPENING_SECONDS - 60;
    await expect(verify({ second: await approve(second, id, { now: late }) }, late)).resolves.toBeDefined();
    const longest = { ...details, expiresAt: NOON + MAX_OPENING_SECONDS };
    const request = await ask(first, longest, { validSeconds: MAX_OPENING_SECONDS });
    await expect(
      verifyAskedOpening({ details: longest, first: request }, { roster, now: NOON }),
    ).resolves.toBeDefined();
  });

  it('has one entry in the log, which names neither registration nor case', async () => {
    const mark = markHash(new Uint8Array(32).fill(6), commitment);
    const entry = openingEntry(await verify(), mark, 500_000);
    expect(entry).toEqual({
      kind: 'opening',
      hour: 500_000,
      request: labelledHash('opening-request', id),
      mark,
      caseCommitment,
      force: 'force-a',
      first: 'p-7f3a',
      second: 'p-22bb',
    });
    expect(parseLogEntry(formatLogEntry(entry))).toEqual(entry);
  });

  it('has a wire form', () => {
    const wire = JSON.parse(JSON.stringify(formatMessage(openingDetailsSchema, details))) as unknown;
    expect(parseMessage(openingDetailsSchema, wire)).toEqual(details);
  });
});

describe('the hash of what is asked for', () => {
  it('is another for each other field, or registry', () => {
    const reference = openingHash(origin, details);
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const changed = fc
      .record(
        {
          commitment: bytes(32),
          epoch: fc.integer({ min: 2, max: 2 ** 31 - 1 }),
          envelopeHash: bytes(32),
          match: fc.integer({ min: 18, max: 2 ** 47 }),
          reason: fc.constantFrom('suspectedTheft' as const, 'safety' as const, 'courtOrder' as const),
          explanation: bytes(details.explanation.length),
          expiresAt: fc.integer({ min: 0, max: NOON }),
        },
        { requiredKeys: [] },
      )
      .filter((changes) => Object.keys(changes).length > 0);
    fc.assert(
      fc.property(changed, (changes) => {
        expect(openingHash(origin, { ...details, ...changes })).not.toEqual(reference);
      }),
    );
    expect(openingHash('registry.example2', details)).not.toEqual(reference);
  });
});

describe('what the first officer asks for', () => {
  it.each<[string, Partial<OpeningDetails>]>([
    ['commitment', { commitment: new Uint8Array(32) }],
    ['envelope', { envelopeHash: new Uint8Array(32) }],
    ['match', { match: 18 }],
    ['reason', { reason: 'courtOrder' }],
    ['explanation', { explanation: new Uint8Array(details.explanation.length) }],
  ])('is refused with another %s than was signed', async (_, change) => {
    await expect(verify({ details: { ...details, ...change } })).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused with another time of expiry than its request has', async () => {
    const longer = { ...details, expiresAt: details.expiresAt + 1 };
    await expect(verify({ details: longer })).rejects.toThrow(refusal('badSignature'));
    // Signed so, by an officer who wants more time than the request is valid for.
    await expect(verify({ details: longer, first: await ask(first, longer) })).rejects.toThrow(
      refusal('badSignature', 'request'),
    );
  });

  it('is refused once it has expired', async () => {
    await expect(verify({}, details.expiresAt + CLOCK_TOLERANCE + 1)).rejects.toThrow(
      refusal('openingExpired', 'expiresAt'),
    );
  });

  it('is refused for longer than a day', async () => {
    const long = { ...details, expiresAt: NOON + MAX_OPENING_SECONDS + 1 };
    const request = await ask(first, long, { validSeconds: MAX_OPENING_SECONDS + 1 });
    await expect(verify({ details: long, first: request })).rejects.toThrow(refusal('credentialExpired', 'request'));
  });

  it('is refused under an epoch that is not live, or was not signed', async () => {
    const other = { ...details, epoch: 2 };
    await expect(verify({ details: other, first: await ask(first, other) })).rejects.toThrow(
      refusal('wrongEpoch', 'epochs'),
    );
    await expect(verify({ first: await ask(first, details, { epochs: [2] }) })).rejects.toThrow(
      refusal('badSignature', 'request'),
    );
  });

  it('is refused for another purpose', async () => {
    const request = await signOfficerRequest(first, {
      purpose: 'approval',
      content: [openingHash(origin, details)],
      caseCommitment,
      roster,
      epochs: [1],
      now: NOON,
      validSeconds: OPENING_SECONDS,
    });
    await expect(verify({ first: request })).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused once the officer’s credential has expired', async () => {
    const early = await officerSigner({ officerIssued: NOON - 11 * 3600 });
    const request = await ask(early);
    const later = NOON + 2 * 3600;
    const newId = openingId(origin, details, request);
    await expect(
      verify({ first: request, second: await approve(second, newId, { now: later }) }, later),
    ).rejects.toThrow(refusal('credentialExpired', 'officerCredential'));
  });

  it('is refused with any byte of its signature, claims or header changed', async () => {
    for (const [, request] of flippedJws(asked.request).filter((_, i) => i % 7 === 0)) {
      await expect(verify({ first: { ...asked, request } })).rejects.toThrow(refusal('badSignature'));
    }
  });
});

describe('the approval', () => {
  it('is refused by the officer who asked', async () => {
    await expect(verify({ second: await approve(first, id) })).rejects.toThrow(refusal('sameOfficer'));
    await expect(verify({ second: asked })).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused by one person with two keys under one pseudonym, or two pseudonyms of one key', async () => {
    const samePseudonym = await signerOf('p-7f3a', secondKey);
    await expect(verify({ second: await approve(samePseudonym, id) })).rejects.toThrow(refusal('sameOfficer'));
    const sameKey = await signerOf('p-other', first.key);
    await expect(verify({ second: await approve(sameKey, id) })).rejects.toThrow(refusal('sameOfficer'));
  });

  it('is refused by one person with two credentials, however the force wrote the name', async () => {
    for (const person of ['officer 7f3a', 'OFFICER 7F3A ', 'officer7f3a']) {
      const reissued = await signerOf('p-44dd', createSigningKey(), { person });
      await expect(verify({ second: await approve(reissued, id) })).rejects.toThrow(refusal('sameOfficer', 'request'));
    }
  });

  it('is refused by one person on either side of midnight, with the new day’s pseudonym', async () => {
    const midnight = NOON + 12 * 3600;
    const [before, after] = [midnight - 1800, midnight + 600];
    const person = 'officer 9';
    const evening = await signerOf('p-mon', createSigningKey(), { now: midnight - 4 * 3600, person });
    const asking = { ...details, expiresAt: before + OPENING_SECONDS };
    const request = await ask(evening, asking, { now: before, validSeconds: OPENING_SECONDS });
    const opening = { details: asking, first: request, envelope };
    const approval = async (by: OfficerSigner) => approve(by, openingId(origin, asking, request), { now: after });
    const night = await signerOf('p-tue', createSigningKey(), { now: midnight + 61, person });
    await expect(verifyOpening({ ...opening, second: await approval(night) }, { roster, now: after })).rejects.toThrow(
      refusal('sameOfficer', 'request'),
    );
    const colleague = await signerOf('p-tue', createSigningKey(), { now: midnight + 61 });
    await expect(
      verifyOpening({ ...opening, second: await approval(colleague) }, { roster, now: after }),
    ).resolves.toBeDefined();
  });

  it('is refused by an officer of another force', async () => {
    const forces = [...smallRoster().forces, { ...smallRoster().forces[0], id: 'force-b' }] as ReturnType<
      typeof smallRoster
    >['forces'];
    const wider = verified(smallRoster({ forces }));
    const request = await ask(first, details, { roster: wider });
    const stranger = await signerOf('p-b', createSigningKey(), { force: 'force-b' });
    const second2 = await approve(stranger, openingId(origin, details, request), { roster: wider });
    await expect(
      verifyOpening({ ...opening, first: request, second: second2 }, { roster: wider, now: NOON }),
    ).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused for another case', async () => {
    const other = await approve(second, id, { caseCommitment: new Uint8Array(32) });
    await expect(verify({ second: other })).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused for another opening, or another request for the same', async () => {
    await expect(verify({ second: await approve(second, new Uint8Array(32)) })).rejects.toThrow(
      refusal('badSignature', 'request'),
    );
    await expect(verify({ first: await ask() })).rejects.toThrow(refusal('badSignature', 'request'));
  });

  it('is refused under another epoch or purpose', async () => {
    await expect(verify({ second: await approve(second, id, { epochs: [1, 2] }) })).rejects.toThrow(
      refusal('badSignature', 'request'),
    );
    await expect(verify({ second: await approve(second, id, { purpose: 'opening' }) })).rejects.toThrow(
      refusal('badSignature', 'request'),
    );
  });

  it('is refused after five minutes, or with an expired credential', async () => {
    const later = NOON + REQUEST_SECONDS + CLOCK_TOLERANCE + 1;
    await expect(verify({}, later)).rejects.toThrow(refusal('credentialExpired', 'request'));
    const tired = await signerOf('p-33', createSigningKey(), { now: NOON - 13 * 3600 });
    await expect(verify({ second: await approve(tired, id) })).rejects.toThrow(
      refusal('credentialExpired', 'officerCredential'),
    );
  });

  it('can be made by a third officer where the second’s is not at hand', async () => {
    const context1 = { roster, now: NOON };
    const known = await verifyAskedOpening({ details, first: asked }, context1);
    const third = await signerOf('p-33cc', createSigningKey());
    const result = await verifyApproval(known, await approve(third, id), context1);
    expect(result.second.officer.pseudonym).toBe('p-33cc');
  });
});

describe('the envelope', () => {
  it('is refused unless it is the one that was asked for', async () => {
    const other = sealContactEnvelope(contact, {
      groupKey: decryptionKey.groupKey,
      codeKey: new Uint8Array(32).fill(5),
      commitment,
    });
    await expect(verify({ envelope: other })).rejects.toThrow(refusal('badEnvelope', 'envelopeHash'));
  });

  it('is refused when it was made for another registration, however it is asked for', async () => {
    const other = { ...details, commitment: new Uint8Array(32).fill(9) };
    const request = await ask(first, other);
    const approved = await approve(second, openingId(origin, other, request));
    await expect(verify({ details: other, first: request, second: approved })).rejects.toThrow(
      refusal('badEnvelope', 'contactEnvelope'),
    );
  });

  it('is refused with any byte changed, though it was asked for just so', () => {
    fc.assert(
      fc.property(fc.nat(envelope.length - 1), fc.nat(7), (at, bit) => {
        const changed = envelope.with(at, (envelope[at] as number) ^ (1 << bit));
        const { code } = refusalOf(() => {
          checkOpeningEnvelope({ ...details, envelopeHash: contactEnvelopeHash(changed) }, changed);
        });
        expect(['badEnvelope', 'badElement']).toContain(code);
      }),
    );
  });
});

describe('an explanation', () => {
  it('opens for the force alone, for its registration, and has one length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const box = sealExplanation(text, forceExchange.publicKey, context);
        expect(box).toHaveLength(details.explanation.length);
        expect(openExplanation(forceExchange, box, context)).toBe(text);
      }),
    );
    const { explanation: box } = details;
    for (const other of [{ origin: 'o' }, { force: 'force-b' }, { commitment: caseCommitment }]) {
      expect(() => openExplanation(forceExchange, box, { ...context, ...other })).toThrow(refusal('badEnvelope'));
    }
    expect(() => openExplanation(createExchangeKey(), box, context)).toThrow(refusal('badEnvelope'));
  });

  it.each([
    ['as long as allowed', 'ü'.repeat(MAX_EXPLANATION_BYTES / 2), true],
    ['empty', '', true],
    ['too long', 'x'.repeat(MAX_EXPLANATION_BYTES + 1), false],
    ['too long once it is UTF-8', 'ü'.repeat(MAX_EXPLANATION_BYTES / 2 + 1), false],
    ['with control characters', 'a\u001b[2J', false],
  ])('may be or may not be %s', (_, text, allowed) => {
    const seal = () => sealExplanation(text, forceExchange.publicKey, context);
    if (allowed) expect(openExplanation(forceExchange, seal(), context)).toBe(text);
    else expect(seal).toThrow(refusal('badInput', 'explanation'));
  });

  it.each([
    ['no text', new Uint8Array(1024).fill(0xff)],
    ['control characters', Uint8Array.from([0, 0, 0, 1, 27, ...new Uint8Array(1019)])],
    ['nothing', new Uint8Array()],
    ['no UTF-8', Uint8Array.from([0, 0, 0, 1, 0xff, ...new Uint8Array(1019)])],
  ])('is refused when it holds %s', (_, plaintext) => {
    const data = labelledHash('explanation', origin, 'force-a', commitment);
    const box = sealTo(forceExchange.publicKey, plaintext, data);
    expect(() => openExplanation(forceExchange, box, context)).toThrow(refusal('badEnvelope', 'explanation'));
  });

  it('shows nothing of its text', () => {
    expect(Buffer.from(details.explanation).includes('van')).toBe(false);
  });
});
