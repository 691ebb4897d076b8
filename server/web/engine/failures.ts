/** Failures that are not the SDK's: page and worker tell them in the same words. */
import type { EngineFailure } from './calls.ts';

/** The page has cancelled the call. */
export const CANCELLED: EngineFailure = {
  code: 'cancelled',
  kind: 'unavailable',
  message: 'The work was cancelled',
  remedy: 'Start it again; what was done stays done.',
};

/** The worker, or a part of it, could not be fetched. */
export const NOT_LOADED: EngineFailure = {
  code: 'unreachable',
  kind: 'unavailable',
  message: 'A part of the program could not be loaded',
  remedy: 'See that you are connected, then try again; nothing is lost.',
};

/** A defect of the program. Says nothing of the error itself: it may quote what must not leave the worker. */
export const INTERNAL: EngineFailure = {
  code: 'internal',
  kind: 'unavailable',
  message: 'The program has failed',
  remedy: 'Reload the page. What was acknowledged is kept.',
};
