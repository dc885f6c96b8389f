import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { runSpecification } from '#contract';
import { canonicalJson, type Digest, FixityError } from '#kernel';
import {
  type BuildParts,
  buildArtifact,
  type Content,
  configArtifact,
  contentOf,
  mediaTypes,
  parseManifest,
} from '#oci';
import { findArtifact, findTag, freezeManifest } from '#registry';
import { openDomain } from '../../tests/support/domain.ts';
import { readRelease } from './documents.ts';
import { prepareRelease, type ReleaseRequest } from './prepare.ts';
import { checkConfig, listReleases, makeRelease, oneRelease } from './routes.ts';
import { commitOf, releaseOf, sourcesOf } from './view.ts';

const domain = await openDomain();
after(() => domain.close());
const { store, views, clock, writer } = domain;
const options = { store, views, clock, writer };
const meta = { actor: 'user:test' };
const golden = (name: string) => readFile(new URL(`../../tests/golden/releases/${name}`, import.meta.url), 'utf8');
const commit = (digit: string) => ({ commit: digit.repeat(40), dirty: false });

/** Stores the contents, the manifest last, and freezes it. */
async function freeze(repository: string, contents: readonly Content[]): Promise<Digest> {
  for (const { bytes } of contents) await store.put(bytes);
  const { digest, mediaType, size } = contents.at(-1)?.descriptor ?? assert.fail('nothing to freeze');
  await writer.submit(freezeManifest, { repository, tags: [], digest, mediaType, size }, meta);
  return digest;
}
async function freezeTree(content: string, annotations: NonNullable<BuildParts['annotations']> = {}) {
  const layer = contentOf(Buffer.from(content.padEnd(1024, '\0')), mediaTypes.layer);
  const built = buildArtifact({
    tree: Buffer.from(`fixity-tree-v1\n${content}`),
    layer: layer.descriptor,
    annotations,
  });
  return freeze('checkout', [layer, ...built.blobs, built.manifest]);
}
async function freezeConfig(text: string, fileName = 'checkout.yaml', schema?: string) {
  const parts = { bytes: Buffer.from(text), mediaType: 'application/yaml', fileName };
  const made = configArtifact({ ...parts, ...(schema === undefined ? {} : { schema: Buffer.from(schema) }) });
  return freeze('checkout-config', [...made.blobs, made.manifest]);
}
const json = (value: unknown, type: string, more = {}) => contentOf(Buffer.from(canonicalJson(value)), type, more);
function image(architecture: string) {
  const config = json({ os: 'linux', architecture, rootfs: {} }, mediaTypes.imageConfig);
  const body = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config: config.descriptor, layers: [] };
  return [config, json(body, mediaTypes.imageManifest)] as const;
}
function request(build: Digest, more: Partial<ReleaseRequest> = {}): ReleaseRequest {
  return { service: 'checkout', build, run: runSpecification.parse({ command: ['./serve', '{{port}}'] }), ...more };
}
const refused = (code: string) => (error: unknown) => error instanceof FixityError && error.code === code;

test('a release is the document, the configuration and the build, frozen under its number', async () => {
  const build = await freezeTree('one', { 'dev.fixity.platform': 'linux/amd64' });
  const config = await freezeConfig('tax: {mode: floor}\n', 'checkout.yaml', '{"type":"object"}');
  const made = await makeRelease(options, request(build, { config, source: commit('a') }), meta);
  assert.deepEqual({ ...made, digest: '' }, { service: 'checkout', number: 1, digest: '', created: true });

  const index = Buffer.from(await store.read(made.digest, 1e6)).toString('utf8');
  const { document, members } = await readRelease(store, made.digest);
  assert.equal(`${index}\n`, await golden('index.json'));
  assert.equal(`${canonicalJson(document)}\n`, await golden('document.json'));
  assert.deepEqual(document.build.platforms, [{ os: 'linux', architecture: 'amd64' }]);
  assert.deepEqual([members[1]?.digest, members[2]?.digest], [config, build]);
  assert.equal(findTag(views, 'fixity/releases/checkout', 'r1')?.digest, made.digest);
  for (const { digest } of members) assert.ok(findArtifact(views, 'fixity/releases/checkout', digest));

  const leaf = (await domain.entries()).find(({ subject }) => subject === 'release/checkout:r1');
  assert.equal(`${canonicalJson(leaf?.data)}\n`, await golden('released.json'));
  assert.equal(leaf?.subjectversion, '1');
});

test('the same content is the same release, with one more source for each new commit', async () => {
  const known = releaseOf(views, listReleases(views, { service: 'checkout', limit: 1 }).releases[0]?.digest ?? '');
  assert.ok(known?.config !== undefined);
  const again = request(known.build, { config: known.config });
  const size = (await domain.entries()).length;
  const same = { service: 'checkout', number: 1, digest: known.digest, created: false };
  assert.deepEqual(await makeRelease(options, { ...again, source: commit('a') }, meta), same);
  assert.deepEqual(await makeRelease(options, again, meta), same);
  assert.equal((await domain.entries()).length, size);
  assert.deepEqual(await makeRelease(options, { ...again, source: { ...commit('b'), dirty: true } }, meta), same);
  const leaf = (await domain.entries()).at(-1);
  assert.equal(leaf?.subjectversion, '2');
  assert.equal(`${canonicalJson(leaf?.data)}\n`, await golden('sourced.json'));
  assert.equal(sourcesOf(views, known.digest).length, 2);
  assert.equal(commitOf(views, known.digest)?.commit, 'b'.repeat(40));
  const then = { time: '9999-01-01T00:00:00.000Z', size };
  assert.equal(commitOf(views, known.digest, then)?.commit, 'a'.repeat(40));
});

test('the order of keys does not matter, any other content is the next number', async () => {
  const build = await freezeTree('two');
  const run = { command: ['x'], environment: { A: '1', B: '2' } };
  const turned = { environment: { B: '2', A: '1' }, command: ['x'] };
  const first = await makeRelease(options, request(build, { run: runSpecification.parse(run) }), meta);
  const second = await makeRelease(options, request(build, { run: runSpecification.parse(turned) }), meta);
  assert.deepEqual(second, { ...first, created: false });
  assert.equal(first.number, 2);
  assert.equal((await makeRelease(options, request(build), meta)).number, 3);
  assert.equal((await oneRelease({ store, views }, { service: 'checkout', number: 3 })).document?.build.digest, build);
  await assert.rejects(
    oneRelease({ store, views }, { service: 'checkout', number: 9 }),
    /no release r9, the latest is r3/,
  );
});

test('of releases at once each gets a number of its own', async () => {
  const build = await freezeTree('many');
  const made = await Promise.all(
    ['a', 'b', 'c', 'd'].map((word) =>
      makeRelease(options, request(build, { service: 'cart', run: runSpecification.parse({ command: [word] }) }), meta),
    ),
  );
  assert.deepEqual(
    made.map(({ number }) => number).sort((a, b) => a - b),
    [1, 2, 3, 4],
  );
});

test('an image index is resolved to its platforms, attestations left out', async () => {
  const [amd, arm] = [image('amd64'), image('arm64')];
  const attestation = image('unknown');
  const of = (content: Content, os: string, architecture: string) => ({
    ...content.descriptor,
    platform: { os, architecture },
  });
  const manifests = [arm[1].descriptor, of(amd[1], 'linux', 'amd64'), of(attestation[1], 'unknown', 'unknown')];
  const index = json({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests }, mediaTypes.imageIndex);
  const build = await freeze('shop', [...amd, ...arm, ...attestation, index]);
  const prepared = await prepareRelease(options, request(build));
  const { document, members } = await readRelease(store, prepared.digest);
  assert.equal(document.build.kind, 'image');
  assert.deepEqual(
    document.build.platforms.map(({ architecture }) => architecture),
    ['amd64', 'arm64'],
  );
  assert.deepEqual(
    members.slice(1).map(({ platform }) => platform?.architecture),
    ['arm64', 'amd64'],
  );
  assert.equal(parseManifest(await store.read(prepared.digest, 1e6), undefined).kind, 'index');
});

test('what was never frozen, does not run, or breaks its schema is refused', async () => {
  const build = await freezeTree('three');
  const config = await freezeConfig('tax: 1\n');
  const broken = await freezeConfig('tax: x\n', 'c.yaml', '{"properties":{"tax":{"type":"number"}}}');
  const outside = await freezeConfig('a: 1\n', '../../etc/passwd');
  const unknown = `sha256:${'0'.repeat(64)}` satisfies Digest;
  await assert.rejects(prepareRelease(options, request(unknown)), refused('not-found'));
  await assert.rejects(prepareRelease(options, request(config)), refused('unsupported'));
  await assert.rejects(prepareRelease(options, request(build, { config: build })), refused('invalid-input'));
  await assert.rejects(prepareRelease(options, request(build, { config: outside })), refused('invalid-input'));
  await assert.rejects(prepareRelease(options, request(build, { config: broken })), refused('schema-violation'));
  const at = { repository: 'checkout-config' };
  await assert.rejects(checkConfig(options, { ...at, digest: broken }), refused('schema-violation'));
  assert.deepEqual(await checkConfig(options, { ...at, digest: config }), { checked: false });
  await assert.rejects(checkConfig(options, { repository: 'shop', digest: config }), refused('not-found'));
});
