import { z } from 'zod';
import { instanceStates } from '#contract';
import { shortDigest } from '#kernel';
import { defineEntry, type Reference } from '#ledger';

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
const instanceId = z.string().regex(/^[a-z0-9]{2,32}$/);
const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

/** A machine became a node, or a known node's platform or runtimes changed, on `node/<node>`. */
export const nodeEnrolled = defineEntry({
  type: 'dev.fixity.fleet.node-enrolled.v1',
  data: z.strictObject({
    node: label,
    /** Verifier key (C2SP signed-note) that its observations are signed with. */
    key: z.string().max(512),
    platform: z.strictObject({ os: z.string().max(32), architecture: z.string().max(32) }),
    runtimes: z.array(z.string().max(32)).max(8),
  }),
  touches: () => [],
  says: ({ node, platform }) => `enrolled node ${node} (${platform.os}/${platform.architecture})`,
});

/** An instance should run on a node, on `instance/<id>`: always its first version. */
export const instanceAssigned = defineEntry({
  type: 'dev.fixity.fleet.instance-assigned.v1',
  data: z.strictObject({
    instance: instanceId,
    environment: label,
    service: label,
    node: label,
    release: digest,
    number: z.int().exactOptional(),
    /** Artifact manifest of the build for the node's platform. */
    build: digest,
    /** Environment values of the revision, added to those of the release. */
    values: z.record(z.string(), z.string()),
  }),
  touches: ({ environment, service, node, release, build }): Reference[] => [
    `environment/${environment}`,
    `service/${service}`,
    `node/${node}`,
    release,
    build,
  ],
  says: ({ instance, service, node, release, number }) =>
    `assigned ${service} ${number === undefined ? shortDigest(release) : `r${number}`} to ${node} as ${instance}`,
});
export type InstanceAssigned = z.output<typeof instanceAssigned.data>;

/** An instance should be stopped, on `instance/<id>`. */
export const instanceRetired = defineEntry({
  type: 'dev.fixity.fleet.instance-retired.v1',
  data: z.strictObject({ instance: instanceId, environment: label, service: label, node: label }),
  touches: ({ environment, service, node }): Reference[] => [
    `environment/${environment}`,
    `service/${service}`,
    `node/${node}`,
  ],
  says: ({ instance, service, node }) => `retired ${service} ${instance} on ${node}`,
});

/** Which instances take the traffic of a service, on `route/<environment>/<service>`. */
export const routed = defineEntry({
  type: 'dev.fixity.fleet.routed.v1',
  data: z.strictObject({
    environment: label,
    service: label,
    hosts: z.array(z.string().max(253)).max(64),
    instances: z.array(z.strictObject({ instance: instanceId, weight: z.int().min(0).max(1000) })).max(1000),
  }),
  touches: ({ environment, service, instances }): Reference[] => [
    `environment/${environment}`,
    `service/${service}`,
    ...instances.map(({ instance }): Reference => `instance/${instance}`),
  ],
  says: ({ environment, service, instances }) =>
    instances.length === 0
      ? `routed ${environment}/${service} to nobody`
      : `routed ${environment}/${service} to ${instances.map(({ instance }) => instance).join(', ')}`,
});
export type Routed = z.output<typeof routed.data>;

/** What became of one instance; only facts that stay as they are until the next entry about it. */
export const observedFacts = z.strictObject({
  instance: instanceId,
  environment: label,
  service: label,
  state: z.enum(instanceStates),
  /** When it came into this state, by the node's clock. */
  since: instant,
  detail: z.string().max(500).exactOptional(),
  pid: z.int().exactOptional(),
  endpoint: z.strictObject({ address: z.string().max(64), port: z.int() }).exactOptional(),
  /** Digest of the configuration as rendered for this instance. */
  config: digest.exactOptional(),
  /** Digest of the program really running. */
  executable: digest.exactOptional(),
  /** Present when it is out of the route in force and no request is in flight to it. */
  drained: z.literal(true).exactOptional(),
});
export type ObservedFacts = z.output<typeof observedFacts>;

/** A node saw something change, on `node/<node>`; the signed observation itself is the thing `envelope`. */
export const observed = defineEntry({
  type: 'dev.fixity.fleet.observed.v1',
  data: z.strictObject({
    node: label,
    envelope: digest,
    sequence: z.int().min(1),
    /** The assignment version whose routes are in force at the node's proxy; absent when the proxy does not answer. */
    routed: z.int().min(0).exactOptional(),
    instances: z.array(observedFacts),
    /** How the node's clock stood against the writer's, when its time could not be taken as it is. */
    clock: z.enum(['ahead', 'backward']).exactOptional(),
  }),
  touches: ({ envelope, instances }): Reference[] => [
    ...new Set(
      instances.flatMap(({ environment, service, instance }): Reference[] => [
        `environment/${environment}`,
        `service/${service}`,
        `instance/${instance}`,
      ]),
    ),
    envelope,
  ],
  says: ({ node, instances, routed }) => {
    if (instances.length === 0) {
      return routed === undefined ? `${node} does not reach its proxy` : `${node} routes assignments ${routed}`;
    }
    const seen = instances.map(
      ({ service, instance, state, detail, drained }) =>
        `${service} ${instance} ${drained === true && state === 'healthy' ? 'drained' : state}${detail === undefined || state === 'healthy' ? '' : ` (${detail})`}`,
    );
    const shown = seen.slice(0, 3).join(', ');
    return `${node} saw ${shown}${seen.length > 3 ? ` and ${seen.length - 3} more` : ''}`;
  },
});
export type Observed = z.output<typeof observed.data>;

const watch = z.strictObject({ node: label, since: instant });

/** From here on somebody looks at the node, on `node/<node>`. */
export const watchBegan = defineEntry({
  type: 'dev.fixity.fleet.watch-began.v1',
  data: watch,
  touches: () => [],
  says: ({ node }) => `watching ${node} began`,
});

/** Nobody looked at the node from `since` on, on `node/<node>`; concluded from its silence. */
export const watchLost = defineEntry({
  type: 'dev.fixity.fleet.watch-lost.v1',
  data: watch,
  touches: () => [],
  says: ({ node, since }) => `${node} not watched since ${since}`,
});

/**
 * The latest signed observations of all nodes at one time, on `log/observations`: so that "verified up to" can be proved
 * for the past although unchanged observations are no entries.
 */
export const observationsAnchored = defineEntry({
  type: 'dev.fixity.fleet.observations-anchored.v1',
  data: z.strictObject({
    /** RFC 6962 root over the canonical bytes of the envelopes, in order of node. */
    root: digest,
    /** The thing that lists node, sequence, time and leaf hash, in the same order. */
    list: digest,
    count: z.int().min(1),
    verifiedTo: instant,
  }),
  touches: ({ list }): Reference[] => [list],
  says: ({ count, verifiedTo }) =>
    `anchored the latest observations of ${count} ${count === 1 ? 'node' : 'nodes'}, all verified to ${verifiedTo}`,
});

export const fleetEntries = [
  nodeEnrolled,
  instanceAssigned,
  instanceRetired,
  routed,
  observed,
  watchBegan,
  watchLost,
  observationsAnchored,
];
