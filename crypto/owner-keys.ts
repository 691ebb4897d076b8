/** What an owner holds: a recovery phrase, and the secrets of each mark derived from it (DESIGN 3.2). */
import { entropyToMnemonic, mnemonicToSeed, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { checkBytes, formatUint, randomBytes, type RandomSource } from './bytes.ts';
import { BlindmarkError } from './errors.ts';
import { deriveKey } from './hash.ts';
import { createExchangeKey, type ExchangeKey } from './seal.ts';
import { createSigningKey, type SigningKey } from './signature.ts';

/** Words in a recovery phrase: 128 bits of entropy and 4 of checksum (BIP39). */
export const PHRASE_WORDS = 12;

/** A new recovery phrase of twelve English BIP39 words. */
export function createRecoveryPhrase(random: RandomSource = randomBytes): string {
  return entropyToMnemonic(random(16), wordlist);
}

/**
 * Reads a recovery phrase as people type it: any case, any white space.
 *
 * @returns the phrase in its canonical spelling
 * @throws BlindmarkError `badPhrase`, saying which word is not in the list (by position alone) or that the checksum fails
 */
export function parseRecoveryPhrase(text: string): string {
  const words = text.normalize('NFKD').trim().toLowerCase().split(/\s+/u);
  if (words.length !== PHRASE_WORDS) {
    throw new BlindmarkError('badPhrase', `A recovery phrase has ${PHRASE_WORDS} words; this one has ${words.length}`, {
      field: 'phrase',
      remedy: 'Type all the words in their order, with spaces between them.',
    });
  }
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    throw new BlindmarkError('badPhrase', `Word ${unknown + 1} of the recovery phrase is not in the word list`, {
      field: 'phrase',
      remedy: 'Look at the spelling of that word on your sheet.',
    });
  }
  const phrase = words.join(' ');
  if (!validateMnemonic(phrase, wordlist)) {
    throw new BlindmarkError('badPhrase', 'The words of the recovery phrase do not fit together', {
      field: 'phrase',
      remedy: 'A word is wrong, or two have changed places. Compare each with your sheet.',
    });
  }
  return phrase;
}

/**
 * The master seed of a recovery phrase (BIP39, without BIP39's optional passphrase).
 *
 * @returns 64 bytes
 */
export async function deriveMasterSeed(phrase: string): Promise<Uint8Array> {
  return mnemonicToSeed(parseRecoveryPhrase(phrase));
}

/** Which registration of an owner: the code, and how often the owner has registered it before. */
export interface MarkIdentity {
  readonly origin: string;
  readonly scheme: string;
  readonly canonical: string;
  /** 0 for a code's first registration; one more for each after a withdrawal. */
  readonly counter: number;
}

/** The secrets of one registration. */
export interface MarkSecrets {
  /** 64 uniform bytes, from which the OPRF's blind is reduced. */
  readonly blindBytes: Uint8Array;
  /** 32 bytes: the salt of the commitment. */
  readonly salt: Uint8Array;
  /** The mark's Ed25519 key. */
  readonly signingKey: SigningKey;
  /** 32 bytes: redeems the activation token at the registry. */
  readonly redemptionSecret: Uint8Array;
  /** The mark's X25519 key: messages are sealed to it. */
  readonly exchangeKey: ExchangeKey;
}

/**
 * Derives the secrets of one registration. Two registrations of one owner can't be linked by them, and phrase plus code
 * restore them on an empty machine.
 *
 * @param masterSeed 64 bytes, from {@link deriveMasterSeed}
 * @throws BlindmarkError `badInput`
 */
export function deriveMarkSecrets(masterSeed: Uint8Array, mark: MarkIdentity): MarkSecrets {
  checkBytes('masterSeed', masterSeed, 64);
  const derive = (length: number, label: string): Uint8Array =>
    deriveKey(
      masterSeed,
      length,
      new Uint8Array(),
      label,
      mark.origin,
      mark.scheme,
      mark.canonical,
      formatUint(mark.counter, 4),
    );
  return {
    blindBytes: derive(64, 'mark-blind'),
    salt: derive(32, 'mark-salt'),
    signingKey: createSigningKey(derive(32, 'mark-key')),
    redemptionSecret: derive(32, 'mark-redemption'),
    exchangeKey: createExchangeKey(derive(32, 'mark-exchange')),
  };
}
