import type { IncomingMessage } from 'node:http';
import type { Target } from './request-target.ts';

/** Fields that belong to one connection and are never passed on (RFC 9110, section 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

const rewritten: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);
const claims: ReadonlySet<string> = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']);
const pseudonym = '1.1 fixity';

export interface Hop {
  readonly target: Target;
  readonly scheme: 'http' | 'https';
  /** The client's address. */
  readonly peer: string;
  /** Whether what the client says about earlier hops is kept (another proxy stands before this one) or dropped. */
  readonly trustForwarded: boolean;
  /** The protocols to switch to, when this is an upgrade. */
  readonly upgrade?: string;
}

/** The fields to send on, as alternating names and values. Framing, Host and what earlier hops claim are written anew. */
export function requestFields(request: IncomingMessage, hop: Hop): string[] {
  const { headers, rawHeaders } = request;
  const fields = ['Host', hop.target.authority];
  const dropped = nominated(headers.connection);
  const earlier: Partial<Record<string, string>> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || rewritten.has(lower)) continue;
    if (claims.has(lower)) earlier[lower] = earlier[lower] === undefined ? value : `${earlier[lower]}, ${value}`;
    else if (dropped?.has(lower) !== true) fields.push(name, value);
  }
  pushFraming(fields, request, hop.target.hasBody);
  pushForwarded(fields, hop, hop.trustForwarded ? earlier : {});
  if (headers.te !== undefined && hop.upgrade === undefined && /(^|[ ,])trailers($|[ ,;])/i.test(String(headers.te))) {
    fields.push('TE', 'trailers');
  }
  fields.push('Via', pseudonym);
  if (headers.expect !== undefined && hop.target.hasBody) fields.push('Expect', headers.expect);
  if (hop.upgrade !== undefined) fields.push('Connection', 'Upgrade', 'Upgrade', hop.upgrade);
  return fields;
}

function pushFraming(fields: string[], request: IncomingMessage, hasBody: boolean): void {
  const length = request.headers['content-length'];
  if (length !== undefined) fields.push('Content-Length', length);
  else if (hasBody) fields.push('Transfer-Encoding', 'chunked');
  // Methods that usually carry a body would otherwise be framed as chunked (RFC 9110, section 8.6).
  else if (!bodiless.has(request.method ?? '')) fields.push('Content-Length', '0');
}

const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE']);

function pushForwarded(fields: string[], hop: Hop, earlier: Partial<Record<string, string>>): void {
  const chain = earlier['x-forwarded-for'];
  fields.push('X-Forwarded-For', chain === undefined ? hop.peer : `${chain}, ${hop.peer}`);
  fields.push('X-Forwarded-Proto', earlier['x-forwarded-proto'] ?? hop.scheme);
  fields.push('X-Forwarded-Host', earlier['x-forwarded-host'] ?? hop.target.authority);
  // RFC 7239, section 4: IPv6 addresses are quoted and bracketed, values with a colon quoted.
  const peer = hop.peer.includes(':') ? `"[${hop.peer}]"` : hop.peer;
  const element = `for=${peer};host="${hop.target.authority}";proto=${hop.scheme}`;
  const forwarded = earlier['forwarded'];
  fields.push('Forwarded', forwarded === undefined ? element : `${forwarded}, ${element}`);
}

/** The fields of an answer to send on. @param close whether the client is told that this connection ends. */
export function responseFields(answer: IncomingMessage, close: boolean): string[] {
  const { headers, rawHeaders } = answer;
  const fields: string[] = [];
  const dropped = nominated(headers.connection);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && (dropped?.has(lower) !== true || lower === 'content-length')) fields.push(name, value);
  }
  fields.push('Via', pseudonym);
  if (close) fields.push('Connection', 'close');
  return fields;
}

/** Trailer fields to send on, as pairs. Those that frame or route are not trailers (RFC 9110, section 6.5.1). */
export function trailerFields(message: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < message.rawTrailers.length; index += 2) {
    const [name = '', value = ''] = [message.rawTrailers[index], message.rawTrailers[index + 1]];
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !rewritten.has(lower) && lower !== 'trailer') pairs.push([name, value]);
  }
  return pairs;
}

/** Names that the Connection field adds to the hop-by-hop ones; undefined in the usual case of none. */
function nominated(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || /^(keep-alive|close|upgrade)$/i.test(connection)) return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}
