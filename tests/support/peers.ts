import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where a program is, looked for on the PATH, in the folders of system programs and where Go installs. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', join(homedir(), 'go', 'bin')];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** For a test's `skip`: false when every peer is there, else the reason. */
export function without(...names: readonly string[]): string | false {
  const missing = names.filter((name) => programPath(name) === undefined);
  return missing.length === 0 ? false : `${missing.join(', ')} not installed here`;
}
