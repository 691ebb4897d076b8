/**
 * Openings: an officer with a hit asks for the keeper's contact, a colleague approves, and the guardians' parts open it together
 * with the code's key, on the officer's own machine.
 */
import { equalBytes, formatBase64url, randomBytes, type RandomSource } from '../crypto/bytes.ts';
import type { Checkpoint } from '../crypto/checkpoint.ts';
import { contactEnvelopeHash, openContactEnvelope, verifyContactEnvelope } from '../crypto/contact-envelope.ts';
import type { Contact } from '../crypto/contact.ts';
import type { OfficerFile } from '../crypto/credential-files.ts';
import { isSameOfficer, verifyOfficerCredential } from '../crypto/credential.ts';
import { badInput, BlindmarkError } from '../crypto/errors.ts';
import type { LoggedEntry } from '../crypto/log-proof.ts';
import {
  caseCommitment,
  OPENING_SECONDS,
  REQUEST_SECONDS,
  signOfficerRequest,
  type OfficerAuthorization,
  type OfficerSigner,
  type Purpose,
} from '../crypto/officer-request.ts';
import {
  openingHash,
  openingId,
  sealExplanation,
  verifyAskedOpening,
  type AskedOpening,
  type OpeningDetails,
  type Reason,
} from '../crypto/opening.ts';
import type { RegistrationRow } from '../crypto/registration.ts';
import { relayBoxHash, sealRelayMessage, type RelayMessage } from '../crypto/relay-message.ts';
import type { VerifiedRoster } from '../crypto/roster.ts';
import {
  approvalRequestSchema,
  openingAskedSchema,
  openingReplySchema,
  openingRequestSchema,
  relayReplySchema,
  relayRequestSchema,
  type OpeningReply,
  type OpeningState,
} from '../crypto/wire-openings.ts';
import type { Fault } from '../crypto/wire.ts';
import { connectOfficer, officerKey } from './officer.ts';
import { combineParts, readOpening, verifyApprovedReply, verifyAskedReply, verifyOpeningLogged } from './opened.ts';
import { formatOpeningToken, parseOpeningToken, type OpeningToken } from './opening-token.ts';
import type { ConnectOptions, Registry } from './registry.ts';

/** A hit whose keeper is to be reached: what a lookup's case file keeps of it. */
export interface OpenableHit {
  readonly caseReference: string;
  readonly caseSalt: Uint8Array;
  readonly lookupTag: Uint8Array;
  readonly codeKey: Uint8Array;
  /** Verified when it was looked up. */
  readonly row: RegistrationRow;
  /** Whose index in the log the opening names. */
  readonly match: { readonly logged: Pick<LoggedEntry, 'index'> };
}

/** Why a contact is asked for. */
export interface OpeningRequest {
  readonly reason: Reason;
  /** For the force's own records: sealed to its key. Needed with the reason `other`. */
  readonly explanation?: string | undefined;
  /** How long a colleague may approve it, in seconds; default: four hours, at most a day. */
  readonly validSeconds?: number | undefined;
}

/** An opening that waits for a colleague. */
export interface AskedFor {
  /** For the colleague who is to approve, and for the first officer to fetch what comes of it. */
  readonly token: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** What a colleague sees before approving. Verified: it is just what the first officer signed, for the case that was named. */
export interface OpeningToApprove {
  readonly token: OpeningToken;
  readonly status: OpeningState;
  readonly reason: Reason;
  readonly force: string;
  /** The first officer's pseudonym. */
  readonly askedBy: string;
  /** Index of the match's entry in the log. */
  readonly match: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly asked: AskedOpening;
}

/** The log's entry of an opening, verified. */
export interface LoggedOpening {
  /** Index of the entry. */
  readonly entry: number;
  /** Whole hours since 1970. */
  readonly hour: number;
  /** The signed note, with at least t cosignatures. */
  readonly checkpoint: string;
  /** Pseudonyms. */
  readonly first: string;
  readonly second: string;
}

/** How far an opening is; with the contact once it is opened. */
export type OpeningOutcome =
  | { readonly status: Exclude<OpeningState, 'opened'>; readonly expiresAt: number; readonly faults: readonly Fault[] }
  | {
      readonly status: 'opened';
      readonly contact: Contact;
      readonly logged: LoggedOpening;
      readonly faults: readonly Fault[];
    };

/** One officer's openings at one registry. */
export class Openings {
  readonly registry: Registry;
  readonly #signer: OfficerSigner;
  readonly #random: RandomSource;

  constructor(registry: Registry, signer: OfficerSigner, random: RandomSource = randomBytes) {
    this.registry = registry;
    this.#signer = signer;
    this.#random = random;
  }

  /** Connects with what an `officer.json` says. */
  static async connect(
    file: OfficerFile,
    options: Omit<ConnectOptions, 'rosterFingerprint' | 'allowTestRoster'> = {},
  ): Promise<Openings> {
    const { registry, signer } = await connectOfficer(file, officerKey(file), options);
    return new Openings(registry, signer);
  }

  /**
   * Asks for the contact of a hit's keeper. Nothing is opened before a colleague approves.
   *
   * @throws BlindmarkError `badInput`; `badEnvelope` where the keeper left no contact, or one that can't be opened; `notMatched`,
   *   `quotaExceeded` and other refusals of the registry
   */
  async ask(hit: OpenableHit, request: OpeningRequest, signal?: AbortSignal): Promise<AskedFor> {
    const { reason, explanation = '', validSeconds = OPENING_SECONDS } = request;
    if (reason === 'other' && explanation.trim() === '') throw badInput('explanation', 'a text, with the reason other');
    const envelope = contactEnvelopeOf(hit);
    verifyContactEnvelope(envelope, hit.row.commitment);
    return this.registry.underCurrentRoster(async (roster) => {
      const { origin } = roster.roster;
      const { commitment, epoch } = hit.row;
      const { force } = await verifyOfficerCredential(this.#signer, roster.roster, this.registry.now());
      const now = this.registry.now();
      const context = { origin, force: force.id, commitment };
      const details: OpeningDetails = {
        commitment,
        epoch,
        envelopeHash: contactEnvelopeHash(envelope),
        match: hit.match.logged.index,
        reason,
        explanation: sealExplanation(explanation, force.exchangeKey, context, this.#random),
        expiresAt: now + validSeconds,
      };
      const authorization = await this.#sign('opening', [openingHash(origin, details)], {
        caseCommitment: caseCommitmentOf(hit),
        roster,
        epoch,
        now,
        validSeconds,
      });
      const asked = { details, lookupTag: hit.lookupTag, authorization };
      const schemas = { body: openingRequestSchema, reply: openingAskedSchema };
      const reply = await this.registry.post('/v1/openings', schemas, asked, signal);
      const id = openingId(origin, details, authorization);
      if (!equalBytes(reply.id, id)) throw new BlindmarkError('badReply', 'The registry calls the opening otherwise');
      return { token: formatOpeningToken({ id, caseSalt: hit.caseSalt }), expiresAt: details.expiresAt };
    }, signal);
  }

  /**
   * Fetches an opening that a colleague asked for, and verifies that it is for this case and that the colleague signed it.
   *
   * @param token what the colleague handed over
   * @param caseReference from one's own knowledge of the case, not from the colleague's message
   * @throws BlindmarkError `badInput` naming `case` when it was asked for another case; `sameOfficer` for one's own opening;
   *   `openingExpired`, `notFound`, `badSignature`
   */
  async inspect(token: string, caseReference: string, signal?: AbortSignal): Promise<OpeningToApprove> {
    const parsed = parseOpeningToken(token);
    return this.registry.underCurrentRoster(async (roster) => {
      const now = this.registry.now();
      const reply = await readOpening(this.registry, parsed.id, signal);
      const asked =
        reply.status === 'pending'
          ? await verifyAskedOpening(reply, { roster, now })
          : await verifyAskedReply(reply, parsed.id, this.registry.rosters);
      if (!equalBytes(asked.id, parsed.id)) {
        throw new BlindmarkError('badReply', 'The registry answered for another opening', { field: 'id' });
      }
      if (!equalBytes(asked.caseCommitment, caseCommitment(parsed.caseSalt, caseReference))) {
        throw new BlindmarkError('badInput', 'case: the opening was asked for another case', {
          field: 'case',
          remedy: 'Compare the case reference with the officer who asked. Approve nothing that you cannot account for.',
        });
      }
      await this.#checkColleague(asked, roster);
      const { reason, match, expiresAt } = asked.details;
      return {
        token: parsed,
        status: reply.status,
        reason,
        force: asked.force.id,
        askedBy: asked.first.officer.pseudonym,
        match,
        expiresAt,
        asked,
      };
    }, signal);
  }

  /**
   * Approves what was inspected. The registry logs it, and the guardians answer the first officer.
   *
   * @returns the log's entry; null when it is approved and too few guardians have answered yet
   * @throws BlindmarkError `sameOfficer`, `openingExpired` also when it was opened and its time is over, `openingNotPending`, `credentialRevoked`, `guardiansUnavailable`
   */
  async approve({ asked }: OpeningToApprove, signal?: AbortSignal): Promise<LoggedOpening | null> {
    const { id, details } = asked;
    return this.registry.underCurrentRoster(async (roster) => {
      const now = this.registry.now();
      const authorization = await this.#sign('approval', [id], {
        caseCommitment: asked.caseCommitment,
        roster,
        epoch: details.epoch,
        now,
        // As long as the opening: guardians that do not answer now are asked again.
        validSeconds: Math.max(REQUEST_SECONDS, details.expiresAt - now),
      });
      const schemas = { body: approvalRequestSchema, reply: openingReplySchema };
      const path = `/v1/openings/${formatBase64url(id)}/approvals`;
      const reply = await this.registry.post(path, schemas, { authorization }, signal);
      this.#checkTime(reply);
      if (reply.result === null) return null;
      const { opening, roster: under } = await verifyApprovedReply(reply, id, this.registry.rosters);
      return this.#logged(reply.result, opening, under).logged;
    }, signal);
  }

  /**
   * Fetches what came of an opening and, once it is opened and until its time is over, opens the contact.
   *
   * @param token what {@link ask} returned
   * @param hit the one that it was asked for
   * @throws BlindmarkError `badInput` for another hit's token; `notLogged`, `badProof`, `badCheckpoint` for a reply that does not
   *   hold; `guardiansUnavailable`; `badEnvelope`; `openingExpired` when it was opened and its time is over
   */
  async contact(token: string, hit: OpenableHit, signal?: AbortSignal): Promise<OpeningOutcome> {
    const { id } = parseOpeningToken(token);
    // Officers may have signed under a roster that came into force meanwhile.
    return this.registry.underCurrentRoster(async () => {
      const reply = await readOpening(this.registry, id, signal);
      checkHit(reply, hit);
      return this.#outcome(id, reply, hit);
    }, signal);
  }

  /**
   * Index of the match's entry that an opening is of: finds its hit in a case file.
   *
   * @throws BlindmarkError `notFound`
   */
  async matchOf(token: string, signal?: AbortSignal): Promise<number> {
    const { details } = await readOpening(this.registry, parseOpeningToken(token).id, signal);
    return details.match;
  }

  /**
   * Leaves a message for a keeper who gave no other way to be reached.
   *
   * @param contact what {@link contact} opened
   * @returns `again` when this very message was left before
   * @throws BlindmarkError `badInput` for a contact that has details; `quotaExceeded` when too many messages wait
   */
  async leaveMessage(
    token: string,
    hit: OpenableHit,
    contact: Contact,
    message: RelayMessage,
    signal?: AbortSignal,
  ): Promise<'left' | 'again'> {
    const { id } = parseOpeningToken(token);
    if (contact.kind !== 'relay') throw badInput('message', 'a keeper who is reached by messages alone');
    const { exchangeKey } = contact;
    return this.registry.underCurrentRoster(async (roster) => {
      const context = { origin: roster.roster.origin, opening: id };
      const box = sealRelayMessage(message, exchangeKey, context, this.#random);
      const authorization = await this.#sign('message', [id, relayBoxHash(box)], {
        caseCommitment: caseCommitmentOf(hit),
        roster,
        epoch: hit.row.epoch,
        now: this.registry.now(),
      });
      const schemas = { body: relayRequestSchema, reply: relayReplySchema };
      const path = `/v1/openings/${formatBase64url(id)}/messages`;
      return (await this.registry.post(path, schemas, { authorization, box }, signal)).result;
    }, signal);
  }

  async #outcome(id: Uint8Array, reply: OpeningReply, hit: OpenableHit): Promise<OpeningOutcome> {
    const { status, details, result, faults } = reply;
    if (result === null || status !== 'opened') {
      await verifyAskedReply(reply, id, this.registry.rosters);
      this.#checkTime(reply);
      return { status: status === 'opened' ? 'approved' : status, expiresAt: details.expiresAt, faults };
    }
    const { opening, roster } = await verifyApprovedReply(reply, id, this.registry.rosters);
    const { checkpoint, logged } = this.#logged(result, opening, roster);
    const envelope = contactEnvelopeOf(hit);
    const parts = combineParts(result, envelope, checkpoint, { opening, roster });
    const { codeKey, row } = hit;
    const contact = openContactEnvelope(envelope, { shared: parts.shared, codeKey, commitment: row.commitment });
    return { status, contact, logged, faults: [...faults, ...parts.faults] };
  }

  /** What guardians answered is handed out until an opening's end, and no longer. */
  #checkTime({ status, details, result }: OpeningReply): void {
    if (status !== 'opened' || result !== null || this.registry.now() <= details.expiresAt) return;
    throw new BlindmarkError('openingExpired', 'The contact was opened, and the time for reading it is over', {
      field: 'token',
      remedy: 'Ask for it again, and have a colleague approve it.',
    });
  }

  /** The result's checkpoint and entry, verified. A result is kept, so its checkpoint may be older than what was seen since. */
  #logged(
    result: NonNullable<OpeningReply['result']>,
    opening: Parameters<typeof verifyOpeningLogged>[2],
    roster: VerifiedRoster,
  ): { checkpoint: Checkpoint; logged: LoggedOpening } {
    const checkpoint = this.registry.acceptEarlier(result.checkpoint, roster);
    const hour = verifyOpeningLogged(result, checkpoint, opening);
    const [first, second] = [opening.first, opening.second].map(({ officer }) => officer.pseudonym) as [string, string];
    return {
      checkpoint,
      logged: { entry: result.logged.index, hour, checkpoint: result.checkpoint, first, second },
    };
  }

  /** Says early what registry and guardians would refuse. */
  async #checkColleague(asked: AskedOpening, roster: VerifiedRoster): Promise<void> {
    const own = await verifyOfficerCredential(this.#signer, roster.roster, this.registry.now());
    if (own.force.id !== asked.force.id) {
      throw new BlindmarkError('badCredential', 'The opening was asked for by an officer of another force', {
        field: 'credential',
        remedy: 'Only an officer of the same force can approve it.',
      });
    }
    if (isSameOfficer(own, asked.first.officer)) {
      throw new BlindmarkError('sameOfficer', 'The officer who asked cannot approve', {
        field: 'credential',
        remedy: 'Have a colleague approve it, with a credential of that colleague’s own.',
      });
    }
  }

  async #sign(
    purpose: Purpose,
    content: readonly Uint8Array[],
    request: {
      readonly caseCommitment: Uint8Array;
      readonly roster: VerifiedRoster;
      readonly epoch: number;
      readonly now: number;
      readonly validSeconds?: number;
    },
  ): Promise<OfficerAuthorization> {
    const { epoch, ...rest } = request;
    return signOfficerRequest(this.#signer, { purpose, content, epochs: [epoch], ...rest }, this.#random);
  }
}

function caseCommitmentOf({ caseSalt, caseReference }: OpenableHit): Uint8Array {
  return caseCommitment(caseSalt, caseReference);
}

function contactEnvelopeOf({ row }: OpenableHit): Uint8Array {
  if (row.contactEnvelope !== null) return row.contactEnvelope;
  throw new BlindmarkError('badEnvelope', 'The keeper left no way to be reached', {
    field: 'contactEnvelope',
    remedy: 'What the registration says of the item is all there is.',
  });
}

function checkHit({ details }: OpeningReply, { row, match }: OpenableHit): void {
  const isOf =
    equalBytes(details.commitment, row.commitment) &&
    details.match === match.logged.index &&
    equalBytes(details.envelopeHash, contactEnvelopeHash(row.contactEnvelope ?? new Uint8Array()));
  if (!isOf) throw badInput('token', 'the token of an opening of this hit');
}
