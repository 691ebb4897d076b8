/** Values as sealed bytes: AES-GCM by WebCrypto, under a key that no script can read. */
import { BlindmarkError, formatBase64url, parseBase64url } from '../../../client-sdk/index.ts';

/** Names bytes in JSON; no value that is stored has a field of this name. */
const BYTES = '$bytes';
const NONCE_BYTES = 12;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON in which byte strings are `{"$bytes": "…"}` in base64url. */
function formatValue(value: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? { [BYTES]: formatBase64url(part) } : part,
  );
  return encoder.encode(text);
}

function parseValue(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes), (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || !(BYTES in part)) return part;
    return parseBase64url('record', part[BYTES] as string);
  });
}

/**
 * Seals a value that is made of JSON's values and byte strings.
 *
 * @param name what it is: it opens under this name alone
 */
export async function sealValue(
  key: CryptoKey,
  name: readonly string[],
  value: unknown,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const additionalData = encoder.encode(JSON.stringify(name));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, formatValue(value));
  const box = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  box.set(iv);
  box.set(new Uint8Array(sealed), NONCE_BYTES);
  return box;
}

/**
 * Opens what {@link sealValue} sealed under this name. Whoever sealed it had the key, so the value is what was sealed.
 *
 * @throws BlindmarkError `badFile` for another key's, another name's, or one that was altered
 */
export async function openValue(
  key: CryptoKey,
  name: readonly string[],
  box: Uint8Array<ArrayBuffer>,
): Promise<unknown> {
  try {
    const iv = box.subarray(0, NONCE_BYTES);
    const additionalData = encoder.encode(JSON.stringify(name));
    const sealed = box.subarray(NONCE_BYTES);
    return parseValue(
      new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, sealed)),
    );
  } catch (cause) {
    throw new BlindmarkError('badFile', 'What this browser has kept was altered, or belongs to another credential', {
      field: 'tray',
      remedy:
        'Sign in with the credential of that shift. If it stays so, delete the tray and look its readings up again.',
      cause,
    });
  }
}
