import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixityError } from '#kernel';
import { createClient } from './index.ts';

for (const [code, next] of [
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /NODE_EXTRA_CA_CERTS/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /NODE_EXTRA_CA_CERTS/],
  ['ECONNREFUSED', /^npm start$/],
] as const) {
  test(`${code} is told apart in what to do next`, async () => {
    const fail = () =>
      Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }));
    const client = createClient({ server: 'https://127.0.0.1:1', fetch: fail });
    await assert.rejects(client.call('whoAmI', {}), (error) => {
      assert.ok(error instanceof FixityError);
      assert.equal(error.code, 'unreachable');
      assert.match(error.next[0] ?? '', next);
      return true;
    });
  });
}
