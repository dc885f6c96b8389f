import { z } from 'zod';
import { digest, hostName, label, platform } from './names.ts';
import { runSpecification } from './run.ts';

/**
 * The release document, frozen as the first member of a release (design section 4). The same content is the same
 * release: no commit, author, time or number is in it.
 */
export const releaseDocument = z.strictObject({
  service: label,
  build: z.strictObject({
    digest,
    /** `tree`: a directory frozen by Fixity; `image`: a container image. */
    kind: z.enum(['tree', 'image']),
    /** What it runs on; empty when it runs anywhere. */
    platforms: z.array(platform).max(64),
  }),
  config: z
    .strictObject({
      digest,
      /** The file name under which an instance finds it. */
      name: z.string().min(1).max(255),
      mediaType: z.string().max(255),
    })
    .optional(),
  /** Provider, name and version of each secret; never a value. */
  secrets: z
    .array(z.strictObject({ provider: label, name: z.string().max(255), version: z.string().max(255) }))
    .max(256),
  run: runSpecification,
});
export type ReleaseDocument = z.output<typeof releaseDocument>;

export const replicas = z
  .strictObject({ minimum: z.int().min(0).max(1000), maximum: z.int().min(0).max(1000) })
  .refine(({ minimum, maximum }) => minimum <= maximum, 'minimum must not exceed maximum');

export const track = z.strictObject({
  release: digest,
  replicas,
  /** Share of the traffic in per cent; the tracks of a service add up to 100. */
  weight: z.int().min(0).max(100),
});

export const revisionService = z.strictObject({
  service: label,
  tracks: z.array(track).min(1).max(8),
  hosts: z.array(hostName).max(64),
  /** Nodes it may run on; empty when any will do. */
  placement: z.array(label).max(1000),
  /** Environment values added to those of the release. */
  values: z.record(z.string(), z.string()),
});
export type RevisionService = z.output<typeof revisionService>;

/** A frozen, complete description of an environment (design section 4, "Revision"); services in order of name. */
export const revisionDocument = z.strictObject({
  environment: label,
  services: z.array(revisionService).max(5000),
  /** The rule set in force, when there is one. */
  rules: digest.optional(),
  /** The version of the revision format's maker. */
  fixity: z.string().max(64),
  /** What this revision does not hold and a rollback to it does not bring back. */
  notReproduced: z.array(z.string().max(500)).max(100),
});
export type RevisionDocument = z.output<typeof revisionDocument>;

/** Where a release came from: in the entry, never in the document. */
export const sourceCommit = z.strictObject({
  commit: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
  /** True when the work tree had changes that the commit does not hold. */
  dirty: z.boolean(),
  repository: z.string().max(500).optional(),
});
export type SourceCommit = z.output<typeof sourceCommit>;
