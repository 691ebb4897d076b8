/** Messages that officers have left for an owner, at the registry and sealed: fetched, opened and verified. */
import { formatBase64url } from '../crypto/bytes.ts';
import { isBlindmarkError } from '../crypto/errors.ts';
import { verifyOfficerRequest } from '../crypto/officer-request.ts';
import type { MarkSecrets } from '../crypto/owner-keys.ts';
import {
  messagesHash,
  openRelayMessage,
  relayBoxHash,
  relayMessageId,
  type RelayMessage,
} from '../crypto/relay-message.ts';
import { sign } from '../crypto/signature.ts';
import { messagesReplySchema, messagesRequestSchema, type MessagesReply } from '../crypto/wire-openings.ts';
import { signedUnder } from './past-request.ts';
import type { Registry } from './registry.ts';

/** A message that an officer of the roster signed, for an opening of this registration's contact. */
export interface OwnerMessage extends RelayMessage {
  /** 32 bytes: what is acknowledged. */
  readonly id: Uint8Array;
  /** Calendar date, `YYYY-MM-DD`. */
  readonly receivedOn: string;
  readonly force: string;
  /** The force's name in the roster. */
  readonly forceName: string;
  /** The officer's pseudonym. */
  readonly officer: string;
  /** 32 bytes: the opening's entry in the log has the same. */
  readonly caseCommitment: Uint8Array;
}

/** What waits for an owner. */
export interface Inbox {
  /** Oldest first. */
  readonly messages: readonly OwnerMessage[];
  /** Identifiers of those that do not open or that no officer signed: not to be relied on. */
  readonly refused: readonly Uint8Array[];
}

/** One registration, to its owner. */
export interface OwnMark {
  readonly secrets: Pick<MarkSecrets, 'signingKey' | 'exchangeKey'>;
  readonly commitment: Uint8Array;
  readonly lookupTag: Uint8Array;
}

type Sealed = MessagesReply['messages'][number];

async function openMessage(
  { opening, receivedOn, box, authorization }: Sealed,
  { secrets }: OwnMark,
  registry: Registry,
): Promise<OwnerMessage> {
  const content = [opening, relayBoxHash(box)];
  const moment = signedUnder(authorization, registry.rosters);
  const { officer, claims } = await verifyOfficerRequest(authorization, { purpose: 'message', content, ...moment });
  const context = { origin: moment.roster.roster.origin, opening };
  return {
    ...openRelayMessage(box, secrets.exchangeKey, context),
    // Not what the registry calls it.
    id: relayMessageId(opening, box),
    receivedOn,
    force: officer.force.id,
    forceName: officer.force.name,
    officer: officer.pseudonym,
    caseCommitment: claims.caseCommitment,
  };
}

/**
 * Fetches what officers have left. The registry keeps a message until it is acknowledged.
 *
 * @param acknowledged identifiers of messages that have arrived: the registry erases them
 * @throws BlindmarkError `notFound`; those of {@link Registry.post}
 */
export async function fetchMessages(
  registry: Registry,
  mark: OwnMark,
  acknowledged: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<Inbox> {
  const { secrets, commitment, lookupTag } = mark;
  const issuedAt = registry.now();
  const hash = messagesHash(registry.roster.roster.origin, commitment, issuedAt, acknowledged);
  const body = {
    lookupTag,
    ownerPublicKey: secrets.signingKey.publicKey,
    issuedAt,
    acknowledged: [...acknowledged],
    signature: sign(secrets.signingKey, hash),
  };
  const path = `/v1/registrations/${formatBase64url(commitment)}/messages`;
  const schemas = { body: messagesRequestSchema, reply: messagesReplySchema };
  const reply = await registry.post(path, schemas, body, signal);
  const messages: OwnerMessage[] = [];
  const refused: Uint8Array[] = [];
  for (const sealed of reply.messages) {
    try {
      messages.push(await openMessage(sealed, mark, registry));
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      refused.push(relayMessageId(sealed.opening, sealed.box));
    }
  }
  return { messages, refused };
}
