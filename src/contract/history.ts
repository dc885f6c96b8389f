import { z } from 'zod';
import { momentQuery, resolvedMoment } from './moments.ts';
import { digest, instant, label } from './names.ts';

export const liveInstance = z.strictObject({
  instance: z.string(),
  node: label,
  release: digest,
  number: z.int().optional(),
  /** What the node last reported; `unknown` when it has not. */
  state: z.string(),
  since: instant.optional(),
  detail: z.string().optional(),
  serving: z.boolean(),
});

export const liveService = z.strictObject({
  service: label,
  /** What the revision says should run. */
  intended: z.array(
    z.strictObject({ release: digest, number: z.int().optional(), weight: z.int(), replicas: z.int() }),
  ),
  build: digest.optional(),
  config: digest.optional(),
  commit: z.string().optional(),
  dirty: z.boolean().optional(),
  by: z.string(),
  since: instant,
  up: z.int(),
  wanted: z.int(),
  /** One of `as deployed`, `rolling out`, or what is wrong, in words. */
  state: z.string(),
  /** True when a person should look. */
  problem: z.boolean(),
  instances: z.array(liveInstance),
});
export type LiveService = z.output<typeof liveService>;

export const liveAnswer = z.strictObject({
  moment: resolvedMoment,
  /** The rollout under way at that moment. */
  rollout: z.strictObject({ rollout: z.string(), state: z.string(), step: z.int(), steps: z.int() }).optional(),
  services: z.array(liveService),
  /** Up to when nodes had reported; absent when nobody looked. */
  verifiedTo: instant.optional(),
  notWatched: z.array(z.strictObject({ what: z.string(), since: instant.optional(), until: instant.optional() })),
});
export type LiveAnswer = z.output<typeof liveAnswer>;

/** One line of `changes` or `log`. */
export const historyEntry = z.strictObject({
  index: z.int(),
  time: instant,
  recorded: instant,
  type: z.string(),
  subject: z.string(),
  /** The word of the change: `deploy`, `config`, `push`, ... ; absent for what is not a change. */
  change: z.string().optional(),
  says: z.string(),
  actor: z.string(),
  by: z.string(),
  basis: z.enum(['decided', 'observed', 'reported', 'inferred']),
  /** Digests the entry touches. */
  digests: z.array(z.string()),
});
export type HistoryEntry = z.output<typeof historyEntry>;

export const changesQuery = z.strictObject({
  environment: label,
  since: instant,
  until: instant.optional(),
  service: label.optional(),
  knownAt: instant.optional(),
});
export const changesAnswer = z.strictObject({
  environment: label,
  since: instant,
  until: instant,
  size: z.int(),
  changes: z.array(historyEntry),
  notWatched: liveAnswer.shape.notWatched,
});
export type ChangesAnswer = z.output<typeof changesAnswer>;

export const logQuery = z.strictObject({
  subject: z.string().max(600).optional(),
  /** A digest, or an unambiguous prefix of one, that entries touch. */
  touches: z.string().max(600).optional(),
  type: z.string().max(200).optional(),
  actor: z.string().max(200).optional(),
  /** Newest first, before this index. */
  before: z.coerce.number<number>().int().min(0).optional(),
  limit: z.coerce.number<number>().int().min(1).max(1000).default(50),
});
export const logAnswer = z.strictObject({ size: z.int(), entries: z.array(historyEntry) });

export const diffQuery = z.strictObject({ from: momentQuery, to: momentQuery });
const fileDifference = z.strictObject({
  path: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  /** Unified hunks of a text file small enough to show. */
  hunks: z.array(z.string()).optional(),
});
const keyDifference = z.strictObject({ key: z.string(), before: z.string().optional(), after: z.string().optional() });
export const serviceDifference = z.strictObject({
  service: label,
  change: z.enum(['added', 'removed', 'changed']),
  from: z.int().optional(),
  to: z.int().optional(),
  commits: z.strictObject({ before: z.string().optional(), after: z.string().optional() }).optional(),
  build: z
    .strictObject({ before: digest.optional(), after: digest.optional(), files: z.array(fileDifference) })
    .optional(),
  config: z
    .strictObject({
      before: digest.optional(),
      after: digest.optional(),
      keys: z.array(keyDifference),
      hunks: z.array(z.string()),
    })
    .optional(),
  /** Run specification, scale, hosts, placement, values: by key. */
  settings: z.array(keyDifference),
});
export type ServiceDifference = z.output<typeof serviceDifference>;
export const diffAnswer = z.strictObject({
  from: resolvedMoment,
  to: resolvedMoment,
  services: z.array(serviceDifference),
  identical: z.int(),
});
export type DiffAnswer = z.output<typeof diffAnswer>;

/** What a reference names: a digest (or prefix), `checkout:1.4.2`, `checkout r57`, `prod#3`, an entry index, a rollout. */
export const showAnswer = z.strictObject({
  kind: z.enum(['artifact', 'tag', 'release', 'revision', 'entry', 'rollout', 'instance', 'node', 'service']),
  name: z.string(),
  digest: z.string().optional(),
  /** Facts in the order to show them. */
  facts: z.array(z.strictObject({ label: z.string(), value: z.string() })),
  /** Where it is live right now, as `prod/checkout`. */
  live: z.array(z.string()),
  document: z.json().optional(),
  entries: z.array(historyEntry),
});
export type ShowAnswer = z.output<typeof showAnswer>;

/** A change somebody else reports: a flag, a DNS record, a vendor's maintenance. */
export const reportedChange = z.strictObject({
  environment: label,
  service: label.optional(),
  source: label,
  /** The source's own id of it; the same id again is the same change. */
  id: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  kind: label,
  summary: z.string().min(1).max(500),
  time: instant.optional(),
});

export const revisionSummary = z.strictObject({
  number: z.int(),
  digest,
  since: instant,
  until: instant.optional(),
  by: z.string(),
  services: z.int(),
  rollout: z.string().optional(),
});
