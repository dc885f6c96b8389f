import { z } from 'zod';
import { observation, platform } from '#contract';
import { FixityError, fromInstant, type Instant, subject, toInstant } from '#kernel';
import { type Draft, draft } from '#ledger';
import type { ViewReader } from '#views';
import { type Decision, defineCommand } from '#writer';
import { nodeEnrolled, observationsAnchored, observed, watchBegan, watchLost } from './entries.ts';
import { chunksOf, newsOf, observationTime } from './observations.ts';
import { lastReport, nodeAt } from './queries.ts';

/** A node that is silent this long is not watched any more. */
export const silenceMs = 15_000;

const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);

/** Why a node may not be enrolled under a name with a key; undefined when it may. */
export function enrolmentRefusal(views: ViewReader, node: string, key: string): FixityError | undefined {
  const known = nodeAt(views, node);
  if (known === undefined || known.key === key) return undefined;
  return new FixityError('forbidden', `the name ${node} belongs to a node with another key`, {
    facts: [`enrolled ${known.enrolled} with ${known.key}`],
    next: ['enrol under another name', 'or give the machine the key file it was enrolled with'],
  });
}

/** Records a node and its key. The same node with the same key, platform and runtimes records nothing. */
export const enrolNodeCommand = defineCommand({
  name: 'fleet.enrol-node',
  input: z.strictObject({ node: z.string(), key: z.string(), platform, runtimes: z.array(z.string()) }),
  decide({ views }, { node, key, platform: { os, architecture }, runtimes }) {
    const refusal = enrolmentRefusal(views, node, key);
    if (refusal !== undefined) return { refusal };
    const known = nodeAt(views, node);
    const same =
      known?.platform.os === os &&
      known.platform.architecture === architecture &&
      known.runtimes.join() === runtimes.join();
    const data = { node, key, platform: { os, architecture }, runtimes };
    return { entries: same ? [] : [draft(nodeEnrolled, subject('node', node), data)], answer: { node } };
  },
});

/**
 * Records what changed since the node's last observation on the ledger, and that it is watched again. Nothing new
 * records nothing. @throws FixityError `version-conflict` when a later observation is recorded already.
 */
export const recordObservation = defineCommand({
  name: 'fleet.record-observation',
  input: z.strictObject({
    observation,
    /** Where the signed envelope is stored. */
    envelope: digest,
    /** When the server last heard of the node before, by its own clock. */
    lastSeen: z.string().exactOptional(),
  }),
  decide({ views, now }, { observation, envelope, lastSeen }) {
    const { node, sequence } = observation;
    const last = lastReport(views, node);
    if (last !== undefined && sequence <= last.sequence)
      return { refusal: outOfSequence(node, sequence, last.sequence) };
    const news = newsOf(views, observation);
    const entries: Draft[] = [];
    const name = subject('node', node);
    const gap = lastSeen !== undefined && fromInstant(now) - fromInstant(lastSeen) > silenceMs;
    if (!news.watch && gap) {
      entries.push(draft(watchLost, name, { node, since: lastSeen }, { basis: 'inferred', time: lastSeen }));
    }
    if (news.watch || gap) entries.push(draft(watchBegan, name, { node, since: now }, { basis: 'observed' }));
    if (news.instances.length > 0 || news.routing) {
      const { time, clock } = observationTime(observation, last?.time, now);
      const routed = observation.routed === undefined ? {} : { routed: observation.routed };
      for (const instances of chunksOf(news.instances)) {
        const data = { node, envelope, sequence, ...routed, instances, ...(clock === undefined ? {} : { clock }) };
        entries.push(draft(observed, name, data, { basis: 'observed', time }));
      }
    }
    return { entries, answer: { sequence } };
  },
});

export function outOfSequence(node: string, sequence: number, last: number): FixityError {
  return new FixityError('version-conflict', `observation ${sequence} of ${node} comes after its observation ${last}`, {
    facts: ['a sequence number is used once and only counts up'],
    next: ['if the node was restored from a copy, enrol it under another name with a new key'],
    members: { last },
  });
}

/** Records that nobody has looked at a node since it was last heard of. */
export const loseWatch = defineCommand({
  name: 'fleet.lose-watch',
  input: z.strictObject({ node: z.string(), lastSeen: z.string() }),
  decide({ views, now }, { node, lastSeen }): Decision<{ lost: boolean }> {
    if (nodeAt(views, node)?.watched !== true) return { entries: [], answer: { lost: false } };
    const since: Instant = lastSeen < now ? lastSeen : toInstant(fromInstant(now));
    const entry = draft(watchLost, subject('node', node), { node, since }, { basis: 'inferred', time: since });
    return { entries: [entry], answer: { lost: true } };
  },
});

/** Records the root of the latest observations; the list is stored already. */
export const anchorObservations = defineCommand({
  name: 'fleet.anchor-observations',
  input: observationsAnchored.data,
  decide(_, data): Decision<null> {
    return { entries: [draft(observationsAnchored, subject('log', 'observations'), data)], answer: null };
  },
});

export const fleetCommands = [enrolNodeCommand, recordObservation, loseWatch, anchorObservations] as const;
