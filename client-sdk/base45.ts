/** Base45 (RFC 9285): binary in the characters of QR's alphanumeric mode, where two bytes take 16.5 bits. */
import { badInput } from '../crypto/errors.ts';

/** RFC 9285 section 4.2, Table 1. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** `value` as `length` characters, the least digit first. */
function digits(value: number, length: number): string {
  return Array.from({ length }, (_, i) => ALPHABET[Math.floor(value / 45 ** i) % 45]).join('');
}

/** Three characters for two bytes, and two for a last one alone. */
export function formatBase45(bytes: Uint8Array): string {
  const groups = Array.from({ length: Math.ceil(bytes.length / 2) }, (_, i) => {
    const [high, low] = [bytes[2 * i] as number, bytes[2 * i + 1]];
    return low === undefined ? digits(high, 2) : digits(high * 256 + low, 3);
  });
  return groups.join('');
}

/**
 * Reads Base45. Bytes have one spelling.
 *
 * @throws BlindmarkError `badInput`, naming `name`
 */
export function parseBase45(name: string, text: string): Uint8Array {
  const groups = text.match(/.{1,3}/gsu) ?? [];
  const bytes = groups.flatMap((group) => {
    const values = Array.from(group, (character) => ALPHABET.indexOf(character));
    const value = values.reduceRight((sum, digit) => sum * 45 + digit, 0);
    const isWhole = group.length === 3;
    const isGood = group.length > 1 && !values.includes(-1) && value < (isWhole ? 65_536 : 256);
    if (!isGood) throw badInput(name, 'Base45 (RFC 9285)');
    return isWhole ? [Math.floor(value / 256), value % 256] : [value];
  });
  return Uint8Array.from(bytes);
}
