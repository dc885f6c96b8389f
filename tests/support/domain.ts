import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFilesystemStore } from '#drivers/filesystem';
import { openKeep, openScratch, openSqliteLedger, openViewDatabase } from '#drivers/sqlite';
import { catalogue } from '#history';
import { Identity } from '#identity';
import { type Digest, digestOf } from '#kernel';
import { type Entry, openAppender, parseLeaf } from '#ledger';
import { buildArtifact } from '#oci';
import { freezeManifest } from '#registry';
import { prepareRelease, release } from '#releases';
import { generateKey } from '#signing';
import { createLogger, createMetrics } from '#telemetry';
import { ViewMachine } from '#views';
import { type CommandDefinition, CommandLoop, CommitFollower } from '#writer';
import { commands, folds } from '../../src/main/rooms.ts';

export { catalogue };

const origin = 'test.example/domain';
/** A clock that stands still until it is told. */
export class HeldClock {
  time: number;
  constructor(time = Date.parse('2026-11-22T01:00:00.000Z')) {
    this.time = time;
  }
  now = (): number => this.time;
}

/**
 * The domain rooms on the real writer loop, databases and store, in a folder of their own.
 * @param more commands of the test's own, beside those of the rooms.
 */
export async function openDomain(more: readonly CommandDefinition[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'fixity-domain-'));
  const clock = new HeldClock();
  const storage = openSqliteLedger(':memory:');
  const database = openViewDatabase(':memory:');
  const machine = new ViewMachine({ database, folds, origin });
  const key = generateKey(origin);
  const appender = await openAppender({ storage, key, origin });
  await machine.start(storage);
  const options = { storage, appender, views: machine, commands: [...commands, ...more], origin, clock };
  const writer = new CommandLoop({ ...options, random: randomBytes });
  const store = await openFilesystemStore({ folder: join(folder, 'things') });
  const keep = openKeep(join(folder, 'keep.db'));
  const scratch = openScratch(join(folder, 'scratch.db'));
  const views = machine.reader;
  const logger = createLogger({ name: 'test', level: 'silent' });
  const identity = new Identity({ keep, writer, views, clock, random: randomBytes }, { token: 'a'.repeat(40) });
  const commits = new CommitFollower(writer, 0);
  const ports = {
    writer,
    views,
    store,
    scratch,
    identity,
    commits,
    clock,
    random: randomBytes,
    logger,
    metrics: createMetrics(),
  };
  return {
    ...ports,
    ports,
    catalogue,
    storage,
    key,
    admin: identity.bootstrapActor,
    /** Every entry so far. */
    async entries(): Promise<Entry[]> {
      return (await storage.leaves(0, 100_000)).map(parseLeaf);
    },
    /** Row digests of the views as they grew, and folded anew. */
    async rowDigests(): Promise<{ grown: Digest; rebuilt: Digest }> {
      const fresh = openViewDatabase(':memory:');
      const rebuilt = new ViewMachine({ database: fresh, folds, origin });
      await rebuilt.start(storage);
      const digests = { grown: machine.rowDigest(), rebuilt: rebuilt.rowDigest() };
      fresh.close();
      return digests;
    },
    /** Freezes a build with this content and releases it. */
    async release(service: string, content: string, annotations: Record<string, string> = {}) {
      const tree = Buffer.from(`fixity-tree-v1\n${content}`);
      const layer = Buffer.from(content.padEnd(1024, '\0'));
      const stored = await store.put(layer);
      const { manifest, blobs } = buildArtifact({ tree, layer: stored, annotations });
      for (const { bytes } of [...blobs, manifest]) await store.put(bytes);
      const { digest, mediaType, size } = manifest.descriptor;
      const freeze = { repository: service, tags: [], digest, mediaType, size };
      await writer.submit(freezeManifest, freeze, { actor: 'user:test' });
      const run = { command: ['./run'], health: { deadlineMs: 5_000 } };
      const request = { service, build: digestOf(manifest.bytes), run: runOf(run) };
      const prepared = await prepareRelease({ store, views, clock }, request);
      return (await writer.submit(release, prepared, { actor: 'user:test' })).answer;
    },
    async close() {
      await writer.close();
      for (const one of [storage, database, keep, scratch]) one.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
export type Domain = Awaited<ReturnType<typeof openDomain>>;

import type { z } from 'zod';
import { runSpecification } from '#contract';

function runOf(run: z.input<typeof runSpecification>): z.output<typeof runSpecification> {
  return runSpecification.parse(run);
}
