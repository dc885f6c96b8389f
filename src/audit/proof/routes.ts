import type { z } from 'zod';
import type { changesQuery, MomentQuery, ProofBundle } from '#contract';
import type { ProofPorts } from './ports.ts';
import { proveChanges } from './prove-changes.ts';
import { proveEntry } from './prove-entry.ts';
import { proveLive } from './prove-live.ts';

/** What the API's proof routes answer. Whoever may read may ask. */
export class ProofRoutes {
  readonly #ports: ProofPorts;

  constructor(ports: ProofPorts) {
    this.#ports = ports;
  }

  proveLive(query: MomentQuery): Promise<ProofBundle> {
    return proveLive(this.#ports, query);
  }

  proveChanges(query: z.output<typeof changesQuery>): Promise<ProofBundle> {
    return proveChanges(this.#ports, query);
  }

  proveEntry(input: { readonly index: number }): Promise<ProofBundle> {
    return proveEntry(this.#ports, input);
  }
}
