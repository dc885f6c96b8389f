import type { ServiceDifference } from '#contract';
import type { Digest } from '#kernel';
import { configKeys, readConfig } from '#releases';
import type { Store } from '#store';
import { hunksOf, textOf } from './hunks.ts';
import { keyDifferences } from './keys.ts';

type Config = NonNullable<ServiceDifference['config']>;

/** Bytes of the largest configuration that is compared. */
const maximumConfig = 4 * 1024 * 1024;

interface Document {
  readonly bytes: Uint8Array;
  readonly keys: ReadonlyMap<string, string> | undefined;
}

/**
 * What differs between two configurations: by key when both can be parsed, else line by line.
 * @throws FixityError `not-found` when one is not in the store, `too-large`, `tampered`.
 */
export async function configDifference(
  store: Store,
  before: Digest | undefined,
  after: Digest | undefined,
): Promise<Config | undefined> {
  if (before === after) return undefined;
  const [was, is] = [await readDocument(store, before), await readDocument(store, after)];
  const keys = was.keys === undefined || is.keys === undefined ? [] : keyDifferences(was.keys, is.keys);
  const [old, fresh] = [textOf(was.bytes), textOf(is.bytes)];
  // The same keys may be written in another way, and then the lines are what differs.
  const hunks = keys.length > 0 || old === undefined || fresh === undefined ? [] : (hunksOf(old, fresh) ?? []);
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }), keys, hunks };
}

async function readDocument(store: Store, digest: Digest | undefined): Promise<Document> {
  if (digest === undefined) return { bytes: new Uint8Array(0), keys: new Map() };
  const { document, mediaType } = await readConfig(store, digest);
  const bytes = await store.read(document.digest, maximumConfig);
  return { bytes, keys: configKeys(bytes, mediaType) };
}
