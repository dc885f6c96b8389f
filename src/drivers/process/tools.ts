import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const systemFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Absolute path of a system tool, never taken from the PATH: it may be run as root. Undefined when not installed. */
export function systemTool(name: string): string | undefined {
  return systemFolders.map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a system tool to its end and answers its output. @throws Error with what it said on standard error. */
export function runTool(name: string, args: readonly string[], input?: string): Promise<string> {
  const path = systemTool(name);
  return new Promise((resolve, reject) => {
    if (path === undefined) {
      reject(new Error(`${name} is not installed`));
      return;
    }
    const child = execFile(path, [...args], { timeout: 10_000, env: { LC_ALL: 'C' } }, (error, output, complaint) => {
      if (error === null) resolve(output);
      else reject(new Error(`${name} ${args.join(' ')}: ${complaint.trim() || error.message}`, { cause: error }));
    });
    // A tool that ends before it has read all its input says why by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}
