import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Every answer under `/v2/` says so, for clients older than the OCI specification. */
export const apiVersion = { 'Docker-Distribution-Api-Version': 'registry/2.0' } as const;

/** Answers without a body. */
export function send(response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { ...apiVersion, 'Content-Length': 0, ...headers });
  response.end();
}

/** Answers with JSON; a HEAD gets the same headers only. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: OutgoingHttpHeaders = {},
): void {
  sendBytes(response, status, Buffer.from(JSON.stringify(body)), { 'Content-Type': 'application/json', ...headers });
}

export function sendBytes(
  response: ServerResponse,
  status: number,
  bytes: Uint8Array,
  headers: OutgoingHttpHeaders,
): void {
  response.writeHead(status, { ...apiVersion, 'Content-Length': bytes.length, ...headers });
  response.end(bytes);
}

/** `Link` to the next page (RFC 8288, as the OCI specification asks). */
export function nextLink(path: string, query: Readonly<Record<string, string | number>>): OutgoingHttpHeaders {
  const text = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  return { Link: `<${path}?${text.toString()}>; rel="next"` };
}
