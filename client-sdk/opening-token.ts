/** What the first officer hands to the second: enough to find an opening, and to see that it is for the case that is named. */
import { concatBytes, equalBytes, formatBase64url, parseBase64url } from '../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../crypto/errors.ts';
import { labelledHash } from '../crypto/hash.ts';

/** What a token begins with: never a hyphen, which command lines take for an option. */
const PREFIX = 'opening-';
const CHECK_BYTES = 4;
const TOKEN_BYTES = 32 + 32 + CHECK_BYTES;

/** An opening as two officers of a case speak of it. */
export interface OpeningToken {
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** 32 bytes: opens the case commitment for whoever knows the case reference. */
  readonly caseSalt: Uint8Array;
}

const checkOf = (id: Uint8Array, caseSalt: Uint8Array): Uint8Array =>
  labelledHash('opening-token', id, caseSalt).subarray(0, CHECK_BYTES);

/** The token as text of 99 characters. For colleagues alone: with it, guesses at the case reference can be tried. */
export function formatOpeningToken({ id, caseSalt }: OpeningToken): string {
  return PREFIX + formatBase64url(concatBytes(id, caseSalt, checkOf(id, caseSalt)));
}

/**
 * Reads a token, whatever white space has come into it on the way.
 *
 * @throws BlindmarkError `badInput`, saying whether it is no token at all or a damaged one
 */
export function parseOpeningToken(text: string): OpeningToken {
  const bytes = parseToken(text.replace(/\s/gu, ''));
  const [id, caseSalt] = [bytes.slice(0, 32), bytes.slice(32, 64)];
  if (!equalBytes(bytes.subarray(64), checkOf(id, caseSalt))) {
    throw new BlindmarkError('badInput', 'token: it was changed on its way', {
      field: 'token',
      remedy: 'Copy it once more, whole, from the officer who asked.',
    });
  }
  return { id, caseSalt };
}

function parseToken(text: string): Uint8Array {
  try {
    if (text.startsWith(PREFIX)) return parseBase64url('token', text.slice(PREFIX.length), TOKEN_BYTES);
  } catch {
    // Without the cause: nothing of a token is to be quoted.
  }
  throw badInput('token', 'the token that blindmark officer open printed, whole');
}
