/**
 * How a page asks its engine. All cryptography, all secrets and all storage live in a Web Worker, the engine; a page holds what it
 * shows and nothing else. Locking a vault or signing out ends the worker, and with it everything that it held.
 */

/** How far a call is. `total` is 0 while it is not known. */
export interface CallProgress {
  /** Names a step in the page's own words: `token`, `evaluate`, `stretch`, `log`, `lookup`, `verify`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** What a method of an engine is given beside its arguments. */
export interface CallContext {
  /** Aborted when the page cancels. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CallProgress) => void;
}

/** A method takes one object (or nothing) and resolves to what structured cloning can carry. */
// oxlint-disable-next-line typescript/no-explicit-any -- only by `any` may methods of any argument be one type.
export type Method = (args: any, context: CallContext) => Promise<unknown>;

/** What an engine can do: its methods by name. */
export type Methods<Api> = { readonly [Name in keyof Api]: Method };

/** The same from the page's side. */
export type Calls<Api extends Methods<Api>> = {
  readonly [Name in keyof Api]: (
    ...given: undefined extends Parameters<Api[Name]>[0]
      ? [args?: undefined, options?: CallOptions]
      : [args: Parameters<Api[Name]>[0], options?: CallOptions]
  ) => ReturnType<Api[Name]>;
};

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CallProgress) => void) | undefined;
}

/** An error as it travels from engine to page. `code` is one of the SDK's error codes. None of it holds a secret. */
export interface EngineFailure {
  readonly code: string;
  /** `input`: mend what was given; `refused`: it is not allowed, or not true; `unavailable`: try again. */
  readonly kind: 'input' | 'refused' | 'unavailable';
  readonly message: string;
  readonly field?: string | undefined;
  readonly remedy?: string | undefined;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  readonly guardians?: readonly string[] | undefined;
}
