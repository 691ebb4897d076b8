/**
 * A registry and its guardians played by hand, for unit tests of what officers and owners do about openings: it verifies
 * nothing, and says whatever a test wants it to say.
 */
import { randomBytes } from '../../crypto/bytes.ts';
import { cosignCheckpoint } from '../../crypto/checkpoint.ts';
import { contactElement, sealContactEnvelope } from '../../crypto/contact-envelope.ts';
import type { Contact } from '../../crypto/contact.ts';
import { decryptShare } from '../../crypto/decryption.ts';
import { delayedCommitment, formatLogEntry, hourOf, markHash, type LogEntry } from '../../crypto/log-entry.ts';
import type { DelayedFields } from '../../crypto/log-proof.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { caseCommitment, type OfficerAuthorization } from '../../crypto/officer-request.ts';
import { openingEntry, openingId, verifyOpening } from '../../crypto/opening.ts';
import { registrationCommitment, registrationIndex, signRow, type RegistrationRow } from '../../crypto/registration.ts';
import { relayMessageId } from '../../crypto/relay-message.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import {
  approvalRequestSchema,
  messagesReplySchema,
  messagesRequestSchema,
  openingAskedSchema,
  openingReplySchema,
  openingRequestSchema,
  relayReplySchema,
  relayRequestSchema,
  type GuardianDecryption,
  type MessagesReply,
  type MessagesRequest,
  type OpeningReply,
} from '../../crypto/wire-openings.ts';
import { rosterReplySchema } from '../../crypto/wire.ts';
import { Registry } from '../../client-sdk/registry.ts';
import type { Fixture } from '../support/fixture.ts';
import { createTestLog, type TestLog } from '../support/log.ts';
import type { KeyShare, SplitKey } from '../support/split-key.ts';

/** A registration that was looked up, with all its secrets. */
export interface KnownHit {
  readonly caseReference: string;
  readonly caseSalt: Uint8Array;
  readonly lookupTag: Uint8Array;
  readonly codeKey: Uint8Array;
  readonly row: RegistrationRow;
  readonly match: { readonly logged: { readonly index: number } };
  readonly secrets: { readonly signingKey: SigningKey; readonly exchangeKey: ReturnType<typeof createExchangeKey> };
  readonly commitment: Uint8Array;
}

/** What a test may have the registry say otherwise. */
export interface Lies {
  /** The reply about an opening, before it is sent. */
  reply?: (reply: OpeningReply) => OpeningReply | Promise<OpeningReply>;
  /** The opening's entry, before it is appended. */
  entry?: (entry: LogEntry) => LogEntry;
  /** Hides the entry for so many hours. */
  delayHours?: number;
  /** Which guardians answer; default: all. */
  guardians?: readonly number[];
  inbox?: (reply: MessagesReply) => MessagesReply;
}

export interface HandRegistry {
  readonly fixture: Fixture;
  readonly log: TestLog;
  readonly registry: Registry;
  readonly lies: Lies;
  /** Bodies of messages requests, as they came. */
  readonly fetched: MessagesRequest[];
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** A hit with a contact; of relay unless one is given. */
  readonly createHit: (contact?: Contact | null, caseReference?: string) => KnownHit;
}

/** A guardian's part under one of the fixture's keys, whatever it cosigned. */
export function partOf(
  keys: Fixture['keys'],
  guardian: number,
  envelope: Uint8Array,
  cosignature: Uint8Array,
): GuardianDecryption {
  const { secret, publicShare } = (keys.get(1) as SplitKey).shares[guardian - 1] as KeyShare;
  const { element, proof } = decryptShare(secret, publicShare, contactElement(envelope));
  return { guardian: `g${guardian}`, epoch: 1, element, proof, cosignature };
}

/** @param now epoch seconds of this moment; read each time */
export async function startHandRegistry(fixture: Fixture, now = () => fixture.now): Promise<HandRegistry> {
  const log = createTestLog(fixture);
  const lies: Lies = {};
  const fetched: MessagesRequest[] = [];
  const asked: string[] = [];
  const envelopes = new Map<string, Uint8Array>();
  const openings = new Map<string, OpeningReply>();
  const messages: MessagesReply['messages'] = [];
  const { roster } = fixture;

  const createHit = (contact?: Contact | null, caseReference = 'CR/1/26'): KnownHit => {
    const [lookupTag, codeKey, salt, caseSalt] = [0, 1, 2, 3].map(() => randomBytes(32)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const secrets = { signingKey: createSigningKey(), exchangeKey: createExchangeKey() };
    const commitment = registrationCommitment(salt, lookupTag, secrets.signingKey.publicKey);
    const groupKey = roster.roster.epochs[0]?.decryption.groupKey as Uint8Array;
    const relay: Contact = { kind: 'relay', exchangeKey: secrets.exchangeKey.publicKey };
    const contactEnvelope =
      contact === null ? null : sealContactEnvelope(contact ?? relay, { groupKey, codeKey, commitment });
    if (contactEnvelope !== null) envelopes.set(commitment.join(), contactEnvelope);
    const row = signRow(
      fixture.origin,
      {
        index: registrationIndex(fixture.origin, lookupTag),
        salt,
        commitment,
        itemEnvelope: randomBytes(512),
        contactEnvelope,
        status: 'stolen',
        version: 1,
        epoch: 1,
        registeredOn: '2026-11-24',
      },
      secrets.signingKey,
    );
    const index = log.append({ kind: 'match', hour: hourOf(now()), mark: randomBytes(32), lookup: 0 });
    const match = { logged: { index } };
    return { caseReference, caseSalt, lookupTag, codeKey, row, match, secrets, commitment };
  };

  const approve = async (reply: OpeningReply, second: OfficerAuthorization): Promise<OpeningReply> => {
    const { details, first } = reply;
    const envelope = envelopes.get(details.commitment.join()) as Uint8Array;
    const verified = await verifyOpening({ details, first, second, envelope }, { roster, now: now() });
    const markSalt = randomBytes(32);
    const entry = openingEntry(verified, markHash(markSalt, details.commitment), hourOf(now()));
    const plain = lies.entry?.(entry) ?? entry;
    let delayed: DelayedFields = null;
    let appended: LogEntry = plain;
    if (lies.delayHours !== undefined) {
      delayed = { salt: randomBytes(32), plain: formatLogEntry(plain) };
      const { hour } = plain;
      const commitment = delayedCommitment(delayed.salt, delayed.plain);
      appended = { kind: 'delayed', of: 'opening', hour, commitment, revealBy: hour + lies.delayHours };
    }
    const index = log.append(appended);
    const numbers = lies.guardians ?? roster.roster.guardians.map((guardian) => guardian.index);
    const decryptions = numbers.map((number) => {
      const cosignature = cosignCheckpoint(log.head(), fixture.witnesses[number - 1] as SigningKey, now());
      return partOf(fixture.decryptionKeys, number, envelope, cosignature);
    });
    const result = { decryptions, checkpoint: log.note({ at: now() }), logged: log.logged(index), markSalt, delayed };
    return { ...reply, status: 'opened', second, result };
  };

  const routes: [pattern: RegExp, answer: (body: unknown, id: string) => Promise<unknown>][] = [
    [
      /^\/v1\/roster$/u,
      async () =>
        formatMessage(rosterReplySchema, {
          chain: [...fixture.chain],
          log: { checkpoint: log.note({ at: now() }), logged: log.logged(0) },
        }),
    ],
    [
      /^\/v1\/openings$/u,
      async (body) => {
        const { details, authorization: first } = parseMessage(openingRequestSchema, body);
        const id = openingId(fixture.origin, details, first);
        const name = Buffer.from(id).toString('base64url');
        openings.set(name, { status: 'pending', details, first, second: null, result: null, faults: [] });
        return formatMessage(openingAskedSchema, { id, expiresAt: details.expiresAt });
      },
    ],
    [
      /^\/v1\/openings\/([\w-]{43})$/u,
      async (_, id) => {
        const reply = openings.get(id) as OpeningReply;
        return formatMessage(openingReplySchema, (await lies.reply?.(reply)) ?? reply);
      },
    ],
    [
      /^\/v1\/openings\/([\w-]{43})\/approvals$/u,
      async (body, id) => {
        const reply = await approve(
          openings.get(id) as OpeningReply,
          parseMessage(approvalRequestSchema, body).authorization,
        );
        openings.set(id, reply);
        return formatMessage(openingReplySchema, (await lies.reply?.(reply)) ?? reply);
      },
    ],
    [
      /^\/v1\/openings\/([\w-]{43})\/messages$/u,
      async (body, id) => {
        const { authorization, box } = parseMessage(relayRequestSchema, body);
        const opening = new Uint8Array(Buffer.from(id, 'base64url'));
        messages.push({ id: relayMessageId(opening, box), opening, receivedOn: '2026-11-25', box, authorization });
        return formatMessage(relayReplySchema, { result: 'left' });
      },
    ],
    [
      /^\/v1\/registrations\/([\w-]{43})\/messages$/u,
      async (body) => {
        fetched.push(parseMessage(messagesRequestSchema, body));
        const reply = { messages };
        return formatMessage(messagesReplySchema, lies.inbox?.(reply) ?? reply);
      },
    ],
  ];

  const answer = async (url: string, body: string | undefined): Promise<Response> => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    for (const [pattern, handle] of routes) {
      const found = pattern.exec(pathname);
      if (found !== null) {
        return Response.json(await handle(body === undefined ? undefined : JSON.parse(body), found[1] ?? ''));
      }
    }
    throw new Error(`nobody answers at ${pathname}`);
  };

  const registry = await Registry.connect('http://127.0.0.1:1', {
    rosterFingerprint: fixture.fingerprint,
    allowTestRoster: true,
    now,
    retry: { attempts: 1 },
    fetch: async (url, init) => answer(url as string, init?.body as string | undefined),
  });
  return { fixture, log, registry, lies, fetched, asked, createHit };
}

/** The case commitment of a hit's lookup. */
export function commitmentOfCase({ caseSalt, caseReference }: KnownHit): Uint8Array {
  return caseCommitment(caseSalt, caseReference);
}
