/** Errors as problem documents (RFC 9457): the one place where a {@link BlindmarkError} becomes an HTTP reply. */
import type { Response } from 'express';
import { BlindmarkError, ERROR_CODES, isBlindmarkError } from '../../crypto/errors.ts';
import type { Problem } from '../../crypto/wire.ts';
import type { ErrorReply } from './route.ts';

interface BodyParserError extends Error {
  readonly type: string;
}

const isBodyParserError = (error: unknown): error is BodyParserError =>
  error instanceof Error && 'type' in error && typeof error.type === 'string' && 'status' in error;

/** Whatever was thrown, as a {@link BlindmarkError}. A defect becomes `internal` and keeps its cause for the log alone. */
export function toBlindmarkError(error: unknown): BlindmarkError {
  if (isBlindmarkError(error)) return error;
  if (isBodyParserError(error)) {
    if (error.type === 'entity.too.large') {
      return new BlindmarkError('tooLarge', 'The body is larger than 64 KiB. Nothing was changed.', {
        remedy: 'Send fewer elements in one request.',
      });
    }
    // The parser's own message quotes the body.
    return new BlindmarkError('badInput', 'The body is not JSON in UTF-8. Nothing was changed.', { field: 'body' });
  }
  if (error instanceof URIError) return new BlindmarkError('unknownRoute', 'There is nothing at this address');
  return new BlindmarkError('internal', 'The service failed. It is not known whether anything was changed.', {
    remedy: 'Send the same request again; it is safe to repeat.',
    cause: error,
  });
}

/**
 * The problem document of an error.
 *
 * @param status default: the code's own
 */
export function formatProblem(error: BlindmarkError, status: number = ERROR_CODES[error.code].status): Problem {
  const { title } = ERROR_CODES[error.code];
  return {
    type: `urn:blindmark:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    ...(error.guardians === undefined ? {} : { guardians: [...error.guardians] }),
    ...(error.size === undefined ? {} : { size: error.size }),
  };
}

/**
 * Replies with an error.
 *
 * @param reply default: a problem document with the code's own status
 */
export function sendProblem(response: Response, error: BlindmarkError, reply?: ErrorReply): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = formatProblem(error, reply?.status);
  // RFC 9110 15.1: 404 and others are cacheable unless told otherwise.
  response.setHeader('Cache-Control', 'no-store');
  if (error.retryAfter !== undefined) response.setHeader('Retry-After', String(Math.ceil(error.retryAfter)));
  response.setHeader('Content-Type', reply?.body?.mediaType ?? 'application/problem+json');
  response.status(problem.status).end(reply?.body?.format(error) ?? JSON.stringify(problem));
}
