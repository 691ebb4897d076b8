/**
 * Activation keys: the secret in a sold pack, good for a few activation tokens. Fifteen bytes as Crockford's base32 with a
 * check character, in five groups of five; in its QR form with the roster fingerprint.
 */
import { checkBytes, concatBytes, randomBytes, type RandomSource } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';

/** The issuer's number, then random bytes. */
export const ACTIVATION_KEY_BYTES = 15;
const RANDOM_BYTES = 14;

/** Characters of an activation key, check character included, separators apart. */
export const ACTIVATION_KEY_LENGTH = 25;
const GROUP = 5;

/** Crockford's base32: https://www.crockford.com/base32.html. No I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const SEPARATORS = /[\s\-\u2010-\u2015\u2212]/gu;

/** An activation key. Whoever has it can use it. */
export interface ActivationKey {
  /** 15 bytes: what an issuer is sent. */
  readonly bytes: Uint8Array;
  /** 0 to 255: which issuer of the roster takes it. */
  readonly issuerNumber: number;
}

function badKey(what: string, remedy: string): BlindmarkError {
  return new BlindmarkError('badActivationKey', `The activation key is mistyped: ${what}`, {
    field: 'activationKey',
    remedy,
  });
}

const COMPARE = 'Compare it with the pack, character by character.';

/** Five bits a symbol, most significant first; the last symbol is filled up with zeros. */
function toSymbols(bytes: Uint8Array): number[] {
  return Array.from({ length: Math.ceil((bytes.length * 8) / 5) }, (_, i) => {
    const [at, shift] = [(i * 5) >> 3, 11 - ((i * 5) % 8)];
    return ((((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0)) >> shift) & 31;
  });
}

/** The whole bytes that symbols hold. */
function fromSymbols(symbols: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.floor((symbols.length * 5) / 8));
  let [bits, held, at] = [0, 0, 0];
  for (const symbol of symbols) {
    bits = ((bits << 5) | symbol) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return bytes;
}

/** Times x in GF(32) = GF(2)[x] / (x^5 + x^2 + 1), where x generates the multiplicative group: its powers 0 to 30 differ. */
function timesX(symbol: number): number {
  const doubled = symbol << 1;
  return doubled < 32 ? doubled : doubled ^ 0b100101;
}

/**
 * The check symbol of a key's symbols. A key's symbols, check included, weighted by distinct powers of x, add up to zero in
 * GF(32). A changed symbol changes the sum, since no weight is zero; two that changed places do too, since no two weights
 * are equal: every single substitution and every transposition, adjacent or not, is found. It is the check over an
 * elementary abelian group of Chen, Niemenmaa and Vinck, "A general check digit system based on finite groups" (Designs,
 * Codes and Cryptography 2015, doi:10.1007/s10623-015-0072-8), with multiplication by x as its automorphism. Crockford's own
 * check is modulo 37 and takes five symbols that no label should carry.
 */
function checkSymbol(symbols: readonly number[]): number {
  return symbols.reduce((sum, symbol) => timesX(sum ^ symbol), 0);
}

function format(symbols: readonly number[]): string {
  return symbols.map((symbol) => ALPHABET[symbol]).join('');
}

/** Reads symbols as people type them. Returns null at the first character that is none. */
function parse(text: string): number[] | null {
  const folded = text.toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/gu, '1');
  const symbols = Array.from(folded, (character) => ALPHABET.indexOf(character));
  return symbols.includes(-1) ? null : symbols;
}

function createKey(bytes: Uint8Array): ActivationKey {
  return { bytes, issuerNumber: bytes[0] as number };
}

/**
 * A new activation key: 112 random bits.
 *
 * @param issuerNumber the issuer's number in the roster, 0 to 255
 * @throws BlindmarkError `badInput`
 */
export function createActivationKey(issuerNumber: number, random: RandomSource = randomBytes): ActivationKey {
  if (!Number.isInteger(issuerNumber) || issuerNumber < 0 || issuerNumber > 255) {
    throw badInput('issuerNumber', 'an integer from 0 to 255');
  }
  return createKey(concatBytes(Uint8Array.of(issuerNumber), checkBytes('random', random(RANDOM_BYTES), RANDOM_BYTES)));
}

function formatCompact(bytes: Uint8Array): string {
  const symbols = toSymbols(checkBytes('activationKey', bytes, ACTIVATION_KEY_BYTES));
  return format([...symbols, checkSymbol(symbols)]);
}

/**
 * An activation key as it is printed: `0W8J4-CT4AN-K7F24-SNAXW-SQFES`.
 *
 * @param bytes 15 bytes
 */
export function formatActivationKey(bytes: Uint8Array): string {
  return (formatCompact(bytes).match(new RegExp(`.{${GROUP}}`, 'gu')) as string[]).join('-');
}

/**
 * Reads an activation key as people type it: any case; spaces, line breaks and hyphens anywhere; O for 0, I and L for 1.
 *
 * @throws BlindmarkError `badActivationKey`, saying what is wrong without quoting the key
 */
export function parseActivationKey(text: string): ActivationKey {
  const compact = text.replaceAll(SEPARATORS, '');
  const symbols = parse(compact);
  if (symbols === null)
    throw badKey('it has a character that no key has', `${COMPARE} Keys have digits and letters but U.`);
  if (symbols.length !== ACTIVATION_KEY_LENGTH) {
    throw badKey(`it has ${symbols.length} characters, not ${ACTIVATION_KEY_LENGTH}`, COMPARE);
  }
  const data = symbols.slice(0, -1);
  if (checkSymbol(data) !== symbols.at(-1)) {
    throw badKey('its check character does not match', `${COMPARE} One is wrong, or two have changed places.`);
  }
  return createKey(fromSymbols(data));
}

/** What an issuer stores of an activation key: with 112 random bits in the key, nothing to guess from. 32 bytes. */
export function activationKeyHash(bytes: Uint8Array): Uint8Array {
  return labelledHash('activation-key', checkBytes('activationKey', bytes, ACTIVATION_KEY_BYTES));
}

const QR_PREFIX = 'BLINDMARK:1:';
const FINGERPRINT_BYTES = 32;
const FINGERPRINT_LENGTH = 52;

/** What a pack's QR code says. */
export interface ActivationQr extends ActivationKey {
  /** 32 bytes: the fingerprint of the registry's first roster. */
  readonly rosterFingerprint: Uint8Array;
}

/**
 * The text of a pack's QR code: `BLINDMARK:1:`, the key's 25 characters, `:`, the fingerprint's 52. All of it in QR's
 * alphanumeric set (ISO/IEC 18004), which keeps the code small.
 *
 * @param bytes 15 bytes: the activation key
 * @param rosterFingerprint 32 bytes
 */
export function formatActivationQr(bytes: Uint8Array, rosterFingerprint: Uint8Array): string {
  checkBytes('rosterFingerprint', rosterFingerprint, FINGERPRINT_BYTES);
  return `${QR_PREFIX}${formatCompact(bytes)}:${format(toSymbols(rosterFingerprint))}`;
}

/**
 * Reads the text of a pack's QR code.
 *
 * @throws BlindmarkError `badActivationKey`
 */
export function parseActivationQr(text: string): ActivationQr {
  const upper = text.trim().toUpperCase();
  const [key, fingerprint, ...rest] = upper.startsWith(QR_PREFIX) ? upper.slice(QR_PREFIX.length).split(':') : [];
  const symbols = fingerprint?.length === FINGERPRINT_LENGTH ? parse(fingerprint) : null;
  // 52 symbols hold four bits more than a fingerprint; they are zero.
  if (key === undefined || symbols === null || rest.length > 0 || ((symbols.at(-1) as number) & 15) !== 0) {
    throw badKey(
      'it is not what a pack’s QR code says',
      'Scan the code again, or type the key that is printed beside it.',
    );
  }
  return { ...parseActivationKey(key), rosterFingerprint: fromSymbols(symbols) };
}
