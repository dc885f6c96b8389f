import { readdirSync, readFileSync } from 'node:fs';

/** A process that belongs to an instance, as the kernel tells. */
export interface InstanceProcess {
  readonly pid: number;
  readonly instance: string;
}

/** Every living process that carries an instance's mark and whose home is below the folder. */
export function instanceProcesses(folder: string): InstanceProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      const state = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.[0];
      const instance = environment.find((one) => one.startsWith('FIXITY_INSTANCE='))?.slice('FIXITY_INSTANCE='.length);
      const mine = environment.some((one) => one.startsWith('HOME=') && one.includes(folder));
      return instance !== undefined && mine && state !== 'Z' ? [{ pid: Number(name), instance }] : [];
    } catch {
      return [];
    }
  });
}

export function instancePids(folder: string): number[] {
  return instanceProcesses(folder).map(({ pid }) => pid);
}
