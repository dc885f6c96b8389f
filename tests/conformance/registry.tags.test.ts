import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configureRepository, findTag, resolveReference } from '#registry';
import { errorOf, makeManifest, putManifest } from '../support/oci.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

describe('tags of a registry', () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry.close());

  it('is final at the first push: the same again succeeds and records nothing, another is told who holds it', async () => {
    const first = await makeManifest(registry, 'checkout', 'one');
    const other = await makeManifest(registry, 'checkout', 'two');
    assert.equal((await putManifest(registry, 'checkout', '1.4.2', first.bytes)).status, 201);
    const held = findTag(registry.views, 'checkout', '1.4.2');
    assert.equal(held?.digest, first.digest);
    assert.equal((await putManifest(registry, 'checkout', '1.4.2', first.bytes)).status, 201);
    assert.deepEqual(findTag(registry.views, 'checkout', '1.4.2'), held);

    const refused = await putManifest(registry, 'checkout', '1.4.2', other.bytes);
    assert.equal(refused.status, 409);
    const error = await errorOf(refused);
    const short = first.digest.slice(7, 19);
    assert.equal(error.message, `checkout:1.4.2 is already frozen as ${short}`);
    assert.equal(error.code, 'DENIED');
    assert.equal(error.detail['code'], 'tag-final');
    assert.equal(error.detail['digest'], first.digest);
    assert.equal(error.detail['frozenAt'], held?.since);
    assert.equal(error.detail['frozenBy'], registry.identity.bootstrapActor.id);
    assert.equal(error.detail['index'], held?.index);
    assert.equal(error.detail.facts[1], first.digest);
    assert.deepEqual(error.detail.next, ['use another tag, for example checkout:1.4.3']);
    assert.equal((await registry.call(`/v2/checkout/manifests/${other.digest}`)).status, 404);
  });

  it('lets exactly one of eight concurrent pushes of different content win', async () => {
    const manifests = await Promise.all(
      Array.from({ length: 8 }, (_, n) => makeManifest(registry, 'race', `racer ${n}`)),
    );
    const answers = await Promise.all(manifests.map(({ bytes }) => putManifest(registry, 'race', 'v1', bytes)));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    assert.deepEqual(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    const winner = manifests[answers.findIndex(({ status }) => status === 201)]?.digest;
    const pulled = await registry.call('/v2/race/manifests/v1');
    assert.equal(pulled.headers.get('docker-content-digest'), winner);
    for (const lost of answers.filter(({ status }) => status === 409)) {
      assert.equal((await errorOf(lost)).detail['digest'], winner);
    }
  });

  it('records each move of a moving tag, so that every moment has its answer', async () => {
    const meta = { actor: registry.identity.bootstrapActor.id };
    const settings = { repository: 'shop', moving: ['latest', 'cache-*'], policy: 'final' as const };
    await registry.writer.submit(configureRepository, settings, meta);
    const [one, two] = [await makeManifest(registry, 'shop', 'one'), await makeManifest(registry, 'shop', 'two')];
    assert.equal((await putManifest(registry, 'shop', 'latest', one.bytes)).status, 201);
    const first = findTag(registry.views, 'shop', 'latest');
    // The writer's clock counts milliseconds: the next move must be in a later one to be told apart by time.
    while (new Date().toISOString() <= (first?.since ?? '')) await new Promise(setImmediate);
    assert.equal((await putManifest(registry, 'shop', 'latest', two.bytes)).status, 201);
    const second = findTag(registry.views, 'shop', 'latest');
    assert.equal(second?.digest, two.digest);
    assert.ok((second?.index ?? 0) > (first?.index ?? 0));
    assert.equal(resolveReference(registry.views, `shop:latest@${first?.since}`, Date.now()).digest, one.digest);
    assert.equal(resolveReference(registry.views, `shop:latest@${second?.since}`, Date.now()).digest, two.digest);
    assert.equal((await putManifest(registry, 'shop', '1.0', one.bytes)).status, 201);
    assert.equal((await putManifest(registry, 'shop', '1.0', two.bytes)).status, 409);
  });

  it('leaves a tombstone where a tag is deleted, and never gives the name again', async () => {
    const { bytes, digest } = await makeManifest(registry, 'gone', 'one');
    await putManifest(registry, 'gone', '1', bytes);
    assert.equal((await registry.call('/v2/gone/manifests/1', { method: 'DELETE' })).status, 202);
    assert.equal((await registry.call('/v2/gone/manifests/1')).status, 404);
    assert.equal((await registry.call(`/v2/gone/manifests/${digest}`)).status, 200);
    assert.equal((await registry.call('/v2/gone/manifests/1', { method: 'DELETE' })).status, 404);
    const again = await putManifest(registry, 'gone', '1', bytes);
    assert.equal(again.status, 409);
    assert.match((await errorOf(again)).message, /^gone:1 was deleted and its name is not used again$/);
    const refused = await registry.call(`/v2/gone/manifests/${digest}`, { method: 'DELETE' });
    assert.equal(refused.status, 405);
    assert.equal((await errorOf(refused)).code, 'UNSUPPORTED');
  });

  it('gives a deleted name again where the repository was created so, and refuses to loosen a full one', async () => {
    const meta = { actor: registry.identity.bootstrapActor.id };
    const policy = 'mutable-after-delete' as const;
    await registry.writer.submit(configureRepository, { repository: 'loose', moving: [], policy }, meta);
    const [one, two] = [await makeManifest(registry, 'loose', 'one'), await makeManifest(registry, 'loose', 'two')];
    await putManifest(registry, 'loose', '1', one.bytes);
    await registry.call('/v2/loose/manifests/1', { method: 'DELETE' });
    assert.equal((await putManifest(registry, 'loose', '1', two.bytes)).status, 201);
    assert.equal(findTag(registry.views, 'loose', '1')?.digest, two.digest);
    await assert.rejects(
      registry.writer.submit(configureRepository, { repository: 'checkout', moving: [], policy }, meta),
      { code: 'version-conflict' },
    );
  });

  it('pages tags and repositories in ASCII order', async () => {
    const { bytes, digest } = await makeManifest(registry, 'pages', 'one');
    const query = ['b', 'a', 'B', '10', '9'].map((tag) => `tag=${tag}`).join('&');
    const pushed = await putManifest(registry, 'pages', `${digest}?${query}`, bytes);
    assert.equal(pushed.status, 201);
    assert.equal(pushed.headers.get('oci-tag'), 'b, a, B, 10, 9');
    const collected: string[] = [];
    let next: string | undefined = '/v2/pages/tags/list?n=2';
    while (next !== undefined) {
      const page: Response = await registry.call(next);
      collected.push(...((await page.json()) as { tags: string[] }).tags);
      next = /<(.+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    assert.deepEqual(collected, ['10', '9', 'B', 'a', 'b']);
    const none = await registry.call('/v2/pages/tags/list?n=0');
    assert.deepEqual(await none.json(), { name: 'pages', tags: [] });
    assert.equal(none.headers.get('link'), null);
    const catalog = (await (await registry.call('/v2/_catalog?n=1&last=checkout')).json()) as {
      repositories: string[];
    };
    assert.deepEqual(catalog.repositories, ['gone']);
    assert.equal((await errorOf(await registry.call('/v2/nowhere/tags/list'))).code, 'NAME_UNKNOWN');
  });

  it('keeps people out of the repositories that Fixity writes', async () => {
    const { bytes } = await makeManifest(registry, 'checkout', 'one');
    const refused = await putManifest(registry, 'fixity/releases/checkout', 'r1', bytes);
    assert.equal(refused.status, 403);
    const error = await errorOf(refused);
    assert.equal(error.code, 'DENIED');
    assert.equal(error.message, 'fixity/releases/checkout is written by Fixity alone');
  });
});
