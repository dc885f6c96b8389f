import { type Digest, digestOf, FixityError, isDigest } from '#kernel';
import { type Manifest, maximumManifest, parseManifest, referrerType } from '#oci';
import {
  type Artifact,
  deleteTag,
  findArtifact,
  findTag,
  freezeManifest,
  isOwnRepository,
  isTag,
  ownRepositoryRefusal,
  requireTag,
} from '#registry';
import type { Store } from '#store';
import type { ViewReader } from '#views';
import { apiVersion, send, sendBytes } from './answer.ts';
import { readBody } from './body.ts';
import { OciRefusal, requireDigest } from './errors.ts';
import type { Exchange, OciOptions } from './options.ts';

/** end-3: a manifest by tag or digest, exactly as it was pushed. */
export async function getManifest(
  { store, views }: OciOptions,
  { request, response }: Exchange,
  name: string,
  reference: string,
) {
  const artifact = findManifest(views, name, reference);
  const headers = {
    'Content-Type': artifact.mediaType,
    'Docker-Content-Digest': artifact.digest,
    ETag: `"${artifact.digest}"`,
  };
  if (request.headers['if-none-match'] === headers.ETag) return send(response, 304, headers);
  if (request.method === 'HEAD') {
    response.writeHead(200, { ...apiVersion, ...headers, 'Content-Length': artifact.size });
    response.end();
    return;
  }
  sendBytes(response, 200, await store.read(artifact.digest, maximumManifest), headers);
}

function findManifest(views: ViewReader, name: string, reference: string): Artifact {
  const digest = isTag(reference) ? heldBy(views, name, reference) : requireDigest(reference);
  const found = digest === undefined ? undefined : findArtifact(views, name, digest);
  if (found !== undefined) return found;
  const sentence = isTag(reference) ? `${name}:${reference} is not a tag` : `${name} holds no manifest ${reference}`;
  throw new FixityError('not-found', sentence, { next: [`list the tags: GET /v2/${name}/tags/list`] });
}

function heldBy(views: ViewReader, name: string, tag: string): Digest | undefined {
  const held = findTag(views, name, tag);
  return held === undefined || held.state === 'deleted' ? undefined : held.digest;
}

/** end-7: freezes a manifest under a digest and any tags. All that it refers to must be here before. */
export async function putManifest(options: OciOptions, exchange: Exchange, name: string, reference: string) {
  const { request, response, meta } = exchange;
  if (isOwnRepository(name)) throw ownRepositoryRefusal(name);
  const tags = tagsOf(exchange.query, reference);
  const bytes = await readBody(request, maximumManifest, 'a manifest');
  const digest = digestOf(bytes);
  if (!isTag(reference) && requireDigest(reference) !== digest) {
    throw new FixityError('digest-mismatch', `the manifest is ${digest}, not ${reference}`, {
      next: ['push the bytes exactly as they were hashed'],
    });
  }
  const manifest = parseManifest(bytes, request.headers['content-type']);
  await requireThings(options.store, referencesOf(manifest));
  const artifactType = referrerType(manifest);
  const subject = manifest.subject?.digest;
  await options.store.put(bytes, digest);
  const input = {
    repository: name,
    tags,
    digest,
    mediaType: manifest.mediaType,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
  };
  await options.writer.submit(freezeManifest, input, meta);
  send(response, 201, {
    Location: `/v2/${name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
    ...(isTag(reference) || tags.length === 0 ? {} : { 'OCI-Tag': tags.join(', ') }),
  });
}

const mostTags = 64;

/** The tag in the path, or those that `?tag=` adds to a push by digest (end-7b). */
function tagsOf(query: URLSearchParams, reference: string): string[] {
  if (isTag(reference)) return [reference];
  const tags = [...new Set(query.getAll('tag'))].map(requireTag);
  if (tags.length <= mostTags) return tags;
  const error = new FixityError('too-large', `one push sets at most ${mostTags} tags`, {
    next: ['push several times'],
  });
  throw new OciRefusal('UNSUPPORTED', error, { status: 414 });
}

/** Layers of these types live elsewhere and are never pushed (image-spec 1.1, "Non-distributable layers"). */
const foreign = /^application\/vnd\.(docker\.image\.rootfs\.foreign|oci\.image\.layer\.nondistributable)\./;

/** Everything that must be in the store before the manifest: config, layers, members. */
function referencesOf({ config, layers, manifests }: Manifest): Digest[] {
  const all = [...(config === undefined ? [] : [config]), ...layers, ...manifests];
  return [...new Set(all.filter(({ mediaType }) => !foreign.test(mediaType)).map(({ digest }) => digest))];
}

async function requireThings(store: Store, digests: readonly Digest[]): Promise<void> {
  const missing: Digest[] = [];
  for (const digest of digests) if ((await store.stat(digest)) === undefined) missing.push(digest);
  if (missing.length === 0) return;
  const error = new FixityError('not-found', `the manifest refers to ${missing.length} things that are not here`, {
    facts: missing.slice(0, 20),
    next: ['push its blobs and members first, then the manifest'],
  });
  throw new OciRefusal('MANIFEST_BLOB_UNKNOWN', error);
}

/** end-9: deletes a tag, leaving a tombstone. What is frozen stays: a manifest is not deleted by its digest. */
export async function deleteManifest(
  { writer }: OciOptions,
  { response, meta }: Exchange,
  name: string,
  reference: string,
) {
  if (isDigest(reference)) {
    const error = new FixityError('unsupported', 'a frozen manifest is not deleted by its digest', {
      facts: ['what is live, tagged or recorded can be asked about for ever'],
      next: [`delete a tag instead: DELETE /v2/${name}/manifests/<tag>`],
    });
    throw new OciRefusal('UNSUPPORTED', error, { status: 405 });
  }
  await writer.submit(deleteTag, { repository: name, tag: requireTag(reference) }, meta);
  send(response, 202);
}
