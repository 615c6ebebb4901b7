/** The API as an OpenAPI 3.1 document, made of the routes' own data. */
import { toJsonSchema } from '@valibot/to-json-schema';
import { PROBLEMS } from '../errors.ts';
import type { Route } from './route.ts';

type JsonObject = Record<string, unknown>;

const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const problemSchema = {
  type: 'object',
  description:
    'RFC 9457. `code` is from a closed list; `errors[].path` is a JSON pointer into the request body.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { enum: Object.keys(PROBLEMS) },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** `:orgId` of Hono as `{orgId}` of OpenAPI. */
const toTemplate = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function parameters(route: Route, path: string): JsonObject[] {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  const described = (where: string, texts: Record<string, string>): JsonObject[] =>
    Object.entries(texts).map(([name, description]) => ({
      name,
      in: where,
      description,
      schema: { type: 'string' },
    }));
  return [
    ...names.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: name.endsWith('Id') ? { type: 'string', format: 'uuid' } : { type: 'string' },
    })),
    ...described('query', route.query ?? {}),
    ...described('header', route.headers ?? {}),
  ];
}

function requestBody(route: Route): JsonObject | undefined {
  const content: JsonObject = {};
  if (route.body !== undefined) {
    // What JSON Schema cannot say (custom checks) is left out.
    const { $schema: _, ...schema } = toJsonSchema(route.body, {
      target: 'draft-2020-12',
      typeMode: 'input',
      errorMode: 'ignore',
    });
    content['application/json'] = { schema };
  }
  if (route.takesDefinition) content['application/yaml'] = { schema: { type: 'string' } };
  for (const [type, schema] of Object.entries(route.bodySchemas ?? {})) content[type] = { schema };
  return Object.keys(content).length === 0 ? undefined : { content };
}

function security(route: Route): JsonObject[] {
  if (route.access === 'public') return [];
  return route.access === 'admin-token' ? [{ adminToken: [] }] : [{ apiKey: [] }];
}

function operation(route: Route, path: string, isAlias: boolean): JsonObject {
  const body = requestBody(route);
  const responses = Object.entries(route.answers).map(([status, description]) => [
    status,
    Number(status) < 400 || route.access === 'public' ? { description } : { description, content: problem },
  ]);
  const needs = route.access === 'public' || route.access === 'admin-token' ? '' : ` Scope: ${route.access}.`;
  return {
    operationId: isAlias ? `${route.name}${path.replaceAll(/[/:]+/g, '-')}` : route.name,
    summary: route.summary,
    ...(needs === '' ? {} : { description: needs.trim() }),
    security: security(route),
    parameters: parameters(route, path),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...Object.fromEntries(responses), default: { description: 'Any error.', content: problem } },
  };
}

/** The document for these routes; every path of a route is listed, the first under its own name. */
export function toOpenApi(routes: readonly Route[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    for (const [index, path] of route.paths.entries()) {
      const item = (paths[toTemplate(path)] ??= {});
      item[route.method] = operation(route, path, index > 0);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vespid',
      version: 'v1',
      summary: 'Workflow runs: accepted only when queued, executed durably.',
    },
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, `vsp_…`; also as `X-API-Key`.' },
        adminToken: { type: 'http', scheme: 'bearer', description: 'VESPID_ADMIN_TOKEN' },
      },
    },
  };
}
