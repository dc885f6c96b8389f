import { FixityError, labelPattern } from '#kernel';
import type { InstancePlan } from '#node-agent';

/** Checks of a plan what paths and ports are made from. @throws FixityError `invalid-input`. */
export function checkPlan(plan: InstancePlan): void {
  for (const name of [plan.service, plan.environment]) {
    if (!labelPattern.test(name)) throw refusal(`"${name.slice(0, 100)}" cannot name a service or environment`);
  }
  const { command, ports, volumes, health } = plan.run;
  if (command.length === 0 || command[0] === '') throw refusal('the run specification has no command');
  const texts = [...command, ...Object.values(plan.run.environment)];
  if (texts.some((text) => text.includes('\0'))) throw refusal('the run specification holds a NUL character');
  const portNames = new Set(ports.map((port) => port.name));
  if (portNames.size !== ports.length) throw refusal('two ports have the same name');
  if (new Set(volumes.map((volume) => volume.name)).size !== volumes.length) {
    throw refusal('two volumes have the same name');
  }
  if (health.port !== undefined && !portNames.has(health.port)) {
    throw refusal(`the health check asks port "${health.port}", which is not declared`);
  }
}

function refusal(sentence: string): FixityError {
  return new FixityError('invalid-input', sentence, { next: ['correct the run specification and make a new release'] });
}
