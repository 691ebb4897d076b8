/** New codes for whoever makes marks: the scheme `bm1`. */
import { checkBytes, randomBytes, type RandomSource } from './bytes.ts';
import { mod97CheckCharacters } from './check-characters.ts';
import { BM1_ALPHABET } from './standard-schemes.ts';

const RANDOM_CHARACTERS = 14;
const BITS_PER_CHARACTER = 5;
const RANDOM_LENGTH = 9;

/**
 * Mints a code of scheme `bm1`: 70 random bits as 14 characters of Crockford's base32, and two check characters.
 *
 * @param random asked once for 9 bytes, of which the first 70 bits count
 * @returns the canonical code, 16 characters
 */
export function mintCode(random: RandomSource = randomBytes): string {
  const bytes = checkBytes('random', random(RANDOM_LENGTH), RANDOM_LENGTH);
  let payload = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= BITS_PER_CHARACTER && payload.length < RANDOM_CHARACTERS) {
      bits -= BITS_PER_CHARACTER;
      payload += BM1_ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return payload + mod97CheckCharacters(payload);
}
