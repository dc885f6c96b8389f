import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** What the proxy itself answers, as a problem document (RFC 9457). */
export interface Problem {
  readonly status: number;
  /** Stable, for programs: `unknown-host`, `no-endpoint`, ... (FORMATS.md lists them). */
  readonly code: string;
  readonly detail: string;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

function body({ status, code, detail, members }: Problem): string {
  const document = { type: `urn:fixity:proxy:${code}`, title: STATUS_CODES[status], status, code, detail, ...members };
  return `${JSON.stringify(document)}\n`;
}

/** Answers with the problem, unless an answer has begun: then the connection is closed, so that nobody takes it for whole. */
export function answerProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = body(problem);
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...problem.headers,
  });
  response.end(text);
}

/** The same for a connection that is no longer, or not yet, spoken to through a response object. Closes it. */
export function answerProblemRaw(socket: Duplex, problem: Problem): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const text = body(problem);
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(text)),
    Connection: 'close',
    ...problem.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${text}`);
}
