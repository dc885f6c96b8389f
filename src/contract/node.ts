import { z } from 'zod';
import { digest, hostName, instant, label, platform } from './names.ts';

const instanceId = z.string().regex(/^[a-z0-9]{2,32}$/);

/** A node introduces itself with a one-time enrolment token and the public half of its key. */
export const enrolment = z.strictObject({
  token: z.string().min(16).max(256),
  node: label,
  /** Verifier key of the node: `<name>+<hash>+<base64>` (C2SP signed-note). */
  key: z.string().max(512),
  platform,
  /** What its runtimes can run. */
  runtimes: z.array(z.enum(['process', 'container'])).max(8),
});
export const enrolled = z.strictObject({ node: label, token: z.string() });

/** One instance that should be there, or should be stopped. */
export const assignedInstance = z.strictObject({
  instance: instanceId,
  environment: label,
  service: label,
  /** The release's index digest; its things are pulled from `fixity/releases/<service>`. */
  release: digest,
  /** The artifact manifest of the build for this node's platform. */
  build: digest,
  desired: z.enum(['running', 'stopped']),
  /** Environment values of the revision, added to those of the release. */
  values: z.record(z.string(), z.string()),
});
export type AssignedInstance = z.output<typeof assignedInstance>;

export const assignedRoute = z.strictObject({
  /** `<environment>/<service>`. */
  service: z.string(),
  hosts: z.array(hostName),
  instances: z.array(z.strictObject({ instance: instanceId, weight: z.int().min(0).max(1000) })),
});

export const logRequest = z.strictObject({
  request: z.string(),
  instance: instanceId,
  stream: z.enum(['stdout', 'stderr']),
  /** From this byte on; the last `bytes` when absent. */
  from: z.int().min(0).optional(),
  bytes: z.int().min(1).max(1_048_576),
});
export type LogRequest = z.output<typeof logRequest>;

/** Everything a node should be, as of one ledger size. */
export const assignments = z.strictObject({
  node: label,
  /** Grows whenever anything here changes; what the node reports as applied. */
  version: z.int().min(0),
  instances: z.array(assignedInstance),
  routes: z.array(assignedRoute),
  logs: z.array(logRequest),
});
export type Assignments = z.output<typeof assignments>;

export const instanceStates = ['starting', 'healthy', 'unhealthy', 'exited', 'failed', 'stopped'] as const;

/** What a node saw of one instance. */
export const observedInstance = z.strictObject({
  instance: instanceId,
  state: z.enum(instanceStates),
  /** When it came into this state, by the node's clock. */
  since: instant,
  /** Why, in words: "exit code 1", "http 503 on /healthz". */
  detail: z.string().max(500).optional(),
  pid: z.int().optional(),
  endpoint: z.strictObject({ address: z.string().max(64), port: z.int() }).optional(),
  /** Digest of the configuration as rendered for this instance. */
  config: digest.optional(),
  executable: z.strictObject({ path: z.string().max(4096), digest: digest.optional() }).optional(),
  restarts: z.int().min(0).default(0),
  /** What could not be done as asked: "runs as root: /root is closed to other users". */
  notes: z.array(z.string().max(500)).max(16).default([]),
  /** Requests in flight through the proxy; absent when the proxy does not answer. */
  inFlight: z.int().min(0).optional(),
});
export type ObservedInstance = z.output<typeof observedInstance>;

/** The payload of a node's signed observation (DSSE payload type {@link observationPayloadType}). */
export const observation = z.strictObject({
  node: label,
  /** Counts up from 1 for the life of the node's key; a repeat or step back is refused. */
  sequence: z.int().min(1),
  time: instant,
  instances: z.array(observedInstance).max(5000),
  /** The assignment version whose routes are in force at the proxy; absent when the proxy does not answer. */
  routed: z.int().min(0).optional(),
});
export type Observation = z.output<typeof observation>;
export const observationPayloadType = 'application/vnd.fixity.observation.v1+json';

/** A DSSE envelope in its JSON form. */
export const envelope = z.strictObject({
  payloadType: z.string().max(255),
  payload: z.base64(),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(512), sig: z.base64() }))
    .min(1)
    .max(16),
});
