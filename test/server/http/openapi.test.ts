import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../../crypto/errors.ts';
import { createTestService, FOREIGN_ROUTES, TEST_ROUTES } from '../../support/service.ts';

interface Content {
  readonly content?: Record<string, { readonly schema: z.core.JSONSchema.JSONSchema }>;
}
interface Operation {
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly {
    name: string;
    in: string;
    required: boolean;
    schema: z.core.JSONSchema.JSONSchema;
  }[];
  readonly requestBody?: Content & { readonly required: boolean };
  readonly responses: Record<string, Content & { readonly description: string }>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, z.core.JSONSchema.JSONSchema> };
}

async function fetchDocument(): Promise<Document> {
  return (await supertest(createTestService().app).get('/openapi.json')).body as Document;
}

const schemaOf = (content: Content | undefined) =>
  z.fromJSONSchema(content?.content?.['application/json']?.schema as z.core.JSONSchema.JSONSchema);

/** Every value of a key, wherever it stands. */
function valuesOf(node: unknown, key: string): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const found = Object.entries(node).map(([name, value]) => (name === key ? [value] : valuesOf(value, key)));
  return found.flat();
}

describe('the OpenAPI document', () => {
  it('describes every route, and no other', async () => {
    const { openapi, info, paths } = await fetchDocument();
    expect(openapi).toBe('3.1.0');
    expect(info).toMatchObject({ title: 'Test <service>', version: '1.2.3' });
    expect(info.description).toContain('64 KiB');
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.toSorted()).toEqual(TEST_ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
  });

  it('says for each route what it takes, replies and refuses', async () => {
    const { paths } = await fetchDocument();
    for (const route of TEST_ROUTES) {
      const operation = paths[route.path]?.[route.method] as Operation;
      expect([operation.summary, operation.description]).toEqual([route.summary, route.description]);
      expect(operation.requestBody?.required).toBe(route.body === undefined ? undefined : true);
      const named = [...route.path.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name);
      expect((operation.parameters ?? []).map(({ name }) => name)).toEqual(named);
      for (const parameter of operation.parameters ?? [])
        expect(parameter).toMatchObject({ in: 'path', required: true });
      const errors: ErrorCode[] = [...route.errors, 'internal', 'overloaded'];
      if (route.body !== undefined) errors.push('badInput', 'tooLarge', 'unsupportedMediaType');
      for (const code of errors) {
        const response = operation.responses[String(ERROR_CODES[code].status)];
        expect(response?.description).toContain(`\`${code}\``);
        expect(response?.content?.['application/problem+json']?.schema).toEqual({
          $ref: '#/components/schemas/Problem',
        });
      }
      expect(Object.values(operation.responses).every(({ description }) => description.length > 0)).toBe(true);
    }
  });

  it('describes text, bytes, addresses with slashes and foreign errors', async () => {
    const response = await supertest(createTestService(FOREIGN_ROUTES).app).get('/openapi.json');
    const { paths } = response.body as Document;
    expect(Object.keys(paths)).toEqual(['/v1/notes', '/v1/blobs', '/v1/files/{name}/{path}', '/v1/conflicts']);
    const contentOf = (path: string) => {
      const { requestBody, responses } = Object.values(paths[path] ?? {})[0] as Operation;
      return [requestBody?.content, responses['200']?.content];
    };
    expect(contentOf('/v1/notes')).toEqual([
      { 'text/plain; charset=utf-8': { schema: { type: 'string', maxLength: 1000 } } },
      { 'text/plain; charset=utf-8': { schema: { type: 'string' } } },
    ]);
    expect(contentOf('/v1/blobs')).toEqual([{ 'application/octet-stream': {} }, { 'application/octet-stream': {} }]);
    const [name, rest] = paths['/v1/files/{name}/{path}']?.['get']?.parameters ?? [];
    expect([name?.name, rest?.name]).toEqual(['name', 'path']);
    expect(rest).toMatchObject({ description: expect.stringContaining('slashes') as string });
    const responses = paths['/v1/conflicts']?.['post']?.responses ?? {};
    expect(Object.keys(responses)).toEqual(['200', '400', '404', '409', '413', '422', '500', '503']);
    expect(responses['409']).toEqual({
      description: `\`sizeConflict\`: ${ERROR_CODES.sizeConflict.title}`,
      content: { 'text/x.size': { schema: { type: 'string' } } },
    });
    expect(responses['422']?.description).toContain('badProof');
  });

  it('refers to nothing that is not in it', async () => {
    const document = await fetchDocument();
    expect(Object.keys(document.components.schemas)).toEqual(['Problem']);
    expect(new Set(valuesOf(document, '$ref'))).toEqual(new Set(['#/components/schemas/Problem']));
    expect(valuesOf(document, '$schema')).toEqual([]);
    expect(valuesOf(document, '$defs')).toEqual([]);
  });

  it('describes requests and replies as they travel', async () => {
    const { paths, components } = await fetchDocument();
    const echo = paths['/v1/echoes/{name}']?.['post'] as Operation;
    const request = schemaOf(echo.requestBody);
    const accepted = [{ data: 'AAEC' }, { data: 'AAEC', note: 'text' }];
    const refused = [
      {},
      { data: 'A' },
      { data: 'A+/=' },
      { data: 5 },
      { data: 'AAEC', more: 1 },
      { data: 'AAEC', note: '' },
    ];
    expect(accepted.map((body) => request.safeParse(body).success)).toEqual([true, true]);
    expect(refused.map((body) => request.safeParse(body).success)).toEqual(refused.map(() => false));
    expect(schemaOf(echo.responses['200']).safeParse({ name: 'n', data: 'AAEC' }).success).toBe(true);
    const name = z.fromJSONSchema(echo.parameters?.[0]?.schema as z.core.JSONSchema.JSONSchema);
    expect(['some-name', 'Upper', ''].map((value) => name.safeParse(value).success)).toEqual([true, false, false]);
    const { text } = await supertest(createTestService().app).get('/nowhere');
    const problem = z.fromJSONSchema(components.schemas['Problem'] as z.core.JSONSchema.JSONSchema);
    expect(problem.safeParse(JSON.parse(text)).success).toBe(true);
    expect(problem.safeParse({}).success).toBe(false);
  });
});
