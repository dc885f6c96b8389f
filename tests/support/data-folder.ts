import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { configureRepository } from '#registry';
import { imageIndex, makeManifest, pushBlob, putManifest } from './oci.ts';
import { startRegistry, type TestRegistry } from './registry.ts';

/** A data folder that a real writer, store and registry made, and the things in it. */
export interface MadeFolder {
  readonly folder: string;
  readonly layer: string;
  readonly manifest: string;
  readonly index: string;
}

/** Freezes an image and an index of it, and records `commands` commands under idempotency keys. */
export async function fill(registry: TestRegistry, commands: number): Promise<Omit<MadeFolder, 'folder'>> {
  const image = await makeManifest(registry, 'checkout', 'a layer');
  await putManifest(registry, 'checkout', image.digest, image.bytes);
  const members = [
    { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: image.digest, size: image.bytes.length },
  ];
  const index = JSON.stringify({ schemaVersion: 2, mediaType: imageIndex, manifests: members });
  await putManifest(registry, 'checkout', '1.4.2', index, imageIndex);
  await Promise.all(
    Array.from({ length: commands }, (_, number) =>
      registry.writer.submit(
        configureRepository,
        { repository: `repository-${number}`, moving: ['main'], policy: 'final' },
        { actor: registry.identity.bootstrapActor.id, commandId: `command-${number}` },
      ),
    ),
  );
  const { digest: layer } = await pushBlob(registry, 'checkout', 'a layer');
  return { layer, manifest: image.digest, index: `sha256:${createHash('sha256').update(index).digest('hex')}` };
}

/** A folder at rest, as a server that was stopped leaves it. */
export async function makeFolder(commands: number): Promise<MadeFolder> {
  const registry = await startRegistry();
  const made = await fill(registry, commands);
  const folder = copyOf(registry.folder);
  await registry.close();
  for (const name of ['ledger.db', 'views.db', 'keep.db']) rest(join(folder, name));
  return { ...made, folder };
}

/** The last to close a database takes its log into it. */
function rest(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

/** The folder as it is on the disk at this moment: of a running server, what SIGKILL would leave. */
export function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'fixity-folder-'));
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** A tampered copy of the folder is given to `look`, and taken away again. */
export async function withCopy<T>(
  folder: string,
  tamper: (copy: string) => void,
  look: (copy: string) => Promise<T>,
): Promise<T> {
  const copy = copyOf(folder);
  try {
    tamper(copy);
    return await look(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Changes one database as somebody with its file would. */
export function alter(copy: string, name: string, sql: string, ...parameters: (string | number | Uint8Array)[]): void {
  const database = new DatabaseSync(join(copy, name));
  database.prepare(sql).run(...parameters);
  database.close();
}

/** Flips the lowest bit of one byte of a file. */
export function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}

export const thingFile = (digest: string): string => join('things', 'sha256', digest.slice(7, 9), digest.slice(7));

/** The digest of every file, to tell whether anything was written. */
export function fingerprint(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = names.map((one) => join(one.parentPath, one.name)).sort();
  return Object.fromEntries(paths.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]));
}

/** Runs `fixity verify` as a user does. */
export function runVerify(...words: readonly string[]): Promise<{ code: number; out: string }> {
  const program = join(import.meta.dirname, '..', '..', 'bin', 'fixity');
  return new Promise((resolve) => {
    execFile(program, ['verify', ...words], (error, out) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out }),
    );
  });
}
