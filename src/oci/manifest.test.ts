import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { digestOf } from '#kernel';
import { mediaTypes, parseManifest, referrerType } from './index.ts';

const digest = digestOf('x');
const config = { mediaType: mediaTypes.imageConfig, digest, size: 1 };
const layer = { mediaType: mediaTypes.layer, digest, size: 2 };
const image = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.imageIndex,
  manifests: [{ ...config, mediaType: mediaTypes.imageManifest }],
};
const bytes = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));

void describe('manifests', () => {
  void it('of images are read, OCI and Docker', () => {
    for (const mediaType of [mediaTypes.imageManifest, mediaTypes.dockerManifest]) {
      const manifest = parseManifest(bytes({ ...image, mediaType }), `${mediaType}; charset=utf-8`);
      assert.deepEqual(manifest, {
        kind: 'manifest',
        mediaType,
        config,
        layers: [layer],
        manifests: [],
        annotations: {},
      });
    }
    const { mediaType: _left, ...bare } = image;
    assert.equal(parseManifest(bytes(bare), mediaTypes.imageManifest).kind, 'manifest');
    assert.equal(parseManifest(bytes(image), undefined).mediaType, mediaTypes.imageManifest);
  });

  void it('of several platforms are read, OCI and Docker', () => {
    const platform = { architecture: 'arm', os: 'linux', variant: 'v7', 'os.version': '1', 'os.features': ['f'] };
    for (const mediaType of [mediaTypes.imageIndex, mediaTypes.dockerManifestList]) {
      const manifests = [{ ...config, platform }, config];
      assert.deepEqual(parseManifest(bytes({ ...index, mediaType, manifests }), mediaType).manifests, manifests);
    }
  });

  void it('of artifacts say their type, subject and annotations', () => {
    const document = {
      ...image,
      artifactType: 'application/x',
      subject: config,
      annotations: { ['__proto__']: 'a', b: 'c' },
    };
    const manifest = parseManifest(bytes(document), undefined);
    assert.deepEqual(manifest.subject, config);
    assert.deepEqual(Object.entries(manifest.annotations), Object.entries(document.annotations));
    assert.equal(referrerType(manifest), 'application/x');
    assert.equal(referrerType(parseManifest(bytes(image), undefined)), mediaTypes.imageConfig);
    assert.equal(referrerType(parseManifest(bytes(index), undefined)), undefined);
  });

  void it('may have null where there is nothing, as encoders in Go write', () => {
    const document = {
      ...image,
      subject: null,
      annotations: null,
      artifactType: '',
      layers: [{ ...layer, urls: null }],
    };
    assert.deepEqual(parseManifest(bytes(document), undefined), parseManifest(bytes(image), undefined));
  });

  const refused: [string, unknown, RegExp][] = [
    ['a list', [], /not an object/],
    ['another schema version', { ...image, schemaVersion: 1 }, /schemaVersion/],
    ['no config', { ...image, config: undefined }, /config is not an object/],
    ['layers that are no list', { ...image, layers: {} }, /layers is not a list/],
    ['manifests in a manifest', { ...image, manifests: [] }, /"manifests"/],
    ['layers in an index', { ...index, layers: [] }, /"layers"/],
    ['a config in an index', { ...index, config }, /"config"/],
    ['a digest in capitals', { ...image, layers: [{ ...layer, digest: digest.toUpperCase() }] }, /layers\[0\]\.digest/],
    ['a negative size', { ...image, config: { ...config, size: -1 } }, /config\.size/],
    ['a size that is text', { ...image, config: { ...config, size: '1' } }, /config\.size/],
    ['a size beyond integers', { ...image, config: { ...config, size: 2 ** 53 } }, /config\.size/],
    ['a media type that is none', { ...image, config: { ...config, mediaType: 'x' } }, /config\.mediaType/],
    ['annotations that are not text', { ...image, annotations: { a: 1 } }, /annotations\.a/],
    [
      'a platform without architecture',
      { ...index, manifests: [{ ...config, platform: { os: 'linux' } }] },
      /architecture/,
    ],
    ['too many layers', { ...image, layers: Array.from({ length: 10_001 }, () => layer) }, /more than 10000/],
  ];
  for (const [title, document, message] of refused) {
    void it(`with ${title} are refused`, () => {
      assert.throws(() => parseManifest(bytes(document), undefinedOr(document)), { code: 'invalid-input', message });
    });
  }

  void it('are refused when they are too large, not JSON, of another type or of another algorithm', () => {
    assert.throws(() => parseManifest(Buffer.alloc(4 * 1024 * 1024 + 1), mediaTypes.imageIndex), { code: 'too-large' });
    assert.throws(() => parseManifest(Buffer.from('{'), mediaTypes.imageIndex), { code: 'invalid-input' });
    assert.throws(() => parseManifest(Buffer.from([0x22, 0xff, 0x22]), mediaTypes.imageIndex), {
      code: 'invalid-input',
    });
    assert.throws(() => parseManifest(bytes({ schemaVersion: 2 }), undefined), { message: /media type/ });
    assert.throws(() => parseManifest(bytes(image), mediaTypes.dockerManifest), { message: /says it is/ });
    const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    assert.throws(() => parseManifest(bytes({}), schema1), { code: 'unsupported' });
    const sha512 = { ...config, digest: `sha512:${'a'.repeat(128)}` };
    assert.throws(() => parseManifest(bytes({ ...image, config: sha512 }), undefined), { code: 'unsupported' });
  });

  void it('are read or refused, whatever JSON they are', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record({
        schemaVersion: fc.constant(2),
        mediaType: fc.constantFrom(...Object.values(mediaTypes)),
        config: fc.jsonValue(),
        layers: fc.jsonValue(),
      }),
      fc.record({ schemaVersion: fc.constant(2), manifests: fc.array(fc.oneof(fc.constant(config), fc.jsonValue())) }),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(undefined, ...Object.values(mediaTypes)), (document, mediaType) => {
        try {
          const { kind, layers, manifests } = parseManifest(bytes(document), mediaType);
          assert.equal(kind === 'index' ? layers.length : manifests.length, 0);
        } catch (error) {
          assert.match((error as { code?: string }).code ?? '', /^(invalid-input|unsupported)$/);
        }
      }),
    );
  });
});

/** Documents that are not objects cannot say their own type. */
function undefinedOr(document: unknown): string | undefined {
  return Array.isArray(document) ? mediaTypes.imageManifest : undefined;
}
