import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, resolve } from 'node:path';
import type { Client } from '#client';
import { type Digest, FixityError } from '#kernel';
import { type Artifact, buildArtifact, configArtifact, DistributionClient } from '#oci';
import { contentsOf, packTree, readTarball, type ScannedTree, scanTree } from '#trees';
import type { Context } from './context.ts';

export interface Frozen {
  readonly digest: Digest;
  readonly size: number;
  /** In words: `12 files, 1.2 MB`. */
  readonly what: string;
}

interface Place {
  readonly repository: string;
  readonly tag?: string;
  readonly path: string;
}

const documents: Readonly<Record<string, string>> = {
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.json': 'application/json',
  '.toml': 'application/toml',
  '.txt': 'text/plain',
  '.conf': 'text/plain',
  '.ini': 'text/plain',
  '.properties': 'text/plain',
};
const largestConfiguration = 4 * 1024 * 1024;
const tarball = /\.(tar|tar\.gz|tgz)$/;

/** A plain file that is no tarball is a configuration. */
export function isConfiguration(cwd: string, path: string): boolean {
  return stat(cwd, path).isFile() && !tarball.test(path);
}

function stat(cwd: string, path: string) {
  const found = statSync(resolve(cwd, path), { throwIfNoEntry: false });
  if (found === undefined) throw new FixityError('not-found', `there is no ${path} here`, { next: ['check the path'] });
  return found;
}

/** @throws FixityError `not-found` when there is no such file, `invalid-input` when it cannot be read. */
function read(cwd: string, path: string): Buffer {
  stat(cwd, path);
  try {
    return readFileSync(resolve(cwd, path));
  } catch (cause) {
    throw new FixityError('invalid-input', `${path} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? ''}`, {
      next: ['name a file that you may read'],
      cause,
    });
  }
}

/** Pushes builds and configurations to the server's registry, so that they are frozen there. */
export class Freezer {
  readonly #cwd: string;
  readonly #client: Client;
  readonly #registry: DistributionClient;

  constructor(context: Context, cwd = context.cwd) {
    this.#cwd = cwd;
    this.#client = context.client();
    const { server, token } = this.#client;
    this.#registry = new DistributionClient({ endpoint: server, ...(token === undefined ? {} : { token }) });
  }

  async build(options: Place & { readonly platform?: string; readonly preserve?: boolean }): Promise<Frozen> {
    const { path, preserve = false } = options;
    const whole = resolve(this.#cwd, path);
    if (stat(this.#cwd, path).isDirectory()) {
      const tree = await scanTree(whole, { preserve });
      return this.#pushBuild(options, tree, () => packTree(tree.entries, contentsOf(whole)));
    }
    await using archive = await readTarball(whole, { spool: tmpdir(), preserve });
    return await this.#pushBuild(options, archive, () => archive.layer());
  }

  async #pushBuild(
    { repository, tag, platform }: Place & { readonly platform?: string },
    tree: ScannedTree,
    open: () => AsyncIterable<Uint8Array>,
  ): Promise<Frozen> {
    const layer = await measure(open());
    const annotations = platform === undefined ? undefined : { 'dev.fixity.platform': platform };
    const artifact = buildArtifact({ tree: tree.bytes, layer, ...(annotations && { annotations }) });
    await this.#registry.pushBlob(repository, layer, open);
    await this.#pushArtifact(repository, tag, artifact);
    const files = tree.entries.filter(({ type }) => type === 'file').length;
    const size = tree.entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
    return {
      digest: artifact.manifest.descriptor.digest,
      size,
      what: `${files} ${files === 1 ? 'file' : 'files'}, ${bytesText(size)}`,
    };
  }

  async config({
    repository,
    tag,
    path,
    schema,
    name,
  }: Place & { readonly schema?: string; readonly name?: string }): Promise<Frozen> {
    const size = stat(this.#cwd, path).size;
    if (size > largestConfiguration) {
      throw new FixityError(
        'too-large',
        `${path} holds ${bytesText(size)}; a configuration holds at most ${bytesText(largestConfiguration)}`,
        {
          next: ['put large data into the build'],
        },
      );
    }
    const artifact = configArtifact({
      bytes: read(this.#cwd, path),
      mediaType: documents[extname(path).toLowerCase()] ?? 'application/octet-stream',
      fileName: name ?? basename(path),
      ...(schema === undefined ? {} : { schema: read(this.#cwd, schema) }),
    });
    // By digest first: a document that breaks its schema must not take the tag.
    await this.#pushArtifact(repository, undefined, artifact);
    const { digest } = artifact.manifest.descriptor;
    if (schema !== undefined) await this.#client.call('checkConfig', { body: { repository, digest } });
    if (tag !== undefined) await this.#pushManifest(repository, tag, artifact);
    return {
      digest,
      size,
      what: `${basename(path)}, ${bytesText(size)}${schema === undefined ? '' : ', holds to its schema'}`,
    };
  }

  async #pushArtifact(repository: string, tag: string | undefined, artifact: Artifact): Promise<void> {
    for (const { descriptor, bytes } of artifact.blobs)
      await this.#registry.pushBlob(repository, descriptor, () => bytes);
    await this.#pushManifest(repository, tag, artifact);
  }

  async #pushManifest(repository: string, tag: string | undefined, { manifest }: Artifact): Promise<void> {
    const { digest, mediaType } = manifest.descriptor;
    await this.#registry.pushManifest(repository, tag ?? digest, manifest.bytes, mediaType);
  }
}

async function measure(source: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of source) {
    hash.update(piece);
    size += piece.length;
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

export function bytesText(size: number): string {
  if (size < 1000) return `${size} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(size) / 3), units.length);
  return `${(size / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
}
