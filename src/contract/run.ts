import { z } from 'zod';

const portName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);
/** A path inside the instance's own folder: relative, `/`-separated, without `.` or `..`. */
const innerPath = z
  .string()
  .min(1)
  .max(512)
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), {
    message: 'must be a relative path without "." or ".."',
  });

/** How an instance is found healthy: an HTTP answer of 2xx or 3xx, an accepted TCP connection, or just being alive. */
export const healthCheck = z.strictObject({
  kind: z.enum(['http', 'tcp', 'none']).default('tcp'),
  /** The name of the port to ask; the first one when absent. */
  port: portName.optional(),
  path: z.string().startsWith('/').max(1024).default('/'),
  intervalMs: z.int().min(50).max(60_000).default(250),
  timeoutMs: z.int().min(50).max(60_000).default(2_000),
  /** An instance that is not healthy this long after its start has failed. */
  deadlineMs: z.int().min(500).max(3_600_000).default(30_000),
  /** How many good answers in a row make it healthy. */
  successes: z.int().min(1).max(100).default(1),
});

/** How to run one instance of a release (design section 4, "Run specification"). */
export const runSpecification = z.strictObject({
  /** The program and its arguments; `{{port}}`, `{{port.<name>}}`, `{{config}}`, `{{root}}`, `{{instance}}` are filled in. */
  command: z.array(z.string().min(1).max(4096)).min(1).max(256),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), z.string().max(32_768)).default({}),
  ports: z
    .array(z.strictObject({ name: portName, number: z.int().min(1).max(65_535).optional() }))
    .max(16)
    .default([{ name: 'http' }]),
  /** Folders of the tree the instance may write to; everything else is read-only to it. */
  writable: z.array(innerPath).max(64).default([]),
  volumes: z
    .array(z.strictObject({ name: portName, path: innerPath }))
    .max(16)
    .default([]),
  user: z.union([z.string().max(32), z.int().min(0).max(4_294_967_294)]).optional(),
  limits: z
    .strictObject({
      memoryBytes: z.int().min(1_048_576).optional(),
      openFiles: z.int().min(16).max(1_048_576).optional(),
      processes: z.int().min(1).max(1_048_576).optional(),
    })
    .default({}),
  health: healthCheck.prefault({}),
  stop: z
    .strictObject({
      signal: z.enum(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']).default('SIGTERM'),
      graceMs: z.int().min(0).max(3_600_000).default(10_000),
    })
    .prefault({}),
});
export type RunSpecification = z.output<typeof runSpecification>;
export type HealthCheck = z.output<typeof healthCheck>;
