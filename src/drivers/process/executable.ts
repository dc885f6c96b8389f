import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readlink, realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Digest, digestFromBytes } from '#kernel';
import { isAlive, type ProcessName } from './processes.ts';
import { systemTool } from './tools.ts';

export interface Executable {
  readonly path: string;
  readonly digest: Digest;
}

/** Digests of the programs processes run, hashed once per file and version of it. */
export class Executables {
  readonly #digests = new Map<string, Digest>();

  /**
   * Reads the program through /proc/<pid>/exe: the file that was executed, even when its path now leads elsewhere or
   * nowhere (then the path ends in ` (deleted)`, proc(5)). Undefined when it has ended or may not be read.
   */
  async read(name: ProcessName): Promise<Executable | undefined> {
    const link = `/proc/${name.pid}/exe`;
    try {
      const path = await readlink(link);
      await using file = await open(link, constants.O_RDONLY);
      const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
      if (!isAlive(name)) return undefined;
      const key = [dev, ino, size, mtimeNs, ctimeNs].join(':');
      const known = this.#digests.get(key);
      if (known !== undefined) return { path, digest: known };
      const hash = createHash('sha256');
      for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
      const digest = digestFromBytes(hash.digest());
      this.#digests.set(key, digest);
      return { path, digest };
    } catch {
      return undefined;
    }
  }
}

/** Waits until the exec chain has become the program, so that the first look does not find setpriv(1) running. */
export async function chainEnded(name: ProcessName): Promise<void> {
  const tools = new Set<string>();
  for (const tool of ['nsenter', 'prlimit', 'setpriv', 'env']) {
    const path = systemTool(tool);
    if (path !== undefined) tools.add(await realpath(path));
  }
  for (let round = 0; round < 1_000 && isAlive(name); round += 1) {
    const path = await readlink(`/proc/${name.pid}/exe`).catch(() => '');
    if (path !== '' && !tools.has(path)) return;
    await delay(2);
  }
}
