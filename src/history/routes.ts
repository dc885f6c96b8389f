import type { z } from 'zod';
import type {
  Answer,
  ChangesAnswer,
  changesQuery,
  DiffAnswer,
  LiveAnswer,
  logQuery,
  MomentQuery,
  ShowAnswer,
} from '#contract';
import { changesIn } from './changes.ts';
import { diffOf } from './diff.ts';
import { Documents } from './documents.ts';
import { liveAt } from './live.ts';
import { entryAt, logOf } from './log.ts';
import type { HistoryPorts } from './ports.ts';
import { show } from './show.ts';

/** What the API's questions about the past and the present answer. Whoever may read may ask. */
export class HistoryRoutes {
  readonly #ports: HistoryPorts;
  readonly #documents: Documents;

  constructor(ports: HistoryPorts) {
    this.#ports = ports;
    this.#documents = new Documents(ports.store);
  }

  live(query: MomentQuery): Promise<LiveAnswer> {
    return liveAt(this.#ports, this.#documents, query);
  }

  changes(query: z.output<typeof changesQuery>): Promise<ChangesAnswer> {
    return changesIn(this.#ports, query);
  }

  diff(query: { readonly from: MomentQuery; readonly to: MomentQuery }): Promise<DiffAnswer> {
    return diffOf(this.#ports, this.#documents, query);
  }

  show(query: { readonly reference: string }): Promise<ShowAnswer> {
    return show(this.#ports, this.#documents, query);
  }

  log(query: z.output<typeof logQuery>): Promise<Answer<'log'>> {
    return logOf(this.#ports, query);
  }

  entry(input: { readonly index: number }): Promise<Answer<'entry'>> {
    return entryAt(this.#ports, input);
  }
}
