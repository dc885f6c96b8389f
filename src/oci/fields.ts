import { FixityError, isDigest } from '#kernel';
import type { Annotations, Descriptor, Platform } from './descriptor.ts';
import { isMediaType } from './media-types.ts';

type Members = Readonly<Record<string, unknown>>;

export function refusedManifest(problem: string): FixityError {
  return new FixityError('invalid-input', `The manifest was refused: ${problem}`, {
    next: ['push a manifest of OCI image-spec 1.1 or Docker schema 2'],
  });
}

/** The members of a JSON object; `where` names the place in refusals, as `layers[3].size`. */
export function membersOf(value: unknown, where: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw refusedManifest(`${where} is not an object`);
}

export function listOf(value: unknown, where: string, maximum: number): readonly unknown[] {
  if (!Array.isArray(value)) throw refusedManifest(`${where} is not a list`);
  if (value.length <= maximum) return value;
  throw refusedManifest(`${where} has ${value.length} members, more than ${maximum}`);
}

export function textOf(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw refusedManifest(`${where} is not a string`);
}

export function mediaTypeOf(value: unknown, where: string): string {
  const text = textOf(value, where);
  if (isMediaType(text)) return text;
  throw refusedManifest(`${where} is not a media type (RFC 6838)`);
}

export function annotationsOf(value: unknown, where: string): Annotations {
  const pairs = Object.entries(membersOf(value, where)).map(([name, text]) => [name, textOf(text, `${where}.${name}`)]);
  return Object.fromEntries(pairs) as Annotations;
}

/** @throws FixityError `invalid-input` naming the member; `unsupported` for a digest of another algorithm. */
export function descriptorOf(value: unknown, where: string): Descriptor {
  const { mediaType, digest, size, artifactType, platform, annotations, urls } = membersOf(value, where);
  const named = textOf(digest, `${where}.digest`);
  if (/^sha(384|512):/.test(named)) {
    throw new FixityError('unsupported', `The manifest was refused: ${where}.digest is not SHA-256`, {
      next: ['push with sha256 digests'],
    });
  }
  if (!isDigest(named)) throw refusedManifest(`${where}.digest is not sha256: and 64 lower-case hex digits`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw refusedManifest(`${where}.size is not a number of bytes`);
  }
  return {
    mediaType: mediaTypeOf(mediaType, `${where}.mediaType`),
    digest: named,
    size,
    // An empty string is how some tools write "none".
    ...(artifactType !== undefined &&
      artifactType !== '' && { artifactType: mediaTypeOf(artifactType, `${where}.artifactType`) }),
    ...(present(platform) && { platform: platformOf(platform, `${where}.platform`) }),
    ...(present(annotations) && { annotations: annotationsOf(annotations, `${where}.annotations`) }),
    ...(present(urls) && { urls: listOf(urls, `${where}.urls`, 100).map((url) => textOf(url, `${where}.urls`)) }),
  };
}

function platformOf(value: unknown, where: string): Platform {
  const members = membersOf(value, where);
  const optional = (name: 'variant' | 'os.version'): Partial<Platform> =>
    present(members[name]) ? { [name]: textOf(members[name], `${where}.${name}`) } : {};
  const features = members['os.features'];
  return {
    architecture: textOf(members['architecture'], `${where}.architecture`),
    os: textOf(members['os'], `${where}.os`),
    ...optional('variant'),
    ...optional('os.version'),
    ...(present(features) && {
      'os.features': listOf(features, `${where}.os.features`, 100).map((one) => textOf(one, `${where}.os.features`)),
    }),
  };
}

/** Encoders in Go write an absent list or map as `null`. */
export function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}
