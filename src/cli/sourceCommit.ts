import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SourceCommit } from '#contract';
import { FixityError } from '#kernel';

const run = promisify(execFile);

/**
 * The git commit that checked-out files come from; undefined outside a repository. Only changes beneath the given
 * paths make it dirty: an unrelated edit elsewhere in a large repository does not.
 */
export async function sourceCommit(folder: string, paths: readonly string[]): Promise<SourceCommit | undefined> {
  const git = async (...words: string[]): Promise<string | undefined> => {
    try {
      return (await run('git', ['-C', folder, ...words], { maxBuffer: 16 * 1024 * 1024 })).stdout.trim();
    } catch {
      return undefined;
    }
  };
  const commit = await git('rev-parse', '--verify', 'HEAD');
  if (commit === undefined) return undefined;
  const changed = await git('status', '--porcelain', '--untracked-files=normal', '--', ...paths);
  const remote = await git('config', '--get', 'remote.origin.url');
  const repository = remote === undefined ? undefined : withoutCredentials(remote);
  return { commit, dirty: changed !== '', ...(repository === undefined ? {} : { repository }) };
}

/** A remote's address may hold a token; that never leaves this machine. */
function withoutCredentials(remote: string): string {
  return remote.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1').slice(0, 500);
}

/** @throws FixityError `dirty-tree` unless allowed. */
export function refuseDirty(service: string, source: SourceCommit | undefined, allowed: boolean): void {
  if (source?.dirty !== true || allowed) return;
  throw new FixityError('dirty-tree', `the files of ${service} differ from commit ${source.commit.slice(0, 12)}`, {
    facts: ['a release names the commit it came from; this one would name a commit that does not hold it'],
    next: ['git commit', 'fixity ship --allow-dirty   (the release then says so for ever)'],
  });
}
