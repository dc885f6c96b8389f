import { chmod, rename, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { FixityError } from '#kernel';
import { answerProblem } from './problem.ts';

/** What `GET /state` answers (FORMATS.md). */
export interface ProxyState {
  readonly version: number;
  readonly listen: string;
  readonly stopping: boolean;
  readonly inFlight: Readonly<Record<string, number>>;
  readonly draining: Readonly<Record<string, number>>;
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface ControlActions {
  state(): ProxyState;
  /** Reads the table now; gives the refusal, if there is one. */
  reload(): Promise<FixityError | undefined>;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Begins to hand over: the socket's name is left for the successor to take. Resolves when the port and the folder are free; `drained` when nothing is in flight. */
  stop(): Promise<{ readonly drained: Promise<void> }>;
}

/** Linux keeps 108 bytes for the path of a unix socket, with its end mark (unix(7)); macOS 104. */
const longestPath = 103;
const stateInterval = 100;

export function controlPath(folder: string): string {
  return join(folder, 'control.sock');
}

/** The control socket: HTTP on a unix socket that only this user can open. */
export class Control {
  readonly #server: Server;
  readonly #folder: string;

  constructor(folder: string, actions: ControlActions) {
    this.#folder = folder;
    this.#server = createServer((request, response) => {
      serve(actions, request, response).catch((error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        answerProblem(response, { status: 500, code: 'internal', detail });
      });
    });
  }

  /**
   * Opens the socket under a name of this process, to be published when everything else is ready.
   * @throws FixityError `invalid-input` when the folder's path is too long for a unix socket.
   */
  async open(): Promise<void> {
    const path = this.#ownPath();
    if (Buffer.byteLength(path) > longestPath) {
      const sentence = `the path ${path} is too long for a unix socket (${longestPath} bytes)`;
      throw new FixityError('invalid-input', sentence, { next: ['give a shorter folder with --data DIR'] });
    }
    // A killed process whose number this one was given may have left it behind.
    await rm(path, { force: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ path }, resolve);
    await promise;
    await chmod(path, 0o600);
  }

  /** Takes the well-known name in one step, from whoever left it behind. */
  async publish(): Promise<void> {
    await rename(this.#ownPath(), controlPath(this.#folder));
  }

  /** Takes the well-known name away. Only while the folder is still claimed: afterwards it may be a successor's. */
  async withdraw(): Promise<void> {
    await rm(controlPath(this.#folder), { force: true });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #ownPath(): string {
    return join(this.#folder, `control.${process.pid}.sock`);
  }
}

async function serve(actions: ControlActions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  switch (`${request.method} ${request.url}`) {
    case 'GET /state':
      answerJson(response, actions.state());
      return;
    case 'GET /metrics': {
      const { contentType, text } = await actions.metrics();
      response.writeHead(200, { 'content-type': contentType }).end(text);
      return;
    }
    case 'POST /reload': {
      const refused = await actions.reload();
      const { version } = actions.state();
      answerJson(
        response,
        refused === undefined ? { version } : { version, error: refused.message, code: refused.code },
      );
      return;
    }
    case 'POST /stop':
      await answerStop(actions, response);
      return;
    default:
      answerProblem(response, {
        status: 404,
        code: 'not-found',
        detail: `${request.method} ${request.url} is not served here`,
        members: { serves: ['GET /state', 'GET /metrics', 'POST /reload', 'POST /stop'] },
      });
  }
}

/** Tells the state again and again while it drains, one JSON object a line, so that a successor can count it in. */
async function answerStop(actions: ControlActions, response: ServerResponse): Promise<void> {
  const { drained } = await actions.stop();
  const tell = (): boolean => response.write(`${JSON.stringify(actions.state())}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' });
  response.on('error', () => {});
  tell();
  const timer = setInterval(tell, stateInterval);
  response.once('close', () => clearInterval(timer));
  await drained;
  clearInterval(timer);
  tell();
  response.end();
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}
