import assert from 'node:assert/strict';
import { type Problem, problem } from '#contract';

/**
 * Holds an answer to what every refusal of the API is: a problem document (RFC 9457) of this status and code that says
 * what to do next, and nothing of the server's inside.
 */
export async function refused(response: Response, status: number, code: string, what: string): Promise<Problem> {
  const text = await response.text();
  assert.equal(response.status, status, `${what}: ${text}`);
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/, what);
  const document = problem.parse(JSON.parse(text));
  assert.equal(document.code, code, `${what}: ${text}`);
  assert.equal(document.status, status, what);
  assert.ok(document.next.length > 0, `${what} does not say what to do next: ${text}`);
  assert.ok(document.detail.length > 0, `${what} says nothing`);
  assert.doesNotMatch(text, /node_modules|node:internal|\bat .*\.ts:\d+|\[object Object\]/, what);
  return document;
}
