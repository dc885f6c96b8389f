import type { IncomingMessage } from 'node:http';
import type { Problem } from './problem.ts';

/** Beyond these a request is refused. All header fields together are bounded by the parser (`headerBytes`). */
export const requestBounds = { headerBytes: 32 * 1024, fields: 256, targetLength: 16 * 1024, hops: 16 } as const;

/** Where a request wants to go. */
export interface Target {
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** As the client wrote it, with port. */
  readonly authority: string;
  /** Origin form, or `*`. */
  readonly path: string;
  readonly hasBody: boolean;
}

const authorityPattern = /^(?<host>[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{0,5})?$/i;
const absoluteForm = /^https?:\/\/(?<authority>[^/?#]*)(?<path>.*)$/i;

/**
 * Reads the request line and the fields that decide routing and framing, strictly: whatever two servers could understand
 * differently is refused (RFC 9112, sections 3.2, 6.1 and 6.3).
 */
export function readTarget(request: IncomingMessage): Target | Problem {
  const { url = '', rawHeaders } = request;
  if (url.length > requestBounds.targetLength) {
    return refuse(414, 'target-too-long', `the request target is longer than ${requestBounds.targetLength} characters`);
  }
  if (rawHeaders.length / 2 > requestBounds.fields) {
    return refuse(431, 'too-many-fields', `the request has more than ${requestBounds.fields} header fields`);
  }
  const counts = countDecisive(rawHeaders);
  if (counts.via > requestBounds.hops) return refuse(508, 'loop', 'the request has passed too many proxies');
  const framing = readFraming(request, counts);
  if (typeof framing !== 'boolean') return framing;
  if (counts.host !== 1) {
    const said = counts.host === 0 ? 'no Host field' : 'more than one Host field';
    return refuse(400, 'bad-host', `the request has ${said}`);
  }
  // RFC 9112, section 3.2.2: with an absolute-form target the Host field is ignored.
  const absolute = absoluteForm.exec(url)?.groups;
  const authority = absolute?.['authority'] ?? request.headers.host ?? '';
  const path = absolute === undefined ? url : originForm(absolute['path'] ?? '');
  const host = authorityPattern.exec(authority)?.groups?.['host'];
  if (host === undefined) return refuse(400, 'bad-host', 'the Host field is not a host name');
  if (path !== '*' && !/^\/[\x21-\x7e]*$/.test(path)) {
    return refuse(400, 'bad-target', 'the request target is neither a path nor an http URL');
  }
  return { host: host.toLowerCase().replace(/\.$/, ''), authority, path, hasBody: framing };
}

function originForm(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`;
}

type Counts = Readonly<Record<'host' | 'contentLength' | 'transferEncoding' | 'via', number>>;

function countDecisive(rawHeaders: readonly string[]): Counts {
  let [host, contentLength, transferEncoding, via] = [0, 0, 0, 0];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') host += 1;
    else if (name.length === 14 && name.toLowerCase() === 'content-length') contentLength += 1;
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') transferEncoding += 1;
    else if (name.length === 3 && name.toLowerCase() === 'via') via += rawHeaders[index + 1]?.split(',').length ?? 0;
  }
  return { host, contentLength, transferEncoding, via };
}

/** Whether there is a body. The parser refuses most of these too; what follows must not depend on its strictness. */
function readFraming(request: IncomingMessage, counts: Counts): boolean | Problem {
  const coding = request.headers['transfer-encoding'];
  const length = request.headers['content-length'];
  if (counts.contentLength + counts.transferEncoding > 1) {
    return refuse(400, 'bad-framing', 'the request says more than once how long its body is');
  }
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || request.httpVersion !== '1.1')) {
    return refuse(400, 'bad-framing', 'the only transfer coding understood is chunked, in HTTP/1.1');
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    return refuse(400, 'bad-framing', 'Content-Length is not a number of bytes');
  }
  return coding !== undefined || (length !== undefined && Number(length) > 0);
}

function refuse(status: number, code: string, detail: string): Problem {
  return { status, code, detail, headers: { connection: 'close' } };
}
