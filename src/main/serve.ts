import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { ProofRoutes } from '#audit';
import { openFilesystemStore } from '#drivers/filesystem';
import { type Lock, openKeep, openScratch, openSqliteLedgerReader, openViewReader } from '#drivers/sqlite';
import { FleetRoutes, WatchController } from '#fleet';
import { catalogue, HistoryRoutes } from '#history';
import { createApi, createLedgerHandler, createOciHandler, mayRead, startHttpServer } from '#http';
import { Identity, IdentityRoutes } from '#identity';
import { systemClock } from '#kernel';
import { LedgerReader } from '#ledger';
import { RolloutController, RolloutRoutes } from '#rollouts';
import { createLogger, createMetrics } from '#telemetry';
import { CommitFollower, type ThreadWriter } from '#writer';
import { announceEnrolment } from './enrolment-file.ts';
import { faultsFromEnvironment } from './faults.ts';
import { createHandlers } from './handlers.ts';
import type { ServerSettings } from './server-settings.ts';
import { writerFiles } from './writer-thread.ts';

const watchPaceMs = 1_000;
const stopGraceMs = 5_000;

/** Builds the rooms of a server around its writer and starts them; resolves when it answers. */
export async function startServer(settings: ServerSettings, writer: ThreadWriter, lock: Lock) {
  const { data } = settings;
  const clock = systemClock;
  const random = (size: number): Uint8Array => randomBytes(size);
  const logger = createLogger({ name: 'server' });
  const metrics = createMetrics({ process: true });
  const store = await openFilesystemStore({ folder: join(data, 'things') });
  const keep = openKeep(join(data, 'keep.db'));
  const scratch = openScratch(join(data, 'scratch.db'));
  const opened = await writer.ready;
  const files = writerFiles(data);
  const views = openViewReader(files.views);
  const ledger = new LedgerReader(openSqliteLedgerReader(files.ledger));
  const commits = new CommitFollower(writer, opened.size);
  const identity = new Identity(
    { keep, writer, views, clock, random },
    {
      ...(settings.token === undefined ? {} : { token: settings.token }),
      ...(settings.user === undefined ? {} : { user: settings.user }),
    },
  );
  const faults = faultsFromEnvironment(process.env);
  const ports = { writer, views, store, scratch, identity, commits, clock, random, logger, metrics, faults };
  const identityRoutes = new IdentityRoutes({ identity, views, clock });
  const fleet = new FleetRoutes(ports);
  const history = new HistoryRoutes({
    views,
    ledger,
    store,
    catalogue,
    clock,
    nameOf: (actor) => identity.directory.nameOf(actor),
    seenNow: (node) => fleet.seen(node),
  });
  const rollouts = new RolloutRoutes(ports);
  const handlers = createHandlers({
    writer,
    views,
    store,
    clock,
    identity: identityRoutes,
    fleet,
    rollouts,
    history,
    proofs: new ProofRoutes({ views, ledger, store, history, writer }),
  });
  const seconds = metrics.histogram({
    name: 'fixity_http_request_seconds',
    help: 'Time to answer API requests',
    labels: ['route', 'status'],
  });
  const api = await createApi({
    handlers,
    authenticate: (bearer) => identity.authenticate(bearer),
    version: settings.version,
    log: logger,
    answered: (route, status, took) => seconds.with({ route, status: String(status) }).observe(took),
  });
  metrics.gauge({
    name: 'fixity_ledger_entries',
    help: 'Entries on the ledger',
    collect: (gauge) => gauge.with({}).set(commits.size),
  });
  const reads = (what: 'ledger' | 'metrics') => (request: IncomingMessage) =>
    settings.open.has(what) || mayRead(request, identity);
  const server = await startHttpServer({
    host: settings.host,
    port: settings.port,
    ...(settings.tls === undefined ? {} : { tls: settings.tls }),
    api,
    oci: createOciHandler({ store, uploads: store.uploads, writer, views, identity, clock, log: logger }),
    ledger: createLedgerHandler({ reader: ledger, key: opened.key, mayRead: reads('ledger') }),
    metrics: async (request: IncomingMessage, response: ServerResponse) => {
      const allowed = reads('metrics')(request);
      response.writeHead(
        allowed ? 200 : 401,
        allowed ? { 'content-type': metrics.contentType } : { 'www-authenticate': 'Bearer realm="fixity"' },
      );
      response.end(allowed ? await metrics.render() : 'this needs a token, or fixity server --open metrics\n');
    },
    ready: () => [],
  });

  const stopping = new AbortController();
  const controller = new RolloutController(ports).run(stopping.signal);
  const watch = new WatchController(ports);
  const watching = setInterval(() => {
    watch.tick().catch((error: unknown) => logger.error('the watch could not look', { error }));
  }, watchPaceMs);
  announceEnrolment(data, identity.enrolments);
  return {
    origin: server.origin,
    key: opened.key,
    newToken: identity.newBootstrapToken,
    async stop(): Promise<void> {
      stopping.abort();
      clearInterval(watching);
      commits.close();
      await server.stop(stopGraceMs);
      await controller;
      await writer.close();
      views.close();
      keep.close();
      scratch.close();
      lock.release();
    },
  };
}
