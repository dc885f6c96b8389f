import type { DiffAnswer, MomentQuery, RevisionDocument, RevisionService, ServiceDifference } from '#contract';
import { diffRevisions, type FoundMoment, type RevisionDifference } from '#environments';
import { type Digest, toInstant } from '#kernel';
import { commitOf, type Release, releaseOf } from '#releases';
import { buildDifference } from './build-difference.ts';
import { configDifference } from './config-difference.ts';
import type { Documents } from './documents.ts';
import { keyDifferences, settingsOf } from './keys.ts';
import { momentOf, resolved } from './moment.ts';
import type { HistoryPorts } from './ports.ts';

interface Side {
  readonly moment: FoundMoment;
  readonly service: RevisionService | undefined;
  readonly release: Release | undefined;
}

/**
 * What differs between two moments: releases, files, configuration keys, settings.
 * @throws FixityError as `resolveMoment` of environments does, and `not-found` when a thing was taken from the store.
 */
export async function diffOf(
  ports: HistoryPorts,
  documents: Documents,
  query: { readonly from: MomentQuery; readonly to: MomentQuery },
): Promise<DiffAnswer> {
  const now = toInstant(ports.clock.now());
  const from = await momentOf(ports.views, ports.ledger, query.from, now);
  const to = await momentOf(ports.views, ports.ledger, query.to, now);
  const [before, after] = [await documentOf(documents, from), await documentOf(documents, to)];
  const differences = diffRevisions(before, after);
  const services: ServiceDifference[] = [];
  for (const one of differences) services.push(await serviceDifference(ports, documents, one, from, to));
  const names = new Set([before, after].flatMap((document) => document?.services.map(({ service }) => service) ?? []));
  return { from: resolved(from), to: resolved(to), services, identical: names.size - differences.length };
}

async function documentOf(documents: Documents, { digest }: FoundMoment): Promise<RevisionDocument | undefined> {
  return digest === undefined ? undefined : documents.revision(digest as Digest);
}

async function serviceDifference(
  ports: HistoryPorts,
  documents: Documents,
  { service, before, after }: RevisionDifference,
  from: FoundMoment,
  to: FoundMoment,
): Promise<ServiceDifference> {
  const [was, is] = [sideOf(ports, from, before), sideOf(ports, to, after)];
  const build = await buildDifference(ports.store, was.release?.build, is.release?.build);
  const config = await configDifference(ports.store, was.release?.config, is.release?.config);
  const commits = commitDifference(ports, was, is);
  return {
    service,
    change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    ...(was.release === undefined ? {} : { from: was.release.number }),
    ...(is.release === undefined ? {} : { to: is.release.number }),
    ...(commits === undefined ? {} : { commits }),
    ...(build === undefined ? {} : { build }),
    ...(config === undefined ? {} : { config }),
    settings: keyDifferences(await settings(documents, was), await settings(documents, is)),
  };
}

function sideOf({ views }: HistoryPorts, moment: FoundMoment, service: RevisionService | undefined): Side {
  const digest = service?.tracks[0]?.release;
  return { moment, service, release: digest === undefined ? undefined : releaseOf(views, digest) };
}

async function settings(documents: Documents, { service, release }: Side): Promise<ReadonlyMap<string, string>> {
  const document = release === undefined ? undefined : await documents.release(release.digest);
  return settingsOf(service, document?.run);
}

function commitDifference({ views }: HistoryPorts, was: Side, is: Side): ServiceDifference['commits'] {
  const [before, after] = [was, is].map(({ release, moment }) =>
    release === undefined ? undefined : commitOf(views, release.digest, moment)?.commit,
  );
  if (before === after) return undefined;
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
