import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { errorOf, imageIndex, imageManifest, makeManifest, pushBlob, putManifest, sha256 } from '../support/oci.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const absent = sha256('nobody has pushed this');

describe('the OCI distribution endpoints', () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry.close());

  const begin = async () => {
    const started = await registry.call('/v2/up/blobs/uploads/', { method: 'POST' });
    assert.equal(started.status, 202);
    return started.headers.get('location') ?? '';
  };

  it('answers the version check, and names the specification in every answer', async () => {
    const answer = await registry.call('/v2/');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0');
  });

  it('serves a blob whole, by range, and not at all', async () => {
    const { digest } = await pushBlob(registry, 'blobs', '0123456789');
    const whole = await registry.call(`/v2/blobs/blobs/${digest}`);
    assert.equal(await whole.text(), '0123456789');
    assert.equal(whole.headers.get('docker-content-digest'), digest);
    const head = await registry.call(`/v2/blobs/blobs/${digest}`, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), '10');
    const ranged = async (range: string) => {
      const answer = await registry.call(`/v2/blobs/blobs/${digest}`, { headers: { Range: range } });
      return [answer.status, answer.headers.get('content-range'), answer.status < 300 ? await answer.text() : ''];
    };
    assert.deepEqual(await ranged('bytes=2-4'), [206, 'bytes 2-4/10', '234']);
    assert.deepEqual(await ranged('bytes=7-'), [206, 'bytes 7-9/10', '789']);
    assert.deepEqual(await ranged('bytes=-2'), [206, 'bytes 8-9/10', '89']);
    assert.deepEqual(await ranged('bytes=8-99'), [206, 'bytes 8-9/10', '89']);
    assert.deepEqual(await ranged('bytes=10-'), [416, 'bytes */10', '']);
    assert.deepEqual(await ranged('bytes=0-1,4-5'), [200, null, '0123456789']);
    const missing = await registry.call(`/v2/blobs/blobs/${absent}`);
    assert.equal(missing.status, 404);
    assert.equal((await errorOf(missing)).code, 'BLOB_UNKNOWN');
    const kept = await registry.call(`/v2/blobs/blobs/${digest}`, { method: 'DELETE' });
    assert.equal(kept.status, 405);
  });

  it('takes a blob in chunks, in order only', async () => {
    const location = await begin();
    const chunk = (range: string, body: string) =>
      registry.call(location, { method: 'PATCH', body, headers: { 'Content-Range': range } });
    const first = await chunk('0-4', 'hello');
    assert.equal(first.status, 202);
    assert.equal(first.headers.get('range'), '0-4');
    assert.equal((await chunk('9-10', 'xx')).status, 416);
    assert.equal((await errorOf(await chunk('5-6', 'long'))).code, 'SIZE_INVALID');
    const status = await registry.call(location);
    assert.deepEqual([status.status, status.headers.get('range')], [204, '0-4']);
    const wanted = sha256('hello, world');
    const late = await registry.call(`${location}?digest=${wanted}`, {
      method: 'PUT',
      body: ', world',
      headers: { 'Content-Range': '5-11' },
    });
    assert.equal(late.status, 201);
    assert.equal(late.headers.get('location'), `/v2/up/blobs/${wanted}`);
    assert.equal(await (await registry.call(`/v2/up/blobs/${wanted}`)).text(), 'hello, world');
    assert.equal((await errorOf(await registry.call(location))).code, 'BLOB_UPLOAD_UNKNOWN');
  });

  it('keeps what arrived when the connection is cut, and goes on from there', async () => {
    const blob = randomBytes(4_000_000);
    const location = await begin();
    const socket = connect(Number(new URL(registry.url).port), '127.0.0.1');
    socket.write(
      `PATCH ${location} HTTP/1.1\r\nHost: ${registry.host}\r\nAuthorization: Bearer ${registry.token}\r\n` +
        `Content-Length: ${blob.length}\r\n\r\n`,
    );
    await new Promise((resolve) => socket.write(blob.subarray(0, 2_500_000), resolve));
    const file = join(registry.folder, 'things', 'uploads', `upload-${location.split('/').at(-1)}`);
    while ((await stat(file)).size === 0) await new Promise(setImmediate);
    socket.destroy();
    let offset = 0;
    let answer: Response;
    do {
      const status = await registry.call(location);
      offset = Number(/0-(\d+)/.exec(status.headers.get('range') ?? '')?.[1]) + 1;
      answer = await registry.call(location, {
        method: 'PATCH',
        body: blob.subarray(offset),
        headers: { 'Content-Range': `${offset}-${blob.length - 1}` },
      });
      // Until the server has noticed the cut, the broken request still holds the upload.
    } while (answer.status === 416);
    assert.equal(answer.status, 202);
    assert.ok(offset > 1 && offset <= 2_500_000, `went on from ${offset}`);
    const done = await registry.call(`${location}?digest=${sha256(blob)}`, { method: 'PUT' });
    assert.equal(done.status, 201);
    const pulled = await registry.call(done.headers.get('location') ?? '');
    assert.ok(Buffer.from(await pulled.arrayBuffer()).equals(blob));
  });

  it('mounts, cancels, and refuses digests that are wrong or not sha256', async () => {
    const { digest } = await pushBlob(registry, 'here', 'mounted');
    const mounted = await registry.call(`/v2/there/blobs/uploads/?mount=${digest}&from=here`, { method: 'POST' });
    assert.equal(mounted.status, 201);
    const unknown = await registry.call(`/v2/there/blobs/uploads/?mount=${absent}&from=here`, { method: 'POST' });
    assert.equal(unknown.status, 202);
    const location = await begin();
    assert.equal((await registry.call(location, { method: 'DELETE' })).status, 204);
    assert.equal((await registry.call(location)).status, 404);
    const post = (query: string) => registry.call(`/v2/up/blobs/uploads/?${query}`, { method: 'POST', body: 'x' });
    const mismatch = await post(`digest=${absent}`);
    assert.deepEqual([mismatch.status, (await errorOf(mismatch)).code], [400, 'DIGEST_INVALID']);
    const other = await post(`digest=sha512:${'a'.repeat(128)}`);
    assert.deepEqual([other.status, (await errorOf(other)).code], [400, 'UNSUPPORTED']);
    assert.equal((await post('digest-algorithm=sha512')).status, 400);
    assert.equal((await errorOf(await post('digest=nonsense'))).code, 'DIGEST_INVALID');
  });

  it('gives a manifest back byte for byte, with its type', async () => {
    const { bytes, digest } = await makeManifest(registry, 'exact', 'content');
    const pushed = await putManifest(registry, 'exact', digest, bytes, `${imageManifest}; charset=utf-8`);
    assert.equal(pushed.status, 201);
    assert.equal(pushed.headers.get('docker-content-digest'), digest);
    const pulled = await registry.call(`/v2/exact/manifests/${digest}`);
    assert.equal(await pulled.text(), bytes);
    assert.equal(pulled.headers.get('content-type'), imageManifest);
    const head = await registry.call(`/v2/exact/manifests/${digest}`, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), String(bytes.length));
    assert.equal((await registry.call(`/v2/another/manifests/${digest}`)).status, 404);
  });

  it('refuses manifests that are wrong, too long, or refer to what is not here', async () => {
    const { bytes, digest } = await makeManifest(registry, 'bad', 'content');
    const refusal = async (reference: string, body: string, type?: string) => {
      const answer = await putManifest(registry, 'bad', reference, body, type);
      return [answer.status, (await errorOf(answer)).code];
    };
    assert.deepEqual(await refusal('t', 'not json'), [400, 'MANIFEST_INVALID']);
    assert.deepEqual(await refusal('t', bytes, imageIndex), [400, 'MANIFEST_INVALID']);
    assert.deepEqual(await refusal('t', '{}', 'text/plain'), [415, 'MANIFEST_INVALID']);
    assert.deepEqual(await refusal(absent, bytes), [400, 'DIGEST_INVALID']);
    assert.deepEqual(await refusal('t', ' '.repeat(4 * 1024 * 1024 + 1)), [413, 'SIZE_INVALID']);
    const member = { mediaType: imageManifest, digest: absent, size: 3 };
    const index = { schemaVersion: 2, mediaType: imageIndex, manifests: [member] };
    assert.deepEqual(await refusal('t', JSON.stringify(index), imageIndex), [404, 'MANIFEST_BLOB_UNKNOWN']);
    const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    const elsewhere = await makeManifest(registry, 'bad', 'x', { layers: [{ ...member, mediaType: foreign }] });
    assert.equal((await putManifest(registry, 'bad', elsewhere.digest, elsewhere.bytes)).status, 201);
    assert.equal((await registry.call(`/v2/bad/manifests/${digest}`)).status, 404);
    assert.equal((await errorOf(await registry.call('/v2/Bad/manifests/t'))).code, 'NAME_INVALID');
    assert.equal((await registry.call('/v2/bad/nonsense')).status, 404);
    assert.equal((await registry.call('/v2/bad/tags/list', { method: 'POST' })).status, 405);
    assert.equal((await registry.call(`/v2/bad/tags/list?n=${'1'.repeat(9_000)}`)).status, 414);
  });

  it('lists referrers of what is here and of what is not yet, with annotations and by type', async () => {
    const subject = await makeManifest(registry, 'refs', 'subject');
    const refer = (artifactType: string, note: string) =>
      makeManifest(registry, 'refs', note, {
        artifactType,
        subject: { mediaType: imageManifest, digest: subject.digest, size: subject.bytes.length },
        annotations: { note },
      });
    const [sbom, signature] = [await refer('test/sbom', 'parts'), await refer('test/signature', 'by whom')];
    const pushed = await putManifest(registry, 'refs', sbom.digest, sbom.bytes);
    assert.equal(pushed.headers.get('oci-subject'), subject.digest);
    await putManifest(registry, 'refs', signature.digest, signature.bytes);
    const list = async (query = '') => {
      const answer = await registry.call(`/v2/refs/referrers/${subject.digest}${query}`);
      assert.equal(answer.headers.get('content-type'), imageIndex);
      const { manifests } = (await answer.json()) as { manifests: Record<string, unknown>[] };
      return { manifests, filters: answer.headers.get('oci-filters-applied') };
    };
    const descriptor = ({ digest, bytes }: typeof sbom, artifactType: string, note: string) => ({
      mediaType: imageManifest,
      digest,
      size: bytes.length,
      artifactType,
      annotations: { note },
    });
    const both = [descriptor(sbom, 'test/sbom', 'parts'), descriptor(signature, 'test/signature', 'by whom')];
    assert.deepEqual(await list(), { manifests: both, filters: null });
    assert.deepEqual(await list('?artifactType=test/signature'), { manifests: [both[1]], filters: 'artifactType' });
    const none = await registry.call(`/v2/refs/referrers/${absent}`);
    assert.deepEqual(((await none.json()) as { manifests: [] }).manifests, []);
    assert.equal((await registry.call('/v2/refs/referrers/nonsense')).status, 400);
  });

  it('lets nobody in unnamed, and gives tokens of the Bearer flow for what a role may do', async () => {
    const bare = await fetch(`${registry.url}/v2/`);
    assert.equal(bare.status, 401);
    assert.equal(bare.headers.get('www-authenticate'), `Bearer realm="${registry.url}/v2/token",service="fixity"`);
    const blind = await fetch(`${registry.url}/v2/x/manifests/y`, { method: 'PUT', body: '{}' });
    assert.match(blind.headers.get('www-authenticate') ?? '', /scope="repository:x:pull,push"$/);
    assert.equal((await fetch(`${registry.url}/v2/token?scope=repository:x:pull`)).status, 401);

    const { secret } = await registry.identity.issue({ role: 'reader' }, registry.identity.bootstrapActor.id);
    const basic = `Basic ${Buffer.from(`anyone:${secret}`).toString('base64')}`;
    const asked = await fetch(`${registry.url}/v2/token?service=fixity&scope=repository:exact:pull,push`, {
      headers: { Authorization: basic },
    });
    const { token } = (await asked.json()) as { token: string };
    const pull = (name: string) =>
      fetch(`${registry.url}/v2/${name}/tags/list`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal((await pull('exact')).status, 200);
    const outside = await pull('refs');
    assert.equal(outside.status, 401);
    assert.match(outside.headers.get('www-authenticate') ?? '', /error="insufficient_scope"$/);
    const push = await fetch(`${registry.url}/v2/exact/blobs/uploads/`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.deepEqual([push.status, (await errorOf(push)).code], [403, 'DENIED']);

    const form = new URLSearchParams({ grant_type: 'password', username: 'x', password: registry.token });
    form.set('scope', 'repository:exact:pull,push');
    const posted = await fetch(`${registry.url}/v2/token`, { method: 'POST', body: form });
    assert.equal(posted.status, 200);
    form.set('grant_type', 'refresh_token');
    assert.equal((await fetch(`${registry.url}/v2/token`, { method: 'POST', body: form })).status, 400);
  });

  it('answers a repeated push with the same idempotency key once, and refuses it for something else', async () => {
    const [one, two] = [await makeManifest(registry, 'keyed', 'one'), await makeManifest(registry, 'keyed', 'two')];
    const push = (reference: string, body: string) =>
      registry.call(`/v2/keyed/manifests/${reference}`, {
        method: 'PUT',
        body,
        headers: { 'Content-Type': imageManifest, 'Idempotency-Key': 'push-1' },
      });
    assert.equal((await push('1', one.bytes)).status, 201);
    assert.equal((await push('1', one.bytes)).status, 201);
    const other = await push('2', two.bytes);
    assert.deepEqual([other.status, (await errorOf(other)).detail['code']], [409, 'command-reused']);
  });
});
