import type { Answer, Body, Parameters, Problem, Query, Route, RouteName } from '#contract';
import { routes } from '#contract';
import { FixityError } from '#kernel';

export interface ClientOptions {
  /** The server's address, for example `http://127.0.0.1:7070`. */
  readonly server: string;
  readonly token?: string | undefined;
  readonly fetch?: typeof fetch;
}

type Part<K extends string, T> =
  Record<string, never> extends T ? { readonly [key in K]?: T } : { readonly [key in K]: T };
/** What a call of the route takes; parts that may be empty may be left out. */
export type CallInput<N extends RouteName> = Part<'parameters', Parameters<N>> &
  Part<'query', Query<N>> &
  Part<'body', Body<N>>;

export interface CallOptions {
  /** Idempotency key: a repeat with the same key gets the first answer. */
  readonly commandId?: string;
  readonly ifMatch?: { readonly subject: string; readonly version: number };
  readonly signal?: AbortSignal;
}

/** The typed API client. The command line, the node agent and the console use nothing else. */
export interface Client {
  readonly server: string;
  readonly token: string | undefined;
  /** @throws FixityError: the server's refusal, or `unreachable`. */
  call<N extends RouteName>(name: N, input: CallInput<N>, options?: CallOptions): Promise<Answer<N>>;
}

export function createClient({ server, token, fetch: send = fetch }: ClientOptions): Client {
  const base = server.replace(/\/+$/, '');
  return {
    server: base,
    token,
    async call(name, input, options = {}) {
      const route: Route = routes[name];
      const response = await reach(base, () =>
        send(`${base}/api/v1${pathOf(route, input)}`, {
          method: route.method,
          headers: headersOf(token, options, 'body' in input),
          ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        }),
      );
      const text = await reach(base, () => response.text());
      if (!response.ok) throw refusalOf(base, response.status, text);
      return JSON.parse(text) as Answer<typeof name>;
    },
  };
}

function pathOf(route: Route, input: { readonly parameters?: unknown; readonly query?: unknown }): string {
  const parameters = (input.parameters ?? {}) as Record<string, unknown>;
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function headersOf(token: string | undefined, options: CallOptions, hasBody: boolean): Record<string, string> {
  return {
    accept: 'application/json',
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(options.commandId === undefined ? {} : { 'idempotency-key': options.commandId }),
    ...(options.ifMatch === undefined ? {} : { 'if-match': `"${options.ifMatch.subject}@${options.ifMatch.version}"` }),
  };
}

async function reach<T>(server: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause;
    const why = (cause as { cause?: { code?: string } }).cause?.code ?? (cause as Error).message;
    throw new FixityError('unreachable', `${server} cannot be reached: ${why}`, {
      next: untrusted.test(why)
        ? ["set NODE_EXTRA_CA_CERTS to the server's certificate or its CA, a PEM file"]
        : ['npm start', 'or point FIXITY_SERVER at a server that runs'],
      cause,
    });
  }
}

/** How Node and OpenSSL name a certificate that nobody known has signed. */
const untrusted = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;

function refusalOf(server: string, status: number, text: string): FixityError {
  let problem: Partial<Problem>;
  try {
    problem = JSON.parse(text) as Partial<Problem>;
  } catch {
    problem = {};
  }
  if (problem.code === undefined) {
    return new FixityError('unreachable', `${server} answers ${status}, and not as a Fixity server`, {
      next: ['check FIXITY_SERVER'],
    });
  }
  const {
    type: _,
    title: _title,
    status: _status,
    detail,
    code,
    facts,
    next,
    retryable: _retryable,
    ...members
  } = problem;
  return new FixityError(code, detail ?? code, {
    facts: facts ?? [],
    next: next ?? [],
    members: members as Record<string, string | number | boolean>,
  });
}
