import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const examples = join(import.meta.dirname, '..', '..', 'examples');

/** A git repository made of the examples, as a team would have it. */
export class Repository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#git('init', '--quiet', '--initial-branch=main');
  }

  /** Puts one version of the checkout example in place and commits it; the commit's hash. */
  checkout(version: 'v1' | 'v2'): string {
    rmSync(join(this.folder, 'checkout'), { recursive: true, force: true });
    cpSync(join(examples, 'checkout', version), join(this.folder, 'checkout'), { recursive: true });
    return this.commit(`checkout ${version}`);
  }

  /** Puts the nginx example in place with a copy of this machine's nginx and commits it. */
  nginx(binary: string): string {
    cpSync(join(examples, 'nginx'), join(this.folder, 'nginx'), { recursive: true });
    copyFileSync(binary, join(this.folder, 'nginx', 'build', 'nginx'));
    chmodSync(join(this.folder, 'nginx', 'build', 'nginx'), 0o755);
    return this.commit('nginx');
  }

  commit(message: string): string {
    this.#git('add', '--all');
    this.#git('-c', 'user.name=Ana', '-c', 'user.email=ana@example.test', 'commit', '--quiet', '--message', message);
    return this.#git('rev-parse', 'HEAD').trim();
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  #git(...words: readonly string[]): string {
    return execFileSync('git', ['-C', this.folder, ...words], { encoding: 'utf8' });
  }
}
