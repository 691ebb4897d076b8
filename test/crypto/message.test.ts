import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatBase64url } from '../../crypto/bytes.ts';
import {
  bytesField,
  dateField,
  formatMessage,
  identifierField,
  parseMessage,
  textField,
} from '../../crypto/message.ts';
import { refusal, refusalOf } from '../support/refusal.ts';

const CANARY = 'CANARY-4711';

describe('bytesField', () => {
  it('reads back what it wrote, for every length it allows', () => {
    const field = bytesField(3, 40);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 3, maxLength: 40 }), (bytes) => {
        const text = formatMessage(field, bytes);
        expect(text).toBe(formatBase64url(bytes));
        expect(parseMessage(field, text)).toEqual(bytes);
      }),
    );
  });

  it('refuses the bytes next to its limits', () => {
    // Three bytes below and above share a text length with their neighbours: the count of bytes decides.
    const field = bytesField(31, 33);
    for (const length of [28, 29, 30, 34, 35, 36]) {
      expect(() => parseMessage(field, formatBase64url(new Uint8Array(length)), 'key')).toThrow(
        refusal('badInput', 'key'),
      );
    }
    for (const length of [31, 32, 33]) {
      expect(parseMessage(field, formatBase64url(new Uint8Array(length)))).toHaveLength(length);
    }
  });

  it.each([
    ['bits after the last byte', `${'A'.repeat(42)}B`],
    ['padding', `${'A'.repeat(43)}=`],
    ['the other alphabet', `+${'A'.repeat(42)}`],
    ['a line break at the end', `${'A'.repeat(43)}\n`],
    ['no text', 17],
    ['bytes', new Uint8Array(32)],
    ['null', null],
  ])('refuses %s', (_, value) => {
    expect(() => parseMessage(bytesField(32), value, 'key')).toThrow(refusal('badInput', 'key'));
  });

  it('writes nothing else: such a value is a defect of the program', () => {
    expect(() => formatMessage(bytesField(4), 'AAAAAA' as unknown as Uint8Array)).toThrow(z.ZodError);
    expect(() => formatMessage(bytesField(4), new Uint8Array(5))).toThrow(z.ZodError);
  });

  it('reads megabytes', () => {
    const bytes = new Uint8Array(1_000_000).fill(7);
    expect(parseMessage(bytesField(2, 1_000_000), formatBase64url(bytes))).toHaveLength(1_000_000);
  });
});

describe('textField', () => {
  it.each(['Böker №4', 'two\nlines\r\n\tand a tab', '猟銃 🔑', 'العربية', 'x'.repeat(80)])('takes %j', (text) => {
    expect(parseMessage(textField(80), text)).toBe(text);
  });

  it.each([
    ['nothing', ''],
    ['too much', 'x'.repeat(81)],
    ['NUL', 'a\0'],
    ['escape, which terminals obey', 'a\u001b[2J'],
    ['backspace', 'a\b'],
    ['delete', 'a\u007f'],
    ['the one-byte escape of C1', 'a\u009b2J'],
    ['an override of direction', 'a\u202egnp.exe'],
    ['an isolate of direction', 'a\u2066b'],
    ['an unpaired surrogate', 'a\ud83d'],
  ])('refuses %s', (_, text) => {
    expect(() => parseMessage(textField(80), text, 'make')).toThrow(refusal('badInput', 'make'));
  });
});

describe('identifierField', () => {
  it.each(['a', 'force-a', 'g1', 'vendor.example-2', 'x'.repeat(64)])('takes %s', (text) => {
    expect(parseMessage(identifierField, text)).toBe(text);
  });

  it.each(['', '-a', 'a-', '.', '..', 'a/b', 'A', 'ä', 'a b', 'a\n', 'x'.repeat(65)])('refuses %j', (text) => {
    expect(() => parseMessage(identifierField, text, 'id')).toThrow(refusal('badInput', 'id'));
  });
});

describe('dateField', () => {
  it.each(['2026-02-29', '2026-13-01', '2026-1-1', '26-01-01', '2026-01-01T00:00:00Z', ''])('refuses %j', (text) => {
    expect(() => parseMessage(dateField, text, 'registeredOn')).toThrow(refusal('badInput', 'registeredOn'));
  });

  it('takes a date', () => {
    expect(parseMessage(dateField, '2028-02-29')).toBe('2028-02-29');
  });
});

describe('what a refused message says', () => {
  const schema = z.strictObject({
    code: z.string().max(5).optional(),
    count: z.int().min(1).max(3).optional(),
    kind: z.enum(['a', 'b']).optional(),
    tag: bytesField(32).optional(),
    text: textField(5).optional(),
    date: dateField.optional(),
    items: z
      .array(z.strictObject({ make: z.string() }))
      .max(3)
      .optional(),
    either: z.discriminatedUnion('purpose', [z.strictObject({ purpose: z.literal('x') })]).optional(),
  });

  it.each([
    ['code', { code: CANARY }, 'message.code'],
    ['count', { count: CANARY }, 'message.count'],
    ['kind', { kind: CANARY }, 'message.kind'],
    ['tag', { tag: CANARY }, 'message.tag'],
    ['text', { text: CANARY }, 'message.text'],
    ['date', { date: CANARY }, 'message.date'],
    ['an item’s make', { items: [{ make: 'x' }, { make: [CANARY] }] }, 'message.items[1].make'],
    ['a field too many', { [CANARY]: CANARY }, 'message'],
    ['a form', { either: { purpose: CANARY } }, 'message.either.purpose'],
    ['the whole', CANARY, 'message'],
  ])('names %s and never quotes the value', (_, value, field) => {
    const error = refusalOf(() => parseMessage(schema, value, 'message'));
    expect(error).toMatchObject({ code: 'badInput', field });
    expect(error.message).toMatch(/^message.*: expected \S/u);
    expect(JSON.stringify([error.message, error.remedy, error.stack, error.cause])).not.toContain('CANARY');
  });

  it('needs no name for the whole', () => {
    expect(refusalOf(() => parseMessage(schema, { items: [{}] })).field).toBe('items[0].make');
  });
});
