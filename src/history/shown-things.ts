import { currentRevision, type Revision } from '#environments';
import { findArtifact, type Resolved } from '#registry';
import { type Release, sourcesOf } from '#releases';
import type { HistoryPorts } from './ports.ts';
import { facts, type Live, type Pair, type Shown } from './shown.ts';
import { whereLive } from './where-live.ts';

export function releaseShown({ views, nameOf }: HistoryPorts, live: Live, release: Release): Shown {
  const { service, number, digest, build, buildKind, config, released, actor } = release;
  const sources = sourcesOf(views, digest).map(
    ({ commit, dirty, repository }): Pair => [
      'commit',
      `${commit}${dirty ? ' with a dirty work tree' : ''}${repository === undefined ? '' : `, ${repository}`}`,
    ],
  );
  return {
    kind: 'release',
    name: `${service} r${number}`,
    digest,
    facts: facts([
      ['digest', digest],
      ['build', `${build} (${buildKind})`],
      ['config', config],
      ...sources,
      ['released', `${released} by ${nameOf(actor) ?? actor}`],
      ['pull', `fixity/releases/${service}:r${number}`],
    ]),
    live: whereLive(views, live, digest),
    about: digest,
  };
}

export function revisionShown({ views, nameOf }: HistoryPorts, live: Live, revision: Revision): Shown {
  const { environment, number, digest, kind, since, actor, rollout, services } = revision;
  const document = live.find((one) => one.environment === environment);
  const isLive = currentRevision(views, environment)?.digest === digest;
  return {
    kind: 'revision',
    name: `${environment}#${number}`,
    digest,
    facts: facts([
      ['digest', digest],
      ['since', since],
      [
        'came by',
        `${kind}${rollout === undefined ? '' : `, rollout ${rollout}`}, recorded by ${nameOf(actor) ?? actor}`,
      ],
      ['services', String(services)],
      ['pull', `fixity/environments/${environment}:${number}`],
    ]),
    // After a rollback the present revision is this one under another number.
    live: isLive ? (document?.services ?? []).map(({ service }) => `${environment}/${service}`) : [],
    about: digest,
  };
}

export function artifactShown(
  { views, nameOf }: HistoryPorts,
  live: Live,
  kind: 'tag' | 'artifact',
  { repository, tag, digest }: Resolved,
): Shown {
  const artifact = findArtifact(views, repository, digest);
  return {
    kind,
    name: tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`,
    digest,
    facts: facts([
      ['digest', digest],
      ['repository', repository],
      ['type', artifact?.artifactType ?? artifact?.mediaType],
      ['subject', artifact?.subject],
      ['size', artifact === undefined ? undefined : `${artifact.size} bytes`],
      ['frozen', artifact === undefined ? undefined : `${artifact.since} by ${nameOf(artifact.by) ?? artifact.by}`],
    ]),
    live: whereLive(views, live, digest),
    about: digest,
  };
}
