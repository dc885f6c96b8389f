import { Agent, request } from 'node:http';

/** What a constant load through the proxy met with. */
export interface LoadReport {
  readonly requests: number;
  readonly failures: readonly string[];
  /** How often each answer came, by what `label` made of it. */
  readonly answers: ReadonlyMap<string, number>;
}

export interface LoadOptions {
  /** `127.0.0.1:port` of the proxy. */
  readonly proxy: string;
  readonly host: string;
  readonly path: string;
  readonly connections?: number;
  /** How many times a connection that could not be made or broke is tried again: what a client with retries does. */
  readonly retries?: number;
  /** Stops by itself after so many requests, whatever happens. */
  readonly most?: number;
  readonly label?: (body: string) => string;
}

/** Sends requests one after the other on a few keep-alive connections until it is stopped. */
export class Load {
  readonly #options: LoadOptions;
  readonly #agent: Agent;
  readonly #workers: Promise<void>[];
  readonly #failures: string[] = [];
  readonly #answers = new Map<string, number>();
  readonly #progress = new Set<() => void>();
  #requests = 0;
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    const connections = options.connections ?? 4;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#workers = Array.from({ length: connections }, () => this.#work());
  }

  /** Resolves when so many more requests have been answered. */
  async more(count: number): Promise<void> {
    const until = this.#requests + count;
    while (this.#requests < until && !this.#stopped) {
      await new Promise<void>((resolve) => this.#progress.add(resolve));
    }
  }

  async stop(): Promise<LoadReport> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
    return { requests: this.#requests, failures: this.#failures, answers: this.#answers };
  }

  async #work(): Promise<void> {
    const { most = 200_000 } = this.#options;
    while (!this.#stopped && this.#requests < most) {
      await this.#one(this.#options.retries ?? 0);
      this.#requests += 1;
      for (const wake of this.#progress) wake();
      this.#progress.clear();
    }
  }

  async #one(retries: number): Promise<void> {
    for (let left = retries; ; left -= 1) {
      try {
        const { status, body } = await this.#ask();
        if (status !== 200) this.#failures.push(`status ${status}: ${body.slice(0, 200)}`);
        const label = this.#options.label?.(body) ?? String(status);
        this.#answers.set(label, (this.#answers.get(label) ?? 0) + 1);
        return;
      } catch (error) {
        if (left === 0 || this.#stopped) {
          if (!this.#stopped) this.#failures.push((error as Error).message);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  #ask(): Promise<{ status: number; body: string }> {
    const [hostname, port] = this.#options.proxy.split(':');
    return new Promise((resolve, reject) => {
      const asked = request(
        { hostname, port, path: this.#options.path, agent: this.#agent, headers: { host: this.#options.host } },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => {
            body += piece;
          });
          response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
          response.once('error', reject);
        },
      );
      asked.once('error', reject);
      asked.end();
    });
  }
}
