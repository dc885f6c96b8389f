import { request } from 'node:http';
import { z } from 'zod';
import { FixityError } from '#kernel';

const patienceMs = 2_000;
const mostBytes = 16 * 1024 * 1024;

const state = z.object({ version: z.int(), inFlight: z.record(z.string(), z.int().min(0)) });
const reloaded = z.object({ version: z.int(), error: z.string().optional() });
export type ProxyState = z.output<typeof state>;

/** Asks the proxy over its control socket. @throws FixityError `unreachable` when it does not answer as it should. */
export class ProxyControl {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async state(): Promise<ProxyState> {
    return state.parse(await this.#ask('GET', '/state'));
  }

  async reload(): Promise<z.output<typeof reloaded>> {
    return reloaded.parse(await this.#ask('POST', '/reload'));
  }

  #ask(method: string, path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void =>
        reject(new FixityError('unreachable', `the proxy does not answer at ${this.#socket}`, { cause }));
      const signal = AbortSignal.timeout(patienceMs);
      const asked = request({ socketPath: this.#socket, method, path, agent: false, signal }, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > mostBytes) answer.destroy(new Error('its answer is too long'));
          else chunks.push(chunk);
        });
        answer.on('error', fail);
        answer.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            fail(error);
          }
        });
      });
      asked.on('error', fail);
      asked.end();
    });
  }
}
