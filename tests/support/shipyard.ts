import assert from 'node:assert/strict';
import { ProofRoutes } from '#audit';
import { releaseRequest } from '#contract';
import { FleetRoutes } from '#fleet';
import { HistoryRoutes } from '#history';
import { type Digest, digestOf } from '#kernel';
import { LedgerReader } from '#ledger';
import { type Artifact, buildArtifact, configArtifact } from '#oci';
import { freezeManifest } from '#registry';
import { makeRelease } from '#releases';
import { RolloutController, RolloutRoutes, rolloutById } from '#rollouts';
import { verifierKey } from '#signing';
import { encodeTree, type FileEntry, packTree } from '#trees';
import type { ViewSource } from '#views';
import { type Domain, openDomain } from './domain.ts';
import { SimulatedNode } from './simulated-node.ts';

/** A release of files, with what belongs to it. */
export interface Sample {
  readonly service: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** The configuration, with its file name. */
  readonly config?: { readonly name: string; readonly text: string; readonly mediaType: string };
  readonly command?: readonly string[];
  readonly commit?: string;
  readonly tag?: string;
}

/** A server's rooms with one simulated node, to ship to and to ask about afterwards. */
export async function openShipyard() {
  const domain: Domain = await openDomain();
  const { views, store, catalogue, clock, identity, ports, storage } = domain;
  const fleet = new FleetRoutes(ports);
  const rollouts = new RolloutRoutes(ports);
  const controller = new RolloutController(ports);
  const node = new SimulatedNode(domain, fleet, 'web-1');
  const ledger = new LedgerReader(storage);
  const history = new HistoryRoutes({
    views: { ...views, snapshot: (read) => read(views) },
    ledger,
    store,
    catalogue,
    clock,
    nameOf: (actor) => identity.directory.nameOf(actor),
    seenNow: (name) => fleet.seen(name),
  });
  const source: Pick<ViewSource, 'get' | 'all' | 'snapshot'> = { ...views, snapshot: (read) => read(views) };
  const proofs = new ProofRoutes({ views: source, ledger, store, history, writer: domain.writer });
  await node.enrol();
  await node.report();

  /** One second in which node and controller each do their part. */
  async function turn(): Promise<void> {
    await controller.tick();
    await node.apply();
    clock.time += 1_000;
    await node.report();
    await controller.tick();
  }

  /** Turns until the rollout is over; answers with its end. */
  async function finish(rollout: string): Promise<string> {
    for (let turns = 0; turns < 500; turns += 1) {
      const found = rolloutById(views, rollout);
      assert.ok(found !== undefined);
      if (found.endedAt !== undefined) return found.state;
      await turn();
    }
    return assert.fail(`rollout ${rollout} does not end`);
  }

  /** Plans a rollout of one service. */
  async function begin(service: string, release: Digest, replicas = 2, values: Record<string, string> = {}) {
    const shipment = {
      service,
      release,
      replicas: { minimum: replicas, maximum: replicas },
      hosts: [`${service}.prod.localhost`],
      placement: [],
      values,
    };
    const request = { environment: 'prod', services: [shipment], remove: [], dryRun: false };
    const { rollout } = await rollouts.rollOut(request, domain.admin);
    assert.ok(rollout !== undefined);
    return rollout;
  }

  async function freeze(repository: string, { manifest, blobs }: Artifact, tags: string[] = []): Promise<Digest> {
    for (const { bytes } of [...blobs, manifest]) await store.put(bytes);
    await domain.writer.submit(
      freezeManifest,
      { repository, tags, ...manifest.descriptor },
      { actor: domain.admin.id },
    );
    return manifest.descriptor.digest;
  }

  /** Freezes files and a configuration and releases them, as `fixity ship` does. */
  async function release({ service, files, config, command = ['./run'], commit, tag }: Sample): Promise<Digest> {
    const contents = new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));
    const entries = [...contents].map(([path, bytes]): FileEntry => {
      const common = { mode: 0o644, uid: 0, gid: 0, xattrs: [] };
      return { type: 'file', path: Buffer.from(path), ...common, size: bytes.length, digest: digestOf(bytes) };
    });
    const layer = await store.put(packTree(entries, (entry) => one(contents.get(Buffer.from(entry.path).toString()))));
    const build = await freeze(
      service,
      buildArtifact({ tree: encodeTree(entries), layer }),
      tag === undefined ? [] : [tag],
    );
    const frozen =
      config === undefined
        ? undefined
        : await freeze(
            `${service}-config`,
            configArtifact({
              bytes: Buffer.from(config.text),
              mediaType: config.mediaType,
              fileName: config.name,
            }),
          );
    const request = releaseRequest.parse({
      service,
      build,
      ...(frozen === undefined ? {} : { config: frozen }),
      run: { command },
      ...(commit === undefined ? {} : { source: { commit, dirty: false } }),
    });
    return (await makeRelease(domain.ports, request, { actor: domain.admin.id })).digest;
  }

  return {
    domain,
    release,
    fleet,
    rollouts,
    controller,
    node,
    ledger,
    history,
    proofs,
    key: verifierKey(domain.key),
    turn,
    finish,
    begin,
    /** Ships a service and waits until it is live. */
    async ship(service: string, release: Digest, replicas = 2, values: Record<string, string> = {}): Promise<void> {
      assert.equal(await finish(await begin(service, release, replicas, values)), 'done');
    },
    close: () => domain.close(),
  };
}
async function* one(bytes: Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (bytes !== undefined) yield bytes;
}

export type Shipyard = Awaited<ReturnType<typeof openShipyard>>;
