import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  passphraseBits,
  passphraseProblem,
  passphraseStrength,
  SHORTEST_PASSPHRASE,
} from '../../../../server/web/owner/passphrase-strength.ts';

describe('passphraseStrength', () => {
  it.each([
    ['', 'tooShort'],
    ['xK9$q2!', 'tooShort'],
    ['password1', 'weak'],
    ['Password2024!', 'weak'],
    ['12345678901234567890', 'weak'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
    ['qwertyuiop', 'weak'],
    ['blindmark blindmark blindmark', 'weak'],
    ['lantern lantern lantern lantern', 'weak'],
    ['elephant', 'weak'],
    ['lantern orchard velvet', 'fair'],
    ['xK9$q2!mZ', 'strong'],
    ['lantern orchard velvet thunder', 'strong'],
    ['ceffyl glas mynydd eira', 'strong'],
  ])('calls %j %s', (passphrase, strength) => {
    expect(passphraseStrength(passphrase)).toBe(strength);
  });

  it('never falls when another word is added', () => {
    const word = fc.stringMatching(/^[a-z]{3,10}$/u);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), word, (words, added) => {
        expect(passphraseBits([...words, added].join(' '))).toBeGreaterThanOrEqual(passphraseBits(words.join(' ')));
      }),
    );
  });
});

describe('passphraseProblem', () => {
  it('asks for enough characters, then for the same twice', () => {
    expect(passphraseProblem('a'.repeat(SHORTEST_PASSPHRASE - 1), '')).toBe('tooShort');
    expect(passphraseProblem('a'.repeat(SHORTEST_PASSPHRASE), '')).toBe('different');
    expect(passphraseProblem('a'.repeat(SHORTEST_PASSPHRASE), 'a'.repeat(SHORTEST_PASSPHRASE))).toBeNull();
  });
});
