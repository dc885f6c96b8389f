import { type Digest, FixityError, shortDigest } from '#kernel';
import { artifactTypes, type Descriptor, mediaTypes, titleAnnotation } from '#oci';
import type { Store } from '#store';
import { readManifest } from './build.ts';
import { checkAgainstSchema } from './config-schema.ts';
import { maximumConfig } from './config-syntax.ts';

const maximumSchema = 1024 * 1024;

/** A frozen configuration, without its bytes. */
export interface FrozenConfig {
  /** Its manifest, as an index names it. */
  readonly descriptor: Descriptor;
  /** The document itself. */
  readonly document: Descriptor;
  /** The file name under which an instance finds it. */
  readonly name: string;
  readonly mediaType: string;
  readonly schema?: Descriptor;
}

/** @throws FixityError `not-found` when it is not in the store, `invalid-input` when it is no configuration. */
export async function readConfig(store: Store, digest: Digest): Promise<FrozenConfig> {
  const { manifest, descriptor } = await readManifest(store, digest);
  const [document, schema] = manifest.layers;
  if (manifest.artifactType !== artifactTypes.config || document === undefined) {
    throw notAConfig(digest, 'it was not frozen as one');
  }
  const name = document.annotations?.[titleAnnotation];
  if (name === undefined || !isFileName(name)) throw notAConfig(digest, 'it names no file');
  const { mediaType } = document;
  const checked = schema?.mediaType === mediaTypes.schema ? { schema } : {};
  return { descriptor, document, name, mediaType, ...checked };
}

/**
 * Holds a frozen configuration to the JSON Schema frozen with it; false when there is none.
 * @throws FixityError `schema-violation`, `invalid-input` (the schema is none), `unsupported`, `too-large`.
 */
export async function checkFrozenConfig(store: Store, config: FrozenConfig): Promise<boolean> {
  const { document, schema, mediaType, name } = config;
  if (schema === undefined) return false;
  const bytes = await store.read(document.digest, maximumConfig);
  checkAgainstSchema({ bytes, mediaType, name }, await store.read(schema.digest, maximumSchema));
  return true;
}

/** It becomes a file of an instance, so it must stay in its folder. */
function isFileName(name: string): boolean {
  return name !== '.' && name !== '..' && Buffer.byteLength(name) <= 255 && /^[^/\\\p{Cc}]+$/u.test(name);
}

function notAConfig(digest: Digest, why: string): FixityError {
  return new FixityError('invalid-input', `${shortDigest(digest)} is not a frozen configuration: ${why}`, {
    facts: [digest],
    next: ['fixity freeze config.yaml --as checkout-config'],
  });
}
