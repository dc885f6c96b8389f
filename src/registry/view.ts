import type { Digest, Instant } from '#kernel';
import type { Entry } from '#ledger';
import { type Fold, facts, on, type ViewReader, type ViewWriter } from '#views';
import { artifactFrozen, repositoryConfigured, tagDeleted, tagFrozen, tagMoved } from './entries.ts';

/** What a tag was made to be; a deleted one holds its last digest. */
export type TagState = 'frozen' | 'moving' | 'deleted';

export const tagFacts = facts('registry_tag', {
  repository: 'TEXT NOT NULL',
  tag: 'TEXT NOT NULL',
  state: 'TEXT NOT NULL',
  digest: 'TEXT NOT NULL',
  media_type: 'TEXT',
  artifact_type: 'TEXT',
  size: 'INTEGER',
  actor: 'TEXT NOT NULL',
});

export const settingFacts = facts('registry_setting', { moving: 'TEXT NOT NULL', policy: 'TEXT NOT NULL' });

/** Repository names hold no `:`, so a key names one tag and the tags of a repository lie together. */
export const tagKey = (repository: string, tag: string) => `${repository}:${tag}`;

export const registryFold: Fold = {
  room: 'registry',
  version: 1,
  tables: [
    ...tagFacts.tables,
    ...settingFacts.tables,
    `CREATE TABLE registry_artifact (repository TEXT NOT NULL, digest TEXT NOT NULL, media_type TEXT NOT NULL,
     artifact_type TEXT, subject TEXT, size INTEGER NOT NULL, actor TEXT NOT NULL, time TEXT NOT NULL,
     from_index INTEGER NOT NULL, PRIMARY KEY (repository, digest)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX registry_artifact_digest ON registry_artifact (digest, from_index)',
    `CREATE INDEX registry_artifact_subject ON registry_artifact (repository, subject, from_index)
     WHERE subject IS NOT NULL`,
    `CREATE TABLE registry_repository (repository TEXT PRIMARY KEY, tags INTEGER NOT NULL, artifacts INTEGER NOT NULL,
     from_index INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  ],
  on: [
    on(tagFrozen, ({ index, entry }, views) => foldTarget(index, entry, views, 'frozen')),
    on(tagMoved, ({ index, entry }, views) => foldTarget(index, entry, views, 'moving')),
    on(tagDeleted, (recorded, views) => {
      const { index, entry } = recorded;
      const { repository, tag, digest } = entry.data;
      count(views, repository, index, -1, 0);
      tagFacts.record(views, {
        key: tagKey(repository, tag),
        time: entry.time,
        index,
        values: { ...blank, repository, tag, digest, state: 'deleted', actor: entry.actor },
      });
    }),
    on(artifactFrozen, ({ index, entry }, views) => {
      const { repository, digest, mediaType, artifactType, subject, size } = entry.data;
      count(views, repository, index, 0, 1);
      views.run(
        'INSERT INTO registry_artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        repository,
        digest,
        mediaType,
        artifactType ?? null,
        subject ?? null,
        size,
        entry.actor,
        entry.time,
        index,
      );
    }),
    on(repositoryConfigured, ({ index, entry }, views) => {
      const { repository, moving, policy } = entry.data;
      count(views, repository, index, 0, 0);
      const values = { moving: JSON.stringify(moving), policy };
      settingFacts.record(views, { key: repository, time: entry.time, index, values });
    }),
  ],
};

const blank = { media_type: null, artifact_type: null, size: null } as const;

interface Target {
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly size: number;
}

function foldTarget(index: number, entry: Entry & { data: Target }, views: ViewWriter, state: TagState): void {
  const { repository, tag, digest, mediaType, artifactType, size } = entry.data;
  const key = tagKey(repository, tag);
  const before = tagFacts.now(views, key);
  if (before === undefined || before.state === 'deleted') count(views, repository, index, 1, 0);
  tagFacts.record(views, {
    key,
    time: entry.time,
    index,
    values: {
      repository,
      tag,
      digest,
      state,
      size,
      actor: entry.actor,
      media_type: mediaType,
      artifact_type: artifactType ?? null,
    },
  });
}

function count(views: ViewWriter, repository: string, index: number, tags: number, artifacts: number): void {
  views.run(
    `INSERT INTO registry_repository (repository, tags, artifacts, from_index) VALUES (?, max(0, ?), ?, ?)
     ON CONFLICT (repository) DO UPDATE SET tags = tags + ?, artifacts = artifacts + ?`,
    repository,
    tags,
    artifacts,
    index,
    tags,
    artifacts,
  );
}

/** How a repository treats its tags; a repository nobody configured keeps every tag final. */
export interface RepositorySettings {
  readonly moving: readonly string[];
  readonly policy: 'final' | 'mutable-after-delete';
}

export function settingsOf(views: ViewReader, repository: string): RepositorySettings {
  const row = settingFacts.now(views, repository);
  if (row === undefined) return { moving: [], policy: 'final' };
  return {
    moving: JSON.parse(String(row.moving)) as string[],
    policy: row.policy === 'mutable-after-delete' ? 'mutable-after-delete' : 'final',
  };
}

/** When something was recorded as true, by whom, and by which entry. */
export interface Since {
  readonly since: Instant;
  readonly by: string;
  readonly index: number;
}
