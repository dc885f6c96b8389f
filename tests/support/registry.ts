import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFilesystemStore } from '#drivers/filesystem';
import { openKeep, openViewReader } from '#drivers/sqlite';
import { Identity } from '#identity';
import { systemClock } from '#kernel';
import type { ViewSource } from '#views';
import type { Writer } from '#writer';
import { createOciHandler } from '../../src/http/oci/handler.ts';
import { startWriterThread } from '../../src/main/writer-thread.ts';

/** A registry as `fixity server` composes it: store, writer thread, views, identity, and the OCI endpoints. */
export interface TestRegistry {
  /** `127.0.0.1:<port>`, as container clients want it. */
  readonly host: string;
  readonly url: string;
  readonly folder: string;
  /** The bootstrap token: an admin's. */
  readonly token: string;
  readonly identity: Identity;
  readonly writer: Writer;
  readonly views: ViewSource;
  /** Calls the registry with the bootstrap token. */
  call(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** Starts a registry on a port of the system's choice, in a folder of its own that `close` takes away. */
export async function startRegistry(): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'fixity-registry-'));
  const writer = startWriterThread(folder, { origin: 'test.example/registry' });
  await writer.ready;
  const store = await openFilesystemStore({ folder: join(folder, 'things') });
  const keep = openKeep(join(folder, 'keep.db'));
  const views = openViewReader(join(folder, 'views.db'));
  const token = `fixity-test-${randomBytes(16).toString('hex')}`;
  const identity = new Identity({ keep, writer, views, clock: systemClock, random: randomBytes }, { token });
  const handler = createOciHandler({ store, uploads: store.uploads, writer, views, identity, clock: systemClock });
  const server = createServer({ requestTimeout: 0 }, (request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `http://${host}`;
  return {
    host,
    url,
    folder,
    token,
    identity,
    writer,
    views,
    call: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('Authorization', `Bearer ${token}`);
      return fetch(new URL(path, url), { ...init, headers });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await writer.close();
      views.close();
      keep.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
