/** What a refusal must say: its code and, where given, the field at fault. */
import { expect } from 'vitest';
import { BlindmarkError, type ErrorCode } from '../../crypto/errors.ts';

/** Matches the {@link BlindmarkError} of that code, and of that field if one is named. For `toThrow` and `rejects`. */
export function refusal(code: ErrorCode, field?: string): Error {
  return expect.objectContaining({ name: 'BlindmarkError', code, ...(field === undefined ? {} : { field }) }) as Error;
}

/** The {@link BlindmarkError} that `action` throws. */
export function refusalOf(action: () => unknown): BlindmarkError {
  try {
    action();
  } catch (error) {
    if (error instanceof BlindmarkError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
