/** What every engine is made from. Types alone. */
import type { Argon2id, Fetch, RegistryFile, RetryPolicy } from '../../../client-sdk/index.ts';

/** What an engine takes from its surroundings; in a browser, the pages' registry, and threads to stretch on. */
export interface EngineOptions {
  /**
   * How the pages' own registry is reached. Asked for anew after a failure, else once.
   *
   * @throws BlindmarkError `unreachable`, `badReply` and others
   */
  readonly registryFile: () => Promise<RegistryFile>;
  /** Default: the platform's. */
  readonly fetch?: Fetch | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Default: WebAssembly. */
  readonly argon2id?: Argon2id | undefined;
  /** Codes stretched at once; default 1. */
  readonly parallelStretches?: number | undefined;
  /** Epoch seconds; default: the clock's. */
  readonly now?: (() => number) | undefined;
  /** Default: the browser's Web Locks. */
  readonly locks?: Pick<LockManager, 'request'> | undefined;
}
