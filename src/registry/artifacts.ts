import type { Digest } from '#kernel';
import type { ViewReader } from '#views';
import type { Page } from './tags.ts';
import { type RepositorySettings, type Since, settingsOf } from './view.ts';

/** A manifest in a repository. */
export interface Artifact extends Since {
  readonly repository: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType?: string;
  /** The manifest it refers to, by digest. */
  readonly subject?: Digest;
  /** Bytes of the manifest itself. */
  readonly size: number;
}

interface ArtifactRow {
  readonly repository: string;
  readonly digest: Digest;
  readonly media_type: string;
  readonly artifact_type: string | null;
  readonly subject: Digest | null;
  readonly size: number;
  readonly actor: string;
  readonly time: string;
  readonly from_index: number;
}

export function findArtifact(views: ViewReader, repository: string, digest: Digest): Artifact | undefined {
  const row = views.get<ArtifactRow>(
    'SELECT * FROM registry_artifact WHERE repository = ? AND digest = ?',
    repository,
    digest,
  );
  return row === undefined ? undefined : artifactOf(row);
}

/** The manifests of one repository that refer to a digest, in the order they were frozen. */
export function listReferrers(
  views: ViewReader,
  repository: string,
  subject: Digest,
  { artifactType, after = -1, limit }: { artifactType?: string; after?: number; limit: number },
): Artifact[] {
  return views
    .all<ArtifactRow>(
      `SELECT * FROM registry_artifact WHERE repository = ? AND subject = ? AND from_index > ?
       AND (? IS NULL OR artifact_type = ?) ORDER BY from_index LIMIT ?`,
      repository,
      subject,
      after,
      artifactType ?? null,
      artifactType ?? null,
      limit,
    )
    .map(artifactOf);
}

/** Artifacts whose digest starts with these hex digits, of one repository or of all; one row per digest. */
export function findByPrefix(views: ViewReader, hex: string, limit: number, repository?: string): Artifact[] {
  return views
    .all<ArtifactRow>(
      `SELECT *, min(from_index) FROM registry_artifact WHERE digest >= ? AND digest < ?
       AND (? IS NULL OR repository = ?) GROUP BY digest ORDER BY digest LIMIT ?`,
      `sha256:${hex}`,
      `sha256:${hex}g`,
      repository ?? null,
      repository ?? null,
      limit,
    )
    .map(artifactOf);
}

/** A repository with how much it holds. */
export interface Repository extends RepositorySettings {
  readonly repository: string;
  readonly tags: number;
  readonly artifacts: number;
}

interface RepositoryRow {
  readonly repository: string;
  readonly tags: number;
  readonly artifacts: number;
}

const fields = 'SELECT repository, tags, artifacts FROM registry_repository';

export function findRepository(views: ViewReader, repository: string): Repository | undefined {
  const row = views.get<RepositoryRow>(`${fields} WHERE repository = ?`, repository);
  return row === undefined ? undefined : { ...row, ...settingsOf(views, repository) };
}

/** The repositories in ASCII order. */
export function listRepositories(views: ViewReader, { after = '', limit }: Page): Repository[] {
  return views
    .all<RepositoryRow>(`${fields} WHERE repository > ? ORDER BY repository LIMIT ?`, after, limit)
    .map((row) => ({ ...row, ...settingsOf(views, row.repository) }));
}

function artifactOf(row: ArtifactRow): Artifact {
  return {
    repository: row.repository,
    digest: row.digest,
    mediaType: row.media_type,
    ...(row.artifact_type === null ? {} : { artifactType: row.artifact_type }),
    ...(row.subject === null ? {} : { subject: row.subject }),
    size: row.size,
    since: row.time,
    by: row.actor,
    index: row.from_index,
  };
}
