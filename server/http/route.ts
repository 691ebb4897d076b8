/** A route as data: what express serves, what OpenAPI describes and what a test enumerates are the same list. */
import type { z } from 'zod';
import type { ErrorCode } from '../../crypto/errors.ts';

/** What a handler is given: parsed, checked input. */
export interface Call<Body, Params> {
  readonly body: Body;
  readonly params: Params;
}

/** One route of a service. */
export interface Route {
  readonly method: 'get' | 'post';
  /** In OpenAPI's spelling: `/v1/registrations/{commitment}/actions`. */
  readonly path: string;
  /** One line: what it is for. */
  readonly summary: string;
  /** What a caller must know: who may call it, what it answers, what it never does. */
  readonly description: string;
  readonly params?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly reply: z.ZodType;
  /** The codes of this route's own problem documents, beside those that any route has. */
  readonly errors: readonly ErrorCode[];
  /** Seconds for which a reply may be cached; not at all by default. */
  readonly maxAge?: number;
  /** Parses nothing and formats nothing: its input is checked, and its result is formatted by `reply`. */
  readonly handle: (call: Call<unknown, unknown>) => Promise<unknown>;
}

/** A {@link Route} whose handler's types follow from its schemas. */
export function defineRoute<
  Reply extends z.ZodType,
  Body extends z.ZodType = z.ZodUndefined,
  Params extends z.ZodObject = z.ZodObject,
>(
  route: Omit<Route, 'body' | 'params' | 'reply' | 'handle'> & {
    readonly params?: Params;
    readonly body?: Body;
    readonly reply: Reply;
    readonly handle: (call: Call<z.output<Body>, z.output<Params>>) => Promise<z.output<Reply>>;
  },
): Route {
  return route as Route;
}
