import { constants } from 'node:fs';
import { chmod, cp, lchown, lstat, mkdir, open, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { FixityError } from '#kernel';
import type { ConfigFile, InstancePlan } from '#node-agent';

/** Who is to own a folder; the node agent when left out. */
export type Owner = { readonly uid: number; readonly gid: number } | undefined;

/** Where things are in an instance folder: `root/`, `config/`, `logs/`, `state.json`. */
export class InstanceFolder {
  readonly path: string;
  readonly root: string;

  constructor(data: string, id: string) {
    this.path = join(data, 'instances', id);
    this.root = join(this.path, 'root');
  }

  log(stream: 'stdout' | 'stderr'): string {
    return join(this.path, 'logs', `${stream}.log`);
  }

  /** Absolute path of the configuration. @throws `invalid-input` when it would leave or shadow the instance's own. */
  config(config: ConfigFile): string {
    const path = config.path.includes('/') ? config.path : `config/${config.path}`;
    inside(path, 'configuration path');
    const first = path.split('/')[0];
    if (
      first === 'logs' ||
      path === 'state.json' ||
      path === 'state.json.new' ||
      path === 'root' ||
      path === 'config'
    ) {
      throw new FixityError('invalid-input', `the configuration cannot be at "${path}"`, {
        next: ['give a file name, or a path under config/ or root/'],
      });
    }
    return join(this.path, path);
  }

  /** Fills an empty tree folder of the instance's own: copied or reflinked, never hard-linked. Output is kept. */
  async prepareTree(plan: InstancePlan): Promise<void> {
    await this.discardTree();
    await mkdir(join(this.path, 'logs'), { recursive: true, mode: 0o755 });
    await mkdir(this.root, { mode: 0o755 });
    if (plan.prepare !== undefined) await plan.prepare(this.root);
    else if (plan.folder !== undefined) {
      await cp(plan.folder, this.root, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    }
  }

  async discardTree(): Promise<void> {
    const kept = new Set(['logs', 'state.json']);
    const names = await readdir(this.path).catch(() => []);
    for (const name of names) if (!kept.has(name)) await rm(join(this.path, name), { recursive: true, force: true });
  }

  /** Writes the rendered configuration, read-only to everyone. */
  async writeConfig(path: string, bytes: Uint8Array): Promise<void> {
    await this.#realFolder(relative(this.path, dirname(path)), 'configuration path');
    await rm(path, { force: true });
    await writeFile(path, bytes, { mode: 0o444, flag: 'wx' });
  }

  /** Makes a folder of the tree, with what is in it, the owner's. */
  async openForWriting(path: string, owner: Owner): Promise<void> {
    inside(path, 'writable path');
    const folder = await this.#realFolder(join('root', path), 'writable path');
    if (owner !== undefined) await giveAll(folder, owner);
  }

  /** Links a volume into the tree and lets the owner write to it. @throws `invalid-input` when the path is taken. */
  async linkVolume(path: string, volume: string, owner: Owner): Promise<void> {
    inside(path, 'volume path');
    if (owner !== undefined) await lchown(volume, owner.uid, owner.gid);
    const parent = await this.#realFolder(join('root', dirname(path)), 'volume path');
    const link = join(parent, path.slice(path.lastIndexOf('/') + 1));
    await symlink(volume, link).catch((cause: unknown) => {
      throw new FixityError('invalid-input', `the tree already holds "${path}", where a volume should appear`, {
        cause,
      });
    });
  }

  /** Lets the owner in, opens the output files for appending, and answers their descriptors. */
  async openLogs(owner: Owner): Promise<{ stdout: number; stderr: number; close(): Promise<void> }> {
    if (owner !== undefined) {
      await lchown(this.path, 0, owner.gid);
      await chmod(this.path, 0o750);
    }
    const stdout = await open(this.log('stdout'), 'a', 0o640);
    const stderr = await open(this.log('stderr'), 'a', 0o640);
    if (owner !== undefined) for (const file of [stdout, stderr]) await file.chown(owner.uid, owner.gid);
    const close = async (): Promise<void> => {
      await stdout.close();
      await stderr.close();
    };
    return { stdout: stdout.fd, stderr: stderr.fd, close };
  }

  /** Makes the folder and answers its path; a link on the way could lead out, so there must be none. */
  async #realFolder(path: string, what: string): Promise<string> {
    let at = this.path;
    for (const part of path.split('/').filter((part) => part !== '' && part !== '.')) {
      at = join(at, part);
      await mkdir(at, { mode: 0o755 }).catch(() => undefined);
      if (!(await lstat(at)).isDirectory()) {
        throw new FixityError('invalid-input', `the ${what} "${path}" runs through something that is not a folder`);
      }
    }
    return at;
  }
}

/**
 * The folder of a named volume, made when it is new, with its owner: all instances of one service that share a volume
 * must be the same user, so the first one's stays.
 */
export async function volumeFolder(
  data: string,
  plan: InstancePlan,
  name: string,
): Promise<{ path: string; uid: number }> {
  if (!/^[a-z0-9][a-z0-9_.-]{0,62}$/i.test(name)) {
    throw new FixityError('invalid-input', `"${name.slice(0, 100)}" cannot name a volume`);
  }
  const path = join(data, 'volumes', plan.environment, plan.service, name);
  await mkdir(path, { recursive: true, mode: 0o755 });
  return { path, uid: (await stat(path)).uid };
}

async function giveAll(path: string, owner: NonNullable<Owner>): Promise<void> {
  await lchown(path, owner.uid, owner.gid);
  if (!(await lstat(path)).isDirectory()) return;
  for (const name of await readdir(path)) await giveAll(join(path, name), owner);
}

function inside(path: string, what: string): void {
  if (path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))) return;
  throw new FixityError('invalid-input', `the ${what} "${path.slice(0, 200)}" is not a plain relative path`, {
    next: ['use names separated by /, without . and ..'],
  });
}
