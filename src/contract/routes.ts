import { z } from 'zod';
import { releaseDocument, revisionDocument } from './documents.ts';
import { logDelivery, logsAnswer, logsQuery, nodeSummary } from './fleet.ts';
import {
  changesAnswer,
  changesQuery,
  diffAnswer,
  diffQuery,
  historyEntry,
  liveAnswer,
  logAnswer,
  logQuery,
  reportedChange,
  revisionSummary,
  showAnswer,
} from './history.ts';
import { enrolmentToken, issuedToken, tokenRequest, tokenSummary, whoAmI } from './identity.ts';
import { momentQuery } from './moments.ts';
import { digest, instant, label } from './names.ts';
import { assignments, enrolled, enrolment, envelope } from './node.ts';
import { proofBundle } from './proof.ts';
import { repositoryName, repositorySettings, repositorySummary, resolvedReference, tagSummary } from './registry.ts';
import { released, releaseRequest, rollbackRequest, rolloutPlan, rolloutRequest, rolloutStatus } from './rollout.ts';
import { route } from './route.ts';

const rolloutAnswer = z.strictObject({
  plan: rolloutPlan,
  /** Absent for a dry run. */
  rollout: z.string().optional(),
  /** Ledger index of the recorded plan. */
  index: z.int().optional(),
});
const rolloutId = z.strictObject({ rollout: z.string().max(64) });
const done = z.strictObject({ done: z.literal(true) });
const releaseSummary = z.strictObject({
  service: label,
  number: z.int(),
  digest,
  released: instant,
  by: z.string(),
  commit: z.string().optional(),
  dirty: z.boolean().optional(),
  document: releaseDocument.optional(),
});

/** Every route under `/api/v1`. */
export const routes = {
  whoAmI: route('GET /whoami', 'Who this token is', 'read', {}, whoAmI),
  issueToken: route(
    'POST /tokens',
    'Issue an API token; it is shown once',
    'administer',
    { body: tokenRequest },
    issuedToken,
  ),
  tokens: route('GET /tokens', 'The API tokens', 'administer', {}, z.strictObject({ tokens: z.array(tokenSummary) })),
  revokeToken: route(
    'DELETE /tokens/{id}',
    'Revoke a token',
    'administer',
    { parameters: z.strictObject({ id: z.string().regex(/^[a-z0-9]{3,32}$/, 'must be the id of a token') }) },
    done,
  ),
  createEnrolment: route('POST /enrolments', 'Make a one-time token for a new node', 'administer', {}, enrolmentToken),

  repositories: route(
    'GET /repositories',
    'The repositories',
    'read',
    {},
    z.strictObject({ repositories: z.array(repositorySummary) }),
  ),
  configureRepository: route(
    'PUT /repositories',
    'Say which tags of a repository move',
    'push',
    { body: repositorySettings },
    repositorySettings,
  ),
  tags: route(
    'GET /tags',
    'The tags of a repository',
    'read',
    { query: z.strictObject({ repository: repositoryName, at: instant.optional() }) },
    z.strictObject({ tags: z.array(tagSummary) }),
  ),
  resolve: route(
    'GET /resolve',
    'The digest a reference or digest prefix names',
    'read',
    { query: z.strictObject({ reference: z.string().max(600) }) },
    resolvedReference,
  ),

  checkConfig: route(
    'POST /configs/check',
    'Check a frozen configuration against the JSON Schema frozen with it',
    'push',
    { body: z.strictObject({ repository: repositoryName, digest }) },
    z.strictObject({ checked: z.boolean() }),
  ),
  release: route(
    'POST /releases',
    'Release a build with its configuration',
    'ship',
    { body: releaseRequest },
    released,
  ),
  releases: route(
    'GET /releases',
    'The releases of a service, newest first',
    'read',
    { query: z.strictObject({ service: label, limit: z.coerce.number<number>().int().min(1).max(500).default(50) }) },
    z.strictObject({ releases: z.array(releaseSummary) }),
  ),
  releaseByNumber: route(
    'GET /releases/{service}/{number}',
    'One release',
    'read',
    { parameters: z.strictObject({ service: label, number: z.coerce.number<number>().int().min(1) }) },
    releaseSummary,
  ),

  rollOut: route(
    'POST /rollouts',
    'Plan a rollout and start it, or only plan it',
    'ship',
    { body: rolloutRequest },
    rolloutAnswer,
  ),
  rollBack: route(
    'POST /rollbacks',
    'Roll back to an earlier revision',
    'ship',
    { body: rollbackRequest },
    rolloutAnswer,
  ),
  rollouts: route(
    'GET /rollouts',
    'The rollouts of an environment, newest first',
    'read',
    {
      query: z.strictObject({ environment: label, limit: z.coerce.number<number>().int().min(1).max(200).default(20) }),
    },
    z.strictObject({ rollouts: z.array(rolloutStatus) }),
  ),
  rollout: route(
    'GET /rollouts/{rollout}',
    'How a rollout is going; waits up to `wait` seconds for an entry after `after`',
    'read',
    {
      parameters: rolloutId,
      query: z.strictObject({
        after: z.coerce.number<number>().int().optional(),
        wait: z.coerce.number<number>().int().min(0).max(30).default(0),
      }),
    },
    rolloutStatus,
  ),
  abortRollout: route(
    'POST /rollouts/{rollout}/abort',
    'Put a rollout back',
    'ship',
    { parameters: rolloutId, body: z.strictObject({ reason: z.string().min(1).max(500) }) },
    done,
  ),

  environments: route(
    'GET /environments',
    'The environments',
    'read',
    {},
    z.strictObject({
      environments: z.array(
        z.strictObject({ environment: label, revision: z.int(), digest, since: instant, services: z.int() }),
      ),
    }),
  ),
  revisions: route(
    'GET /environments/{environment}/revisions',
    'The revisions of an environment, newest first',
    'read',
    {
      parameters: z.strictObject({ environment: label }),
      query: z.strictObject({ limit: z.coerce.number<number>().int().min(1).max(500).default(50) }),
    },
    z.strictObject({ revisions: z.array(revisionSummary) }),
  ),
  revision: route(
    'GET /environments/{environment}/revisions/{number}',
    'One revision',
    'read',
    { parameters: z.strictObject({ environment: label, number: z.coerce.number<number>().int().min(1) }) },
    z.strictObject({ number: z.int(), digest, document: revisionDocument }),
  ),
  reportChange: route(
    'POST /changes',
    'Report a change made elsewhere',
    'ship',
    { body: reportedChange },
    z.strictObject({ index: z.int() }),
  ),

  enrol: route('POST /nodes', 'Enrol a node with a one-time token', 'open', { body: enrolment }, enrolled),
  nodes: route('GET /nodes', 'The nodes', 'read', {}, z.strictObject({ nodes: z.array(nodeSummary) })),
  assignments: route(
    'GET /nodes/{node}/assignments',
    'What a node should run; waits for a version after `after`',
    'act-as-node',
    {
      parameters: z.strictObject({ node: label }),
      query: z.strictObject({
        after: z.coerce.number<number>().int().optional(),
        wait: z.coerce.number<number>().int().min(0).max(60).default(0),
      }),
    },
    assignments,
  ),
  observe: route(
    'POST /nodes/{node}/observations',
    'A signed observation',
    'act-as-node',
    { parameters: z.strictObject({ node: label }), body: envelope },
    z.strictObject({ sequence: z.int() }),
  ),
  deliverLogs: route(
    'POST /nodes/{node}/logs',
    'The answer to a log request',
    'act-as-node',
    { parameters: z.strictObject({ node: label }), body: logDelivery },
    done,
  ),
  logs: route('GET /logs', 'Output of instances', 'read', { query: logsQuery }, logsAnswer),

  live: route('GET /live', 'What is live', 'read', { query: momentQuery }, liveAnswer),
  changes: route('GET /changes', 'What changed', 'read', { query: changesQuery }, changesAnswer),
  diff: route('POST /diff', 'What differs between two moments', 'read', { body: diffQuery }, diffAnswer),
  show: route(
    'GET /show',
    'What a reference names',
    'read',
    { query: z.strictObject({ reference: z.string().max(600) }) },
    showAnswer,
  ),
  log: route('GET /log', 'Entries, newest first', 'read', { query: logQuery }, logAnswer),
  entry: route(
    'GET /entries/{index}',
    'One entry',
    'read',
    { parameters: z.strictObject({ index: z.coerce.number<number>().int().min(0) }) },
    z.strictObject({ summary: historyEntry, entry: z.json() }),
  ),
  proveLive: route('GET /proofs/live', 'Proof of an answer to live', 'read', { query: momentQuery }, proofBundle),
  proveChanges: route(
    'GET /proofs/changes',
    'Proof of an answer to changes',
    'read',
    { query: changesQuery },
    proofBundle,
  ),
  proveEntry: route(
    'GET /proofs/entries/{index}',
    'Proof of one entry',
    'read',
    { parameters: z.strictObject({ index: z.coerce.number<number>().int().min(0) }) },
    proofBundle,
  ),
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
/** What a caller of the route gives, and what it answers. */
export type Parameters<N extends RouteName> = z.input<Routes[N]['parameters']>;
export type Query<N extends RouteName> = z.input<Routes[N]['query']>;
export type Body<N extends RouteName> = z.input<Routes[N]['body']>;
export type Answer<N extends RouteName> = z.output<Routes[N]['answer']>;
