/** What page and worker send each other. Types alone. */
import type { CallProgress, EngineFailure } from './calls.ts';

/** The parts of the engine; each is loaded when it is first called. */
export type EngineName = 'owner' | 'police' | 'proofs';

/** From the page. `id` numbers the page's calls. */
export type Ask =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly engine: EngineName;
      readonly method: string;
      readonly args: unknown;
    }
  | { readonly kind: 'cancel'; readonly id: number };

/** From the worker: progress any number of times, then a value or a failure once. */
export type Answer =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: CallProgress }
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'failure';
      readonly id: number;
      readonly failure: EngineFailure;
      /** Whether a part could not be loaded: a browser may remember that, so only a new worker can try again. */
      readonly isLost: boolean;
    };
