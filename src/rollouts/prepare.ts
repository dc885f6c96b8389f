import type { RevisionDocument, RevisionService } from '#contract';
import { currentRevision, type FrozenRevision, freezeRevision, readRevisionDocument } from '#environments';
import { servicesOf } from '#fleet';
import { type Digest, FixityError, shortDigest } from '#kernel';
import { readReleaseDocument, releaseOf } from '#releases';
import type { Store } from '#store';
import type { ViewReader } from '#views';
import { refuseSharedHosts } from './hosts.ts';
import type { PlannableRelease } from './placement.ts';
import { affectedServices, type PlanInput } from './plan.ts';
import { placeableNodes, presentService } from './present.ts';

/** All that a plan needs of the store; facts about things cannot go stale, and `base` is checked again when it counts. */
export interface Prepared {
  readonly environment: string;
  readonly kind: 'rollout' | 'rollback';
  readonly base: { readonly number: number; readonly digest: Digest; readonly document: RevisionDocument } | undefined;
  readonly document: RevisionDocument;
  readonly frozen: FrozenRevision;
  readonly releases: readonly PlannableRelease[];
}

/** The revision an environment stands at, with its document; undefined before the first. */
export async function readBase(
  { views, store }: { readonly views: ViewReader; readonly store: Store },
  environment: string,
): Promise<Prepared['base']> {
  const current = currentRevision(views, environment);
  if (current === undefined) return undefined;
  const { number, digest } = current;
  return { number, digest, document: await readRevisionDocument(store, digest) };
}

/**
 * Freezes the target and reads the releases it brings.
 * @throws FixityError `not-found` when a release is not here, `invalid-input` when it is another service's or
 * two services claim one host name.
 */
export async function prepareRollout(
  { views, store }: { readonly views: ViewReader; readonly store: Store },
  { environment, kind, base, target }: Pick<Prepared, 'environment' | 'kind' | 'base'> & { target: RevisionDocument },
): Promise<Prepared> {
  for (const { service, tracks } of target.services) {
    for (const { release } of tracks) if (releaseOf(views, release) === undefined) throw noRelease(service, release);
  }
  refuseSharedHosts(target);
  const frozen = await freezeRevision(store, target);
  const document = await readRevisionDocument(store, frozen.digest);
  const present = presentServices(views, environment, [base?.document, document]);
  const affected = new Set(affectedServices({ base: base?.document, target: document, present }));
  const releases = new Map<string, PlannableRelease>();
  for (const service of document.services.filter((one) => affected.has(one.service))) {
    for (const { release } of service.tracks) {
      if (!releases.has(release)) releases.set(release, await readPlannable(views, store, service, release));
    }
  }
  return { environment, kind, base, document, frozen, releases: [...releases.values()] };
}

async function readPlannable(
  views: ViewReader,
  store: Store,
  { service }: RevisionService,
  release: Digest,
): Promise<PlannableRelease> {
  const known = releaseOf(views, release);
  if (known === undefined) throw noRelease(service, release);
  const document = await readReleaseDocument(store, release);
  if (document.service !== service) {
    throw new FixityError('invalid-input', `${release} is a release of ${document.service}, not of ${service}`, {
      next: [`fixity show ${service}`],
    });
  }
  const { build, run } = document;
  return {
    release,
    service,
    number: known.number,
    build: build.digest,
    kind: build.kind,
    platforms: build.platforms,
    deadlineMs: run.health.deadlineMs,
    volumes: run.volumes.map(({ name }) => name),
  };
}

/** What a plan is made from: the prepared things, and everything else as the views show it now. */
export function planInput(
  views: ViewReader,
  { environment, base, document, releases }: Omit<Prepared, 'frozen' | 'kind'>,
  id: () => string,
): PlanInput {
  return {
    environment,
    base: base?.document,
    target: document,
    present: presentServices(views, environment, [base?.document, document]),
    releases: new Map(releases.map((one) => [one.release, one])),
    numberOf: (release) => releaseOf(views, release)?.number,
    nodes: placeableNodes(views),
    id,
  };
}

function presentServices(views: ViewReader, environment: string, documents: (RevisionDocument | undefined)[]) {
  const named = documents.flatMap((document) => document?.services.map(({ service }) => service) ?? []);
  const names = new Set([...named, ...servicesOf(views, environment)]);
  return [...names].toSorted().map((service) => presentService(views, environment, service));
}

function noRelease(service: string, release: Digest): FixityError {
  return new FixityError('not-found', `nothing was released as ${shortDigest(release)}`, {
    facts: [release],
    next: [`fixity show ${service}`],
  });
}
