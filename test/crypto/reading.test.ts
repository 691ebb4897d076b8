import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlindmarkError } from '../../crypto/errors.ts';
import { parseReading } from '../../crypto/reading.ts';

function positions(text: string): string {
  return parseReading(text)
    .positions.map((position) => position ?? '?')
    .join(' ');
}

function refusal(text: string): BlindmarkError {
  try {
    parseReading(text);
  } catch (error) {
    if (error instanceof BlindmarkError) return error;
    throw error;
  }
  return expect.unreachable('the reading was taken');
}

describe('parseReading', () => {
  it.each([
    ['AB12', 'A B 1 2'],
    ['ab-1 2', 'A B 1 2'],
    ["'0012", '0 0 1 2'],
    ['a.b/1\\2_'.slice(0, -1), 'A B 1 2'],
    ['A\u2011B\u20131\u22122', 'A B 1 2'],
    ['\ufeffA\u00a0B\u200b1\u202f2\t', 'A B 1 2'],
    ['\uff21\uff42\uff11\uff1f', 'A B 1 ?'],
    ['A?1?', 'A ? 1 ?'],
    ['A[8b]1', 'A 8B 1'],
    ['A[8 / B]1', 'A 8B 1'],
    ['A[8|B]1', 'A 8B 1'],
    ['A[bB]1', 'A B 1'],
    ['\uff3b8B\uff3d', '8B'],
    ['é', 'E'],
  ])('reads %j', (text, expected) => {
    expect(positions(text)).toBe(expected);
    expect(parseReading(text).maker).toBe(null);
  });

  it.each([
    ['Tikka|78975', 'TIKKA', '7 8 9 7 5'],
    ['remington | no. 2279405', 'REMINGTON', '2 2 7 9 4 0 5'],
    ['H&H | s/n: 12', 'HANDH', '1 2'],
    ['Česká zbrojovka|Serial No. 12', 'CESKAZBROJOVKA', '1 2'],
    ['A.Y.A.|serial number 12', 'AYA', '1 2'],
    ['AYA|ser. 12', 'AYA', '1 2'],
    ['AYA|nr 12', 'AYA', '1 2'],
    ['AYA|\u211612', 'AYA', '1 2'],
    ['AYA|n\u00b012', 'AYA', '1 2'],
    ['AYA\uff5c#12', 'AYA', '1 2'],
    // Letters that nothing parts from the number belong to it.
    ['AYA|NO12', 'AYA', 'N O 1 2'],
    ['AYA|SN-12', 'AYA', 'S N 1 2'],
    ['AYA|NOR 12', 'AYA', 'N O R 1 2'],
    ['AYA|1[8|B]?', 'AYA', '1 8B ?'],
  ])('reads %j as maker and number', (text, maker, expected) => {
    expect(parseReading(text).maker).toBe(maker);
    expect(positions(text)).toBe(expected);
  });

  it.each([
    ['', 'at least one'],
    [' - ', 'at least one'],
    ['AYA|', 'at least one'],
    ['AYA|no. ', 'at least one'],
    ['|12345', 'maker'],
    ['&&|', 'at least one'],
    ['.|12', 'maker'],
    ['Rem?ngton|12345', 'maker’s name in full'],
    ['[AB]YA|12345', 'maker’s name in full'],
    ['AYA|12|34', 'at character 7'],
    ['12[8B', 'closing ] for the [ at character 3'],
    ['12]34', 'at character 3'],
    ['12[]34', 'between the brackets at character 3'],
    ['12[?8]34', 'between the brackets at character 3'],
    ['12[8[B]34', 'between the brackets at character 3'],
    ['12[8_B]34', 'between the brackets at character 3'],
    ['ab 12*34', 'at character 6'],
    ['ab 12_34', 'at character 6'],
    ['ab12€', 'at character 5'],
    ['Tikka | no. 12*', 'at character 15'],
    ['1'.repeat(129), 'at most 128 characters'],
    ['1'.repeat(513), 'at most 512 characters'],
  ])('refuses %j', (text, expected) => {
    const error = refusal(text);
    expect(error.code).toBe('badInput');
    expect(error.field).toBe('reading');
    expect(error.message).toContain(expected);
  });

  it('takes 128 positions', () => {
    expect(parseReading('1'.repeat(128)).positions).toHaveLength(128);
    expect(parseReading('?'.repeat(128)).positions).toHaveLength(128);
  });

  it('gives a reading or says badInput, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...Array.from('A1?[]| -')) })),
        (text) => {
          try {
            const reading = parseReading(text);
            expect(reading.positions.length).toBeGreaterThan(0);
            expect(reading.positions.every((position) => position === null || position.length > 0)).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ code: 'badInput', field: 'reading' });
          }
        },
      ),
    );
  });
});
