/** Ways to spoil a compact JWS (RFC 7515), and to sign one with any header and claims. */
import { formatBase64url, parseBase64url, utf8ToBytes } from '../../crypto/bytes.ts';
import { sign, type SigningKey } from '../../crypto/signature.ts';

/** Signs whatever header and payload, right or wrong; text as it stands, anything else as JSON. */
export function signJws(key: SigningKey, header: object, payload: object | string): string {
  const [head, body] = [header, payload].map((part) =>
    formatBase64url(utf8ToBytes(typeof part === 'string' ? part : JSON.stringify(part))),
  );
  return `${head}.${body}.${formatBase64url(sign(key, utf8ToBytes(`${head}.${body}`)))}`;
}

function part(jws: string, index: number): object {
  return JSON.parse(Buffer.from(jws.split('.')[index] as string, 'base64url').toString('utf8')) as object;
}

/** The JWS signed anew with other claims or another header. */
export function resign(jws: string, key: SigningKey, claims: object, header: object = {}): string {
  return signJws(key, { ...part(jws, 0), ...header }, { ...part(jws, 1), ...claims });
}

/** Every JWS that differs from this one in one bit of one byte of one segment, with the segment's number. */
export function flippedJws(jws: string): [segment: number, text: string][] {
  return jws.split('.').flatMap((segment, i, all) => {
    const bytes = parseBase64url('segment', segment);
    return Array.from(bytes, (byte, at): [number, string] => {
      const flipped = formatBase64url(bytes.with(at, byte ^ (1 << (at % 8))));
      return [i, all.with(i, flipped).join('.')];
    });
  });
}

/** Spellings of the same three byte strings that are not the canonical one, and other texts that are no compact JWS. */
export function misspeltJws(jws: string): [what: string, text: string][] {
  const [head, body, signature] = jws.split('.') as [string, string, string];
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // An Ed25519 signature ends in a letter of which four bits are unused.
  const other = signature.slice(0, -1) + (alphabet[alphabet.indexOf(signature.at(-1) as string) + 1] as string);
  return [
    ['unused bits set', `${head}.${body}.${other}`],
    ['padding', `${head}.${body}.${signature}==`],
    ['a line break at the end', `${jws}\n`],
    ['a space', `${head}. ${body}.${signature}`],
    ['a fourth segment', `${jws}.`],
    ['two segments', `${head}.${body}`],
    ['no signature', `${head}.${body}.`],
    ['nothing', ''],
  ];
}

/** The JWS with `alg: none` and no signature, and with a header that claims a symmetric one. */
export function unsignedJws(jws: string): [what: string, text: string][] {
  const [, body, signature] = jws.split('.') as [string, string, string];
  const head = (alg: string) => formatBase64url(utf8ToBytes(JSON.stringify({ ...part(jws, 0), alg })));
  return [
    ['alg none, no signature', `${head('none')}.${body}.`],
    ['alg none, the old signature', `${head('none')}.${body}.${signature}`],
    ['alg None', `${head('None')}.${body}.${signature}`],
    ['alg HS256', `${head('HS256')}.${body}.${signature}`],
  ];
}
