/** The sealed description of a registration's items: opens for whoever has the code's key, and no one else. */
import { z } from 'zod';
import { checkBytes, formatJsonBytes, parseJsonBytes, randomBytes, type RandomSource } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { deriveKey } from './hash.ts';
import { bytesField, formatMessage, parseMessage, textField } from './message.ts';
import { pad, PADDING_OVERHEAD, unpad } from './padding.ts';
import { ITEM_ENVELOPE_SIZES } from './registration.ts';
import { openWithKey, SEAL_OVERHEAD, sealWithKey } from './seal.ts';

/** One marked item, in the owner's words. */
export const itemSchema = z.strictObject({
  category: textField(60),
  make: textField(80).optional(),
  model: textField(120).optional(),
  serial: textField(60).optional(),
  description: textField(400).optional(),
});
export type Item = z.output<typeof itemSchema>;

/** Items of one registration: one bottle of liquid marks a household. */
export const itemsSchema = z.array(itemSchema).min(1).max(20);

const contentSchema = z.strictObject({ items: itemsSchema, ownerPublicKey: bytesField(32) });

/** What an item envelope holds. */
export type ItemEnvelopeContent = z.output<typeof contentSchema>;

function envelopeKey(codeKey: Uint8Array, commitment: Uint8Array): Uint8Array {
  return deriveKey(codeKey, 32, commitment, 'item-envelope');
}

/**
 * Seals items and the owner's public key under the code's key, padded to the next of {@link ITEM_ENVELOPE_SIZES}.
 *
 * @param commitment 32 bytes; the associated data
 * @throws BlindmarkError `badInput` for items that are malformed, named as `items[0].make`, or do not fit into 4,096 bytes
 */
export function sealItemEnvelope(
  content: ItemEnvelopeContent,
  codeKey: Uint8Array,
  commitment: Uint8Array,
  random: RandomSource = randomBytes,
): Uint8Array {
  const items = parseMessage(itemsSchema, content.items, 'items');
  const ownerPublicKey = checkBytes('ownerPublicKey', content.ownerPublicKey, 32);
  const json = formatJsonBytes(formatMessage(contentSchema, { items, ownerPublicKey }));
  const overhead = PADDING_OVERHEAD + SEAL_OVERHEAD;
  const size = ITEM_ENVELOPE_SIZES.find((candidate) => json.length + overhead <= candidate);
  if (size === undefined) {
    const limit = ITEM_ENVELOPE_SIZES[ITEM_ENVELOPE_SIZES.length - 1] as number;
    throw badInput('items', `descriptions of at most ${limit - overhead} bytes together, not ${json.length}`);
  }
  return sealWithKey(envelopeKey(codeKey, commitment), pad(json, size - SEAL_OVERHEAD), commitment, random);
}

/**
 * Opens an item envelope.
 *
 * @throws BlindmarkError `badEnvelope` when it was not sealed under this key for this commitment, or is malformed inside
 */
export function openItemEnvelope(
  envelope: Uint8Array,
  codeKey: Uint8Array,
  commitment: Uint8Array,
): ItemEnvelopeContent {
  const json = unpad(openWithKey(envelopeKey(codeKey, commitment), envelope, commitment));
  if (json === null) {
    throw new BlindmarkError('badEnvelope', 'The item envelope is padded wrongly', { field: 'itemEnvelope' });
  }
  try {
    return parseMessage(contentSchema, parseJsonBytes('itemEnvelope', json), 'itemEnvelope');
  } catch (cause) {
    throw new BlindmarkError('badEnvelope', 'The item envelope holds something else than items', {
      field: 'itemEnvelope',
      cause,
    });
  }
}
