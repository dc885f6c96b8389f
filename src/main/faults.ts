/** Named places of a program at which it can be made to die, to try what a crash there leaves behind. */
export interface FaultPoints {
  at(point: string): void;
}

/**
 * `FIXITY_FAULT_AT=<point>[:<n>]` kills this process with SIGKILL the n-th time (the first, when absent) it passes the
 * point. Without it nothing ever happens.
 */
export function faultsFromEnvironment(env: Readonly<Record<string, string | undefined>>): FaultPoints {
  const [wanted, count = '1'] = (env['FIXITY_FAULT_AT'] ?? '').split(':');
  let left = Number(count);
  return {
    at(point) {
      if (point !== wanted) return;
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
}
