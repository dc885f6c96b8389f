import { z } from 'zod';
import { problem, type Route, routes } from '#contract';

type Schema = Record<string, unknown>;

function schemaOf(type: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any', reused: 'inline' }) as Schema;
  return schema;
}

function parametersOf(type: z.ZodType, place: 'path' | 'query'): Schema[] {
  const schema = schemaOf(type, 'input');
  const required = (schema['required'] as string[] | undefined) ?? [];
  return Object.entries((schema['properties'] as Record<string, Schema> | undefined) ?? {}).map(([name, of]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: of,
  }));
}

const refusal = {
  description: 'Refused, and what to do next (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function operationOf(name: string, route: Route): Schema {
  const body = schemaOf(route.body, 'input');
  const hasBody = Object.keys((body['properties'] as object | undefined) ?? {}).length > 0;
  return {
    operationId: name,
    summary: route.summary,
    parameters: [...parametersOf(route.parameters, 'path'), ...parametersOf(route.query, 'query')],
    ...(hasBody ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    security: route.action === 'open' ? [] : [{ token: [] }],
    responses: {
      '200': { description: 'Done', content: { 'application/json': { schema: schemaOf(route.answer, 'output') } } },
      default: refusal,
    },
  };
}

/** The OpenAPI 3.1 document of the API, made from the contract's route table. */
export function openApiDocument(version: string): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    const path = (paths[`/api/v1${route.path}`] ??= {});
    path[route.method.toLowerCase()] = operationOf(name, route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Fixity', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: { Problem: schemaOf(problem, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}
