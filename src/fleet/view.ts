import { type Column, type Fold, facts, on, type ViewReader, type ViewWriter } from '#views';
import {
  instanceAssigned,
  instanceRetired,
  nodeEnrolled,
  observed,
  type Routed,
  routed,
  watchBegan,
  watchLost,
} from './entries.ts';

/** Keys are node names. */
export const nodeFacts = facts('fleet_nodes', {
  verifier: 'TEXT NOT NULL',
  os: 'TEXT NOT NULL',
  architecture: 'TEXT NOT NULL',
  runtimes: 'TEXT NOT NULL',
});
/** Keys are node names. */
export const watchFacts = facts('fleet_watches', { watching: 'INTEGER NOT NULL' });
/** Keys are instance ids: what should be. */
export const assignmentFacts = facts('fleet_assignments', {
  environment: 'TEXT NOT NULL',
  service: 'TEXT NOT NULL',
  node: 'TEXT NOT NULL',
  release: 'TEXT NOT NULL',
  number: 'INTEGER',
  build: 'TEXT NOT NULL',
  vals: 'TEXT NOT NULL',
  desired: 'TEXT NOT NULL',
});
/** Keys are instance ids: what a node saw; `report` is the JSON of `ObservedFacts`. */
export const reportFacts = facts('fleet_reports', { node: 'TEXT NOT NULL', report: 'TEXT NOT NULL' });
/** Keys are `<environment>/<service>`: the ids of instances that should run, as a JSON array. */
export const memberFacts = facts('fleet_members', { instances: 'TEXT NOT NULL' });
/** Keys are `<environment>/<service>`; `nodes` are those whose proxies the change concerns. */
export const routeFacts = facts('fleet_routes', {
  hosts: 'TEXT NOT NULL',
  instances: 'TEXT NOT NULL',
  nodes: 'TEXT NOT NULL',
});

export const serviceKey = (environment: string, service: string): string => `${environment}/${service}`;

export const fleetFold: Fold = {
  room: 'fleet',
  version: 1,
  tables: [
    ...[nodeFacts, watchFacts, assignmentFacts, reportFacts, memberFacts, routeFacts].flatMap(({ tables }) => tables),
    // What a node is told of: an instance leaves once it was seen stopped.
    'CREATE TABLE fleet_placed (node TEXT NOT NULL, instance TEXT NOT NULL, PRIMARY KEY (node, instance)) STRICT, WITHOUT ROWID',
    'CREATE TABLE fleet_versions (node TEXT PRIMARY KEY, changed INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    `CREATE TABLE fleet_sequences (node TEXT PRIMARY KEY, sequence INTEGER NOT NULL, routed INTEGER, time TEXT NOT NULL,
     from_index INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  ],
  on: [
    on(nodeEnrolled, ({ index, entry: { time, data } }, views) =>
      nodeFacts.record(views, {
        key: data.node,
        time,
        index,
        values: {
          verifier: data.key,
          os: data.platform.os,
          architecture: data.platform.architecture,
          runtimes: JSON.stringify(data.runtimes),
        },
      }),
    ),
    on(instanceAssigned, ({ index, entry: { time, data } }, views) => {
      const { environment, service, node, release, build, instance } = data;
      const vals = JSON.stringify(data.values);
      const values = { environment, service, node, release, number: data.number ?? null, build, vals };
      assignmentFacts.record(views, { key: instance, time, index, values: { ...values, desired: 'running' } });
      views.run('INSERT INTO fleet_placed (node, instance) VALUES (?, ?)', node, instance);
      changeMembers(views, serviceKey(environment, service), time, index, (members) => [...members, instance]);
      touchNode(views, node, index);
    }),
    on(instanceRetired, ({ index, entry: { time, data } }, views) => {
      const was = assignmentFacts.now(views, data.instance);
      if (was === undefined) return;
      const { environment, service, node, release, number, build, vals } = was;
      const values = { environment, service, node, release, number, build, vals, desired: 'stopped' };
      assignmentFacts.record(views, { key: data.instance, time, index, values });
      changeMembers(views, serviceKey(data.environment, data.service), time, index, (members) =>
        members.filter((member) => member !== data.instance),
      );
      touchNode(views, String(node), index);
    }),
    on(routed, ({ index, entry: { time, data } }, views) => {
      const key = serviceKey(data.environment, data.service);
      const nodes = concernedNodes(views, routeFacts.now(views, key)?.instances, data.instances);
      const values = { hosts: JSON.stringify(data.hosts), instances: JSON.stringify(data.instances) };
      routeFacts.record(views, { key, time, index, values: { ...values, nodes: JSON.stringify(nodes) } });
      for (const node of nodes) touchNode(views, node, index);
    }),
    on(observed, ({ index, entry: { time, data } }, views) => {
      const { node, sequence } = data;
      views.run(
        `INSERT INTO fleet_sequences (node, sequence, routed, time, from_index) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (node) DO UPDATE SET sequence = excluded.sequence, routed = excluded.routed,
         time = excluded.time, from_index = excluded.from_index`,
        node,
        sequence,
        data.routed ?? null,
        time,
        index,
      );
      for (const report of data.instances) {
        const values = { node, report: JSON.stringify(report) };
        reportFacts.record(views, { key: report.instance, time, index, values });
        const ended = report.state === 'stopped' || report.state === 'exited' || report.state === 'failed';
        if (ended && assignmentFacts.now(views, report.instance)?.desired === 'stopped') {
          views.run('DELETE FROM fleet_placed WHERE node = ? AND instance = ?', node, report.instance);
          touchNode(views, node, index);
        }
      }
    }),
    on(watchBegan, ({ index, entry: { time, data } }, views) =>
      watchFacts.record(views, { key: data.node, time, index, values: { watching: 1 } }),
    ),
    on(watchLost, ({ index, entry: { time, data } }, views) =>
      watchFacts.record(views, { key: data.node, time, index, values: { watching: 0 } }),
    ),
  ],
};

function changeMembers(
  views: ViewWriter,
  key: string,
  time: string,
  index: number,
  change: (members: string[]) => string[],
): void {
  const members = JSON.parse(String(memberFacts.now(views, key)?.instances ?? '[]')) as string[];
  memberFacts.record(views, { key, time, index, values: { instances: JSON.stringify(change(members)) } });
}

function touchNode(views: ViewWriter, node: string, index: number): void {
  views.run(
    'INSERT INTO fleet_versions (node, changed) VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET changed = excluded.changed',
    node,
    index,
  );
}

function concernedNodes(views: ViewReader, before: Column | undefined, after: Routed['instances']): string[] {
  const earlier = JSON.parse(typeof before === 'string' ? before : '[]') as Routed['instances'];
  const nodes = [...earlier, ...after].flatMap(({ instance }) => {
    const node = assignmentFacts.now(views, instance)?.node;
    return node === undefined ? [] : [String(node)];
  });
  return [...new Set(nodes)].toSorted();
}
