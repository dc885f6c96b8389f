import type { RevisionDocument } from '#contract';
import { FixityError } from '#kernel';

/** Holds each host name to one service: a proxy can send its traffic to one only. @throws FixityError `invalid-input`. */
export function refuseSharedHosts({ environment, services }: RevisionDocument): void {
  const owners = new Map<string, string>();
  for (const { service, hosts } of services) {
    for (const host of new Set(hosts)) {
      const owner = owners.get(host);
      if (owner !== undefined) {
        throw new FixityError('invalid-input', `${owner} and ${service} of ${environment} both claim ${host}`, {
          next: [`give ${service} other hosts in its fixity.yaml`],
        });
      }
      owners.set(host, service);
    }
  }
}
