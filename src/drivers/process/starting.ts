import { digestOf, FixityError, toInstant } from '#kernel';
import type { InstancePlan } from '#node-agent';
import { type InstanceFolder, volumeFolder } from './folder.ts';
import { findProgram, type Launch, type Launched, launchProcess } from './launch.ts';
import { killMembers, markerOf } from './members.ts';
import type { ProcessRuntimeOptions } from './options.ts';
import { readBootId } from './processes.ts';
import { type Placeholders, placeholdersOf, renderBytes, renderText } from './render.ts';
import { confirmUser, type Reservation } from './reservations.ts';
import { type InstanceState, writeState } from './state.ts';

export interface Started {
  readonly state: InstanceState;
  readonly launched: Launched;
}

/**
 * Makes an instance of a prepared tree and starts it: intent, act, outcome. When it throws, nothing of it runs; when
 * the node agent dies on the way, the intent on disk is enough to find the process by.
 */
export async function startInstance(
  plan: InstancePlan,
  folder: InstanceFolder,
  reservation: Reservation,
  options: ProcessRuntimeOptions,
): Promise<Started> {
  const { run } = plan;
  const volumes = new Map<string, string>();
  for (const { name } of run.volumes) volumes.set(name, (await volumeFolder(options.data, plan, name)).path);
  const config = plan.config === undefined ? undefined : folder.config(plan.config);
  const { endpoints, address } = reservation;
  const known = placeholdersOf({ id: plan.id, root: folder.root, config, endpoints, address, volumes });

  const command = run.command.map((part) => renderText(part, known));
  const environment = environmentOf(plan, known);
  const path = environment['PATH'] ?? options.environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const program = findProgram(command[0] ?? '', folder.root, path);
  const { user, notes } = await confirmUser(reservation.user, plan, [folder.root, program]);

  const rendered = plan.config === undefined ? undefined : renderBytes(plan.config.bytes, known);
  if (config !== undefined && rendered !== undefined) await folder.writeConfig(config, rendered);
  for (const writable of run.writable) await folder.openForWriting(writable, user);
  for (const { name, path } of run.volumes) await folder.linkVolume(path, volumes.get(name) ?? '', user);

  const token = Buffer.from(options.random(16)).toString('hex');
  const intent: InstanceState = {
    format: 'fixity-instance-v1',
    id: plan.id,
    service: plan.service,
    environment: plan.environment,
    phase: 'starting',
    token,
    bootId: readBootId(),
    intendedAt: toInstant(options.clock.now()),
    ...(user !== undefined && { user: { uid: user.uid, gid: user.gid, exclusive: user.exclusive } }),
    ...(reservation.network !== undefined && { network: reservation.network }),
    endpoints: [...endpoints],
    ...(rendered !== undefined && { renderedDigest: digestOf(rendered) }),
    notes: [...reservation.notes, ...notes, ...limitNotes(plan, user?.exclusive === true)],
  };
  const logs = await folder.openLogs(user);
  try {
    await writeState(folder.path, intent);
    await options.faults?.at('intent-written');
    const base = { ...inherited(options), ...markerOf(token), ...identityOf(plan) };
    return await act(intent, folder, options, {
      command,
      program,
      cwd: folder.root,
      stdout: logs.stdout,
      stderr: logs.stderr,
      base,
      environment: { HOME: folder.path, ...environment },
      limits: run.limits,
      user,
      network: reservation.network,
    });
  } finally {
    await logs.close();
  }
}

async function act(
  intent: InstanceState,
  folder: InstanceFolder,
  options: ProcessRuntimeOptions,
  launch: Launch,
): Promise<Started> {
  const launched: Launched = await launchProcess(launch);
  const startedAt = toInstant(options.clock.now());
  const state: InstanceState = { ...intent, phase: 'running', process: launched.name, startedAt };
  try {
    await options.faults?.at('spawned');
    await writeState(folder.path, state);
    await options.faults?.at('outcome-written');
    return { state, launched };
  } catch (error) {
    await killMembers(state, folder);
    throw error;
  }
}

function environmentOf(plan: InstancePlan, known: Placeholders): Record<string, string> {
  const entries = Object.entries(plan.run.environment).map(([name, value]): [string, string] => {
    if (name in identityOf(plan) || name in markerOf('') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new FixityError('invalid-input', `the environment variable "${name}" cannot be set by a run specification`);
    }
    return [name, renderText(value, known)];
  });
  return Object.fromEntries(entries);
}

function identityOf(plan: InstancePlan): Record<string, string> {
  return { FIXITY_INSTANCE: plan.id, FIXITY_SERVICE: plan.service, FIXITY_ENVIRONMENT: plan.environment };
}

/** All that comes from the node agent's own environment. */
function inherited(options: ProcessRuntimeOptions): Record<string, string> {
  const names = ['PATH', 'TZ', 'LANG'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = options.environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function limitNotes(plan: InstancePlan, exclusiveUser: boolean): string[] {
  if (plan.run.limits.processes === undefined || exclusiveUser) return [];
  return ['limits.processes is not enforced: it needs a user of its own'];
}
