import { constants, type FSWatcher, watch } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { asFixityError, FixityError } from '#kernel';
import type { Logger } from '#telemetry';
import { parseRouteTable, type RouteTable, tableBounds } from './route-table.ts';

const fileName = 'routes.json';
const lastGoodName = 'routes.last-good.json';

export interface TableFileOptions {
  /** The proxy's folder. It holds `routes.json`, written by the node agent, and `routes.last-good.json`, written here. */
  readonly folder: string;
  readonly log: Logger;
  /** Called with each table that is accepted, before `reload` answers. */
  readonly apply: (table: RouteTable) => void;
}

/**
 * Reads the table whenever it changes. A table that cannot be accepted is refused whole and the last good one stays in
 * force, across restarts too.
 */
export class TableFile {
  readonly #options: TableFileOptions;
  #reading: Promise<unknown> = Promise.resolve();
  #watcher: FSWatcher | undefined;
  #pending = false;
  #lastGood: string | undefined;

  constructor(options: TableFileOptions) {
    this.#options = options;
  }

  /** Puts the table on disk in force, else the last good one, and follows changes from then on. */
  async start(): Promise<void> {
    this.#follow();
    this.#lastGood = await readText(join(this.#options.folder, lastGoodName)).catch(() => undefined);
    const refused = await this.reload();
    if (refused === undefined || this.#lastGood === undefined) return;
    try {
      const table = parseRouteTable(this.#lastGood);
      this.#options.apply(table);
      this.#options.log.warn('the last good route table is in force', { version: table.version });
    } catch (error) {
      this.#options.log.error('the last good route table cannot be read', { error });
    }
  }

  /** Reads the file now, after any reading that is under way. Gives the refusal, if there is one. */
  reload(): Promise<FixityError | undefined> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading;
    return reading;
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    await this.#reading;
  }

  async #read(): Promise<FixityError | undefined> {
    const { folder, log, apply } = this.#options;
    try {
      const text = await readText(join(folder, fileName));
      const table = parseRouteTable(text);
      apply(table);
      log.info('route table in force', { version: table.version, routes: table.routes.length });
      await this.#keep(text).catch((error: unknown) => log.error('the last good table was not kept', { error }));
      return undefined;
    } catch (cause) {
      const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      const error = missing
        ? new FixityError('not-found', `${fileName} is not there`, { cause })
        : asFixityError(cause);
      log[missing ? 'warn' : 'error']('route table refused', { code: error.code, reason: error.message });
      return error;
    }
  }

  async #keep(text: string): Promise<void> {
    if (text === this.#lastGood) return;
    const path = join(this.#options.folder, lastGoodName);
    const temporary = `${path}.tmp`;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
    const file = await open(temporary, flags, 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    this.#lastGood = text;
  }

  /** Watches the folder, not the file: a rename replaces the inode that a watch on the file would hold. */
  #follow(): void {
    const { folder, log } = this.#options;
    this.#watcher = watch(folder, (_event, name) => {
      if ((name !== null && name !== fileName) || this.#pending) return;
      this.#pending = true;
      setImmediate(() => {
        this.#pending = false;
        void this.reload();
      });
    });
    this.#watcher.on('error', (error) => log.error('the folder is no longer watched; use POST /reload', { error }));
  }
}

async function readText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  if (text.length > tableBounds.bytes) throw new FixityError('too-large', `${path} exceeds ${tableBounds.bytes} bytes`);
  return text;
}
