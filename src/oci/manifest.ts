import { FixityError } from '#kernel';
import type { Annotations, Descriptor } from './descriptor.ts';
import { annotationsOf, descriptorOf, listOf, mediaTypeOf, membersOf, present, refusedManifest } from './fields.ts';
import { bareMediaType, manifestKinds } from './media-types.ts';

/** OCI distribution-spec 1.1, "Pushing Manifests": registries should take at least 4 MiB; Fixity takes no more. */
export const maximumManifest = 4 * 1024 * 1024;

/** How many layers, or members of an index, a manifest may list. */
export const maximumDescriptors = 10_000;

/** An image manifest or index, OCI or Docker, as far as Fixity reads it. */
export interface Manifest {
  readonly kind: 'manifest' | 'index';
  readonly mediaType: string;
  readonly artifactType?: string;
  /** The manifest this one says something about. */
  readonly subject?: Descriptor;
  readonly config?: Descriptor;
  /** Empty for an index. */
  readonly layers: readonly Descriptor[];
  /** Empty for a manifest. */
  readonly manifests: readonly Descriptor[];
  readonly annotations: Annotations;
}

/**
 * Reads a manifest. The media type decides what it is; a `mediaType` inside must agree, and a document that could be
 * taken for both a manifest and an index is refused (image-spec, "manifest.md" and CVE-2021-41190).
 * @param mediaType The `Content-Type` it came with, or undefined to go by what the document says.
 * @throws FixityError `too-large` above 4 MiB; `unsupported` for other media types and digest algorithms;
 * `invalid-input` naming the member that is wrong.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string | undefined): Manifest {
  if (bytes.length > maximumManifest) {
    throw new FixityError('too-large', `The manifest has ${bytes.length} bytes, more than ${maximumManifest}`, {
      next: ['put large content into layers'],
      members: { size: bytes.length, maximum: maximumManifest },
    });
  }
  const document = membersOf(parseJson(bytes), 'the document');
  const inside = document['mediaType'];
  const claimed = present(inside) && inside !== '' ? mediaTypeOf(inside, 'mediaType') : undefined;
  const type = mediaType === undefined ? claimed : bareMediaType(mediaType);
  if (type === undefined) throw refusedManifest('it does not say its media type');
  const kind = manifestKinds.get(type);
  if (kind === undefined) throw unsupportedType(type);
  if (claimed !== undefined && claimed !== type) throw refusedManifest(`it came as ${type} and says it is ${claimed}`);
  if (document['schemaVersion'] !== 2) throw refusedManifest('schemaVersion is not 2');
  refuseTwofold(document, kind);
  const { artifactType, subject, annotations } = document;
  return {
    kind,
    mediaType: type,
    ...(present(artifactType) && artifactType !== '' && { artifactType: mediaTypeOf(artifactType, 'artifactType') }),
    ...(present(subject) && { subject: descriptorOf(subject, 'subject') }),
    ...(kind === 'manifest' && { config: descriptorOf(document['config'], 'config') }),
    layers: kind === 'manifest' ? descriptorsOf(document['layers'], 'layers') : [],
    manifests: kind === 'index' ? descriptorsOf(document['manifests'], 'manifests') : [],
    annotations: present(annotations) ? annotationsOf(annotations, 'annotations') : {},
  };
}

/** What a manifest is listed as among the referrers of its subject (distribution-spec 1.1, "Listing Referrers"). */
export function referrerType(manifest: Manifest): string | undefined {
  return manifest.artifactType ?? manifest.config?.mediaType;
}

function descriptorsOf(value: unknown, where: string): Descriptor[] {
  const list = listOf(value, where, maximumDescriptors);
  return list.map((one, index) => descriptorOf(one, `${where}[${index}]`));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new FixityError('invalid-input', 'The manifest was refused: it is not JSON in UTF-8', { cause: error });
  }
}

function refuseTwofold(document: Readonly<Record<string, unknown>>, kind: Manifest['kind']): void {
  const foreign = kind === 'manifest' ? ['manifests'] : ['config', 'layers'];
  const found = foreign.find((name) => document[name] !== undefined);
  if (found !== undefined) throw refusedManifest(`it has "${found}", which no ${kind} has`);
}

function unsupportedType(type: string): FixityError {
  return new FixityError('unsupported', `Manifests of type ${type.slice(0, 200)} are not accepted`, {
    facts: [`accepted: ${[...manifestKinds.keys()].join(', ')}`],
    next: ['push in OCI format, for example: skopeo copy --format oci ...'],
  });
}
