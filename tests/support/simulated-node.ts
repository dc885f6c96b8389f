import { type Assignments, type ObservedInstance, observationPayloadType } from '#contract';
import type { FleetRoutes } from '#fleet';
import type { Actor } from '#identity';
import { toInstant } from '#kernel';
import { type Envelope, generateKey, signEnvelope, verifierKey } from '#signing';
import type { Domain } from './domain.ts';

/** What an instance of a release does once it was started. */
export type Behaviour = 'healthy' | 'slow' | 'exits' | 'silent';

type Sent = Envelope & { signatures: { keyid: string; sig: string }[] };

/** A node that obeys its assignments and signs what it sees, with instances that behave as they are told. */
export class SimulatedNode {
  readonly name: string;
  readonly actor: Actor;
  readonly instances = new Map<string, ObservedInstance & { release: string }>();
  /** By release; what is not named is healthy. */
  readonly behaviours = new Map<string, Behaviour>();
  applied: Assignments | undefined;
  lastSent: Sent | undefined;
  readonly #domain: Domain;
  readonly #fleet: FleetRoutes;
  readonly #key;
  #sequence = 0;

  constructor(domain: Domain, fleet: FleetRoutes, name: string) {
    this.name = name;
    this.actor = { id: `node:${name}`, role: 'node', token: 'test' };
    this.#domain = domain;
    this.#fleet = fleet;
    this.#key = generateKey(name);
  }

  get verifier(): string {
    return verifierKey(this.#key);
  }

  async enrol(platform = { os: 'linux', architecture: 'amd64' }): Promise<void> {
    const { token } = this.#domain.identity.enrolments.create();
    await this.#fleet.enrol({ token, node: this.name, key: this.verifier, platform, runtimes: ['process'] });
  }

  /** Fetches the assignments and does what they say; every instance goes on by one stage. */
  async apply(): Promise<void> {
    for (const instance of this.instances.values()) this.#goOn(instance);
    this.applied = await this.#fleet.assignments({ node: this.name }, this.actor);
    const since = toInstant(this.#domain.clock.now());
    const wanted = new Map(this.applied.instances.map((one) => [one.instance, one]));
    for (const { instance, desired, release } of wanted.values()) {
      const here = this.instances.get(instance);
      if (here === undefined) {
        const state = desired === 'running' ? 'starting' : 'stopped';
        this.instances.set(instance, { instance, release, state, since, restarts: 0, notes: [] });
      } else if (desired === 'stopped' && here.state !== 'exited') here.state = 'stopped';
    }
    for (const instance of this.instances.keys()) if (!wanted.has(instance)) this.instances.delete(instance);
  }

  #goOn(instance: ObservedInstance & { release: string }): void {
    const behaviour = this.behaviours.get(instance.release) ?? 'healthy';
    if (instance.state !== 'starting') return;
    if (behaviour === 'healthy') instance.state = 'healthy';
    if (behaviour === 'slow') this.behaviours.set(instance.release, 'healthy');
    if (behaviour === 'exits')
      Object.assign(instance, { state: 'exited', detail: 'exit code 1 after 0.3 s: no config' });
  }

  /** Ends an instance as a crash would. */
  crash(instance: string): void {
    const here = this.instances.get(instance);
    if (here !== undefined) Object.assign(here, { state: 'exited', detail: 'killed by SIGSEGV' });
  }

  /** Whether an instance really answers. */
  serves(instance: string): boolean {
    return this.instances.get(instance)?.state === 'healthy';
  }

  async report(changes: { time?: string; sequence?: number; routed?: number } = {}): Promise<void> {
    this.#sequence = changes.sequence ?? this.#sequence + 1;
    const observation = {
      node: this.name,
      sequence: this.#sequence,
      time: changes.time ?? toInstant(this.#domain.clock.now()),
      instances: [...this.instances.values()].map(({ instance, state, since, detail }) => ({
        instance,
        state,
        since,
        inFlight: 0,
        ...(detail === undefined ? {} : { detail }),
      })),
      routed: changes.routed ?? this.applied?.version ?? 0,
    };
    this.lastSent = signEnvelope(observationPayloadType, Buffer.from(JSON.stringify(observation)), this.#key) as Sent;
    await this.send(this.lastSent);
  }

  async send(envelope: Sent): Promise<void> {
    await this.#fleet.observe({ node: this.name, envelope }, this.actor);
  }
}
