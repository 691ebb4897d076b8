/** A route as data: what express serves, what OpenAPI describes and what a test enumerates are the same list. */
import type { z } from 'zod';
import type { BlindmarkError, ErrorCode } from '../../crypto/errors.ts';

/** What a handler is given: parsed, checked input. */
export interface Call<Body, Params> {
  readonly body: Body;
  readonly params: Params;
}

/**
 * How a body or a reply travels: as JSON, as UTF-8 text (its schema is one of strings) or as bytes (one of `Uint8Array`).
 * A body of text or bytes is taken under any media type, since foreign clients name all sorts or none.
 */
export type MessageForm = 'json' | 'text' | 'bytes';

/** The media types of replies. */
export const MEDIA_TYPES: Readonly<Record<MessageForm, string>> = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  bytes: 'application/octet-stream',
};

/** How a foreign protocol wants an error answered. */
export interface ErrorReply {
  readonly status: number;
  /** In place of the problem document. */
  readonly body?: { readonly mediaType: string; readonly format: (error: BlindmarkError) => string };
}

/** One route of a service. */
export interface Route {
  readonly method: 'get' | 'post';
  /**
   * In OpenAPI's spelling: `/v1/registrations/{commitment}/actions`. A last `{name...}` takes the rest of the address, with
   * its slashes.
   */
  readonly path: string;
  /** One line: what it is for. */
  readonly summary: string;
  /** What a caller must know: who may call it, what it answers, what it never does. */
  readonly description: string;
  readonly params?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Default: JSON. */
  readonly bodyForm?: MessageForm;
  readonly reply: z.ZodType;
  /** Default: JSON. */
  readonly replyForm?: MessageForm;
  /** The codes of this route's own problem documents, beside those that any route has. */
  readonly errors: readonly ErrorCode[];
  /** Where an error is answered otherwise than by a problem document with the code's own status. */
  readonly errorReplies?: Readonly<Partial<Record<ErrorCode, ErrorReply>>>;
  /** Seconds for which a reply may be cached, or that it never changes; not cached by default. */
  readonly maxAge?: number | 'immutable';
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

const PARAMETER = /\{(?<name>\w+)(?<rest>\.\.\.)?\}/gu;

/** The names of a path's parameters. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(PARAMETER)].map(({ groups }) => groups?.['name'] as string);
}

/** The path in OpenAPI, which knows no parameter with slashes: `{name...}` becomes `{name}`. */
export function formatOpenApiPath(path: string): string {
  return path.replaceAll(PARAMETER, '{$<name>}');
}

/** The path in express' spelling. */
export function formatExpressPath(path: string): string {
  return path.replaceAll(PARAMETER, (...match) => {
    const groups = match.at(-1) as { readonly name: string; readonly rest?: string };
    return `${groups.rest === undefined ? ':' : '*'}${groups.name}`;
  });
}
