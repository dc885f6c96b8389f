import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Route, type RouteName, routes } from '#contract';
import { Installation } from '../support/installation.ts';
import { refused } from '../support/problems.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const samples: Readonly<Record<string, string>> = {
  id: 'abcdefgh',
  service: 'checkout',
  number: '1',
  rollout: 'abcdefgh',
  environment: 'prod',
  node: 'node-a',
  index: '0',
};
const all = Object.entries(routes) as [RouteName, Route][];
const pathOf = ({ path }: Route): string =>
  `/api/v1${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => samples[name] ?? assert.fail(name))}`;
const writes = ({ method }: Route): boolean => method !== 'GET';

suite('the API refuses what is wrong, in words', { timeout: 60_000 }, () => {
  const fixity = new Installation();
  const tokens: Record<'reader' | 'deployer' | 'revoked' | 'node', string> = {
    reader: '',
    deployer: '',
    revoked: '',
    node: '',
  };

  const ask = (method: string, path: string, options: { token?: string; body?: unknown; headers?: object } = {}) => {
    const { token = fixity.token, body, headers = {} } = options;
    return fetch(`${fixity.url}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  };
  const answered = async <T>(response: Promise<Response>): Promise<T> => {
    const { status } = await response;
    const text = await (await response).text();
    assert.equal(status, 200, text);
    return JSON.parse(text) as T;
  };
  const issue = (role: string): Promise<{ id: string; token: string }> =>
    answered(ask('POST', '/api/v1/tokens', { body: { name: role, role } }));

  before(async () => {
    await fixity.server.start();
    tokens.reader = (await issue('reader')).token;
    tokens.deployer = (await issue('deployer')).token;
    const { id, token } = await issue('admin');
    await answered(ask('DELETE', `/api/v1/tokens/${id}`));
    tokens.revoked = token;
  });
  after(() => fixity.close());

  for (const [name, route] of all) {
    test(`${name} without a valid token`, { skip: route.action === 'open' && 'it is open to everybody' }, async () => {
      for (const token of ['', 'fixity_wrong_token_wrong_token_wrong', tokens.revoked]) {
        const response = await ask(route.method, pathOf(route), { token, ...(writes(route) ? { body: {} } : {}) });
        assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
        await refused(response, 401, 'unauthenticated', name);
      }
    });
  }

  test('a node cannot be enrolled without an enrolment token', async () => {
    const key = 'node-a+00000000+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const body = { token: 'x'.repeat(40), node: 'node-a', key, platform: { os: 'linux', architecture: 'amd64' } };
    await refused(await ask('POST', '/api/v1/nodes', { token: '', body: {} }), 400, 'invalid-input', 'no enrolment');
    const response = await ask('POST', '/api/v1/nodes', { token: '', body: { ...body, runtimes: ['process'] } });
    assert.ok(response.status === 401 || response.status === 400, String(response.status));
    await refused(response, response.status, response.status === 401 ? 'unauthenticated' : 'invalid-input', 'enrol');
    assert.deepEqual(await answered(ask('GET', '/api/v1/nodes')), { nodes: [] });
  });

  for (const [name, route] of all.filter(([, { action }]) => action !== 'open' && action !== 'read')) {
    test(`${name} by a reader`, async () => {
      const response = await ask(route.method, pathOf(route), {
        token: tokens.reader,
        ...(writes(route) ? { body: {} } : {}),
      });
      await refused(response, 403, 'forbidden', name);
    });
  }

  for (const [name, route] of all.filter(([, { action }]) => action === 'administer' || action === 'act-as-node')) {
    test(`${name} by a deployer`, async () => {
      const response = await ask(route.method, pathOf(route), {
        token: tokens.deployer,
        ...(writes(route) ? { body: {} } : {}),
      });
      await refused(response, 403, 'forbidden', name);
    });
  }

  for (const [name, route] of all.filter(([, { action }]) => action !== 'act-as-node')) {
    test(`${name} with fields and values that it does not know`, async () => {
      const query = await ask(route.method, `${pathOf(route)}?surprise=1`, writes(route) ? { body: {} } : {});
      await refused(query, 400, 'invalid-input', `${name}?surprise`);
      if (!writes(route)) return;
      for (const body of ['[]', 'null', '"text"', '7', '{"surprise":1}', '{"__proto__":{"dryRun":true}}']) {
        await refused(await ask(route.method, pathOf(route), { body }), 400, 'invalid-input', `${name} ${body}`);
      }
      for (const body of ['{', '{"a":1,}', '\u0000', '['.repeat(5_000)]) {
        await refused(await ask(route.method, pathOf(route), { body }), 400, 'invalid-input', `${name} broken JSON`);
      }
      const headers = { 'content-type': 'application/xml' };
      const form = await ask(route.method, pathOf(route), { body: '<a/>', headers });
      await refused(form, 400, 'invalid-input', `${name} with XML`);
      const huge = await ask(route.method, pathOf(route), { body: `{"a":"${'x'.repeat(5 * 1024 * 1024)}"}` });
      await refused(huge, 413, 'too-large', `${name} with 5 MiB`);
    });
  }

  const run = { command: ['node', 'server.js'] };
  const shipment = { service: 'checkout', release: digest, replicas: { minimum: 1, maximum: 1 } };
  const whole = { ...shipment, hosts: [], placement: [], values: {} };
  const bad: readonly [what: string, line: string, status: number, code: string, body?: unknown][] = [
    ['an unknown route', 'GET /api/v1/nothing', 404, 'not-found'],
    ['an unknown method', 'PUT /api/v1/live', 404, 'not-found', {}],
    ['outside the API', 'GET /somewhere', 404, 'not-found'],
    ['a path that climbs out', 'GET /api/v1/environments/..%2f..%2fetc/revisions', 400, 'invalid-input'],
    ['an encoding that is none', 'GET /api/v1/environments/%zz/revisions', 400, 'invalid-input'],
    ['a NUL in a name', 'GET /api/v1/environments/prod%00/revisions', 400, 'invalid-input'],
    ['a name in capitals', 'GET /api/v1/live?environment=PROD', 400, 'invalid-input'],
    ['an endless name', `GET /api/v1/live?environment=${'a'.repeat(5000)}`, 400, 'invalid-input'],
    ['no environment', 'GET /api/v1/live', 400, 'invalid-input'],
    ['the environment twice', 'GET /api/v1/live?environment=prod&environment=prod', 400, 'invalid-input'],
    ['a clock time as instant', 'GET /api/v1/live?environment=prod&time=02:03', 400, 'invalid-input'],
    ['a day that is none', 'GET /api/v1/live?environment=prod&time=2026-02-30T00:00:00Z', 400, 'invalid-input'],
    ['revision 0', 'GET /api/v1/live?environment=prod&revision=0', 400, 'invalid-input'],
    ['half a revision', 'GET /api/v1/live?environment=prod&revision=1.5', 400, 'invalid-input'],
    ['a revision beyond integers', 'GET /api/v1/live?environment=prod&revision=1e300', 400, 'invalid-input'],
    ['index -1', 'GET /api/v1/live?environment=prod&index=-1', 400, 'invalid-input'],
    ['an index beyond the ledger', 'GET /api/v1/entries/9007199254740991', 404, 'not-found'],
    ['an index that is no number', 'GET /api/v1/entries/first', 400, 'invalid-input'],
    ['the proof of no entry', 'GET /api/v1/proofs/entries/9007199254740991', 404, 'not-found'],
    ['two moments at once', 'GET /api/v1/live?environment=prod&revision=1&back=1', 400, 'invalid-input'],
    ['an environment that is none', 'GET /api/v1/live?environment=nowhere', 404, 'not-found'],
    ['its revisions', 'GET /api/v1/environments/nowhere/revisions', 404, 'not-found'],
    ['one of its revisions', 'GET /api/v1/environments/nowhere/revisions/1', 404, 'not-found'],
    ['changes without since', 'GET /api/v1/changes?environment=prod', 400, 'invalid-input'],
    ['a limit of 0', 'GET /api/v1/log?limit=0', 400, 'invalid-input'],
    ['a limit too large', 'GET /api/v1/log?limit=1001', 400, 'invalid-input'],
    ['an empty reference', 'GET /api/v1/resolve?reference=', 400, 'invalid-input'],
    ['a reference that climbs out', 'GET /api/v1/resolve?reference=../../etc/passwd', 400, 'invalid-input'],
    ['an unknown digest prefix', 'GET /api/v1/resolve?reference=abcdef', 404, 'not-found'],
    ['an unknown tag', 'GET /api/v1/resolve?reference=checkout:9', 404, 'not-found'],
    ['nothing to show', 'GET /api/v1/show?reference=checkout%20r9', 404, 'not-found'],
    ['a repository that is none', 'GET /api/v1/tags?repository=nowhere', 404, 'not-found'],
    ['a repository that climbs out', 'GET /api/v1/tags?repository=..%2f..', 400, 'invalid-input'],
    ['a release that is none', 'GET /api/v1/releases/checkout/7', 404, 'not-found'],
    ['a rollout that is none', 'GET /api/v1/rollouts/abcdefgh', 404, 'not-found'],
    ['waiting for a day', 'GET /api/v1/rollouts/abcdefgh?wait=86400', 400, 'invalid-input'],
    ['a token that is none', 'DELETE /api/v1/tokens/abcdefgh', 404, 'not-found'],
    ['a token id that cannot be one', 'DELETE /api/v1/tokens/..%2f..', 400, 'invalid-input'],
    ['a token without a name', 'POST /api/v1/tokens', 400, 'invalid-input', { name: ' ', role: 'reader' }],
    ['a role that is none', 'POST /api/v1/tokens', 400, 'invalid-input', { name: 'x', role: 'root' }],
    ['a node by the token route', 'POST /api/v1/tokens', 400, 'invalid-input', { name: 'x', role: 'node' }],
    [
      'a token for ever and a day',
      'POST /api/v1/tokens',
      400,
      'invalid-input',
      { name: 'x', role: 'reader', expiresInSeconds: 1e12 },
    ],
    ['a repository of ours', 'PUT /api/v1/repositories', 403, 'forbidden', { repository: 'fixity/releases/checkout' }],
    ['a repository upwards', 'PUT /api/v1/repositories', 400, 'invalid-input', { repository: '../etc' }],
    ['a pattern upwards', 'PUT /api/v1/repositories', 400, 'invalid-input', { repository: 'a', moving: ['../*'] }],
    ['a config that is none', 'POST /api/v1/configs/check', 404, 'not-found', { repository: 'a', digest }],
    [
      'a digest too short',
      'POST /api/v1/configs/check',
      400,
      'invalid-input',
      { repository: 'a', digest: 'sha256:12' },
    ],
    [
      'a digest of another kind',
      'POST /api/v1/configs/check',
      400,
      'invalid-input',
      { repository: 'a', digest: `md5:${'0'.repeat(32)}` },
    ],
    ['a build that is none', 'POST /api/v1/releases', 404, 'not-found', { service: 'checkout', build: digest, run }],
    [
      'a release without a command',
      'POST /api/v1/releases',
      400,
      'invalid-input',
      { service: 'checkout', build: digest, run: { command: [] } },
    ],
    [
      'a writable folder upwards',
      'POST /api/v1/releases',
      400,
      'invalid-input',
      { service: 'checkout', build: digest, run: { ...run, writable: ['../..'] } },
    ],
    [
      'a fraction of a deadline',
      'POST /api/v1/releases',
      400,
      'invalid-input',
      { service: 'checkout', build: digest, run: { ...run, health: { deadlineMs: 0.5 } } },
    ],
    ['a release that is none', 'POST /api/v1/rollouts', 404, 'not-found', { environment: 'prod', services: [whole] }],
    ['nothing to roll out', 'POST /api/v1/rollouts', 409, 'nothing-to-do', { environment: 'prod' }],
    [
      'a service to remove that is none',
      'POST /api/v1/rollouts',
      404,
      'not-found',
      { environment: 'prod', remove: ['checkout'] },
    ],
    [
      'replicas upside down',
      'POST /api/v1/rollouts',
      400,
      'invalid-input',
      { environment: 'prod', services: [{ ...whole, replicas: { minimum: 2, maximum: 1 } }] },
    ],
    [
      '-1 replicas',
      'POST /api/v1/rollouts',
      400,
      'invalid-input',
      { environment: 'prod', services: [{ ...whole, replicas: { minimum: -1, maximum: 1 } }] },
    ],
    [
      'a host name with a slash',
      'POST /api/v1/rollouts',
      400,
      'invalid-input',
      { environment: 'prod', services: [{ ...whole, hosts: ['a/b'] }] },
    ],
    [
      'values that are no text',
      'POST /api/v1/rollouts',
      400,
      'invalid-input',
      { environment: 'prod', services: [{ ...whole, values: { A: 1 } }] },
    ],
    [
      'a rollback where nothing is',
      'POST /api/v1/rollbacks',
      404,
      'not-found',
      { environment: 'nowhere', to: { revision: 1 } },
    ],
    ['a rollback to nowhere', 'POST /api/v1/rollbacks', 400, 'invalid-input', { environment: 'prod', to: {} }],
    ['the end of no rollout', 'POST /api/v1/rollouts/abcdefgh/abort', 404, 'not-found', { reason: 'x' }],
    ['an abort without a reason', 'POST /api/v1/rollouts/abcdefgh/abort', 400, 'invalid-input', { reason: '' }],
    [
      'a change in the words of a shell',
      'POST /api/v1/changes',
      400,
      'invalid-input',
      { environment: 'prod', source: 'a b', id: 'x', kind: 'flag', summary: 's' },
    ],
    [
      'a change without an id',
      'POST /api/v1/changes',
      400,
      'invalid-input',
      { environment: 'prod', source: 'flags', id: '', kind: 'flag', summary: 's' },
    ],
    ['logs of a service that is none', 'GET /api/v1/logs?environment=nowhere&service=checkout', 404, 'not-found'],
    ['a stream that is none', 'GET /api/v1/logs?environment=prod&stream=stdlog', 400, 'invalid-input'],
    ['a difference to nothing', 'POST /api/v1/diff', 400, 'invalid-input', { from: { environment: 'prod' } }],
    [
      'a difference from nowhere',
      'POST /api/v1/diff',
      404,
      'not-found',
      { from: { environment: 'nowhere' }, to: { environment: 'nowhere' } },
    ],
  ];
  for (const [what, line, status, code, body] of bad) {
    test(`${what} is ${status} ${code}`, async () => {
      const [method = '', path = ''] = line.split(' ');
      await refused(await ask(method, path, body === undefined ? {} : { body }), status, code, what);
    });
  }

  const settings = { repository: 'checkout', moving: ['latest'], policy: 'final' };
  const configure = (headers: object, body: object = settings): Promise<Response> =>
    ask('PUT', '/api/v1/repositories', { body, headers });
  const size = async (): Promise<number> => (await answered<{ size: number }>(ask('GET', '/api/v1/log'))).size;

  test('the same request with the same key is done once and answered the same', async () => {
    const headers = { 'idempotency-key': 'configure-checkout-1' };
    const first = await answered(configure(headers));
    const before = await size();
    assert.deepEqual(await answered(configure(headers)), first);
    assert.equal(await size(), before, 'nothing is recorded twice');
    const other = await configure(headers, { ...settings, moving: ['main'] });
    await refused(other, 409, 'command-reused', 'another request with that key');
  });

  test('of ten at once with one key one is recorded, and all get its answer', async () => {
    const headers = { 'idempotency-key': 'configure-cart-1' };
    const body = { repository: 'cart', moving: ['main'], policy: 'final' };
    const before = await size();
    const ten = await Promise.all(Array.from({ length: 10 }, () => answered(configure(headers, body))));
    for (const answer of ten) assert.deepEqual(answer, body);
    assert.equal(await size(), before + 1);
  });

  test('If-Match with another version changes nothing', async () => {
    const body = { ...settings, moving: ['main'] };
    const headers = { 'if-match': '"repository/checkout@7"' };
    const conflict = await refused(await configure(headers, body), 412, 'version-conflict', 'version 7');
    assert.deepEqual([conflict['subject'], conflict['expected'], conflict['present']], ['repository/checkout', 7, 1]);
    assert.deepEqual(await answered(configure({ 'if-match': '"repository/checkout@1"' }, body)), body);
    const again = await configure({ 'if-match': '"repository/checkout@1"' }, settings);
    await refused(again, 412, 'version-conflict', 'a version that has passed');
  });

  test('conditions in another form are refused', async () => {
    for (const headers of [
      { 'if-match': '*' },
      { 'if-match': '"repository/checkout"' },
      { 'if-match': '"repository/checkout@-1"' },
      { 'idempotency-key': '' },
      { 'idempotency-key': 'two words' },
      { 'idempotency-key': 'x'.repeat(129) },
    ]) {
      await refused(await configure(headers), 400, 'invalid-input', JSON.stringify(headers));
    }
  });

  for (const line of [
    'POST /v2/checkout/blobs/uploads/',
    'PATCH /v2/checkout/blobs/uploads/abc',
    'PUT /v2/checkout/blobs/uploads/abc',
    'DELETE /v2/checkout/blobs/uploads/abc',
    'PUT /v2/checkout/manifests/1',
    'DELETE /v2/checkout/manifests/1',
    'GET /v2/checkout/manifests/1',
    'GET /v2/',
    'GET /ledger/checkpoint',
    'GET /metrics',
  ]) {
    test(`${line} needs a token that holds, and a writer's to write`, async () => {
      const [method = '', path = ''] = line.split(' ');
      for (const token of ['', tokens.revoked]) {
        const response = await ask(method, path, { token });
        assert.equal(response.status, 401, await response.text());
        assert.match(response.headers.get('www-authenticate') ?? '', /^(Bearer|Basic)/);
      }
      if (method === 'GET') return;
      const response = await ask(method, path, { token: tokens.reader });
      assert.equal(response.status, 403, await response.text());
    });
  }

  test('after all that the server is well, has failed at nothing, and holds only what was acknowledged', async () => {
    assert.equal(await (await fetch(`${fixity.url}/readyz`)).text(), 'ready\n');
    assert.doesNotMatch(fixity.server.log(), /"level":"?(error|50|60)/);
    const { entries } = await answered<{ entries: { type: string }[] }>(ask('GET', '/api/v1/log?limit=1000'));
    const kinds = new Set(entries.map(({ type }) => type.split('.').slice(2, 4).join('.')));
    assert.deepEqual([...kinds].sort(), [
      'identity.token-issued',
      'identity.token-revoked',
      'registry.repository-configured',
    ]);
  });
});
