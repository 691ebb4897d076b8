/** The words that a person can act on, for any error. */
import type { EngineFailure } from '../engine/calls.ts';
import { currentText, type ErrorsText } from './page-text.tsx';

/** What happened, what is unchanged, what to do next. */
export interface ErrorWords {
  readonly title: string;
  readonly what: string;
  readonly unchanged: string;
  readonly next: string;
}

/** The words for `error`, by its code. A code that has no words, or anything else that was thrown, is a failure of the page itself. */
export function describeError(error: unknown): ErrorWords {
  return wordsOf(codeOf(error), currentText().errors);
}

/** The words of a code in `errors`; those of `internal` for an unknown one. */
export function wordsOf(code: string, errors: ErrorsText): ErrorWords {
  return Object.hasOwn(errors, code) ? errors[code as keyof ErrorsText] : errors.internal;
}

/** The code of `error`; `internal` where it has none. */
export function codeOf(error: unknown): string {
  return asFailure(error)?.code ?? 'internal';
}

/** `error` as the engine tells of it, or null for anything else. */
export function asFailure(error: unknown): EngineFailure | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? (error as EngineFailure)
    : null;
}

/** Whether trying again as it is makes sense: something did not answer, or the page itself failed. */
export function isPassing(error: unknown): boolean {
  const failure = asFailure(error);
  return failure === null || failure.kind === 'unavailable';
}
