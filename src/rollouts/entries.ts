import { z } from 'zod';
import { stepKinds } from '#contract';
import { defineEntry, type Reference } from '#ledger';

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
const instanceId = z.string().regex(/^[a-z0-9]{2,32}$/);
const words = z.string().max(1000);
const rollout = z.string().regex(/^[a-z0-9]{2,32}$/);
const routePart = z.strictObject({ instance: instanceId, weight: z.int().min(0).max(1000) });

/** One step as it is planned. For `activate`, `service` is the environment. */
export const plannedStep = z.strictObject({
  kind: z.enum(stepKinds),
  service: label,
  start: z
    .array(
      z.strictObject({
        instance: instanceId,
        node: label,
        release: digest,
        /** Only when putting back: the stopped instance that this one stands in for. */
        like: instanceId.exactOptional(),
      }),
    )
    .exactOptional(),
  route: z.array(routePart).exactOptional(),
  /** With `route`: the host names from then on. */
  hosts: z.array(z.string().max(253)).exactOptional(),
  stop: z.array(instanceId).exactOptional(),
});
export type PlannedStep = z.output<typeof plannedStep>;

/** A release that a plan starts instances of. */
const plannedRelease = z.strictObject({
  release: digest,
  number: z.int().exactOptional(),
  /** Artifact manifest that the instances run. */
  build: digest,
  /** How long an instance may take to become healthy, in milliseconds. */
  deadlineMs: z.int(),
});

const plannedPassage = z.strictObject({
  service: label,
  /** Release numbers: 56 to 57. */
  from: z.int().exactOptional(),
  to: z.int().exactOptional(),
  releases: z.array(plannedRelease),
  values: z.record(z.string(), z.string()),
  /** What was so when it was planned, and is so again after it was put back. */
  before: z.strictObject({
    members: z.array(instanceId),
    route: z.array(routePart),
    hosts: z.array(z.string().max(253)),
  }),
});
export type PlannedPassage = z.output<typeof plannedPassage>;

/** A rollout was planned, on `rollout/<rollout>`: always its first version, before any act. */
export const planned = defineEntry({
  type: 'dev.fixity.rollouts.planned.v1',
  data: z.strictObject({
    rollout,
    environment: label,
    kind: z.enum(['rollout', 'rollback']),
    /** Digest of the frozen target revision. */
    target: digest,
    /** Number of the revision it starts from; absent in a new environment. */
    base: z.int().exactOptional(),
    reason: words.exactOptional(),
    services: z.array(plannedPassage),
    steps: z.array(plannedStep),
  }),
  touches: ({ environment, target, services }): Reference[] => [
    `environment/${environment}`,
    target,
    ...services.flatMap(({ service, releases }): Reference[] => [
      `service/${service}`,
      ...releases.map(({ release }) => release),
    ]),
  ],
  says: ({ kind, environment, services, reason }) =>
    `planned a ${kind} of ${environment}: ${listed(services.map(passage))}${reason === undefined ? '' : ` (${reason})`}`,
});
export type Planned = z.output<typeof planned.data>;

const stepMark = z.strictObject({
  rollout,
  environment: label,
  /** Counts from 0 within the phase. */
  step: z.int().min(0),
  kind: z.enum(stepKinds),
  service: label,
  phase: z.enum(['forward', 'back']),
});
export type StepMark = z.output<typeof stepMark>;

const touchesStep = ({ environment, service, kind }: StepMark): Reference[] =>
  kind === 'activate' ? [`environment/${environment}`] : [`environment/${environment}`, `service/${service}`];

/** A step is about to be acted on, on `rollout/<rollout>`; what it asks of nodes is recorded with it. */
export const stepBegun = defineEntry({
  type: 'dev.fixity.rollouts.step-begun.v1',
  data: stepMark,
  touches: touchesStep,
  says: (mark) => `began step ${stepName(mark)}`,
});

/** What a step was to bring about was seen to be so. */
export const stepDone = defineEntry({
  type: 'dev.fixity.rollouts.step-done.v1',
  data: stepMark,
  touches: touchesStep,
  says: (mark) => `finished step ${stepName(mark)}`,
});

/** From here on the rollout restores what was so before it. */
export const turnedBack = defineEntry({
  type: 'dev.fixity.rollouts.turned-back.v1',
  data: z.strictObject({ rollout, environment: label, why: words, steps: z.array(plannedStep) }),
  touches: ({ environment }): Reference[] => [`environment/${environment}`],
  says: ({ why }) => `turned back: ${why}`,
});

/** Somebody asked for the rollout to be put back. */
export const abortRequested = defineEntry({
  type: 'dev.fixity.rollouts.abort-requested.v1',
  data: z.strictObject({ rollout, environment: label, reason: words }),
  touches: ({ environment }): Reference[] => [`environment/${environment}`],
  says: ({ reason }) => `abort requested: ${reason}`,
});

const endings = { done: 'done', 'put-back': 'put back', aborted: 'aborted, all put back', stuck: 'stuck' } as const;

/** The rollout is over: nothing follows on its subject. */
export const ended = defineEntry({
  type: 'dev.fixity.rollouts.ended.v1',
  data: z.strictObject({
    rollout,
    environment: label,
    state: z.enum(['done', 'put-back', 'aborted', 'stuck']),
    why: words.exactOptional(),
    /** The number of the revision that became true with it. */
    revision: z.int().exactOptional(),
  }),
  touches: ({ environment }): Reference[] => [`environment/${environment}`],
  says: ({ environment, state, why, revision }) =>
    `rollout of ${environment} ${endings[state]}${revision === undefined ? '' : `, now ${environment}#${revision}`}${why === undefined ? '' : `: ${why}`}`,
  change: ({ state }) => (state === 'done' ? undefined : 'put back'),
});

export const rolloutEntries = [planned, stepBegun, stepDone, turnedBack, abortRequested, ended];

function passage({ service, from, to }: PlannedPassage): string {
  if (from === undefined) return to === undefined ? service : `${service} r${to} added`;
  if (to === undefined) return `${service} r${from} removed`;
  return from === to ? `${service} r${to}` : `${service} r${from} to r${to}`;
}

function listed(parts: readonly string[]): string {
  return parts.length > 3 ? `${parts.slice(0, 3).join(', ')} and ${parts.length - 3} more` : parts.join(', ');
}

function stepName({ step, kind, service, phase }: StepMark): string {
  return `${step + 1}${phase === 'back' ? ' back' : ''}: ${kind} ${service}`;
}
