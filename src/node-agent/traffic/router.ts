import { join } from 'node:path';
import { z } from 'zod';
import type { Assignments } from '#contract';
import { canonicalJson } from '#kernel';
import { readIfThere, writeDurably } from '../durable.ts';
import type { NodeAgentOptions } from '../ports.ts';
import { ProxyControl } from './control.ts';
import { type Reachable, type TableRoute, tableOf } from './table.ts';

const retryMs = 500;
const drainingMs = 100;
const written = z.object({ version: z.int(), routes: z.array(z.unknown()) });

/** What the proxy has in force, as it last said; absent members when it does not answer. */
export interface Routing {
  /** The version of the assignments whose routes are in force. */
  readonly routed?: number;
  /** Requests in flight by instance; one that is not named has none. */
  readonly inFlight?: Readonly<Record<string, number>>;
}

/** Keeps the proxy's route table as assigned, and knows what the proxy made of it. */
export class Router {
  readonly #options: NodeAgentOptions;
  readonly #path: string;
  readonly #control: ProxyControl;
  readonly #here: () => readonly Reachable[];
  readonly #changed: () => void;
  #assigned: Assignments | undefined;
  #version = 0;
  #written: string | undefined;
  #routing: Routing = {};
  #news = '';
  #running: Promise<void> | undefined;
  #again = false;
  #cancel: (() => void) | undefined;
  #closed = false;

  /** @param changed Called when what the proxy has in force, or what it drains, has changed. */
  constructor(options: NodeAgentOptions, here: () => readonly Reachable[], changed: () => void) {
    this.#options = options;
    this.#path = join(options.proxy, 'routes.json');
    this.#control = new ProxyControl(join(options.proxy, 'control.sock'));
    this.#here = here;
    this.#changed = changed;
    const text = readIfThere(this.#path);
    if (text === undefined) return;
    try {
      const table = written.parse(JSON.parse(text));
      this.#version = table.version;
      this.#written = canonicalJson(table.routes);
    } catch (error) {
      options.logger.warn('the route table on disk is unreadable and is written anew', { error });
    }
  }

  get routing(): Routing {
    return this.#routing;
  }

  assign(assigned: Assignments): void {
    this.#assigned = assigned;
  }

  /** Brings table and proxy in line with now; calls while it is at work are answered by one more round. */
  sync(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#rounds().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#round();
    }
  }

  async #round(): Promise<void> {
    const assigned = this.#assigned;
    if (assigned === undefined) return;
    this.#cancel?.();
    const here = this.#here();
    const routes = tableOf(assigned, here);
    try {
      this.#write(routes);
      const state = await this.#inForce();
      this.#routing = { routed: assigned.version, inFlight: state.inFlight };
    } catch (error) {
      if (this.#routing.routed !== undefined || this.#news === '') {
        this.#options.logger.warn('the proxy does not have the routes', { error });
      }
      this.#routing = {};
      this.#later(retryMs);
    }
    this.#tell(routes, here);
  }

  #write(routes: readonly TableRoute[]): void {
    const text = canonicalJson(routes);
    if (text === this.#written) return;
    writeDurably(this.#path, `${canonicalJson({ version: this.#version + 1, routes })}\n`);
    this.#version += 1;
    this.#written = text;
    this.#options.faults.at('routes-written');
  }

  async #inForce() {
    const before = await this.#control.state();
    if (before.version === this.#version) return before;
    const { version, error } = await this.#control.reload();
    if (version !== this.#version) throw new Error(error ?? `the proxy stays with version ${version}`);
    return await this.#control.state();
  }

  /** Looks again soon while instances without a route still have requests. */
  #tell(routes: readonly TableRoute[], here: readonly Reachable[]): void {
    const named = new Set(routes.flatMap(({ endpoints }) => endpoints.map(({ instance }) => instance)));
    const inFlight = this.#routing.inFlight ?? {};
    const out = here.flatMap(({ instance }) => (named.has(instance) || !inFlight[instance] ? [] : [instance]));
    if (out.length > 0) this.#later(drainingMs);
    const news = canonicalJson({ routed: this.#routing.routed, out });
    if (news === this.#news) return;
    this.#news = news;
    this.#changed();
  }

  #later(milliseconds: number): void {
    if (this.#closed) return;
    this.#cancel?.();
    this.#cancel = this.#options.scheduler.after(milliseconds, () => void this.sync());
  }
}
