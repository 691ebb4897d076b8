/** The error of a browser that does not store, or no longer. */
import { BlindmarkError } from '../../../client-sdk/index.ts';

/**
 * What IndexedDB's failure is told as.
 *
 * @param field what was to be kept
 */
export function storageFailed(cause: unknown, field: 'vault' | 'tray'): BlindmarkError {
  const isFull = cause instanceof Error && cause.name === 'QuotaExceededError';
  const [message, remedy] = isFull
    ? ['The browser has no room left to keep this', 'Make room on this device, then do the same again.']
    : ['The browser does not keep this', 'Leave private browsing, or use another browser or device, then try again.'];
  return new BlindmarkError('storageFailed', `${message}; what was kept before is unchanged`, { field, remedy, cause });
}
