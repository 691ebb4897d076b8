/** Searches for values that would be known again anywhere, in clear and in every encoding. */
import { bytesToHex, utf8ToBytes } from '../../crypto/bytes.ts';

/** Texts and byte strings by what they are. */
export type Canaries = ReadonlyMap<string, readonly (string | Uint8Array)[]>;

/** Base64 of text wherever it may stand in a longer one: without the characters that what is beside it decides. */
function base64Parts(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/u, '');
    return text.slice(shift === 0 ? 0 : 4, -2);
  });
}

/** Every spelling that is looked for: what is compared without case, and what is not. */
function formsOf(canary: string | Uint8Array): {
  readonly loose: readonly string[];
  readonly exact: readonly string[];
} {
  const bytes = typeof canary === 'string' ? utf8ToBytes(canary) : canary;
  const base64 = base64Parts(bytes);
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const clear = typeof canary === 'string' ? [canary, encodeURIComponent(canary)] : [];
  const raw = typeof canary === 'string' ? [] : [Buffer.from(canary).toString('latin1')];
  const wide = typeof canary === 'string' ? [Buffer.from(canary, 'utf16le').toString('latin1')] : [];
  return {
    loose: [...clear, ...wide, bytesToHex(bytes)].map((text) => text.toLowerCase()),
    exact: [...base64, ...base64url, ...raw],
  };
}

/**
 * Names of the canaries that stand in `content`.
 *
 * @param except names that may stand there
 */
export function findCanaries(
  canaries: Canaries,
  content: string | Uint8Array,
  except: readonly string[] = [],
): string[] {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
  const lower = text.toLowerCase();
  return [...canaries].flatMap(([name, values]) => {
    if (except.includes(name)) return [];
    const isThere = values
      .map(formsOf)
      .some(
        ({ loose, exact }) => loose.some((form) => lower.includes(form)) || exact.some((form) => text.includes(form)),
      );
    return isThere ? [name] : [];
  });
}
