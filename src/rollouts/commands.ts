import { z } from 'zod';
import { revisionDocument } from '#contract';
import { currentRevision } from '#environments';
import { canonicalBytes, FixityError, subject } from '#kernel';
import { draft } from '#ledger';
import type { ViewReader } from '#views';
import { type Decision, type DecisionContext, defineCommand } from '#writer';
import { type Advance, advance, giveUp, turnBack } from './advance.ts';
import { abortRequested, type Planned, planned } from './entries.ts';
import { isOver } from './machine.ts';
import { truthOf, truthText } from './mixture.ts';
import { type Plan, planRollout } from './plan.ts';
import type { Sight } from './postconditions.ts';
import { type Prepared, planInput } from './prepare.ts';
import { activeRollout, type Rollout, rolloutById } from './view.ts';

const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
const manifest = z.strictObject({
  digest,
  mediaType: z.string(),
  artifactType: z.string().exactOptional(),
  size: z.int(),
});
const frozenRevision = manifest.extend({ members: z.array(manifest).readonly(), services: z.int() });
const plannableRelease = z.strictObject({
  release: digest,
  service: z.string(),
  number: z.int().exactOptional(),
  build: digest,
  kind: z.enum(['tree', 'image']),
  platforms: z.array(z.strictObject({ os: z.string(), architecture: z.string() })).readonly(),
  deadlineMs: z.int(),
  volumes: z.array(z.string()).readonly(),
});

/** Leaves room for the entry around it below the bound of a leaf. */
const largestPlan = 60_000;

/**
 * Records the plan of a rollout. Refusals: `rollout-in-progress`, `version-conflict` (the environment moved on since it
 * was prepared), `nothing-to-do`, `too-large`, and those of placing instances.
 */
export const planCommand = defineCommand({
  name: 'rollouts.plan',
  input: z.strictObject({
    environment: z.string(),
    kind: z.enum(['rollout', 'rollback']),
    base: z.strictObject({ number: z.int(), digest, document: revisionDocument }).exactOptional(),
    document: revisionDocument,
    target: digest,
    releases: z.array(plannableRelease).readonly(),
    reason: z.string().max(500).exactOptional(),
  }),
  decide(context, { target, reason, base, ...input }): Decision<{ rollout: string }> {
    const { environment, kind } = input;
    const plan = checkedPlan(context.views, { ...input, base }, () => context.id(8));
    const rollout = context.id(8);
    const data: Planned = {
      rollout,
      environment,
      kind,
      target,
      ...(base === undefined ? {} : { base: base.number }),
      ...(reason === undefined ? {} : { reason }),
      services: [...plan.services],
      steps: [...plan.steps],
    };
    const bytes = canonicalBytes(data).length;
    if (bytes > largestPlan) {
      const refusal = new FixityError('too-large', `this plan would hold ${bytes} bytes, the bound is ${largestPlan}`, {
        facts: [`${plan.services.length} services, ${plan.steps.length} steps`],
        next: ['roll out fewer services or instances at once'],
      });
      return { refusal };
    }
    return { entries: [draft(planned, subject('rollout', rollout), data, { expect: 1 })], answer: { rollout } };
  },
});

/** The plan, if it may be begun now. @throws FixityError as {@link planCommand} refuses. */
export function checkedPlan(views: ViewReader, prepared: Omit<Prepared, 'frozen'>, id: () => string): Plan {
  const { environment, base } = prepared;
  const active = activeRollout(views, environment);
  if (active !== undefined) throw inProgress(active);
  const current = currentRevision(views, environment);
  if (current?.digest !== base?.digest || current?.number !== base?.number) {
    throw new FixityError('version-conflict', `${environment} changed while the rollout was being prepared`, {
      facts: [`it is now ${environment}#${current?.number ?? 0}`],
      next: ['look at what changed and ask again'],
    });
  }
  const plan = planRollout(planInput(views, prepared, id));
  if (plan.services.length > 0) return plan;
  throw new FixityError('nothing-to-do', `${environment} is as asked already`, {
    facts: base === undefined ? [] : [`${environment}#${base.number}`],
    next: [`fixity live ${environment}`],
  });
}

function inProgress({ rollout, environment, kind, state, startedBy, startedAt }: Rollout): FixityError {
  return new FixityError('rollout-in-progress', `a ${kind} of ${environment} is under way: ${rollout}`, {
    facts: [`${state}, started by ${startedBy} at ${startedAt}`],
    next: [`fixity status ${rollout}`, `fixity abort ${rollout}`],
    members: { rollout },
  });
}

/** Lets a rollout go on as far as one command can. `waiting` and `stuck` say in words what for and why, else null. */
export const advanceCommand = defineCommand({
  name: 'rollouts.advance',
  input: z.strictObject({
    rollout: z.string(),
    notBefore: z.string().exactOptional(),
    /** The target as it is frozen, once the last step is near. */
    frozen: frozenRevision.exactOptional(),
  }),
  decide(context, input): Decision<{ state: string; waiting: string | null; stuck: string | null }> {
    const rollout = known(context, input.rollout);
    if (isOver(rollout.state)) return { entries: [], answer: { state: rollout.state, waiting: null, stuck: null } };
    const next = advance(context, sightOf(context, rollout, input.notBefore), input.frozen);
    const { state } = rollout;
    if (next.kind === 'go') return { entries: next.entries, answer: { state, waiting: null, stuck: null } };
    if (next.kind === 'wait') return { entries: [], answer: { state, waiting: next.why, stuck: null } };
    return { entries: [], answer: { state, waiting: null, stuck: next.why } };
  },
});

/** Asks for a rollout to be put back. Refusals: `not-found`, `nothing-to-do` when it is over or goes back already. */
export const abortCommand = defineCommand({
  name: 'rollouts.abort',
  input: z.strictObject({ rollout: z.string(), reason: z.string().min(1).max(500) }),
  decide(context, { rollout: id, reason }): Decision<{ rollout: string }> {
    const rollout = known(context, id);
    if (rollout.state !== 'running') {
      const refusal = new FixityError('nothing-to-do', `rollout ${id} is ${rollout.state}`, {
        next: [`fixity status ${id}`],
      });
      return { refusal };
    }
    const { environment } = rollout;
    const asked = draft(abortRequested, subject('rollout', id), { rollout: id, environment, reason });
    const back: Advance = turnBack(context, { ...rollout, abort: true }, reason);
    return { entries: [asked, ...(back.kind === 'go' ? back.entries : [])], answer: { rollout: id } };
  },
});

/**
 * Ends a rollout that can go neither forward nor back, with what is true as a numbered revision.
 * Refusal: `version-conflict` when it is not stuck (any more), or something else is true by now.
 */
export const giveUpCommand = defineCommand({
  name: 'rollouts.give-up',
  input: z.strictObject({
    rollout: z.string(),
    notBefore: z.string().exactOptional(),
    frozen: frozenRevision,
    /** What is true as {@link truthText} says it: must still be so. */
    truth: z.string(),
  }),
  decide(context, { rollout: id, notBefore, frozen, truth }): Decision<{ state: string }> {
    const rollout = known(context, id);
    const next = isOver(rollout.state) ? undefined : advance(context, sightOf(context, rollout, notBefore), undefined);
    if (next?.kind !== 'stuck' || truthText(truthOf(context.views, rollout)) !== truth) {
      return { refusal: new FixityError('version-conflict', `rollout ${id} does not stand as it did`) };
    }
    return { entries: giveUp(context, rollout, frozen, next.why), answer: { state: 'stuck' } };
  },
});

export const rolloutCommands = [planCommand, advanceCommand, abortCommand, giveUpCommand] as const;

function known({ views }: DecisionContext, rollout: string): Rollout {
  const found = rolloutById(views, rollout);
  if (found !== undefined) return found;
  throw noRollout(rollout);
}

export function noRollout(rollout: string): FixityError {
  return new FixityError('not-found', `there is no rollout ${rollout}`, { next: ['fixity status'] });
}

function sightOf({ views, now }: DecisionContext, rollout: Rollout, notBefore: string | undefined): Sight {
  return { views, now, rollout, notBefore };
}
