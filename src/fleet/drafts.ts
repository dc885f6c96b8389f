import { subject } from '#kernel';
import { type Draft, draft } from '#ledger';
import { type InstanceAssigned, instanceAssigned, instanceRetired, type Routed, routed } from './entries.ts';

/** Says that an instance should run. Its id must never have been used. */
export function assignDraft(data: InstanceAssigned): Draft {
  return draft(instanceAssigned, subject('instance', data.instance), data, { expect: 1 });
}

/** Says that an instance should be stopped. */
export function retireDraft(data: {
  readonly instance: string;
  readonly environment: string;
  readonly service: string;
  readonly node: string;
}): Draft {
  const { instance, environment, service, node } = data;
  return draft(instanceRetired, subject('instance', instance), { instance, environment, service, node });
}

/** Says which instances take a service's traffic, with their weights; none takes it from everybody. */
export function routeDraft(data: Routed): Draft {
  return draft(routed, subject('route', `${data.environment}/${data.service}`), data);
}
