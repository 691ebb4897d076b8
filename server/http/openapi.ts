/** OpenAPI 3.1, generated from the schemas that parse the requests. */
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../crypto/errors.ts';
import { MAX_BODY_BYTES, problemSchema } from '../../crypto/wire.ts';
import type { Route } from './route.ts';

/** What a service says of itself. */
export interface ServiceDescription {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** Errors that every route with a body may answer. */
const BODY_ERRORS: readonly ErrorCode[] = ['badInput', 'tooLarge', 'unsupportedMediaType'];
const COMMON_ERRORS: readonly ErrorCode[] = ['overloaded', 'internal'];

/** The wire form of a schema. What only code can check (custom codecs' byte side) does not travel. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

function errorResponses(codes: readonly ErrorCode[]): Record<string, unknown> {
  const byStatus = Map.groupBy(codes, (code) => ERROR_CODES[code].status);
  const entries = [...byStatus].map(([status, group]) => [
    String(status),
    {
      description: group.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}`).join('; '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** The errors that a route may answer. */
export function routeErrors(route: Route): ErrorCode[] {
  return [...new Set([...(route.body === undefined ? [] : BODY_ERRORS), ...route.errors, ...COMMON_ERRORS])];
}

function operation(route: Route): Record<string, unknown> {
  const parameters = Object.entries(route.params?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'path',
    required: true,
    schema: jsonSchema(schema as z.ZodType),
  }));
  return {
    summary: route.summary,
    description: route.description,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(route.body) } } } }),
    responses: {
      '200': { description: 'Done', content: { 'application/json': { schema: jsonSchema(route.reply) } } },
      ...errorResponses(routeErrors(route)),
    },
  };
}

/** The OpenAPI document of a service. */
export function createOpenApi(service: ServiceDescription, routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
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
