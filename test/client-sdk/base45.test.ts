import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBase45, parseBase45 } from '../../client-sdk/base45.ts';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import { refusal } from '../support/refusal.ts';

describe('Base45', () => {
  it.each([
    // RFC 9285 sections 4.3 and 4.4.
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
    ['', ''],
  ])('spells %j as %j', (text, encoded) => {
    expect(formatBase45(utf8ToBytes(text))).toBe(encoded);
    expect(parseBase45('value', encoded)).toEqual(utf8ToBytes(text));
  });

  it('reads back whatever it wrote, in the characters of the alphanumeric mode, and never ends in a space', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const text = formatBase45(bytes);
        expect(text).toMatch(/^[0-9A-Z $%*+\-./:]*$/u);
        expect(text).toBe(text.trimEnd());
        expect(parseBase45('value', text)).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['a character outside the alphabet', 'bB8'],
    ['a character beyond the basic plane', 'BB8😀'],
    ['three characters above two bytes', 'GGW'],
    ['two characters above one byte', 'V5'],
    ['one character alone', 'BB8B'],
    ['a line feed', 'BB8BB\n'],
  ])('refuses %s', (_, text) => {
    expect(() => parseBase45('value', text)).toThrow(refusal('badInput', 'value'));
  });
});
