import { maximumManifest, parseManifest } from '#oci';
import { type Artifact, listReferrers } from '#registry';
import type { Store } from '#store';
import { nextLink, sendJson } from './answer.ts';
import { requireDigest } from './errors.ts';
import type { Exchange, OciOptions } from './options.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const pageLength = 500;

/**
 * end-12: what refers to a digest in this repository, as an image index made from the stored manifests. A digest that
 * nothing refers to, known or not, has an empty one.
 */
export async function answerReferrers(
  { store, views }: OciOptions,
  { response, query }: Exchange,
  name: string,
  text: string,
) {
  const subject = requireDigest(text);
  const artifactType = query.get('artifactType') ?? undefined;
  const after = /^\d{1,15}$/.test(query.get('after') ?? '') ? { after: Number(query.get('after')) } : {};
  const filter = artifactType === undefined ? {} : { artifactType };
  const found = listReferrers(views, name, subject, { ...filter, ...after, limit: pageLength + 1 });
  const page = found.slice(0, pageLength);
  const manifests = [];
  for (const artifact of page) manifests.push(await descriptorOf(store, artifact));
  const last = page.at(-1);
  const more = found.length > pageLength && last !== undefined;
  sendJson(
    response,
    200,
    { schemaVersion: 2, mediaType: indexType, manifests },
    {
      'Content-Type': indexType,
      ...(artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
      ...(more ? nextLink(`/v2/${name}/referrers/${subject}`, { ...filter, after: last.index }) : {}),
    },
  );
}

async function descriptorOf(store: Store, { mediaType, digest, size, artifactType }: Artifact): Promise<object> {
  const { annotations } = parseManifest(await store.read(digest, maximumManifest), mediaType);
  const more = Object.keys(annotations).length === 0 ? {} : { annotations };
  return { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }), ...more };
}
