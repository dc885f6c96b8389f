import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LiveAnswer, LiveService, RolloutStatus } from '#contract';
import { Installation, type Outcome } from './installation.ts';
import { Load, type LoadReport } from './load.ts';
import { instanceProcesses } from './processes.ts';
import { Repository } from './repository.ts';
import { until } from './until.ts';

type Version = 'v1' | 'v2';
const over: ReadonlySet<RolloutStatus['state']> = new Set(['done', 'put-back', 'aborted', 'stuck']);

/** The checkout example in two versions on an installation of its own, for tests that break things under way. */
export class Shop {
  readonly fixity: Installation;
  readonly repository: Repository;
  readonly replicas: number;
  /** The version that answers when nothing is under way. */
  serving: Version = 'v1';

  constructor(options: { replicas?: number; agentFlags?: readonly string[] } = {}) {
    this.fixity = new Installation(options);
    this.replicas = options.replicas ?? 2;
    this.repository = new Repository(join(this.fixity.folder, 'shop'));
  }

  /** Starts everything and ships version 1. */
  async open(): Promise<void> {
    await this.fixity.start();
    const { code, err, out } = await this.ship('v1');
    assert.equal(code, 0, `${err}${out}`);
  }

  /** Puts a version in place, changed as said, and commits it. */
  place(version: Version, change: (text: string) => string = (text) => text): void {
    this.repository.checkout(version);
    const file = this.repository.path('checkout', 'fixity.yaml');
    const text = readFileSync(file, 'utf8').replace('replicas: 3', `replicas: ${this.replicas}`);
    writeFileSync(file, change(text));
    this.repository.commit(`checkout ${version}`);
  }

  ship(version: Version): Promise<Outcome> {
    this.place(version);
    return this.shipPlaced();
  }

  shipPlaced(): Promise<Outcome> {
    return this.fixity.fixityIn(this.repository.folder, 'ship', '-f', 'checkout/fixity.yaml', '--env', 'prod');
  }

  other(): Version {
    return this.serving === 'v1' ? 'v2' : 'v1';
  }

  load(retries = 0): Load {
    return new Load({
      proxy: this.fixity.proxy.listen ?? '',
      host: 'checkout.prod.localhost',
      path: '/price?net=250',
      connections: 2,
      retries,
      label: (body) => (body.includes('"2.0.0"') ? 'v2' : 'v1'),
    });
  }

  async lastRollout(): Promise<RolloutStatus> {
    const answer = await this.fixity.api('/api/v1/rollouts?environment=prod&limit=1');
    const { rollouts } = (await answer.json()) as { rollouts: RolloutStatus[] };
    return rollouts[0] ?? assert.fail('nothing was rolled out');
  }

  async live(): Promise<LiveService> {
    const answer = await this.fixity.json<LiveAnswer>('live', 'prod');
    return answer.services.find(({ service }) => service === 'checkout') ?? assert.fail('checkout is not live');
  }

  /**
   * Waits for the rollout to be over and the machine to be as it says: `live` names exactly the processes that run,
   * and traffic gets the version that the ending promises.
   */
  async settled(shipped: Version): Promise<RolloutStatus> {
    const rollout = await until('the end of the rollout', async () => {
      const last = await this.lastRollout();
      return over.has(last.state) ? last : undefined;
    });
    assert.ok(rollout.state === 'done' || rollout.state === 'put-back', `${rollout.state}: ${rollout.why}`);
    const version = rollout.state === 'done' ? shipped : this.serving;
    await until('live to name the processes that run', async () => {
      const { instances, up, problem } = await this.live();
      const named = instances.map(({ instance }) => instance).sort();
      const running = instanceProcesses(this.fixity.folder).map(({ instance }) => instance);
      assert.deepEqual([...new Set(running)].sort(), named);
      assert.deepEqual([up, problem], [this.replicas, false]);
      return true;
    });
    const answers = await this.#answers();
    assert.deepEqual(answers, [version], 'traffic gets what the rollout ended with');
    this.serving = version;
    return rollout;
  }

  async #answers(): Promise<string[]> {
    const load = this.load(50);
    await load.more(10);
    return [...(await load.stop()).answers.keys()];
  }

  async verified(): Promise<void> {
    const { code, out, err } = await this.fixity.fixity('verify', '--data', this.fixity.data);
    assert.equal(code, 0, `${out}${err}`);
  }
}

/** Zero failures, and enough requests for that to mean something; the line for the report. */
export function unharmed({ requests, failures }: LoadReport): string {
  assert.deepEqual(failures.slice(0, 5), []);
  assert.ok(requests > 50, `only ${requests} requests`);
  return `${requests} requests, ${failures.length} failed`;
}
