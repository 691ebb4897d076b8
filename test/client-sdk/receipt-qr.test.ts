import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBase45, parseBase45 } from '../../client-sdk/base45.ts';
import { formatReceiptQr, isReceiptQr, MAX_RECEIPT_QR_LENGTH, parseReceiptQr } from '../../client-sdk/receipt-qr.ts';
import { concatBytes, randomBytes } from '../../crypto/bytes.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import type { LogEntry } from '../../crypto/log-entry.ts';
import { formatReceipt, parseReceipt, verifyReceipt } from '../../crypto/receipt.ts';
import { entriesByKind } from '../support/entries.ts';
import { createLargeRegistry } from '../support/large-receipt.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { NOON } from '../support/small-roster.ts';

const registry = createLargeRegistry(2, 3);
const { rosters } = registry;
const receipt = registry.receipt({ depth: 20 });
const text = formatReceipt(receipt);
const qr = formatReceiptQr(text, rosters) as string;
const PREFIX = 'BLINDMARK:R1:';
const bytes = parseBase45('qr', qr.slice(PREFIX.length));
const spelled = (changed: Uint8Array): string => PREFIX + formatBase45(changed);
/** Where the binary form of this receipt has what. */
const at = { version: 4, salt: 5, kind: 37, proofLength: 37 + 1 + 3 + 64 + 1 + 3 + 3 };

const OF_REGISTRATIONS = ['registration', 'action', 'match', 'opening', 'delayed', 'reveal'];
const historyEntry = fc.oneof(...OF_REGISTRATIONS.map((kind) => entriesByKind.get(kind) as fc.Arbitrary<LogEntry>));

describe('a receipt’s QR code', () => {
  it('gives the receipt back, in the characters of the alphanumeric mode', () => {
    expect(isReceiptQr(qr)).toBe(true);
    expect(qr).toMatch(/^BLINDMARK:R1:[0-9A-Z $%*+\-./:]+$/u);
    expect(parseReceiptQr(qr, rosters)).toBe(text);
    expect(parseReceiptQr(` ${qr}\n`, rosters)).toBe(text);
  });

  it('gives back receipts of every kind of entry that an owner’s history has, of logs of any size', () => {
    const registries = [createLargeRegistry(1, 1), registry, createLargeRegistry(3, 5)];
    const receipts = fc.record({
      which: fc.nat(registries.length - 1),
      depth: fc.nat(31),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      entry: historyEntry,
      salt: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      seconds: fc.integer({ min: 0, max: 4_000_000_000 }),
    });
    fc.assert(
      fc.property(receipts, ({ which, depth, at: place, entry, salt, seconds }) => {
        const { rosters: known, receipt: create } = registries[which] as typeof registry;
        const cosigners = Array.from({ length: known[0]?.roster.threshold ?? 0 }, (_, i) => {
          return [i + 1, i * seconds] as const;
        });
        const index = Math.floor(place * 2 ** depth);
        const original = formatReceipt(create({ depth, index, entry, salt, cosigners }));
        const code = formatReceiptQr(original, known);
        // Only a long entry in a large log has no place in a code.
        if (code === null) expect(original.length).toBeGreaterThan(2500);
        else expect(parseReceiptQr(code, known)).toBe(original);
      }),
      { numRuns: 50 },
    );
  });

  it('proves the same as the receipt, with the earliest cosignatures that suffice', () => {
    const all = registry.receipt({
      depth: 4,
      cosigners: [
        [1, 300],
        [2, 100],
        [3, 200],
      ],
    });
    const short = parseReceipt(parseReceiptQr(formatReceiptQr(formatReceipt(all), rosters) as string, rosters));
    expect({ ...short, checkpoint: '' }).toEqual({ ...all, checkpoint: '' });
    const { guardians, ...proven } = verifyReceipt(short, rosters);
    expect(guardians).toEqual(['g2', 'g3']);
    expect(proven.cosignedAt).toBe(NOON + 200);
    expect(proven).toEqual({ ...verifyReceipt(all, rosters), guardians: undefined });
  });

  it('is of the roster under which the receipt was given', () => {
    const [first] = rosters;
    if (first === undefined) throw new Error('no roster');
    const next = { ...first, roster: { ...first.roster, version: 2, threshold: 1 }, hash: randomBytes(32) };
    const underBoth = formatReceiptQr(formatReceipt(receipt), [first, next]) as string;
    expect(parseReceiptQr(underBoth, [first, next])).toContain('guardian/g1');
    expect(() => parseReceiptQr(underBoth, [first])).toThrow(refusal('badRoster', 'roster'));
  });

  it.each([
    [2, 3, 20, 1460],
    [2, 3, 30, 1990],
    [5, 9, 20, 1853],
    [5, 9, 30, 2369],
  ])('of %i of %i guardians fits at 2^%i entries', (threshold, count, depth, most) => {
    const large = createLargeRegistry(threshold, count);
    const code = formatReceiptQr(formatReceipt(large.receipt({ depth })), large.rosters);
    // Versions 22, 26, 25 and 29 at the lowest error correction (ISO/IEC 18004 Table 7).
    expect(code?.length).toBeLessThanOrEqual(most);
  });

  it('is none for a receipt that is too long, and for an entry of no registration', () => {
    const large = createLargeRegistry(9, 17);
    expect(formatReceiptQr(formatReceipt(large.receipt({ depth: 45 })), large.rosters)).toBeNull();
    const check: LogEntry = { kind: 'check', hour: 1, request: randomBytes(32) };
    expect(formatReceiptQr(formatReceipt(registry.receipt({ depth: 3, entry: check })), rosters)).toBeNull();
  });

  it('is not made of a receipt that does not verify', () => {
    const other = createLargeRegistry(2, 3, { origin: 'elsewhere.example' });
    expect(() => formatReceiptQr(text, other.rosters)).toThrow(refusal('badCheckpoint'));
    expect(() => formatReceiptQr('c2sp.org/tlog-proof@v1\n', rosters)).toThrow(refusal('badFile'));
  });
});

describe('reading a receipt’s QR code', () => {
  const { proofLength } = at;
  const replaced = (position: number, ...values: number[]): Uint8Array =>
    concatBytes(bytes.slice(0, position), Uint8Array.from(values), bytes.slice(position + values.length));

  it('has its parts where they are described', () => {
    expect(bytes[at.version]).toBe(1);
    expect(bytes.slice(at.salt, at.kind)).toEqual(receipt.salt);
    expect(bytes[at.kind]).toBe(0);
    expect(bytes[proofLength]).toBe(20);
  });

  it.each([
    ['another prefix', qr.replace(':R1:', ':R2:')],
    ['a web address', 'HTTPS://EXAMPLE.ORG/'],
    ['nothing', ''],
    ['what is no Base45', `${qr.slice(0, -1)}a`],
    ['a text that is too long', qr + '0'.repeat(MAX_RECEIPT_QR_LENGTH)],
    ['a text without its end', spelled(bytes.slice(0, -1))],
    ['a text with something after its end', spelled(concatBytes(bytes, Uint8Array.of(0)))],
    ['an entry of an unknown kind', spelled(replaced(at.kind, 6))],
    ['more hashes than a proof may have', spelled(replaced(proofLength, 64))],
    ['a proof that is too short', spelled(replaced(proofLength, 19))],
    ['a number that is too large', spelled(replaced(proofLength, ...Array.from({ length: 9 }, () => 255)))],
    ['a guardian that is none', spelled(replaced(proofLength + 1 + 640 + 64 + 1, 4))],
    ['more cosignatures than guardians', spelled(replaced(proofLength + 1 + 640 + 64, 18))],
  ])('refuses %s', (_, changed) => {
    expect(() => parseReceiptQr(changed, rosters)).toThrow(refusal('badFile', 'receipt'));
  });

  it('names the fingerprint of another registry’s', () => {
    const refused = refusalOf(() => parseReceiptQr(qr, createLargeRegistry(2, 3).rosters));
    expect(refused.code).toBe('badRoster');
    expect(refused.remedy).toContain(Buffer.from(rosters[0]?.hash.subarray(0, 4) ?? []).toString('hex'));
    expect(() => parseReceiptQr(qr, [])).toThrow(refusal('badRoster'));
  });

  it('never takes an altered code for a receipt of another entry', () => {
    const verdict = (changed: Uint8Array): string => {
      try {
        const parsed = parseReceipt(parseReceiptQr(spelled(changed), rosters));
        const { entry } = verifyReceipt(parsed, rosters);
        // The salt is no part of what the log vouches for.
        return JSON.stringify(entry);
      } catch (error) {
        if (isBlindmarkError(error)) return 'refused';
        throw error;
      }
    };
    const genuine = verdict(bytes);
    expect(genuine).not.toBe('refused');
    const anywhere = fc.record({ position: fc.nat(bytes.length - 1), bits: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(anywhere, ({ position, bits }) => {
        const changed = verdict(replaced(position, (bytes[position] as number) ^ bits));
        expect(changed).toBe(position >= at.salt && position < at.kind ? genuine : 'refused');
      }),
    );
  });

  it('refuses whatever bytes it is given, by its own errors', () => {
    const anything = fc.uint8Array({ maxLength: 400 }).map((rest) => concatBytes(bytes.slice(0, 5), rest));
    fc.assert(
      fc.property(anything, (given) => {
        expect(() => parseReceiptQr(spelled(given), rosters)).toThrow(refusal('badFile'));
      }),
    );
  });
});
