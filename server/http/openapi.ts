/** OpenAPI 3.1, generated from the schemas that parse the requests. */
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../crypto/errors.ts';
import { MAX_BODY_BYTES, problemSchema } from '../../crypto/wire.ts';
import { formatOpenApiPath, MEDIA_TYPES, pathParameters, type MessageForm, type Route } from './route.ts';

/** What a service says of itself. */
export interface ServiceDescription {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** Errors that every route with a body may answer. */
const BODY_ERRORS: readonly ErrorCode[] = ['badInput', 'tooLarge'];
const COMMON_ERRORS: readonly ErrorCode[] = ['overloaded', 'internal'];

/** The wire form of a schema. What only code can check (custom codecs' byte side) does not travel. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

/** What travels in a form, by media type. */
function content(form: MessageForm, schema: z.ZodType): Record<string, unknown> {
  // OpenAPI 3.1: bytes that are the whole message have no schema.
  return { [MEDIA_TYPES[form]]: form === 'bytes' ? {} : { schema: jsonSchema(schema) } };
}

/** The status with which a route answers an error. */
export function errorStatus({ errorReplies }: Route, code: ErrorCode): number {
  return errorReplies?.[code]?.status ?? ERROR_CODES[code].status;
}

function errorResponses(route: Route): Record<string, unknown> {
  const byStatus = Map.groupBy(routeErrors(route), (code) => errorStatus(route, code));
  const entries = [...byStatus].map(([status, group]) => {
    const types = group.map((code) => route.errorReplies?.[code]?.body?.mediaType);
    const contents = types.map((type) =>
      type === undefined
        ? ['application/problem+json', { schema: { $ref: '#/components/schemas/Problem' } }]
        : [type, { schema: { type: 'string' } }],
    );
    return [
      String(status),
      {
        description: group.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}`).join('; '),
        content: Object.fromEntries(contents) as Record<string, unknown>,
      },
    ];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** The errors that a route may answer. */
export function routeErrors(route: Route): ErrorCode[] {
  const ofJson: readonly ErrorCode[] = (route.bodyForm ?? 'json') === 'json' ? ['unsupportedMediaType'] : [];
  const ofBody = route.body === undefined ? [] : [...BODY_ERRORS, ...ofJson];
  return [...new Set([...ofBody, ...route.errors, ...COMMON_ERRORS])];
}

function operation(route: Route): Record<string, unknown> {
  const rest = /\{(?<name>\w+)\.\.\.\}$/u.exec(route.path)?.groups?.['name'];
  const parameters = pathParameters(route.path).map((name) => {
    const schema = jsonSchema(route.params?.shape[name] as z.ZodType);
    const parameter = { name, in: 'path', required: true, schema };
    if (name !== rest) return parameter;
    return Object.assign(parameter, { description: 'The rest of the address, with its slashes as they are' });
  });
  return {
    summary: route.summary,
    description: route.description,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: content(route.bodyForm ?? 'json', route.body) } }),
    responses: {
      '200': { description: 'Done', content: content(route.replyForm ?? 'json', route.reply) },
      ...errorResponses(route),
    },
  };
}

/** The OpenAPI document of a service. */
export function createOpenApi(service: ServiceDescription, routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = formatOpenApiPath(route.path);
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: service.title,
      version: service.version,
      description: `${service.description}\n\nBinary is base64url without padding. Bodies are at most ${MAX_BODY_BYTES / 1024} KiB.`,
    },
    paths,
    components: { schemas: { Problem: jsonSchema(problemSchema) } },
  };
}
