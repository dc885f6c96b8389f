import { z } from 'zod';
import { digest, repositoryName, repositorySettings, tagName } from '#contract';
import { type Digest, shortDigest } from '#kernel';
import { defineEntry, type Reference } from '#ledger';
import { artifactSubject, isOwnRepository, repositorySubject, tagSubject } from './names.ts';

const mediaType = z.string().min(1).max(255);
const target = {
  repository: repositoryName,
  tag: tagName,
  digest,
  mediaType,
  artifactType: mediaType.exactOptional(),
  /** Bytes of the manifest itself. */
  size: z.int().min(0),
};

type Named = { readonly repository: string; readonly tag: string };
type Held = { readonly repository: string; readonly digest: Digest };

const nameOf = ({ repository, tag }: Named) => `${repository}:${tag}`;
const touchesArtifact = ({ repository, digest }: Held): Reference[] => [
  digest,
  artifactSubject(repository, digest),
  repositorySubject(repository),
];
const touchesTag = (data: Named & Held): Reference[] => [
  tagSubject(data.repository, data.tag),
  ...touchesArtifact(data),
];
/** What Fixity keeps under its own names is told by the entries of releases and environments. */
const pushed = ({ repository }: { readonly repository: string }) => (isOwnRepository(repository) ? undefined : 'push');

/** A final tag was claimed: version 1 of `tag/<repository>:<tag>`, or a later one after a deletion that allowed it. */
export const tagFrozen = defineEntry({
  type: 'dev.fixity.registry.tag-frozen.v1',
  data: z.strictObject(target),
  touches: (data) => touchesTag(data),
  says: (data) => `${nameOf(data)} frozen as ${shortDigest(data.digest)}`,
  change: (data) => pushed(data),
});

/** A moving tag got its first or next target. */
export const tagMoved = defineEntry({
  type: 'dev.fixity.registry.tag-moved.v1',
  data: z.strictObject({ ...target, previous: digest.exactOptional() }),
  touches: (data) => [...touchesTag(data), ...(data.previous === undefined ? [] : [data.previous])],
  says: (data) =>
    data.previous === undefined
      ? `${nameOf(data)} points to ${shortDigest(data.digest)}`
      : `${nameOf(data)} moved from ${shortDigest(data.previous)} to ${shortDigest(data.digest)}`,
  change: (data) => pushed(data),
});

/** A tombstone: the name stays taken unless the repository's policy lets it be used again. */
export const tagDeleted = defineEntry({
  type: 'dev.fixity.registry.tag-deleted.v1',
  data: z.strictObject({ repository: repositoryName, tag: tagName, digest }),
  touches: (data) => touchesTag(data),
  says: (data) => `${nameOf(data)} deleted, it was ${shortDigest(data.digest)}`,
});

/** A manifest was seen in a repository for the first time; all it refers to was in the store. */
export const artifactFrozen = defineEntry({
  type: 'dev.fixity.registry.artifact-frozen.v1',
  data: z.strictObject({
    repository: repositoryName,
    digest,
    mediaType,
    artifactType: mediaType.exactOptional(),
    /** The digest of the manifest that this one refers to (OCI image-spec 1.1, `subject`). */
    subject: digest.exactOptional(),
    size: z.int().min(0),
  }),
  touches: (data) => [...touchesArtifact(data), ...(data.subject === undefined ? [] : [data.subject])],
  says: (data) => `${shortDigest(data.digest)} frozen in ${data.repository}`,
});

/** Which tags of a repository move, and whether deleted tags may be used again. */
export const repositoryConfigured = defineEntry({
  type: 'dev.fixity.registry.repository-configured.v1',
  data: repositorySettings,
  touches: (data) => [repositorySubject(data.repository)],
  says: ({ repository, moving, policy }) => {
    const which =
      moving.length === 0 ? `no tag of ${repository} moves` : `tags ${moving.join(', ')} of ${repository} may move`;
    return policy === 'final' ? which : `${which}, deleted ones may be used again`;
  },
});

export const registryEntries = [tagFrozen, tagMoved, tagDeleted, artifactFrozen, repositoryConfigured] as const;
