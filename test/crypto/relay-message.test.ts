import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatJsonBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { pad } from '../../crypto/padding.ts';
import {
  MAX_MESSAGE_LENGTH,
  MESSAGE_SIZES,
  messagesHash,
  openRelayMessage,
  relayBoxField,
  relayBoxHash,
  relayMessageId,
  sealRelayMessage,
  type RelayMessage,
} from '../../crypto/relay-message.ts';
import { createExchangeKey, SEALED_TO_OVERHEAD, sealTo } from '../../crypto/seal.ts';
import { refusal } from '../support/refusal.ts';

const key = createExchangeKey();
const context = { origin: 'registry.example', opening: new Uint8Array(32).fill(3) };
const message: RelayMessage = { text: 'Your shotgun was found. Please call.', replyTo: '+44 20 7946 0000' };
const box = sealRelayMessage(message, key.publicKey, context);

describe('a message', () => {
  it('opens for the mark and the opening, in one of three sizes', () => {
    const text = fc.string({ minLength: 1, maxLength: MAX_MESSAGE_LENGTH, size: 'max' });
    const any = fc.record({ text, replyTo: fc.string({ minLength: 1, maxLength: 254 }) }, { requiredKeys: ['text'] });
    fc.assert(
      fc.property(any, (given) => {
        const sealed = sealRelayMessage(given, key.publicKey, context);
        expect(MESSAGE_SIZES).toContain(sealed.length - SEALED_TO_OVERHEAD);
        expect(openRelayMessage(sealed, key, context)).toEqual(given);
        expect(parseMessage(relayBoxField, formatMessage(relayBoxField, sealed))).toEqual(sealed);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['of three bytes a unit', '\uffee'],
    ['of line breaks', '\n'],
    ['of quotes', '"'],
    ['of backslashes', '\\'],
  ])('of the greatest length fits: one %s', (_, unit) => {
    const longest = { text: unit.repeat(MAX_MESSAGE_LENGTH), replyTo: unit.repeat(254) };
    expect(openRelayMessage(sealRelayMessage(longest, key.publicKey, context), key, context)).toEqual(longest);
  });

  it.each([
    ['another mark', createExchangeKey(), context],
    ['another opening', key, { ...context, opening: new Uint8Array(32) }],
    ['another registry', key, { ...context, origin: 'registry.example2' }],
  ])('is not one for %s', (_, other, where) => {
    expect(() => openRelayMessage(box, other, where)).toThrow(refusal('badEnvelope'));
  });

  it('is refused with any byte changed', () => {
    for (let i = 0; i < box.length; i += 5) {
      const changed = box.with(i, (box[i] as number) ^ 1);
      expect(() => openRelayMessage(changed, key, context)).toThrow(refusal('badEnvelope'));
    }
  });

  it.each<[string, unknown, string]>([
    ['no text', { text: '' }, 'message.text'],
    ['a text that is too long', { text: 'x'.repeat(MAX_MESSAGE_LENGTH + 1) }, 'message.text'],
    ['control characters', { text: 'a\u001b' }, 'message.text'],
    ['a long reply address', { text: 'a', replyTo: 'x'.repeat(255) }, 'message.replyTo'],
  ])('is not made of %s', (_, given, field) => {
    expect(() => sealRelayMessage(given as RelayMessage, key.publicKey, context)).toThrow(refusal('badInput', field));
  });

  it.each([
    ['no message', formatJsonBytes({ items: [] })],
    ['a field too many', formatJsonBytes({ ...message, link: 'x' })],
    ['control characters, which terminals obey', formatJsonBytes({ text: '\u001b[2J' })],
    ['no JSON', utf8ToBytes('{')],
  ])('is refused when an officer sealed %s', (_, content) => {
    const data = labelledHash('relay', context.origin, context.opening);
    const sealed = sealTo(key.publicKey, pad(content, 1024), data);
    expect(() => openRelayMessage(sealed, key, context)).toThrow(refusal('badEnvelope', 'message'));
    const unpadded = sealTo(key.publicKey, content, data);
    expect(() => openRelayMessage(unpadded, key, context)).toThrow(refusal('badEnvelope', 'message'));
  });

  it.each([0, 1024, 1024 + SEALED_TO_OVERHEAD + 1, 16_384])('has no box of %d bytes', (length) => {
    const wire = Buffer.alloc(length).toString('base64url');
    expect(() => parseMessage(relayBoxField, wire, 'box')).toThrow(refusal('badInput', 'box'));
  });
});

describe('a message’s identifier', () => {
  it('is another for each box and opening', () => {
    const other = sealRelayMessage(message, key.publicKey, context);
    const ids = [
      relayMessageId(context.opening, box),
      relayMessageId(context.opening, other),
      relayMessageId(new Uint8Array(32), box),
      relayBoxHash(box),
      relayBoxHash(other),
    ];
    expect(new Set(ids.map((id) => id.join())).size).toBe(ids.length);
    expect(relayMessageId(context.opening, box.slice())).toEqual(ids[0]);
  });
});

describe('what an owner signs to fetch messages', () => {
  it('is bound to registry, registration, second and what is acknowledged', () => {
    const [commitment, a, b] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const hashes = [
      messagesHash('o', commitment, 7, []),
      messagesHash('p', commitment, 7, []),
      messagesHash('o', a, 7, []),
      messagesHash('o', commitment, 8, []),
      messagesHash('o', commitment, 7, [a]),
      messagesHash('o', commitment, 7, [a, b]),
      messagesHash('o', commitment, 7, [b, a]),
    ];
    expect(new Set(hashes.map((hash) => hash.join())).size).toBe(hashes.length);
  });
});
