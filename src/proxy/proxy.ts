import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Clock, FixityError } from '#kernel';
import type { Logger, Metrics } from '#telemetry';
import { type Claim, claimFolder } from './claim.ts';
import { Control, type ControlActions, type ProxyState } from './control.ts';
import { Front, type Tls } from './front.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { formatListen, isLoopback, type ListenAddress, listen } from './listening.ts';
import { alreadyServed, claimAfter, type Predecessor, stopPredecessor } from './predecessor.ts';
import { Routing } from './routing.ts';
import { TableFile } from './table-file.ts';
import { Traffic } from './traffic.ts';

export interface ProxyOptions {
  /** The folder of `routes.json` and `control.sock` (FORMATS.md); made when it is not there. */
  readonly folder: string;
  readonly listen: ListenAddress;
  readonly tls?: Tls | undefined;
  /** Serve addresses beyond loopback without TLS. */
  readonly plaintextBeyondLoopback?: boolean;
  /** Keep what clients say in X-Forwarded-* and Forwarded, because another proxy stands before this one. */
  readonly trustForwarded?: boolean;
  /** Replace the proxy that serves the folder now, without a gap. */
  readonly takeOver?: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly limits?: Partial<Limits>;
}

export interface Proxy {
  /** `HOST:PORT` as listened on. */
  readonly listen: string;
  /** The version of the table in force. */
  readonly version: number;
  state(): ProxyState;
  /** Stops accepting, lets requests in flight finish within the limits, and frees everything. */
  stop(): Promise<void>;
  /** Resolves when the proxy has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

/**
 * Starts the traffic proxy (design section 5, "Hands and eyes"): HTTP/1.1 by Host, from a route table on its own disk.
 * Resolves when it accepts connections with the table on disk in force.
 * @throws FixityError `invalid-input` (address in use, plaintext beyond loopback, folder path too long), `data-locked`
 * when another proxy serves the folder, `storage-failed` when the folder cannot be made.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  refusePlaintext(options);
  const folder = makeFolder(options.folder);
  const claim = await claimFolder(folder);
  if (claim === undefined && options.takeOver !== true) throw alreadyServed(folder);
  const running = new RunningProxy(options, folder);
  try {
    await running.start(claim);
  } catch (error) {
    await running.abandon(claim);
    throw error;
  }
  return running;
}

class RunningProxy implements Proxy {
  readonly stopped: Promise<void>;
  readonly #options: ProxyOptions;
  readonly #folder: string;
  readonly #traffic: Traffic;
  readonly #routing: Routing;
  readonly #table: TableFile;
  readonly #front: Front;
  readonly #control: Control;
  readonly #finished: () => void;
  #claim: Claim | undefined;
  #predecessor: Predecessor = { inFlight: () => ({}) };
  #listen = '';
  #stopping: Promise<{ readonly drained: Promise<void> }> | undefined;

  constructor(options: ProxyOptions, folder: string) {
    const { clock, log, metrics, tls, trustForwarded = false } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const { promise, resolve: finished } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.#finished = finished;
    this.#options = options;
    this.#folder = folder;
    this.#traffic = new Traffic(metrics);
    this.#routing = new Routing(clock, this.#traffic);
    this.#table = new TableFile({ folder, log, apply: (table) => this.#routing.apply(table) });
    this.#front = new Front({ routing: this.#routing, limits, log, metrics, tls, trustForwarded });
    this.#control = new Control(folder, this.#actions());
    metrics.gauge({
      name: 'fixity_proxy_table_version',
      help: 'Version of the route table in force.',
      collect: (gauge) => gauge.with({}).set(this.version),
    });
  }

  get listen(): string {
    return this.#listen;
  }

  get version(): number {
    return this.#routing.version;
  }

  /** The order is what keeps a take-over free of gaps: two accept for a moment, never none. */
  async start(claim: Claim | undefined): Promise<void> {
    await this.#control.open();
    await this.#table.start();
    this.#listen = formatListen(await listen(this.#front.server, this.#options.listen, claim === undefined));
    this.#claim = claim ?? (await this.#takeOver());
    await this.#control.publish();
    this.#options.log.info('serving', { listen: this.#listen, version: this.version });
  }

  async #takeOver(): Promise<Claim> {
    try {
      this.#predecessor = await stopPredecessor(this.#folder);
    } catch (error) {
      // It may just have ended by itself; then the folder is free.
      const claim = await claimFolder(this.#folder);
      if (claim === undefined) throw error;
      return claim;
    }
    return claimAfter(this.#folder);
  }

  /** Undoes a start that failed. */
  async abandon(claim: Claim | undefined): Promise<void> {
    this.#front.server.close();
    this.#control.close();
    await this.#table.stop();
    await (this.#claim ?? claim)?.release();
  }

  state(): ProxyState {
    const requests = [...this.#traffic.all()].map(({ service, totals, retries }) => [service, { ...totals, retries }]);
    return {
      version: this.version,
      listen: this.#listen,
      stopping: this.#stopping !== undefined,
      inFlight: add(this.#routing.inFlight(), this.#predecessor.inFlight()),
      draining: this.#routing.draining(),
      requests: Object.fromEntries(requests) as ProxyState['requests'],
    };
  }

  async stop(): Promise<void> {
    await this.#stop('ending');
    await this.stopped;
  }

  #stop(why: 'ending' | 'handing-over'): Promise<{ readonly drained: Promise<void> }> {
    this.#stopping ??= this.#beginStop(why);
    return this.#stopping;
  }

  async #beginStop(why: 'ending' | 'handing-over'): Promise<{ readonly drained: Promise<void> }> {
    this.#options.log.info('stopping', { inFlight: this.#routing.inFlight() });
    this.#front.stopAccepting();
    if (why === 'ending' && this.#claim !== undefined) await this.#control.withdraw();
    await this.#claim?.release();
    const drained = this.#front.drain();
    void drained.then(() => this.#end());
    return { drained };
  }

  async #end(): Promise<void> {
    await this.#table.stop();
    this.#routing.close();
    // One turn later, so that whoever asked over the control socket gets the last word.
    await new Promise((turned) => setImmediate(turned));
    this.#control.close();
    this.#options.log.info('stopped');
    this.#finished();
  }

  #actions(): ControlActions {
    const { metrics } = this.#options;
    return {
      state: () => this.state(),
      reload: () => this.#table.reload(),
      metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
      stop: () => this.#stop('handing-over'),
    };
  }
}

function add(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [instance, count] of Object.entries(b)) {
    if (count > 0) sum[instance] = (sum[instance] ?? 0) + count;
  }
  return sum;
}

function refusePlaintext({ listen, tls, plaintextBeyondLoopback }: ProxyOptions): void {
  if (tls !== undefined || plaintextBeyondLoopback === true || isLoopback(listen.host)) return;
  const sentence = `${formatListen(listen)} is reachable beyond this machine and would be served without TLS`;
  throw new FixityError('invalid-input', sentence, {
    next: ['give --tls-cert FILE --tls-key FILE, or allow it with --plaintext-beyond-loopback'],
  });
}

function makeFolder(folder: string): string {
  const path = resolve(folder);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new FixityError('storage-failed', `the folder ${path} cannot be made`, { cause });
  }
  return path;
}
