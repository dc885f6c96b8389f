import { z } from 'zod';
import { digest, repositoryName, repositorySettings, tagName } from '#contract';
import { FixityError } from '#kernel';
import { draft } from '#ledger';
import { defineCommand } from '#writer';
import { findRepository } from './artifacts.ts';
import { repositoryConfigured, tagDeleted } from './entries.ts';
import { freezeDrafts } from './freeze.ts';
import { isOwnRepository, repositorySubject, tagSubject } from './names.ts';
import { ownRepositoryRefusal } from './refusals.ts';
import { findTag } from './tags.ts';

const mediaType = z.string().min(1).max(255);

/**
 * Puts a manifest into a repository and lets it hold the tags given, all or none. The bytes are in the store before.
 * Refusals: `tag-final`, `forbidden` (a repository that only Fixity writes).
 */
export const freezeManifest = defineCommand({
  name: 'registry.freeze-manifest',
  input: z.strictObject({
    repository: repositoryName,
    tags: z.array(tagName).max(64),
    digest,
    mediaType,
    artifactType: mediaType.exactOptional(),
    size: z.int().min(0),
    subject: digest.exactOptional(),
  }),
  decide(context, { tags, ...manifest }) {
    if (isOwnRepository(manifest.repository)) return { refusal: ownRepositoryRefusal(manifest.repository) };
    const artifact = freezeDrafts(context, manifest);
    if (artifact instanceof FixityError) return { refusal: artifact };
    const entries = [...artifact];
    for (const tag of new Set(tags)) {
      const drafts = freezeDrafts(context, { ...manifest, tag });
      if (drafts instanceof FixityError) return { refusal: drafts };
      entries.push(...drafts.filter((one) => one.subject === tagSubject(manifest.repository, tag)));
    }
    return { entries, answer: { digest: manifest.digest, recorded: entries.length } };
  },
});

/** Deletes a tag and leaves a tombstone. Refusals: `not-found`, `forbidden`. */
export const deleteTag = defineCommand({
  name: 'registry.delete-tag',
  input: z.strictObject({ repository: repositoryName, tag: tagName }),
  decide(context, { repository, tag }) {
    if (isOwnRepository(repository)) return { refusal: ownRepositoryRefusal(repository) };
    const held = findTag(context.views, repository, tag);
    if (held === undefined || held.state === 'deleted') {
      const refusal = new FixityError('not-found', `${repository}:${tag} is not a tag`, {
        facts: held === undefined ? [] : [`it was deleted by ${held.by} at ${held.since}`],
        next: [`list the tags: GET /v2/${repository}/tags/list`],
      });
      return { refusal };
    }
    const name = tagSubject(repository, tag);
    const tombstone = draft(
      tagDeleted,
      name,
      { repository, tag, digest: held.digest },
      { expect: context.version(name) + 1 },
    );
    return { entries: [tombstone], answer: { digest: held.digest } };
  },
});

/**
 * Says which tags of a repository move and whether deleted ones may be used again. The second can be allowed only while
 * the repository is empty: whoever pushed before was promised final tags. Refusals: `forbidden`, `version-conflict`.
 */
export const configureRepository = defineCommand({
  name: 'registry.configure-repository',
  input: repositorySettings,
  decide(context, settings) {
    const { repository, moving, policy } = settings;
    if (isOwnRepository(repository)) return { refusal: ownRepositoryRefusal(repository) };
    const present = findRepository(context.views, repository);
    const loosens = policy === 'mutable-after-delete' && present?.policy !== 'mutable-after-delete';
    if (loosens && present !== undefined && present.artifacts > 0) {
      const refusal = new FixityError('version-conflict', `${repository} was created with final tags`, {
        facts: [
          `it holds ${present.artifacts} artifacts; mutable-after-delete can be chosen before the first push only`,
        ],
        next: [`use policy final, or a new repository`],
      });
      return { refusal };
    }
    const answer = { repository, moving, policy };
    const same = present?.policy === policy && JSON.stringify(present.moving) === JSON.stringify(moving);
    if (same) return { entries: [], answer };
    return { entries: [draft(repositoryConfigured, repositorySubject(repository), answer)], answer };
  },
});

export const registryCommands = [freezeManifest, deleteTag, configureRepository] as const;
