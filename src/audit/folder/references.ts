import { type Digest, isDigest } from '#kernel';
import type { EntryCatalogue, Recorded } from '#ledger';

/** Why a thing has to be here, and what is known of it. */
export interface Need {
  /** In words: `entry 17`, or the manifest that names it. */
  readonly by: string;
  /** Set when it was frozen as a manifest. */
  readonly mediaType: string | undefined;
}

/** Every thing that entries name, each with the first that does. */
export class References {
  readonly needs = new Map<Digest, Need>();
  readonly #catalogue: EntryCatalogue;

  constructor(catalogue: EntryCatalogue) {
    this.#catalogue = catalogue;
  }

  add(recorded: Recorded): void {
    const { entry, index } = recorded;
    const { digest, mediaType, subject } = entry.data;
    for (const reference of this.#touched(recorded)) {
      // OCI image-spec 1.1, manifest.md: what `subject` names need not exist.
      if (!isDigest(reference) || reference === subject) continue;
      const known = this.needs.get(reference);
      const type = reference === digest && typeof mediaType === 'string' ? mediaType : known?.mediaType;
      if (known === undefined || known.mediaType !== type) {
        this.needs.set(reference, { by: known?.by ?? `entry ${index}`, mediaType: type });
      }
    }
  }

  /** Data that does not fit its type is a problem of its own; what it names is then not known. */
  #touched(recorded: Recorded): readonly string[] {
    try {
      return this.#catalogue.touches(recorded);
    } catch {
      return [];
    }
  }
}
