/**
 * Lets pages of other origins ask a service's interface, so that the pages may be hosted by somebody else than the registry's
 * operator.
 *
 * That is safe, since a browser adds nothing to a request that its sender does not have: there is no cookie, no client
 * certificate and no password of HTTP. Every right is in the request itself: a signature or a token. A foreign page can ask
 * nothing that any program could not ask as well, and credentials are never allowed (`*` rules them out).
 */
import type { Request, Response } from 'express';

/** Seconds for which a browser may remember a preflight's answer: the most that any of them takes. */
const PREFLIGHT_MAX_AGE = 86_400;

/** Lets any page read a reply. */
export function allowAnyPage(response: Response): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
  // Pages are isolated (Cross-Origin-Embedder-Policy), and so take from other origins only what says this.
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
}

/** Whether a browser asks beforehand (Fetch standard, CORS preflight). */
export function isPreflight(request: Request): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.origin !== undefined &&
    request.headers['access-control-request-method'] !== undefined
  );
}

/** Answers a browser that asks beforehand. */
export function answerPreflight(response: Response, allowed: readonly string[]): void {
  allowAnyPage(response);
  response.setHeader('Access-Control-Allow-Methods', allowed.join(', '));
  response.setHeader('Access-Control-Allow-Headers', 'content-type');
  response.setHeader('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE));
  response.status(204).end();
}
