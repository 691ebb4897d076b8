import { describe, expect, it } from 'vitest';
import { concatBytes, formatJsonBytes, formatUint, utf8ToBytes } from '../../crypto/bytes.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { openItemEnvelope, sealItemEnvelope, type Item, type ItemEnvelopeContent } from '../../crypto/item-envelope.ts';
import { ITEM_ENVELOPE_SIZES } from '../../crypto/registration.ts';
import { SEAL_OVERHEAD, sealWithKey } from '../../crypto/seal.ts';
import { refusal } from '../support/refusal.ts';

const codeKey = new Uint8Array(32).fill(1);
const commitment = new Uint8Array(32).fill(2);
const ownerPublicKey = new Uint8Array(32).fill(3);
const content: ItemEnvelopeContent = {
  items: [{ category: 'Shotgun', make: 'AYA', model: 'No. 4', serial: '123456' }, { category: 'Bicycle' }],
  ownerPublicKey,
};
const envelope = sealItemEnvelope(content, codeKey, commitment);
const LENGTH_BYTES = 4;
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)));

/** One item whose content takes `length` bytes of JSON. */
function contentOf(length: number): ItemEnvelopeContent {
  const empty = formatJsonBytes({ items: [], ownerPublicKey: 'A'.repeat(43) }).length;
  const items: Item[] = [];
  let left = length - empty;
  while (left > 0) {
    const bare = formatJsonBytes({ category: 'x', description: '' }).length + (items.length > 0 ? 1 : 0);
    // Leaves room for one more item, or ends here.
    const description = Math.min(400, left - bare > 400 ? Math.min(400, left - bare - bare - 1) : left - bare);
    items.push({ category: 'x', description: 'd'.repeat(description) });
    left -= bare + description;
  }
  return { items, ownerPublicKey };
}

/** An envelope of whatever plaintext, sealed under the right key: what a dishonest owner can make. */
function sealRaw(plaintext: Uint8Array): Uint8Array {
  return sealWithKey(deriveKey(codeKey, 32, commitment, 'item-envelope'), plaintext, commitment);
}

describe('an item envelope', () => {
  it('opens with the code’s key for its commitment', () => {
    expect(openItemEnvelope(envelope, codeKey, commitment)).toEqual(content);
  });

  it.each(ITEM_ENVELOPE_SIZES.map((size, i) => [size, ITEM_ENVELOPE_SIZES[i + 1]] as const))(
    'is padded to %d bytes up to the last that fits, then to %s',
    (size, next) => {
      const fits = contentOf(size - SEAL_OVERHEAD - LENGTH_BYTES);
      const sealed = sealItemEnvelope(fits, codeKey, commitment);
      expect(sealed).toHaveLength(size);
      expect(openItemEnvelope(sealed, codeKey, commitment)).toEqual(fits);
      const larger = contentOf(size - SEAL_OVERHEAD - LENGTH_BYTES + 1);
      if (next === undefined) {
        expect(() => sealItemEnvelope(larger, codeKey, commitment)).toThrow(refusal('badInput', 'items'));
      } else {
        expect(sealItemEnvelope(larger, codeKey, commitment)).toHaveLength(next);
      }
    },
  );

  it('is another each time', () => {
    expect(sealItemEnvelope(content, codeKey, commitment)).not.toEqual(envelope);
  });

  it('refuses any flipped bit', () => {
    for (let i = 0; i < envelope.length; i++) {
      expect(() => openItemEnvelope(flip(envelope, i), codeKey, commitment)).toThrow(refusal('badEnvelope'));
    }
  });

  it.each([
    ['another key', () => openItemEnvelope(envelope, flip(codeKey, 0), commitment)],
    ['another commitment', () => openItemEnvelope(envelope, codeKey, flip(commitment, 31))],
    ['a truncated envelope', () => openItemEnvelope(envelope.subarray(0, 511), codeKey, commitment)],
    ['no envelope', () => openItemEnvelope(new Uint8Array(), codeKey, commitment)],
  ])('refuses %s', (_, action) => {
    expect(action).toThrow(refusal('badEnvelope'));
  });

  it('binds the commitment twice: in its key and as associated data', () => {
    const key = deriveKey(codeKey, 32, commitment, 'item-envelope');
    const json = utf8ToBytes('{}');
    const moved = sealWithKey(key, concatBytes(formatUint(json.length, 4), json), flip(commitment, 0));
    expect(() => openItemEnvelope(moved, codeKey, commitment)).toThrow(refusal('badEnvelope'));
  });
});

describe('what a dishonest owner seals', () => {
  const json = formatJsonBytes({ items: [{ category: 'x' }], ownerPublicKey: 'A'.repeat(43) });
  const framed = (length: number, ...parts: Uint8Array[]) => sealRaw(concatBytes(formatUint(length, 4), ...parts));

  it('opens if it is well formed', () => {
    expect(openItemEnvelope(framed(json.length, json, new Uint8Array(9)), codeKey, commitment).items).toHaveLength(1);
  });

  it.each([
    ['is too short for a length', sealRaw(new Uint8Array(3))],
    ['is empty', sealRaw(new Uint8Array())],
    ['has a length past its end', framed(json.length + 1, json)],
    ['has the greatest length', framed(2 ** 32 - 1, json)],
    ['is padded with something', framed(json.length, json, utf8ToBytes('x'))],
    ['is no JSON', framed(2, utf8ToBytes('{]'))],
    ['is no UTF-8', framed(1, new Uint8Array([0xff]))],
    ['holds no items', framed(0, new Uint8Array(20))],
    ['has a control character, which terminals obey', framedItem({ category: '\u001b[2J' })],
    ['has a field too many', framedItem({ category: 'x', owner: 'somebody' })],
    ['has no category', framedItem({})],
    ['has another key', framed(12, utf8ToBytes('{"items":[]}'))],
    ['has an item named __proto__', framedItem(JSON.parse('{"category":"x","__proto__":{"make":"y"}}') as object)],
  ])('is refused if it %s', (_, sealed) => {
    expect(() => openItemEnvelope(sealed, codeKey, commitment)).toThrow(refusal('badEnvelope'));
  });

  function framedItem(item: object): Uint8Array {
    const bytes = formatJsonBytes({ items: [item], ownerPublicKey: 'A'.repeat(43) });
    return sealRaw(concatBytes(formatUint(bytes.length, 4), bytes));
  }
});

describe('sealItemEnvelope', () => {
  it.each<[string, Item[], string]>([
    ['no items', [], 'items'],
    ['21 items', Array.from({ length: 21 }, () => ({ category: 'x' })), 'items'],
    ['an empty category', [{ category: '' }], 'items[0].category'],
    ['a long make', [{ category: 'x' }, { category: 'x', make: 'm'.repeat(81) }], 'items[1].make'],
    ['a control character', [{ category: 'x', serial: 'a\u009b' }], 'items[0].serial'],
  ])('refuses %s', (_, items, field) => {
    expect(() => sealItemEnvelope({ items, ownerPublicKey }, codeKey, commitment)).toThrow(refusal('badInput', field));
  });

  it('refuses an owner’s key of another length', () => {
    const bad = { ...content, ownerPublicKey: new Uint8Array(31) };
    expect(() => sealItemEnvelope(bad, codeKey, commitment)).toThrow(refusal('badInput', 'ownerPublicKey'));
  });
});
