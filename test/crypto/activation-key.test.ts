import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activationKeyHash,
  createActivationKey,
  formatActivationKey,
  formatActivationQr,
  parseActivationKey,
  parseActivationQr,
} from '../../crypto/activation-key.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const keyBytes = fc.uint8Array({ minLength: 15, maxLength: 15 });

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    return isBlindmarkError(error) ? error.code : 'defect';
  }
}

const compact = (bytes: Uint8Array): string => formatActivationKey(bytes).replaceAll('-', '');
const isRefused = (text: string): boolean => codeOf(() => parseActivationKey(text)) === 'badActivationKey';

describe('an activation key', () => {
  it('is spelled as documented', () => {
    const bytes = Uint8Array.from({ length: 15 }, (_, i) => (i === 0 ? 7 : i * 17));
    expect(formatActivationKey(bytes)).toBe('0W8J4-CT4AN-K7F24-SNAXW-SQFES');
    expect(parseActivationKey('0W8J4-CT4AN-K7F24-SNAXW-SQFES')).toEqual({ bytes, issuerNumber: 7 });
  });

  it('survives printing and reading', () => {
    fc.assert(
      fc.property(keyBytes, (bytes) => {
        const text = formatActivationKey(bytes);
        expect(text).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/u);
        expect(parseActivationKey(text)).toEqual({ bytes, issuerNumber: bytes[0] });
      }),
    );
  });

  it('agrees with base32 as arithmetic on one big number', () => {
    fc.assert(
      fc.property(keyBytes, (bytes) => {
        let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
        let text = '';
        for (let i = 0; i < 24; i++) {
          text = (ALPHABET[Number(number % 32n)] as string) + text;
          number /= 32n;
        }
        expect(compact(bytes).slice(0, 24)).toBe(text);
      }),
    );
  });

  it('is read as people type it', () => {
    fc.assert(
      fc.property(keyBytes, fc.array(fc.nat(6), { minLength: 25, maxLength: 25 }), (bytes, choices) => {
        const typed = Array.from(compact(bytes), (character, i) => {
          const spelling =
            character === '0'
              ? '0oO'[(choices[i] as number) % 3]
              : character === '1'
                ? '1iIlL'[(choices[i] as number) % 5]
                : character;
          const separator = ['', '', '', ' ', '-', '–', '\n'][choices[i] as number] as string;
          return `${(choices[i] as number) % 2 === 0 ? spelling?.toLowerCase() : spelling}${separator}`;
        }).join('');
        expect(parseActivationKey(`  ${typed}`).bytes).toEqual(bytes);
      }),
    );
  });

  it('draws all but the issuer’s number at random', () => {
    const key = createActivationKey(200, (length) => new Uint8Array(length).fill(9));
    expect(key).toEqual({ bytes: Uint8Array.of(200, ...new Uint8Array(14).fill(9)), issuerNumber: 200 });
    expect(createActivationKey(1).bytes).not.toEqual(createActivationKey(1).bytes);
    for (const number of [-1, 256, 1.5, Number.NaN]) expect(codeOf(() => createActivationKey(number))).toBe('badInput');
  });

  it('has a hash of its own', () => {
    fc.assert(
      fc.property(keyBytes, keyBytes, (a, b) => {
        expect(activationKeyHash(a)).toHaveLength(32);
        expect(Buffer.from(activationKeyHash(a)).equals(activationKeyHash(b))).toBe(Buffer.from(a).equals(b));
      }),
    );
    expect(codeOf(() => activationKeyHash(new Uint8Array(16)))).toBe('badInput');
  });
});

describe('the check character', () => {
  // The check is linear, so what it finds in the all-zero key it finds in every key; a random key is tried beside it.
  const keys = [compact(new Uint8Array(15)), compact(createActivationKey(3).bytes)];

  it('finds every single substitution', () => {
    let tried = 0;
    for (const key of keys) {
      for (let at = 0; at < 25; at++) {
        for (const other of ALPHABET) {
          if (other === key[at]) continue;
          expect(isRefused(key.slice(0, at) + other + key.slice(at + 1))).toBe(true);
          tried++;
        }
      }
    }
    expect(tried).toBe(2 * 25 * 31);
  });

  it('finds every transposition, adjacent or not, of any two characters', () => {
    // Each pair of places, each pair of different characters there: the rest of the key is made so that it checks.
    const withAt = (i: number, a: string, j: number, b: string): string | null => {
      const free = [0, 1, 2].find((place) => place !== i && place !== j) as number;
      const symbols = Array<string>(25).fill('0');
      [symbols[i], symbols[j]] = [a, b];
      for (const filler of ALPHABET) {
        symbols[free] = filler;
        if (!isRefused(symbols.join(''))) return symbols.join('');
      }
      return null;
    };
    let tried = 0;
    for (let i = 0; i < 25; i++) {
      for (let j = i + 1; j < 25; j++) {
        for (const [a, b] of ['0Z', '01', 'Z1', 'A7', 'XM'] as const) {
          const key = withAt(i, a as string, j, b as string) as string;
          expect(key).not.toBeNull();
          const swapped = Array.from(key);
          [swapped[i], swapped[j]] = [swapped[j] as string, swapped[i] as string];
          expect(isRefused(swapped.join(''))).toBe(true);
          tried++;
        }
      }
    }
    expect(tried).toBe(300 * 5);
  });

  it('finds every adjacent transposition of every pair of characters', () => {
    // By linearity, swapping a and b at i, i + 1 is adding a XOR b to both: 31 differences at 24 places are all there are.
    const zero = keys[0] as string;
    for (let at = 0; at < 24; at++) {
      for (const difference of ALPHABET.slice(1)) {
        expect(isRefused(zero.slice(0, at) + difference + difference + zero.slice(at + 2))).toBe(true);
      }
    }
  });

  it('finds transpositions in any key', () => {
    fc.assert(
      fc.property(keyBytes, fc.nat(24), fc.nat(24), (bytes, i, j) => {
        const text = Array.from(compact(bytes));
        fc.pre(text[i] !== text[j]);
        [text[i], text[j]] = [text[j] as string, text[i] as string];
        expect(isRefused(text.join(''))).toBe(true);
      }),
    );
  });
});

describe('a mistyped key', () => {
  const good = formatActivationKey(createActivationKey(7).bytes);

  it.each([
    ['a character too few', good.slice(0, -1), /24 characters, not 25/u],
    ['a character too many', `${good}0`, /26 characters, not 25/u],
    ['nothing', '', /0 characters/u],
    ['a character that no key has', `${good.slice(0, -1)}U`, /no key has/u],
    ['a character outside ASCII', `${good.slice(0, -1)}é`, /no key has/u],
    ['a character outside the BMP', `${good.slice(0, -1)}𝟘`, /no key has/u],
    ['a wrong check', good.slice(0, -1) + (good.endsWith('0') ? '1' : '0'), /check character/u],
  ])('with %s says so, and does not quote the key', (_, text, message) => {
    let thrown: unknown;
    try {
      parseActivationKey(text);
    } catch (error) {
      thrown = error;
    }
    if (!isBlindmarkError(thrown, 'badActivationKey'))
      throw new Error('not refused as it should be', { cause: thrown });
    expect(thrown.message).toMatch(message);
    expect(thrown.field).toBe('activationKey');
    expect(`${thrown.message} ${thrown.remedy}`).not.toContain(good.slice(0, 5));
  });
});

describe('the QR form', () => {
  const fingerprint = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it('carries key and fingerprint in QR’s alphanumeric set', () => {
    fc.assert(
      fc.property(keyBytes, fingerprint, (bytes, rosterFingerprint) => {
        const text = formatActivationQr(bytes, rosterFingerprint);
        expect(text).toMatch(/^[0-9A-Z $%*+\-./:]{90}$/u);
        expect(parseActivationQr(text)).toEqual({ bytes, issuerNumber: bytes[0], rosterFingerprint });
        expect(parseActivationQr(` ${text.toLowerCase()}\n`)).toEqual(parseActivationQr(text));
      }),
    );
  });

  const good = formatActivationQr(createActivationKey(7).bytes, new Uint8Array(32).fill(255));
  it.each([
    ['another prefix', good.replace('BLINDMARK:1:', 'BLINDMARK:2:')],
    ['no prefix', good.slice('BLINDMARK:1:'.length)],
    ['a short fingerprint', good.slice(0, -1)],
    ['a long fingerprint', `${good}0`],
    ['a part too many', `${good}:0`],
    ['no fingerprint', good.slice(0, 'BLINDMARK:1:'.length + 25)],
    ['bits after the fingerprint', `${good.slice(0, -1)}H`],
    ['a character that none has', `${good.slice(0, -1)}U`],
    [
      'a mistyped key',
      good.replace(/^(.{12})(.)/u, (_, prefix: string, first: string) => prefix + (first === '0' ? '1' : '0')),
    ],
    ['nothing', ''],
  ])('is refused with %s', (_, text) => {
    expect(codeOf(() => parseActivationQr(text))).toBe('badActivationKey');
  });
});
