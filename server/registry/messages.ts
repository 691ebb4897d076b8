/**
 * Messages for owners who are reached in no other way: an officer of an opened opening leaves one, sealed to the mark's key; the
 * owner fetches it, and has it erased.
 */
import type { Counter } from 'prom-client';
import { equalBytes } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { OFFICER_REQUEST_ERRORS, verifyOfficerRequest } from '../../crypto/officer-request.ts';
import {
  MAX_MESSAGES,
  MAX_MESSAGES_OF_OPENING,
  messagesHash,
  relayBoxHash,
  relayMessageId,
} from '../../crypto/relay-message.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { isSignature } from '../../crypto/signature.ts';
import {
  messagesReplySchema,
  messagesRequestSchema,
  relayReplySchema,
  relayRequestSchema,
  type RelayRequest,
} from '../../crypto/wire-openings.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { RevocationWatch } from '../revocations.ts';
import type { OpeningStore } from '../store/opening-store.ts';
import type { RegistryStore } from '../store/store.ts';
import { commitmentParams } from './actions.ts';
import { checkAge } from './history.ts';
import { formatAuthorization, parseAuthorization, stateOf } from './opening-record.ts';
import { findOpening, openingParams } from './openings.ts';
import { findOwn } from './owner-right.ts';

export interface MessageDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly openings: OpeningStore;
  readonly revocations: Pick<RevocationWatch, 'check'>;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly messages: Counter<'step'>;
}

function notOpened(): BlindmarkError {
  return new BlindmarkError('openingNotPending', 'Nobody has opened the contact', {
    field: 'id',
    remedy: 'Have another officer approve the opening, and leave the message then.',
  });
}

function full(): BlindmarkError {
  const wait = `${MAX_MESSAGES_OF_OPENING} messages of this opening, or ${MAX_MESSAGES} in all, wait for the owner already`;
  return new BlindmarkError('quotaExceeded', `${wait}; nothing was left`, {
    field: 'box',
    remedy: 'Leave it when the owner has fetched some.',
    retryAfter: 86_400,
  });
}

/** `POST /v1/openings/{id}/messages` */
export function relayRoute({ roster, openings, revocations, now, messages }: MessageDependencies): Route {
  const leave = async ({ authorization, box }: RelayRequest, id: Uint8Array): Promise<'left' | 'again'> => {
    const opening = await findOpening(openings, id);
    const at = now();
    const content = [id, relayBoxHash(box)];
    const { officer, claims } = await verifyOfficerRequest(authorization, {
      purpose: 'message',
      content,
      roster,
      now: at,
    });
    await revocations.check(officer, at);
    // The owner reads in the log which force opened the envelope for which case, and holds the message against it.
    if (officer.force.id !== opening.force || !equalBytes(claims.caseCommitment, opening.caseCommitment)) {
      throw new BlindmarkError('badSignature', 'The opening is another force’s, or of another case', {
        field: 'authorization.request',
      });
    }
    if (stateOf(opening, at) !== 'opened') throw notOpened();
    const result = await openings.addMessage({
      id: relayMessageId(id, box),
      opening: id,
      commitment: opening.details.commitment,
      receivedOn: new Date(at * 1000).toISOString().slice(0, 10),
      authorization: formatAuthorization(authorization),
      box,
    });
    if (result === 'full') throw full();
    if (result === 'notOpened') throw notOpened();
    return result === 'added' ? 'left' : 'again';
  };

  return defineRoute({
    method: 'post',
    path: '/v1/openings/{id}/messages',
    summary: 'Leaves a message for the keeper',
    description: `For an officer of the force that opened the contact, under the same case commitment: a message sealed to the mark’s key, for keepers who gave no other way to be reached. At most ${MAX_MESSAGES_OF_OPENING} of one opening wait, and ${MAX_MESSAGES} in all. Sent again, it is answered \`again\`.`,
    params: openingParams,
    body: relayRequestSchema,
    reply: relayReplySchema,
    errors: [
      ...OFFICER_REQUEST_ERRORS,
      'credentialRevoked',
      'revocationsStale',
      'notFound',
      'openingNotPending',
      'quotaExceeded',
      'storageFailed',
    ],
    handle: async ({ body, params: { id } }) => {
      const result = await leave(body, id);
      messages.inc({ step: result });
      return { result };
    },
  });
}

/** `POST /v1/registrations/{commitment}/messages` */
export function messagesRoute({ roster, store, openings, now, messages }: MessageDependencies): Route {
  const { origin } = roster.roster;
  return defineRoute({
    method: 'post',
    path: '/v1/registrations/{commitment}/messages',
    summary: 'Fetches messages for the keeper',
    description:
      'For the owner of this one registration, shown by lookup tag, public key and a signature of the last five minutes. Messages whose identifiers the request acknowledges are erased first; the others are answered, oldest first, as often as they are asked for. Somebody else’s registration, and one that does not exist, are answered `notFound`.',
    params: commitmentParams,
    body: messagesRequestSchema,
    reply: messagesReplySchema,
    errors: ['badSignature', 'credentialExpired', 'notFound', 'storageFailed'],
    handle: async ({ body, params: { commitment } }) => {
      const { issuedAt, acknowledged, ownerPublicKey, signature } = body;
      if (!isSignature(ownerPublicKey, messagesHash(origin, commitment, issuedAt, acknowledged), signature)) {
        throw new BlindmarkError('badSignature', 'The request is not signed by the key in it', { field: 'signature' });
      }
      checkAge(issuedAt, now());
      await findOwn(store, origin, commitment, body);
      if (acknowledged.length > 0) await openings.acknowledgeMessages(commitment, acknowledged);
      const waiting = await openings.listMessages(commitment);
      messages.inc({ step: 'fetched' }, waiting.length);
      return {
        messages: waiting.map(({ id, opening, receivedOn, authorization, box }) => ({
          id,
          opening,
          receivedOn,
          box,
          authorization: parseAuthorization(authorization),
        })),
      };
    },
  });
}
