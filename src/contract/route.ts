import { z } from 'zod';

/** What a caller must be allowed to do. `open` routes answer without a token. */
export type Action = 'open' | 'read' | 'push' | 'ship' | 'administer' | 'act-as-node';

/** One route of the API: the server, the client and the OpenAPI document are all made from this table. */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Under `/api/v1`; parameters as `{name}`. */
  readonly path: string;
  readonly summary: string;
  readonly action: Action;
  readonly parameters: P;
  readonly query: Q;
  readonly body: B;
  readonly answer: A;
}

const nothing = z.strictObject({});

type Parts = { parameters?: z.ZodType; query?: z.ZodType; body?: z.ZodType };

export function route<T extends Parts, A extends z.ZodType>(
  line: string,
  summary: string,
  action: Action,
  parts: T,
  answer: A,
): Route<
  T['parameters'] extends z.ZodType ? T['parameters'] : typeof nothing,
  T['query'] extends z.ZodType ? T['query'] : typeof nothing,
  T['body'] extends z.ZodType ? T['body'] : typeof nothing,
  A
> {
  const [method, path] = line.split(' ');
  return {
    method: method as Route['method'],
    path: path ?? '',
    summary,
    action,
    parameters: parts.parameters ?? nothing,
    query: parts.query ?? nothing,
    body: parts.body ?? nothing,
    answer,
  } as never;
}
