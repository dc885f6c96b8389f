import { z } from 'zod';
import { FixityError, labelPattern } from '#kernel';

/** Bounds of a table; a table beyond them is refused whole. */
export const tableBounds = {
  bytes: 16 * 1024 * 1024,
  routes: 10_000,
  hostsPerRoute: 100,
  endpointsPerRoute: 1_000,
  weight: 65_535,
} as const;

const hostPattern = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** A host name without port and without trailing dot; compared in lower case (RFC 9110, section 4.2.3). */
const host = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((text) => hostPattern.test(text) || /^\[[0-9a-f:.]{2,45}\]$/.test(text), 'is not a host name without port');

const endpoint = z.object({
  /** The id of the instance behind it; several endpoints of one instance are counted together. */
  instance: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'is not an instance id'),
  address: z.string().regex(/^[0-9A-Za-z.:_-]{1,253}$/, 'is not an address'),
  port: z.int().min(1).max(65_535),
  /** Share of requests relative to the other endpoints; 0 takes none. */
  weight: z.int().min(0).max(tableBounds.weight).default(1),
});

const route = z.object({
  hosts: z.array(host).min(1).max(tableBounds.hostsPerRoute),
  /** `<environment>/<service>`. */
  service: z
    .string()
    .refine((text) => /^[^/]+\/[^/]+$/.test(text) && text.split('/').every((part) => labelPattern.test(part)), {
      message: 'is not <environment>/<service>',
    }),
  endpoints: z.array(endpoint).max(tableBounds.endpointsPerRoute),
});

/** Members that are not known are left alone, so that a newer node agent can feed an older proxy. */
const table = z.object({
  version: z.int().min(0),
  routes: z.array(route).max(tableBounds.routes),
});

export type RouteTable = z.infer<typeof table>;
export type Route = z.infer<typeof route>;
export type RouteEndpoint = z.infer<typeof endpoint>;

/** What is in force before the first table: nothing is routed. */
export const emptyTable: RouteTable = { version: 0, routes: [] };

/**
 * Reads `routes.json` (see FORMATS.md).
 * @throws FixityError `schema-violation` that names the first member that is wrong; `too-large` beyond `tableBounds`.
 */
export function parseRouteTable(text: string): RouteTable {
  if (Buffer.byteLength(text) > tableBounds.bytes) {
    throw new FixityError('too-large', `the route table is larger than ${tableBounds.bytes} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FixityError('schema-violation', `the route table is not JSON: ${(cause as Error).message}`, { cause });
  }
  const result = table.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue?.path.length ? issue.path.join('.') : 'the table';
    throw new FixityError('schema-violation', `the route table is refused: ${where}: ${issue?.message ?? 'is wrong'}`, {
      cause: result.error,
    });
  }
  refuseDuplicates(result.data);
  return result.data;
}

function refuseDuplicates(parsed: RouteTable): void {
  const owners = new Map<string, string>();
  for (const { hosts, service, endpoints } of parsed.routes) {
    for (const name of hosts) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        const sentence = `the route table is refused: host ${name} is given to ${owner} and to ${service}`;
        throw new FixityError('schema-violation', sentence);
      }
      owners.set(name, service);
    }
    const ids = new Set(endpoints.map(({ instance }) => instance));
    if (ids.size !== endpoints.length) {
      const sentence = `the route table is refused: ${service} lists an instance twice`;
      throw new FixityError('schema-violation', sentence);
    }
  }
}
