import type { LiveAnswer, MomentQuery, RevisionDocument, RevisionService } from '#contract';
import { type FoundMoment, serviceOf } from '#environments';
import { type Digest, toInstant } from '#kernel';
import { type Rollout, rolloutAt, rolloutById } from '#rollouts';
import type { ViewReader } from '#views';
import { coverageAt } from './coverage.ts';
import type { Documents } from './documents.ts';
import { type Asked, liveService } from './live-service.ts';
import { momentOf, resolved } from './moment.ts';
import type { HistoryPorts } from './ports.ts';

/**
 * What was live at a moment: what the revision says should run, what takes traffic, what nodes reported, and how far
 * anybody had looked. Every part is read as of the same time and ledger size.
 * @throws FixityError as `resolveMoment` of environments does.
 */
export async function liveAt(ports: HistoryPorts, documents: Documents, query: MomentQuery): Promise<LiveAnswer> {
  const { views, ledger, clock } = ports;
  const moment = await momentOf(views, ledger, query, toInstant(clock.now()));
  const found = rolloutUnderWay(views, moment);
  const rollout = found === undefined ? undefined : rolloutById(views, found.rollout);
  const document = moment.digest === undefined ? undefined : await documents.revision(moment.digest as Digest);
  const target = rollout === undefined ? undefined : await documents.revision(rollout.target);
  return views.snapshot((reader) => {
    const parts = services(document, target, rollout).map(({ service, asked }) =>
      liveService(reader, ports, moment, service, asked),
    );
    const nodes = new Set(parts.flatMap(({ instances }) => instances.map(({ node }) => node)));
    return {
      moment: resolved(moment),
      ...(found === undefined ? {} : { rollout: found }),
      services: parts,
      ...coverageAt(reader, ports, moment, nodes),
    };
  });
}

/** The rollout under way; one whose revision is already true has only its own end left to record. */
function rolloutUnderWay(views: ViewReader, moment: FoundMoment): LiveAnswer['rollout'] {
  const found = rolloutAt(views, moment.environment, moment);
  if (found === undefined || moment.revision === undefined) return found;
  return rolloutById(views, found.rollout)?.revision === moment.revision ? undefined : found;
}

/** The services of the revision, and those that the rollout under way brings; in order of name. */
function services(
  document: RevisionDocument | undefined,
  target: RevisionDocument | undefined,
  rollout: Rollout | undefined,
): { service: RevisionService; asked: Asked }[] {
  const moving = new Set(rollout?.services.map(({ service }) => service));
  const coming = (target?.services ?? []).filter(
    ({ service }) => moving.has(service) && serviceOf(document, service) === undefined,
  );
  const all = [...(document?.services ?? []), ...coming].toSorted((a, b) => (a.service < b.service ? -1 : 1));
  return all.map((service) => {
    const isMoving = moving.has(service.service);
    const isNew = coming.includes(service);
    const asker = rollout !== undefined && isNew ? { actor: rollout.startedBy, since: rollout.startedAt } : undefined;
    return { service, asked: { isMoving, isNew, asker } };
  });
}
