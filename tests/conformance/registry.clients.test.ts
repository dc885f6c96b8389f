import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { listTags } from '#registry';
import { run, succeed } from '../support/command.ts';
import { sha256 } from '../support/oci.ts';
import { without } from '../support/peers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

/** Every client keeps its files in the registry's folder, which goes when the registry closes. */
describe('a registry and the clients that people use', () => {
  let registry: TestRegistry;
  let credentials: string;
  let at: (name: string) => string;
  before(async () => {
    registry = await startRegistry();
    credentials = `anyone:${registry.token}`;
    at = (name) => join(registry.folder, name);
  });
  after(() => registry.close());

  const stored = (name: string) => [
    '--root',
    at(`${name}-storage`),
    '--runroot',
    at(`${name}-run`),
    '--storage-driver',
    'vfs',
  ];
  const digestOf = async (reference: string) => {
    const answer = await registry.call(`/v2/${reference}`);
    return sha256(Buffer.from(await answer.arrayBuffer()));
  };

  /** An OCI layout with one image of one file, made by umoci. */
  const makeLayout = async (name: string, text: string) => {
    const layout = at(name);
    await succeed('umoci', ['init', '--layout', layout]);
    await succeed('umoci', ['new', '--image', `${layout}:v1`]);
    await writeFile(at(`${name}.txt`), text);
    await succeed('umoci', ['insert', '--rootless', '--image', `${layout}:v1`, at(`${name}.txt`), '/content.txt']);
    return `oci:${layout}:v1`;
  };

  it('skopeo: OCI layout in, directory and docker archive out, byte for byte', {
    skip: without('skopeo', 'umoci'),
  }, async () => {
    const source = await makeLayout('layout', 'hello');
    const target = `docker://${registry.host}/skopeo/app`;
    await succeed('skopeo', ['copy', '--dest-tls-verify=false', '--dest-creds', credentials, source, `${target}:1`]);
    const original = await succeed('skopeo', ['inspect', '--raw', source]);
    assert.equal(await digestOf('skopeo/app/manifests/1'), sha256(original));
    const byDigest = `${target}@${sha256(original)}`;
    const pull = ['copy', '--src-tls-verify=false', '--src-creds', credentials, byDigest];
    await succeed('skopeo', [...pull, `dir:${at('pulled')}`]);
    assert.equal(await readFile(join(at('pulled'), 'manifest.json'), 'utf8'), original);
    const archive = `docker-archive:${at('archive.tar')}:skopeo/app:1`;
    await succeed('skopeo', [...pull, archive]);
    const back = ['copy', '--dest-tls-verify=false', '--dest-creds', credentials, archive];
    await succeed('skopeo', [...back, `${target}:from-archive`]);
    const tags = await succeed('skopeo', ['list-tags', '--tls-verify=false', '--creds', credentials, target]);
    assert.deepEqual((JSON.parse(tags) as { Tags: string[] }).Tags, ['1', 'from-archive']);
  });

  it('skopeo: other content to a frozen tag is refused in our words', {
    skip: without('skopeo', 'umoci'),
  }, async () => {
    const push = async (source: string) =>
      run('skopeo', [
        'copy',
        '--dest-tls-verify=false',
        '--dest-creds',
        credentials,
        source,
        `docker://${registry.host}/final:1`,
      ]);
    assert.equal((await push(await makeLayout('final-one', 'one'))).code, 0);
    const refused = await push(await makeLayout('final-two', 'two'));
    assert.notEqual(refused.code, 0);
    assert.match(refused.errors, /final:1 is already frozen as [0-9a-f]{12}/);
  });

  it('buildah and podman: an index of two platforms, carried whole', {
    skip: without('buildah', 'skopeo', 'podman'),
  }, async () => {
    const storage = stored('buildah');
    const buildah = (...parameters: string[]) =>
      succeed('buildah', [...storage, ...parameters], { BUILDAH_ISOLATION: 'chroot', TMPDIR: registry.folder });
    await writeFile(at('app.txt'), 'built');
    await buildah('manifest', 'create', 'both');
    for (const architecture of ['amd64', 'arm64']) {
      const container = (await buildah('from', '--arch', architecture, 'scratch')).trim();
      await buildah('copy', container, at('app.txt'), `/${architecture}.txt`);
      await buildah('config', '--arch', architecture, '--cmd', '/app', container);
      await buildah('commit', '--manifest', 'both', container);
    }
    const target = `docker://${registry.host}/built:1`;
    await buildah('manifest', 'push', '--all', '--tls-verify=false', '--creds', credentials, 'both', target);
    const copied = `docker://${registry.host}/copied:1`;
    const flags = [
      '--src-tls-verify=false',
      '--src-creds',
      credentials,
      '--dest-tls-verify=false',
      '--dest-creds',
      credentials,
    ];
    await succeed('skopeo', ['copy', '--all', ...flags, target, copied]);
    assert.equal(await digestOf('copied/manifests/1'), await digestOf('built/manifests/1'));

    const podman = stored('podman');
    const image = `${registry.host}/copied:1`;
    await succeed('podman', [
      ...podman,
      'pull',
      '--tls-verify=false',
      '--creds',
      credentials,
      '--arch',
      'arm64',
      image,
    ]);
    const inspected = await succeed('podman', [...podman, 'image', 'inspect', '--format', '{{.Architecture}}', image]);
    assert.equal(inspected.trim(), 'arm64');
  });

  it('podman: a login is kept and a wrong one refused', { skip: without('podman') }, async () => {
    const login = (password: string) =>
      run('podman', [
        'login',
        '--authfile',
        at('auth.json'),
        '--tls-verify=false',
        '-u',
        'me',
        '-p',
        password,
        registry.host,
      ]);
    assert.equal((await login(registry.token)).code, 0);
    const refused = await login('not-the-token-at-all');
    assert.notEqual(refused.code, 0);
    assert.match(refused.errors, /unauthorized|invalid username\/password/);
  });

  it('oras: artifacts with a type, attached referrers, and their discovery', { skip: without('oras') }, async () => {
    const flags = ['--plain-http', '-u', 'me', '-p', registry.token];
    const oras = (...parameters: string[]) => succeed('oras', [...parameters, ...flags]);
    const folder = at('oras');
    await mkdir(folder);
    await writeFile(join(folder, 'config.yaml'), 'pool: 40\n');
    const paths = ['--disable-path-validation', '--no-tty'];
    const image = `${registry.host}/artifacts:1`;
    await oras('push', ...paths, '--artifact-type', 'test/config', image, `${join(folder, 'config.yaml')}:text/yaml`);
    await oras('attach', ...paths, '--artifact-type', 'test/sbom', image, `${join(folder, 'config.yaml')}:text/yaml`);
    const subject = await digestOf('artifacts/manifests/1');
    const found = JSON.parse(await oras('discover', '--format', 'json', image)) as {
      referrers: { artifactType: string }[];
    };
    assert.deepEqual(
      found.referrers.map(({ artifactType }) => artifactType),
      ['test/sbom'],
    );
    const list = (await (await registry.call(`/v2/artifacts/referrers/${subject}`)).json()) as { manifests: [] };
    assert.equal(list.manifests.length, 1);
    const tags = listTags(registry.views, 'artifacts', { limit: 10 }).map(({ tag }) => tag);
    assert.deepEqual(tags, ['1'], 'oras found the referrers API and pushed no fallback tag');
  });

  it('curl: one POST in, the same bytes out', { skip: without('curl') }, async () => {
    await writeFile(at('blob'), Buffer.alloc(3_000_000, 'fixity'));
    const digest = sha256(await readFile(at('blob')));
    const curl = (...parameters: string[]) => succeed('curl', ['-sSf', '-u', credentials, ...parameters]);
    const post = `${registry.url}/v2/curl/blobs/uploads/?digest=${digest}`;
    await curl('-X', 'POST', '-H', 'Content-Type: application/octet-stream', '--data-binary', `@${at('blob')}`, post);
    await curl('-o', at('back'), `${registry.url}/v2/curl/blobs/${digest}`);
    assert.equal(sha256(await readFile(at('back'))), digest);
  });
});
