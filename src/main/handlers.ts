import type { ProofRoutes } from '#audit';
import { listEnvironments, listRevisions, oneRevision, report } from '#environments';
import type { FleetRoutes } from '#fleet';
import type { HistoryRoutes } from '#history';
import type { Caller, Handlers } from '#http';
import type { IdentityRoutes } from '#identity';
import type { Clock } from '#kernel';
import { configure, repositories, resolve, tags } from '#registry';
import { checkConfig, listReleases, makeRelease, oneRelease } from '#releases';
import type { RolloutRoutes } from '#rollouts';
import type { Store } from '#store';
import type { ViewSource } from '#views';
import type { CommandMeta, Writer } from '#writer';

export interface HandlerParts {
  readonly writer: Writer;
  readonly views: ViewSource;
  readonly store: Store;
  readonly clock: Clock;
  readonly identity: IdentityRoutes;
  readonly fleet: FleetRoutes;
  readonly rollouts: RolloutRoutes;
  readonly history: HistoryRoutes;
  readonly proofs: ProofRoutes;
}

/** Ties every route of the contract to the room that answers it. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { writer, views, store, clock, identity, fleet, rollouts, history, proofs } = parts;
  return {
    whoAmI: (_, { actor }) => identity.whoAmI(actor),
    issueToken: ({ body }, caller) => identity.issueToken(body, caller.actor, repeatOf(caller)),
    tokens: (_, { actor }) => ({ tokens: identity.listTokens(actor) }),
    revokeToken: async ({ parameters }, { actor }) => {
      await identity.revokeToken(parameters, actor);
      return { done: true };
    },
    createEnrolment: (_, { actor }) => identity.createEnrolment(actor),

    repositories: () => repositories(views),
    configureRepository: ({ body }, caller) => configure(writer, body, metaOf(caller)),
    tags: ({ query }) => views.snapshot((reader) => tags(reader, query)),
    resolve: ({ query }) => views.snapshot((reader) => resolve(reader, query, clock)),

    checkConfig: ({ body }) => checkConfig({ store, views }, body),
    release: ({ body }, caller) => makeRelease({ store, views, clock, writer }, body, metaOf(caller)),
    releases: ({ query }) => listReleases(views, query),
    releaseByNumber: ({ parameters }) => oneRelease({ store, views }, parameters),

    rollOut: ({ body }, caller) => rollouts.rollOut(body, caller.actor, repeatOf(caller)),
    rollBack: ({ body }, caller) => rollouts.rollBack(body, caller.actor, repeatOf(caller)),
    rollouts: ({ query }, { actor }) => rollouts.rollouts(query, actor),
    rollout: ({ parameters, query }, { actor, signal }) => {
      const { after, wait } = query;
      const asked = { ...parameters, wait, signal, ...(after === undefined ? {} : { after }) };
      return rollouts.rollout(asked, actor);
    },
    abortRollout: ({ parameters, body }, caller) =>
      rollouts.abortRollout({ ...parameters, ...body }, caller.actor, repeatOf(caller)),

    environments: () => listEnvironments(views),
    revisions: ({ parameters, query }) =>
      views.snapshot((reader) => listRevisions(reader, { ...parameters, ...query })),
    revision: ({ parameters }) => oneRevision({ store, views }, parameters),
    reportChange: ({ body }, caller) => report(writer, body, metaOf(caller)),

    enrol: ({ body }) => fleet.enrol(body),
    nodes: (_, { actor }) => ({ nodes: fleet.nodes(actor) }),
    assignments: ({ parameters, query }, { actor, signal }) => {
      const { after, wait } = query;
      const asked = { ...parameters, wait, signal, ...(after === undefined ? {} : { after }) };
      return fleet.assignments(asked, actor);
    },
    observe: ({ parameters, body }, { actor }) => fleet.observe({ ...parameters, envelope: body }, actor),
    deliverLogs: ({ parameters, body }, { actor }) => {
      fleet.deliverLogs({ ...parameters, ...body }, actor);
      return { done: true };
    },
    logs: ({ query }, { actor }) => fleet.logs(query, actor),

    live: ({ query }) => history.live(query),
    changes: ({ query }) => history.changes(query),
    diff: ({ body }) => history.diff(body),
    show: ({ query }) => history.show(query),
    log: ({ query }) => history.log(query),
    entry: ({ parameters }) => history.entry(parameters),

    proveLive: ({ query }) => proofs.proveLive(query),
    proveChanges: ({ query }) => proofs.proveChanges(query),
    proveEntry: ({ parameters }) => proofs.proveEntry(parameters),
  };
}

function repeatOf({ commandId, ifMatch }: Caller): Omit<CommandMeta, 'actor'> {
  return { ...(commandId === undefined ? {} : { commandId }), ...(ifMatch === undefined ? {} : { ifMatch }) };
}

function metaOf(caller: Caller): CommandMeta {
  return { actor: caller.actor.id, ...repeatOf(caller) };
}
