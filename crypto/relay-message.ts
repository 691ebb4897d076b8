/** Messages that an officer leaves for an owner who is reached in no other way: sealed to the mark's key. */
import { z } from 'zod';
import { formatJsonBytes, formatUint, parseJsonBytes, randomBytes, type RandomSource } from './bytes.ts';
import { BlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, formatMessage, parseMessage, textField } from './message.ts';
import { pad, PADDING_OVERHEAD, unpad } from './padding.ts';
import { openSealed, SEALED_TO_OVERHEAD, sealTo, type ExchangeKey } from './seal.ts';

/** The longest text, in UTF-16 units. */
export const MAX_MESSAGE_LENGTH = 4096;

/** Most messages that wait for one owner. */
export const MAX_MESSAGES = 16;

/** Most of them that are of one opening: one alone does not fill the inbox. */
export const MAX_MESSAGES_OF_OPENING = 4;

/** Sizes in bytes that a message is padded to. */
export const MESSAGE_SIZES = [1024, 4096, 16_384] as const;

export const relayMessageSchema = z.strictObject({
  text: textField(MAX_MESSAGE_LENGTH),
  /** Where the owner may answer: an e-mail address, a telephone number. */
  replyTo: textField(254).optional(),
});
export type RelayMessage = z.output<typeof relayMessageSchema>;

const boxSizes: readonly number[] = MESSAGE_SIZES.map((size) => size + SEALED_TO_OVERHEAD);

/** A sealed message. */
export const relayBoxField = bytesField(Math.min(...boxSizes), Math.max(...boxSizes)).refine(
  (box) => boxSizes.includes(box.length),
  'one of the message sizes',
);

/** Which opening a message belongs to. */
export interface RelayContext {
  readonly origin: string;
  /** The opening's identifier. */
  readonly opening: Uint8Array;
}

const associatedData = ({ origin, opening }: RelayContext): Uint8Array => labelledHash('relay', origin, opening);

/**
 * Seals a message to a mark's exchange key, padded to the next of {@link MESSAGE_SIZES}.
 *
 * @throws BlindmarkError `badInput` naming `message.text` or `message.replyTo`
 */
export function sealRelayMessage(
  message: RelayMessage,
  exchangeKey: Uint8Array,
  context: RelayContext,
  random: RandomSource = randomBytes,
): Uint8Array {
  const checked = parseMessage(relayMessageSchema, message, 'message');
  const json = formatJsonBytes(formatMessage(relayMessageSchema, checked));
  // The longest text of three bytes a unit fits into the largest size.
  const size = MESSAGE_SIZES.find((candidate) => json.length + PADDING_OVERHEAD <= candidate) as number;
  return sealTo(exchangeKey, pad(json, size), associatedData(context), random);
}

/**
 * Opens a message.
 *
 * @throws BlindmarkError `badEnvelope` when it was sealed to another mark or for another opening, or is malformed inside
 */
export function openRelayMessage(box: Uint8Array, exchangeKey: ExchangeKey, context: RelayContext): RelayMessage {
  const refuse = (what: string, cause?: unknown): BlindmarkError =>
    new BlindmarkError('badEnvelope', `The message ${what}`, { field: 'message', cause });
  const json = unpad(openSealed(exchangeKey, box, associatedData(context)));
  if (json === null) throw refuse('is padded wrongly');
  try {
    return parseMessage(relayMessageSchema, parseJsonBytes('message', json), 'message');
  } catch (cause) {
    throw refuse('holds something else than a text', cause);
  }
}

/** Hash of a sealed message: with the opening's identifier, what the officer signs. */
export function relayBoxHash(box: Uint8Array): Uint8Array {
  return labelledHash('relay-box', box);
}

/** What a message is known by: what the owner acknowledges. */
export function relayMessageId(opening: Uint8Array, box: Uint8Array): Uint8Array {
  return labelledHash('relay-message', opening, relayBoxHash(box));
}

/** What an owner signs to fetch messages, and to have those erased that have arrived. Bound to the second. */
export function messagesHash(
  origin: string,
  commitment: Uint8Array,
  issuedAt: number,
  acknowledged: readonly Uint8Array[],
): Uint8Array {
  return labelledHash('messages', origin, commitment, formatUint(issuedAt, 6), ...acknowledged);
}
