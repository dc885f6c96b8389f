import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Digest, digestOf, FixityError, hexOf } from '#kernel';
import type { DistributionClient } from '#oci';

/** What is kept beyond what instances of now need, in bytes. */
const spareBytes = 2 * 1024 ** 3;

/** The things a node has pulled, by digest: `sha256/<hex>`. Verified when they come and when they are read whole. */
export class ThingCache {
  readonly #folder: string;
  readonly #registry: () => DistributionClient;
  readonly #clock: Clock;
  readonly #coming = new Map<Digest, Promise<void>>();
  #count = 0;

  constructor(folder: string, registry: () => DistributionClient, clock: Clock) {
    this.#folder = join(folder, 'sha256');
    this.#registry = registry;
    this.#clock = clock;
  }

  /** @throws FixityError what the registry refuses with, `unreachable`, `digest-mismatch`, `storage-failed`. */
  async manifest(repository: string, digest: Digest): Promise<Uint8Array> {
    return await this.#whole(digest, async (path) => {
      const { bytes } = await this.#registry().pullManifest(repository, digest);
      await this.#keep(path, (file) => file.writeFile(bytes));
    });
  }

  async blob(repository: string, thing: { digest: Digest; size: number }): Promise<Uint8Array> {
    return await this.#whole(thing.digest, (path) => this.#pull(repository, thing, path));
  }

  /** The path of a blob that may be large; what reads it must verify it again. */
  async file(repository: string, thing: { digest: Digest; size: number }): Promise<string> {
    await this.#have(thing.digest, (path) => this.#pull(repository, thing, path));
    return this.#path(thing.digest);
  }

  async discard(digest: Digest): Promise<void> {
    await rm(this.#path(digest), { force: true });
  }

  /** Deletes what is not needed, least recently used first, until what is left of it is within bounds. */
  async prune(needed: ReadonlySet<Digest>, bytes = spareBytes): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    const spare: { path: string; size: number; used: number }[] = [];
    for (const name of names) {
      if (needed.has(`sha256:${name}`) || this.#coming.size > 0) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined) spare.push({ path, size: found.size, used: found.mtimeMs });
    }
    let left = bytes;
    for (const { path, size } of spare.toSorted((a, b) => b.used - a.used)) {
      left -= size;
      if (left < 0) await rm(path, { force: true });
    }
  }

  async #whole(digest: Digest, fetch: (path: string) => Promise<void>): Promise<Uint8Array> {
    for (const again of [true, false]) {
      await this.#have(digest, fetch);
      const bytes = await readFile(this.#path(digest));
      if (digestOf(bytes) === digest) return bytes;
      await this.discard(digest);
      if (!again) break;
    }
    throw new FixityError('digest-mismatch', `${digest} could not be kept on this node: it reads back as other bytes`);
  }

  /** One fetch at a time for a digest, however many instances wait for it. */
  async #have(digest: Digest, fetch: (path: string) => Promise<void>): Promise<void> {
    const path = this.#path(digest);
    const now = this.#clock.now() / 1_000;
    const kept = await utimes(path, now, now).then(
      () => true,
      () => false,
    );
    if (kept) return;
    let coming = this.#coming.get(digest);
    if (coming === undefined) {
      coming = fetch(path).finally(() => this.#coming.delete(digest));
      this.#coming.set(digest, coming);
    }
    await coming;
  }

  async #pull(repository: string, thing: { digest: Digest; size: number }, path: string): Promise<void> {
    const source = await this.#registry().pullBlob(repository, thing);
    await this.#keep(path, (file) => file.writeFile(source));
  }

  async #keep(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#count += 1;
    const temporary = `${path}.${this.#count}.new`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await write(file);
      await file.sync();
      await file.close();
      await rename(temporary, path);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
  }

  #path(digest: Digest): string {
    return join(this.#folder, hexOf(digest));
  }
}
