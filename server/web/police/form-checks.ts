/** What the police pages check before they ask the engine, which checks it all again. */

export const MAX_CASE_REFERENCE = 64;
export const MAX_MESSAGE = 4000;
export const MAX_REPLY = 254;
/** Bytes of UTF-8. */
export const MAX_EXPLANATION = 1000;

/** A value to work with, or what is wrong with it. */
export type Checked<Fault extends string> =
  { readonly value: string; readonly fault: null } | { readonly value: null; readonly fault: Fault };

const good = (value: string): Checked<never> => ({ value, fault: null });
const bad = <Fault extends string>(fault: Fault): Checked<Fault> => ({ value: null, fault });

export function checkCase(text: string): Checked<'missing' | 'tooLong'> {
  const value = text.trim();
  if (value === '') return bad('missing');
  return value.length > MAX_CASE_REFERENCE ? bad('tooLong') : good(value);
}

/** A request for an opening as `formatOpeningToken` of the SDK writes it, whatever white space came into it on its way. */
export function checkToken(text: string): Checked<'missing' | 'wrong'> {
  const value = text.replace(/\s/gu, '');
  if (value === '') return bad('missing');
  return /^opening-[A-Za-z0-9_-]{91}$/u.test(value) ? good(value) : bad('wrong');
}

export function checkExplanation(text: string, reason: string): Checked<'missing' | 'tooLong'> {
  const value = text.trim();
  if (value === '' && reason === 'other') return bad('missing');
  return new TextEncoder().encode(value).length > MAX_EXPLANATION ? bad('tooLong') : good(value);
}

export function checkMessage(text: string): Checked<'missing' | 'tooLong'> {
  const value = text.trim();
  if (value === '') return bad('missing');
  return value.length > MAX_MESSAGE ? bad('tooLong') : good(value);
}

export function checkReply(text: string): Checked<'tooLong'> {
  const value = text.trim();
  return value.length > MAX_REPLY ? bad('tooLong') : good(value);
}

/** Milliseconds until there is less than `left` seconds of a credential; 0 when that is past. */
export function millisecondsUntil(expiresAt: number, left: number, now: number): number {
  return Math.max(0, (expiresAt - left) * 1000 - now);
}
