import { hkdfSync, pbkdf2Sync } from 'node:crypto';
import { mnemonicToSeed } from '@scure/bip39';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import {
  createRecoveryPhrase,
  deriveMarkSecrets,
  deriveMasterSeed,
  parseRecoveryPhrase,
  PHRASE_WORDS,
  type MarkIdentity,
} from '../../crypto/owner-keys.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { hasForeignVectors, readForeignVectors, readVectors } from '../support/vectors.ts';

interface PhraseVector {
  readonly entropy: string;
  readonly phrase: string;
  readonly seed: string;
}

const published = readVectors('bip39-english.json') as PhraseVector[];
const sources: [string, PhraseVector[]][] = [['published', published]];
if (hasForeignVectors) {
  const rows = readForeignVectors('bip39-english.json') as string[][];
  const all = rows.map(([entropy, phrase, seed]) => ({ entropy, phrase, seed }) as PhraseVector);
  sources.push(['foreign', all.filter(({ phrase }) => phrase.split(' ').length === PHRASE_WORDS)]);
}

describe.each(sources)('BIP39, %s', (_, vectors) => {
  it('has twelve-word vectors', () => expect(vectors.length).toBeGreaterThanOrEqual(8));

  it.each(vectors)('$entropy', async ({ entropy, phrase, seed }) => {
    expect(createRecoveryPhrase(() => hexToBytes(entropy))).toBe(phrase);
    expect(parseRecoveryPhrase(phrase)).toBe(phrase);
    expect(bytesToHex(await mnemonicToSeed(phrase, 'TREZOR'))).toBe(seed);
    // Ours is without BIP39's passphrase: held against Node's PBKDF2.
    const expected = pbkdf2Sync(phrase, 'mnemonic', 2048, 64, 'sha512').toString('hex');
    expect(bytesToHex(await deriveMasterSeed(phrase))).toBe(expected);
  });
});

describe('a recovery phrase', () => {
  const phrase = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
  const words = phrase.split(' ');

  it('is drawn from 16 random bytes, and is another each time', () => {
    expect(createRecoveryPhrase().split(' ')).toHaveLength(PHRASE_WORDS);
    expect(createRecoveryPhrase()).not.toBe(createRecoveryPhrase());
    expect(() => createRecoveryPhrase((length) => new Uint8Array(length - 1))).toThrow(/entropy/u);
  });

  it.each([
    ['capitals', phrase.toUpperCase()],
    ['white space', `\n  ${words.join(' \t\n ')}  `],
    ['no-break spaces', words.join('\u00a0')],
    ['ideographic spaces', words.join('\u3000')],
    ['full-width letters', phrase.replace('legal', 'ｌｅｇａｌ')],
  ])('is read with %s', (_, text) => {
    expect(parseRecoveryPhrase(text)).toBe(phrase);
  });

  it('gives one seed for every spelling', async () => {
    expect(await deriveMasterSeed(` ${phrase.toUpperCase()} `)).toEqual(await deriveMasterSeed(phrase));
  });

  it('is refused with a word that is not in the list: named by its place, never quoted', () => {
    const error = refusalOf(() => parseRecoveryPhrase(words.with(6, 'wurthless').join(' ')));
    expect(error).toMatchObject({ code: 'badPhrase', field: 'phrase' });
    expect(error.message).toContain('Word 7');
    expect(JSON.stringify([error.message, error.remedy, error.stack, error.cause])).not.toMatch(/wurthless|sausage/u);
  });

  it.each([
    ['a wrong word', words.with(11, 'zoo').join(' ')],
    [
      'words that changed places',
      words
        .with(0, words[1] as string)
        .with(1, words[0] as string)
        .join(' '),
    ],
  ])('is refused with %s, by its checksum, quoting none', (_, text) => {
    const error = refusalOf(() => parseRecoveryPhrase(text));
    expect(error.code).toBe('badPhrase');
    expect(error.message).not.toMatch(/zoo|winner|legal/u);
  });

  it.each([
    ['eleven words', words.slice(1).join(' ')],
    ['thirteen words', `${phrase} yellow`],
    ['nothing', ''],
    ['a sound phrase of 24 words', `${'abandon '.repeat(23)}art`],
  ])('is refused as %s', (_, text) => {
    expect(() => parseRecoveryPhrase(text)).toThrow(refusal('badPhrase', 'phrase'));
  });

  it('is refused by the seed too', async () => {
    await expect(deriveMasterSeed(words.slice(1).join(' '))).rejects.toThrow(refusal('badPhrase'));
  });
});

describe('deriveMarkSecrets', () => {
  const seed = new Uint8Array(64).fill(5);
  const mark: MarkIdentity = { origin: 'registry.example', scheme: 'bm1', canonical: '8EQ71S02SG3JTS93', counter: 0 };
  const hexOf = (master: Uint8Array, identity: MarkIdentity): string[] => {
    const { blindBytes, salt, signingKey, redemptionSecret, exchangeKey } = deriveMarkSecrets(master, identity);
    return [
      blindBytes,
      salt,
      signingKey.seed,
      signingKey.publicKey,
      redemptionSecret,
      exchangeKey.secret,
      exchangeKey.publicKey,
    ].map(bytesToHex);
  };

  it('is HKDF as DESIGN 3.2 says, recomputed with Node', () => {
    const counter = new Uint8Array([0, 0, 1, 2]);
    const derive = (length: number, label: string) => {
      const info = labelledHash(label, 'registry.example', 'bm1', '8EQ71S02SG3JTS93', counter);
      return new Uint8Array(hkdfSync('sha512', seed, new Uint8Array(), info, length));
    };
    expect(deriveMarkSecrets(seed, { ...mark, counter: 258 })).toEqual({
      blindBytes: derive(64, 'mark-blind'),
      salt: derive(32, 'mark-salt'),
      signingKey: createSigningKey(derive(32, 'mark-key')),
      redemptionSecret: derive(32, 'mark-redemption'),
      exchangeKey: createExchangeKey(derive(32, 'mark-exchange')),
    });
  });

  it('gives the same again', () => {
    expect(hexOf(seed, mark)).toEqual(hexOf(seed.slice(), { ...mark }));
  });

  it('gives wholly other secrets for another owner, registry, scheme, code or counter', () => {
    const all = [
      hexOf(seed, mark),
      hexOf(seed.with(63, 6), mark),
      hexOf(seed, { ...mark, origin: 'registry.example2' }),
      hexOf(seed, { ...mark, scheme: 'bm2' }),
      hexOf(seed, { ...mark, canonical: '8EQ71S02SG3JTS94' }),
      hexOf(seed, { ...mark, counter: 1 }),
      // Moved boundaries.
      hexOf(seed, { ...mark, scheme: 'bm18', canonical: 'EQ71S02SG3JTS93' }),
    ];
    expect(new Set(all.flat()).size).toBe(all.length * 7);
  });

  it.each([-1, 0.5, 2 ** 32])('refuses the counter %d', (counter) => {
    expect(() => deriveMarkSecrets(seed, { ...mark, counter })).toThrow(refusal('badInput'));
  });

  it('refuses a seed of another length', () => {
    expect(() => deriveMarkSecrets(new Uint8Array(), mark)).toThrow(refusal('badInput', 'masterSeed'));
    expect(() => deriveMarkSecrets(seed.subarray(32), mark)).toThrow(refusal('badInput', 'masterSeed'));
  });
});
