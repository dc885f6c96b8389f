import { z } from 'zod';
import { replicas, revisionService, sourceCommit } from './documents.ts';
import { digest, hostName, instant, label, reason } from './names.ts';
import { runSpecification } from './run.ts';

/** A release asked for: everything by digest. */
export const releaseRequest = z.strictObject({
  service: label,
  build: digest,
  config: digest.optional(),
  run: runSpecification,
  source: sourceCommit.optional(),
});
export const released = z.strictObject({
  service: label,
  number: z.int(),
  digest,
  /** False when the same content was released before. */
  created: z.boolean(),
});
export type Released = z.output<typeof released>;

/** What one service should become. */
export const shipment = z.strictObject({
  service: label,
  release: digest,
  replicas,
  hosts: z.array(hostName).max(64),
  placement: z.array(label).max(1000),
  values: z.record(z.string(), z.string()),
});

export const rolloutRequest = z.strictObject({
  environment: label,
  services: z.array(shipment).max(500).default([]),
  /** Services to take out of the environment. */
  remove: z.array(label).max(500).default([]),
  reason: reason.optional(),
  /** Answer with the plan and change nothing. */
  dryRun: z.boolean().default(false),
});

export const rollbackRequest = z.strictObject({
  environment: label,
  /** Only this service; the whole environment when absent. */
  service: label.optional(),
  to: z.union([z.strictObject({ revision: z.int().min(1) }), z.strictObject({ time: instant })]),
  reason: reason.optional(),
  dryRun: z.boolean().default(false),
});

export const stepKinds = ['start', 'shift', 'stop', 'activate'] as const;
export const rolloutStep = z.strictObject({
  kind: z.enum(stepKinds),
  service: label,
  /** start: what to start, and where. */
  start: z.array(z.strictObject({ instance: z.string(), node: label, release: digest })).optional(),
  /** shift: the instances that take traffic after it, with their weights. */
  route: z.array(z.strictObject({ instance: z.string(), weight: z.int() })).optional(),
  /** stop: instances that are drained already. */
  stop: z.array(z.string()).optional(),
});
export type RolloutStep = z.output<typeof rolloutStep>;

/** One service's passage in a plan, for people: before, after, and what differs. */
export const plannedService = z.strictObject({
  service: label,
  before: revisionService.optional(),
  after: revisionService.optional(),
  /** Release numbers, when known: 56 to 57. */
  from: z.int().optional(),
  to: z.int().optional(),
  differences: z.array(
    z.strictObject({ what: z.string(), before: z.string().optional(), after: z.string().optional() }),
  ),
});

export const rolloutPlan = z.strictObject({
  environment: label,
  kind: z.enum(['rollout', 'rollback']),
  /** The number the revision will get when it becomes true. */
  revision: z.int(),
  /** Digest of the frozen target revision. */
  target: digest,
  services: z.array(plannedService),
  unchanged: z.int(),
  steps: z.array(rolloutStep),
  notUndone: z.array(z.string()),
});
export type RolloutPlan = z.output<typeof rolloutPlan>;

export const rolloutStates = ['running', 'putting-back', 'done', 'put-back', 'aborted', 'stuck'] as const;
export type RolloutState = (typeof rolloutStates)[number];

export const rolloutStatus = z.strictObject({
  rollout: z.string(),
  environment: label,
  kind: z.enum(['rollout', 'rollback']),
  state: z.enum(rolloutStates),
  target: digest,
  /** The revision's number once it is true. */
  revision: z.int().optional(),
  /** Why it was put back or is stuck. */
  why: z.string().optional(),
  startedBy: z.string(),
  startedAt: instant,
  endedAt: instant.optional(),
  step: z.int(),
  steps: z.array(rolloutStep),
  /** What happened so far: one line per entry, in order. */
  events: z.array(z.strictObject({ index: z.int(), time: instant, says: z.string() })),
});
export type RolloutStatus = z.output<typeof rolloutStatus>;
