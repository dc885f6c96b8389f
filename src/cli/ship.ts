import { isAbsolute, join } from 'node:path';
import { buildCommand } from '@stricli/core';
import type { Body, Released, ServiceFile } from '#contract';
import { FixityError, isDigest, parseDigest, shortDigest } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';
import { conclude, confirmed, describePlan, follow, newCommandId } from './following.ts';
import { defaultEnvironment } from './moments.ts';
import type { LoadedServiceFile } from './serviceFile.ts';

interface Flags {
  readonly file?: readonly string[];
  readonly env?: string;
  readonly remove?: readonly string[];
  readonly allowDirty?: boolean;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export default buildCommand({
  docs: {
    brief: 'Freeze, release and roll out one or more services in one go',
    fullDescription:
      'fixity ship -f fixity.yaml --env prod\nNothing is edited: new instances start, take the traffic when healthy, and the old ones stop.',
  },
  parameters: {
    flags: {
      file: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'A service file (./fixity.yaml)',
        optional: true,
        variadic: true,
        placeholder: 'path',
      },
      env: flag.env,
      remove: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'Take this service out of the environment',
        optional: true,
        variadic: true,
        placeholder: 'service',
      },
      allowDirty: {
        kind: 'boolean',
        brief: 'Also with files that differ from the commit; the release says so for ever',
        optional: true,
        withNegated: false,
      },
      reason: flag.reason,
      dryRun: flag.dryRun,
      yes: flag.yes,
      json: flag.json,
    },
    aliases: { f: 'file', y: 'yes' },
  },
  async func(this: Context, flags: Flags) {
    const environment = flags.env ?? defaultEnvironment(this);
    const remove = [...(flags.remove ?? [])];
    const files = flags.file ?? (remove.length > 0 ? [] : ['fixity.yaml']);
    const { readServiceFile } = await import('./serviceFile.ts');
    const loaded = files.map((path) => readServiceFile(path, this.cwd));
    const services = [];
    for (const file of loaded) {
      const released = await release(this, file, flags.allowDirty === true);
      services.push(shipment(file.service, released, environment));
    }
    const body = { environment, services, remove, ...(flags.reason === undefined ? {} : { reason: flags.reason }) };
    const client = this.client();
    const again = [
      'fixity ship',
      ...files.map((path) => `-f ${path}`),
      ...remove.map((name) => `--remove ${name}`),
      `--env ${environment}`,
    ].join(' ');
    // Taking a service away is asked about; shipping one is what the command says.
    if (flags.dryRun || (remove.length > 0 && !flags.yes)) {
      const { plan } = await client.call('rollOut', { body: { ...body, dryRun: true } });
      if (flags.dryRun)
        return this.print(flags.json ? JSON.stringify(plan, null, 2) : `${describePlan(plan)}\nNext: ${again}`);
      await confirmed(this, false, plan, again);
    }
    const { plan, rollout, index } = await rollOut(this, body);
    if (rollout === undefined) return undefined;
    this.progress(`Plan recorded, entry ${index}, rollout ${rollout}: ${plan.steps.length} steps.`);
    const status = await follow(this, client, rollout);
    if (flags.json) this.print(JSON.stringify(status, null, 2));
    return conclude(
      this,
      status,
      plan.services.map(({ service }) => service),
    );
  },
});

/** Shipping what is live already is no failure: it says so and changes nothing. */
async function rollOut(context: Context, body: Body<'rollOut'>) {
  const client = context.client();
  try {
    return await client.call('rollOut', { body }, { commandId: newCommandId() });
  } catch (error) {
    if (!(error instanceof FixityError) || error.code !== 'nothing-to-do') throw error;
    context.print(`Nothing to do: ${error.message}.\nNext: ${error.next[0] ?? 'fixity live'}`);
    return { plan: { steps: [], services: [] }, rollout: undefined, index: undefined };
  }
}

async function release(
  context: Context,
  { folder, path, service }: LoadedServiceFile,
  allowDirty: boolean,
): Promise<Released> {
  const [{ Freezer }, { refuseDirty, sourceCommit }] = await Promise.all([
    import('./freezing.ts'),
    import('./sourceCommit.ts'),
  ]);
  const client = context.client();
  const name = service.service;
  const config = typeof service.config === 'string' ? { path: service.config } : service.config;
  const build = typeof service.build === 'string' ? { path: service.build } : service.build;
  const paths = [
    folder,
    ...('path' in build ? [within(folder, build.path)] : []),
    ...(config === undefined ? [] : [within(folder, config.path)]),
  ];
  const source = await sourceCommit(folder, paths);
  refuseDirty(name, source, allowDirty);
  const freezer = new Freezer(context, folder);
  let digest: `sha256:${string}`;
  if ('from' in build) {
    digest = isDigest(build.from)
      ? parseDigest(build.from)
      : (await client.call('resolve', { query: { reference: build.from } })).digest;
  } else {
    const platform =
      'platform' in build && build.platform !== undefined
        ? { platform: `${build.platform.os}/${build.platform.architecture}` }
        : {};
    const frozen = await freezer.build({ repository: name, path: build.path, ...platform });
    digest = frozen.digest;
    context.progress(`Frozen    ${name} build ${shortDigest(digest)}   ${frozen.what}`);
  }
  const frozenConfig =
    config === undefined ? undefined : await freezer.config({ repository: `${name}-config`, ...definedConfig(config) });
  if (frozenConfig !== undefined)
    context.progress(`Frozen    ${name} config ${shortDigest(frozenConfig.digest)}   ${frozenConfig.what}`);
  const released = await client.call('release', {
    body: {
      service: name,
      build: digest,
      ...(frozenConfig === undefined ? {} : { config: frozenConfig.digest }),
      run: { ...service.run, health: service.health },
      ...(source === undefined ? {} : { source }),
    },
  });
  const commit =
    source === undefined
      ? 'no commit'
      : `commit ${source.commit.slice(0, 7)}${source.dirty ? ' and uncommitted changes' : ''}`;
  context.progress(
    `${released.created ? 'Released ' : 'Known as '} ${name} r${released.number} ${shortDigest(released.digest)}   ${commit}, from ${path}`,
  );
  return released;
}

function within(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function definedConfig(config: { path: string; schema?: string | undefined; name?: string | undefined }) {
  return {
    path: config.path,
    ...(config.schema === undefined ? {} : { schema: config.schema }),
    ...(config.name === undefined ? {} : { name: config.name }),
  };
}

function shipment(service: ServiceFile, released: Released, environment: string) {
  const { replicas } = service;
  return {
    service: service.service,
    release: released.digest,
    replicas: typeof replicas === 'number' ? { minimum: replicas, maximum: replicas } : replicas,
    hosts: service.hosts ?? [`${service.service}.${environment}.localhost`],
    placement: service.placement,
    values: service.values,
  };
}
