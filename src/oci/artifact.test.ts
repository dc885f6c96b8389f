import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { digestOf } from '#kernel';
import {
  buildArtifact,
  configArtifact,
  documentManifest,
  emptyConfig,
  mediaTypes,
  parseManifest,
  releaseIndex,
  revisionIndex,
} from './index.ts';
import { sampleCollections } from './sample.case.ts';

const golden = (name: string): Promise<Buffer> => readFile(new URL(`../../tests/golden/oci/${name}`, import.meta.url));
const sample = sampleCollections();

void describe('artifacts', () => {
  const files = {
    'build.json': sample.build.manifest,
    'config.json': sample.config.manifest,
    'release-document.json': sample.release.document.manifest,
    'release.json': sample.release.index,
    'revision.json': sample.revision.index,
  };
  for (const [name, { bytes, descriptor }] of Object.entries(files)) {
    void it(`${name} is the golden file, and is read back`, async () => {
      assert.equal(Buffer.from(bytes).toString(), (await golden(name)).toString());
      assert.equal(descriptor.digest, digestOf(bytes));
      assert.equal(descriptor.size, bytes.length);
      const manifest = parseManifest(bytes, descriptor.mediaType);
      assert.equal(manifest.artifactType, descriptor.artifactType);
    });
  }

  void it('of a folder name the listing as config and the tar as layer', () => {
    const { config, layers } = parseManifest(sample.build.manifest.bytes, mediaTypes.imageManifest);
    assert.equal(config?.mediaType, 'application/vnd.fixity.tree.v1');
    assert.equal(config?.digest, digestOf('fixity-tree-v1\n'));
    assert.deepEqual(layers, [sample.layer.descriptor]);
  });

  void it('of a configuration carry the document, its name and its schema', () => {
    const manifest = parseManifest(sample.config.manifest.bytes, mediaTypes.imageManifest);
    assert.deepEqual(manifest.config, emptyConfig.descriptor);
    assert.equal(emptyConfig.descriptor.digest, digestOf('{}'));
    const types = manifest.layers.map((layer) => layer.mediaType);
    assert.deepEqual(types, ['application/yaml', 'application/schema+json']);
    assert.deepEqual(manifest.layers[0]?.annotations, { 'org.opencontainers.image.title': 'config.yaml' });
    const plain = configArtifact({ bytes: Buffer.from('x'), mediaType: 'text/plain', fileName: 'x' });
    assert.equal(parseManifest(plain.manifest.bytes, undefined).layers.length, 1);
  });

  void it('bring all the blobs that they name and that are held in memory', () => {
    for (const { manifest, blobs } of [sample.config, sample.release.document, sample.revision.document]) {
      const { config, layers } = parseManifest(manifest.bytes, undefined);
      assert.deepEqual(
        blobs.map((blob) => blob.descriptor),
        [config, ...layers],
      );
      for (const { descriptor, bytes } of blobs) assert.equal(descriptor.digest, digestOf(bytes));
    }
  });

  void it('are the same bytes for the same content, annotations or not', () => {
    const parts = { tree: Buffer.from('t'), layer: { digest: digestOf('l'), size: 1 } };
    assert.deepEqual(buildArtifact(parts), buildArtifact({ ...parts, annotations: {} }));
    const one = buildArtifact({ ...parts, annotations: { a: '1', b: '2' } });
    assert.deepEqual(one, buildArtifact({ ...parts, annotations: { b: '2', a: '1' } }));
    assert.deepEqual(
      documentManifest('application/x.v1', { a: 1, b: 2 }),
      documentManifest('application/x.v1', { b: 2, a: 1 }),
    );
  });
});

void describe('releases and revisions', () => {
  void it('are flat: the document, the config, the build', () => {
    const { kind, manifests, artifactType } = parseManifest(sample.release.index.bytes, mediaTypes.imageIndex);
    assert.equal(kind, 'index');
    assert.equal(artifactType, 'application/vnd.fixity.release.v1');
    const { release, config, build } = sample;
    const listed = [release.document, config, build].map(({ manifest }) => manifest.descriptor.digest);
    assert.deepEqual(
      manifests.map((member) => member.digest),
      listed,
    );
    assert.deepEqual(
      manifests.map((member) => member.platform?.architecture),
      [undefined, undefined, 'amd64'],
    );
    const bare = releaseIndex({ document: {}, platformManifests: [] });
    assert.equal(parseManifest(bare.index.bytes, undefined).manifests.length, 1);
  });

  void it('list what several releases share once', () => {
    const { manifests } = parseManifest(sample.revision.index.bytes, mediaTypes.imageIndex);
    assert.equal(manifests.length, 4);
    assert.equal(manifests[0]?.digest, sample.revision.document.manifest.descriptor.digest);
    assert.equal(manifests[1]?.digest, sample.release.document.manifest.descriptor.digest);
  });

  void it('never nest an index', () => {
    assert.throws(() => revisionIndex({ document: {}, releases: [[sample.release.index.descriptor]] }), TypeError);
  });
});
