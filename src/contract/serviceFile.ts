import { z } from 'zod';
import { hostName, label, platform } from './names.ts';
import { healthCheck, runSpecification } from './run.ts';

const path = z.string().min(1).max(4096);

/** `fixity.yaml`: one service, as a person writes it. Paths are relative to the file. */
export const serviceFile = z.strictObject({
  service: label.describe('What it is called; also the first label of its host name.'),
  build: z
    .union([
      path,
      z.strictObject({ path, platform: platform.optional() }),
      z.strictObject({ from: z.string().min(1).max(512) }),
    ])
    .describe('A folder or tarball to freeze, or { from: repository:tag or digest } that is frozen already.'),
  config: z
    .union([path, z.strictObject({ path, schema: path.optional(), name: z.string().min(1).max(255).optional() })])
    .optional()
    .describe('The configuration file, frozen beside the build; with a JSON Schema it must satisfy.'),
  run: runSpecification.omit({ health: true }).describe('How to run one instance.'),
  health: healthCheck.prefault({}).describe('How an instance is found healthy.'),
  replicas: z
    .union([z.int().min(0).max(1000), z.strictObject({ minimum: z.int().min(0), maximum: z.int().min(0) })])
    .default(1)
    .describe('How many instances.'),
  hosts: z.array(hostName).max(64).optional().describe('Host names; <service>.<environment>.localhost when absent.'),
  placement: z.array(label).max(1000).default([]).describe('Nodes it may run on; any when empty.'),
  values: z.record(z.string(), z.string()).default({}).describe('Environment values added to those of run.'),
});
export type ServiceFile = z.output<typeof serviceFile>;
