import { FixityError, subject } from '#kernel';
import { type Draft, draft } from '#ledger';
import { freezeDrafts } from '#registry';
import type { DecisionContext } from '#writer';
import { type ActivationKind, type ChangedService, maximumChanged, revisionActivated } from './entries.ts';
import type { FrozenRevision } from './freeze.ts';
import { latestRevisionNumber } from './view.ts';

/** The repository that holds an environment's revisions, one tag per number. */
export function revisionRepository(environment: string): string {
  return `fixity/environments/${environment}`;
}

/** A frozen revision that became true. */
export interface Activation extends FrozenRevision {
  readonly environment: string;
  readonly kind: ActivationKind;
  /** The rollout that made it true. */
  readonly rollout?: string;
  readonly changed: readonly ChangedService[];
}

/** The number the next revision of an environment gets. */
export function nextRevisionNumber(context: Pick<DecisionContext, 'views'>, environment: string): number {
  return latestRevisionNumber(context.views, environment) + 1;
}

/**
 * What to record when a revision becomes true: that it did, under the next number, and that the revision and all it
 * refers to can be pulled as `fixity/environments/<environment>:<number>`. For the decisions of other rooms.
 */
export function activationDrafts(context: DecisionContext, activation: Activation): Draft[] | FixityError {
  const { environment, digest, kind, rollout, services, changed } = activation;
  const number = nextRevisionNumber(context, environment);
  const more = changed.length - maximumChanged;
  const drafts = [
    draft(revisionActivated, subject('environment', environment), {
      environment,
      number,
      digest,
      kind,
      services,
      ...(rollout === undefined ? {} : { rollout }),
      changed: changed.slice(0, maximumChanged),
      ...(more > 0 ? { more } : {}),
    }),
  ];
  const repository = revisionRepository(environment);
  for (const one of frozenParts(activation, String(number))) {
    const frozen = freezeDrafts(context, { repository, ...one });
    if (frozen instanceof FixityError) return frozen;
    drafts.push(...frozen);
  }
  return drafts;
}

/** The members first: an index is never in a repository that does not hold what it refers to. */
function frozenParts({ digest, mediaType, artifactType, size, members }: FrozenRevision, tag: string) {
  const index = { digest, mediaType, size, ...(artifactType === undefined ? {} : { artifactType }) };
  return [...members, { ...index, tag }];
}
