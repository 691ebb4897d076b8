/** Padding: contents of any length as plaintexts of few sizes, so that a sealed one tells little of what is in it. */
import { concatBytes, formatUint } from './bytes.ts';
import { badInput } from './errors.ts';

/** Bytes of a padded plaintext that are no content: its length. */
export const PADDING_OVERHEAD = 4;

/**
 * The content's length as four bytes, the content, and zeros up to `size` bytes.
 *
 * @throws BlindmarkError `badInput` when it does not fit
 */
export function pad(content: Uint8Array, size: number): Uint8Array {
  const room = size - PADDING_OVERHEAD - content.length;
  if (room < 0) throw badInput('content', `at most ${size - PADDING_OVERHEAD} bytes, not ${content.length}`);
  return concatBytes(formatUint(content.length, PADDING_OVERHEAD), content, new Uint8Array(room));
}

/** The content of a padded plaintext; null for what {@link pad} never made. */
export function unpad(padded: Uint8Array): Uint8Array | null {
  if (padded.length < PADDING_OVERHEAD) return null;
  const end = PADDING_OVERHEAD + new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (end > padded.length || padded.subarray(end).some((byte) => byte !== 0)) return null;
  return padded.subarray(PADDING_OVERHEAD, end);
}
