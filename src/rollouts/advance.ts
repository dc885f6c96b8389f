import { type Activation, activationDrafts, type FrozenRevision, nextRevisionNumber } from '#environments';
import { assignDraft, instanceAt, retireDraft, routeDraft } from '#fleet';
import { FixityError, subject } from '#kernel';
import { type Draft, draft } from '#ledger';
import type { DecisionContext } from '#writer';
import {
  ended,
  type PlannedPassage,
  type PlannedStep,
  type StepMark,
  stepBegun,
  stepDone,
  turnedBack,
} from './entries.ts';
import { sameRoute } from './plan.ts';
import { elapsed, howItEnded, judgeStep, type Sight, settleMs, type Verdict } from './postconditions.ts';
import { hasEnded, lookup, presentService } from './present.ts';
import { equalsBefore, planPutBack } from './put-back.ts';
import type { Rollout } from './view.ts';

/** What to record so that a rollout goes on. */
export type Advance =
  | { readonly kind: 'go'; readonly entries: readonly Draft[] }
  | { readonly kind: 'wait'; readonly why: string }
  /** It can go neither forward nor back: what is true now is to be frozen and numbered. */
  | { readonly kind: 'stuck'; readonly why: string };

/**
 * Decides how a rollout under way goes on from what the views show: waits, goes to its next step, turns back, or ends.
 * A step is begun in the same command as what it asks of the nodes. Pure.
 */
export function advance(context: DecisionContext, sight: Sight, frozen: FrozenRevision | undefined): Advance {
  const { rollout } = sight;
  return rollout.state === 'running' ? goForward(context, sight, frozen) : goBack(context, sight);
}

function goForward(context: DecisionContext, sight: Sight, frozen: FrozenRevision | undefined): Advance {
  const { rollout } = sight;
  const current = rollout.forward[rollout.step];
  const broken = brokenInstance(sight);
  if (broken !== undefined) return turnBack(context, rollout, broken);
  const verdict: Verdict = current === undefined ? { so: 'yes' } : judgeStep(sight, current);
  if (verdict.so === 'not-yet') return { kind: 'wait', why: verdict.why };
  if (verdict.so === 'failed') return turnBack(context, rollout, verdict.why);
  const done = current === undefined ? [] : [mark(stepDone, rollout, rollout.step, current)];
  const next = rollout.forward[rollout.step + 1];
  if (next !== undefined && next.kind !== 'activate') {
    return { kind: 'go', entries: [...done, ...begin(context, rollout, rollout.step + 1, next)] };
  }
  return activate(context, sight, frozen, done);
}

/** The last step: only when every service stands as planned does the target become the environment's revision. */
function activate(
  context: DecisionContext,
  sight: Sight,
  frozen: FrozenRevision | undefined,
  done: readonly Draft[],
): Advance {
  const { rollout } = sight;
  const { environment } = rollout;
  const different = rollout.services.find((passage) => !standsAsPlanned(context, rollout, passage));
  if (different !== undefined) return turnBack(context, rollout, `${different.service} does not stand as planned`);
  const unwell = rollout.services
    .flatMap(({ service }) => presentService(context.views, environment, service).members)
    .find(({ instance, observed }) => startedBy(rollout).has(instance) && observed?.state !== 'healthy');
  if (unwell !== undefined) {
    const { service, instance, observed } = unwell;
    const why = `${service} ${instance} is ${observed?.state ?? 'not reported'} after the last step`;
    return elapsed(sight) > settleMs ? turnBack(context, rollout, why) : { kind: 'wait', why };
  }
  if (frozen?.digest !== rollout.target) return { kind: 'wait', why: 'the target is being read' };
  const last = rollout.forward.length - 1;
  const step: PlannedStep = rollout.forward[last] ?? { kind: 'activate', service: environment };
  const made = activateRevision(context, { ...frozen, environment, kind: rollout.kind, ...changes(rollout) });
  const entries = [
    ...done,
    mark(stepBegun, rollout, last, step),
    ...made.drafts,
    mark(stepDone, rollout, last, step),
    end(rollout, { state: 'done', revision: made.number }),
  ];
  return { kind: 'go', entries };
}

function goBack(context: DecisionContext, sight: Sight): Advance {
  const { rollout } = sight;
  const { back = [], step } = rollout;
  const current = back[step];
  const verdict: Verdict = current === undefined ? { so: 'yes' } : judgeStep(sight, current);
  if (verdict.so === 'not-yet') return { kind: 'wait', why: verdict.why };
  if (verdict.so === 'failed') return { kind: 'stuck', why: `could not be put back: ${verdict.why}` };
  const done = current === undefined ? [] : [mark(stepDone, rollout, step, current)];
  const next = back[step + 1];
  if (next !== undefined) return { kind: 'go', entries: [...done, ...begin(context, rollout, step + 1, next)] };
  const find = lookup(context.views);
  const different = rollout.services.find(
    (passage) => !equalsBefore(passage, presentService(context.views, rollout.environment, passage.service), find),
  );
  if (different !== undefined) return { kind: 'stuck', why: `${different.service} does not stand as it did before` };
  const state = rollout.abort ? 'aborted' : 'put-back';
  return { kind: 'go', entries: [...done, end(rollout, { state, ...why(rollout) })] };
}

/** Plans the way back from what is now and begins it, or ends at once when nothing was touched. */
export function turnBack(context: DecisionContext, rollout: Rollout, reason: string): Advance {
  const { environment } = rollout;
  const steps = planPutBack({
    services: rollout.services,
    present: (service) => presentService(context.views, environment, service),
    instance: lookup(context.views),
    id: () => context.id(8),
  });
  const because = reason.slice(0, 1000);
  const entry = draft(turnedBack, subject('rollout', rollout.rollout), {
    rollout: rollout.rollout,
    environment,
    why: because,
    steps,
  });
  const turned: Rollout = { ...rollout, state: 'putting-back', back: steps, step: -1, why: because };
  const [first] = steps;
  const rest =
    first === undefined
      ? [end(turned, { state: turned.abort ? 'aborted' : 'put-back', ...why(turned) })]
      : begin(context, turned, 0, first);
  return { kind: 'go', entries: [entry, ...rest] };
}

/** Ends a rollout that is stuck: the frozen mixture, which says what is true, becomes the environment's revision. */
export function giveUp(context: DecisionContext, rollout: Rollout, frozen: FrozenRevision, reason: string): Draft[] {
  const { environment } = rollout;
  const made = activateRevision(context, { ...frozen, environment, kind: 'mixture', ...changes(rollout) });
  return [...made.drafts, end(rollout, { state: 'stuck', why: reason.slice(0, 1000), revision: made.number })];
}

function activateRevision(context: DecisionContext, activation: Activation): { drafts: Draft[]; number: number } {
  const drafts = activationDrafts(context, activation);
  if (drafts instanceof FixityError) throw drafts;
  return { drafts, number: nextRevisionNumber(context, activation.environment) };
}

function changes({ rollout, services }: Rollout): Pick<Activation, 'rollout' | 'changed'> {
  const changed = services.map(({ service, from, to }) => ({
    service,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));
  return { rollout, changed };
}

/** Step-begun, and what the step asks of the nodes, for one command. */
function begin(context: DecisionContext, rollout: Rollout, number: number, step: PlannedStep): Draft[] {
  return [mark(stepBegun, rollout, number, step), ...acts(context, rollout, step)];
}

function acts({ views }: DecisionContext, rollout: Rollout, step: PlannedStep): Draft[] {
  const { environment } = rollout;
  const { service } = step;
  const passage = rollout.services.find((one) => one.service === service);
  const starts = (step.start ?? []).flatMap(({ instance, node, release, like }) => {
    const model = like === undefined ? undefined : instanceAt(views, like);
    const known = passage?.releases.find((one) => one.release === release);
    const { number, build } = model ?? known ?? {};
    if (build === undefined) throw new Error(`rollout ${rollout.rollout} starts a release it did not plan`);
    const values = { ...(model?.values ?? passage?.values) };
    const numbered = number === undefined ? {} : { number };
    return assignDraft({ instance, environment, service, node, release, ...numbered, build, values });
  });
  const routes =
    step.route === undefined
      ? []
      : [routeDraft({ environment, service, hosts: step.hosts ?? [], instances: step.route })];
  const stops = (step.stop ?? []).flatMap((id) => {
    const one = instanceAt(views, id);
    return one === undefined ? [] : retireDraft(one);
  });
  return [...starts, ...routes, ...stops];
}

/** An instance that this rollout started and still wants, and that ended since. */
function brokenInstance({ views, rollout }: Sight): string | undefined {
  for (const instance of startedBy(rollout)) {
    const one = instanceAt(views, instance);
    if (one?.desired === 'running' && hasEnded(one)) return howItEnded(one);
  }
  return undefined;
}

function startedBy({ forward, step }: Rollout): Set<string> {
  return new Set(forward.slice(0, step + 1).flatMap(({ start = [] }) => start.map(({ instance }) => instance)));
}

function standsAsPlanned({ views }: DecisionContext, rollout: Rollout, { service, before }: PlannedPassage): boolean {
  const present = presentService(views, rollout.environment, service);
  let [route, hosts] = [before.route, before.hosts];
  const members = new Set(before.members);
  for (const step of rollout.forward.filter((one) => one.service === service && one.kind !== 'activate')) {
    for (const { instance } of step.start ?? []) members.add(instance);
    for (const instance of step.stop ?? []) members.delete(instance);
    route = step.route ?? route;
    hosts = step.hosts ?? hosts;
  }
  return (
    present.members.length === members.size &&
    present.members.every(({ instance }) => members.has(instance)) &&
    sameRoute(present, route, hosts)
  );
}

function mark(
  definition: typeof stepBegun,
  { rollout, environment, state }: Rollout,
  number: number,
  { kind, service }: PlannedStep,
): Draft {
  const phase: StepMark['phase'] = state === 'putting-back' ? 'back' : 'forward';
  return draft(definition, subject('rollout', rollout), { rollout, environment, step: number, kind, service, phase });
}

function end(
  { rollout, environment }: Rollout,
  ending: { state: 'done' | 'put-back' | 'aborted' | 'stuck'; why?: string; revision?: number },
): Draft {
  return draft(ended, subject('rollout', rollout), { rollout, environment, ...ending });
}

function why({ why }: Rollout): { why?: string } {
  return why === undefined ? {} : { why };
}
