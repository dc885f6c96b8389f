import type { ReleaseDocument, RevisionDocument } from '#contract';
import { readRevisionDocument } from '#environments';
import type { Digest } from '#kernel';
import { readReleaseDocument } from '#releases';
import type { Store } from '#store';

/** Parsed documents by digest, those used last kept: what a digest names never changes. */
class Recent<T> {
  readonly #limit: number;
  readonly #read: (digest: Digest) => Promise<T>;
  readonly #kept = new Map<Digest, Promise<T>>();

  constructor(limit: number, read: (digest: Digest) => Promise<T>) {
    this.#limit = limit;
    this.#read = read;
  }

  get(digest: Digest): Promise<T> {
    const kept = this.#kept.get(digest) ?? this.#read(digest);
    this.#kept.delete(digest);
    this.#kept.set(digest, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#limit && oldest !== undefined) this.#kept.delete(oldest);
    // A failure may pass, so it is not kept.
    kept.catch(() => this.#kept.delete(digest));
    return kept;
  }
}

/** Reads revision and release documents from the store, each once as long as it is in use. */
export class Documents {
  readonly #revisions: Recent<RevisionDocument>;
  readonly #releases: Recent<ReleaseDocument>;

  constructor(store: Store) {
    this.#revisions = new Recent(32, (digest) => readRevisionDocument(store, digest));
    this.#releases = new Recent(1024, (digest) => readReleaseDocument(store, digest));
  }

  /** @throws FixityError `not-found` when it is not in the store, `invalid-input` when it is no revision. */
  revision(digest: Digest): Promise<RevisionDocument> {
    return this.#revisions.get(digest);
  }

  /** @throws FixityError `not-found` when it is not in the store, `invalid-input` when it is no release. */
  release(digest: Digest): Promise<ReleaseDocument> {
    return this.#releases.get(digest);
  }
}
