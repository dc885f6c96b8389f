import { setImmediate } from 'node:timers/promises';
import type { ServiceDifference } from '#contract';
import type { Digest } from '#kernel';
import { artifactTypes, maximumManifest, mediaTypes, parseManifest } from '#oci';
import type { Store } from '#store';
import {
  decodeTree,
  diffTrees,
  type FileEntry,
  pickFiles,
  showPath,
  type TreeDifference,
  type TreeEntry,
} from '#trees';
import { hunksOf, longestText, textOf } from './hunks.ts';

type Build = NonNullable<ServiceDifference['build']>;

/** Listings above this are not compared file by file. */
const maximumListing = 64 * 1024 * 1024;

/** How many files are shown line by line. */
const maximumFiles = 50;

interface Tree {
  readonly entries: readonly TreeEntry[];
  /** The tar with the content of its files; absent when it is not as Fixity packs it. */
  readonly layer?: Digest;
}

/**
 * What differs between two builds, file by file when both are trees; an image differs as a whole.
 * @throws FixityError `not-found` when part of a build is not in the store, `tampered`.
 */
export async function buildDifference(
  store: Store,
  before: Digest | undefined,
  after: Digest | undefined,
): Promise<Build | undefined> {
  if (before === after) return undefined;
  const named = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  if (before === undefined || after === undefined) return { ...named, files: [] };
  const [was, is] = [await readTree(store, before), await readTree(store, after)];
  if (was === undefined || is === undefined) return { ...named, files: [] };
  const differences = diffTrees(was.entries, is.entries);
  const shown = differences.filter(isShowable).slice(0, maximumFiles);
  const old = await contents(
    store,
    was,
    shown.map(({ before }) => before),
  );
  const fresh = await contents(
    store,
    is,
    shown.map(({ after }) => after),
  );
  const files: Build['files'] = [];
  for (const difference of differences) {
    const { path, change } = difference;
    const hunks = shown.includes(difference) ? fileHunks(difference, old, fresh) : undefined;
    files.push({ path: showPath(path), change, ...(hunks === undefined ? {} : { hunks }) });
    // Comparing lines takes its time, and others wait for this thread.
    if (hunks !== undefined) await setImmediate();
  }
  return { ...named, files };
}

async function readTree(store: Store, digest: Digest): Promise<Tree | undefined> {
  const manifest = parseManifest(await store.read(digest, maximumManifest), undefined);
  const { config, layers } = manifest;
  if (manifest.artifactType !== artifactTypes.tree || config === undefined || config.size > maximumListing) {
    return undefined;
  }
  const entries = decodeTree(await store.read(config.digest, maximumListing));
  const [layer] = layers;
  return { entries, ...(layer?.mediaType === mediaTypes.layer ? { layer: layer.digest } : {}) };
}

/** Both sides are files of a size to be read, or one is and the other is not there. */
function isShowable({ before, after }: TreeDifference): boolean {
  const sides = [before, after].filter((entry) => entry !== undefined);
  return sides.every((entry) => entry.type === 'file' && entry.size <= longestText) && !sameContent(before, after);
}

function sameContent(before: TreeEntry | undefined, after: TreeEntry | undefined): boolean {
  return before?.type === 'file' && after?.type === 'file' && before.digest === after.digest;
}

async function contents(
  store: Store,
  { layer }: Tree,
  entries: readonly (TreeEntry | undefined)[],
): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const wanted = entries.filter((entry): entry is FileEntry => entry?.type === 'file');
  if (layer === undefined || wanted.length === 0) return new Map();
  return pickFiles(await store.open(layer), wanted);
}

function fileHunks(
  { before, after }: TreeDifference,
  old: ReadonlyMap<Digest, Uint8Array>,
  fresh: ReadonlyMap<Digest, Uint8Array>,
): string[] | undefined {
  const [was, is] = [sideText(before, old), sideText(after, fresh)];
  return was === undefined || is === undefined ? undefined : hunksOf(was, is);
}

function sideText(entry: TreeEntry | undefined, contents: ReadonlyMap<Digest, Uint8Array>): string | undefined {
  if (entry === undefined) return '';
  return entry.type === 'file' ? textOf(contents.get(entry.digest)) : undefined;
}
