import type { RevisionDocument, RevisionService } from '#contract';
import { canonicalJson, type Digest } from '#kernel';

/** The version of the maker of revision documents: raised when what it puts into one changes. */
export const revisionMaker = '1';

/** What no revision of this version brings back. */
export const notReproduced = ['data that services keep in their volumes', 'systems outside this environment'] as const;

/** What one service should become; the contract's `shipment`. */
export interface Shipment {
  readonly service: string;
  readonly release: Digest;
  readonly replicas: { readonly minimum: number; readonly maximum: number };
  readonly hosts: readonly string[];
  readonly placement: readonly string[];
  readonly values: Readonly<Record<string, string>>;
}

/**
 * The document after shipments and removals: each shipped service gets one track with all the traffic, the others stay
 * as they are. Services stand in order of name, hosts and placement in order and once, so that the same content has the
 * same bytes. Removing what is not there changes nothing.
 */
export function withShipments(
  environment: string,
  base: RevisionDocument | undefined,
  shipments: readonly Shipment[],
  removals: readonly string[] = [],
): RevisionDocument {
  const services = new Map((base?.services ?? []).map((one) => [one.service, one]));
  for (const service of removals) services.delete(service);
  for (const { service, release, replicas, hosts, placement, values } of shipments) {
    services.set(service, {
      service,
      tracks: [{ release, replicas: { ...replicas }, weight: 100 }],
      hosts: [...hosts],
      placement: [...placement],
      values: { ...values },
    });
  }
  return normalRevision({
    environment,
    services: [...services.values()],
    ...(base?.rules === undefined ? {} : { rules: base.rules }),
    fixity: revisionMaker,
    notReproduced: [...notReproduced],
  });
}

/** The one way to write a revision: order of services, hosts and placement says nothing and is taken away. */
export function normalRevision(document: RevisionDocument): RevisionDocument {
  return {
    ...document,
    services: document.services
      .map((one) => ({ ...one, hosts: sortedOnce(one.hosts), placement: sortedOnce(one.placement) }))
      .sort((a, b) => (a.service < b.service ? -1 : 1)),
  };
}

function sortedOnce(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

/** A service of a revision; undefined when the revision does not hold it. */
export function serviceOf(document: RevisionDocument | undefined, service: string): RevisionService | undefined {
  return document?.services.find((one) => one.service === service);
}

/** A service that stands differently in two revisions; without `before` it came, without `after` it went. */
export interface RevisionDifference {
  readonly service: string;
  readonly before?: RevisionService;
  readonly after?: RevisionService;
}

/** The services that differ between two revisions, in order of name. */
export function diffRevisions(
  before: RevisionDocument | undefined,
  after: RevisionDocument | undefined,
): RevisionDifference[] {
  const names = new Set([...(before?.services ?? []), ...(after?.services ?? [])].map(({ service }) => service));
  return sortedOnce([...names]).flatMap((service) => {
    const [was, is] = [serviceOf(before, service), serviceOf(after, service)];
    if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return [];
    return [{ service, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

/** Every release a document names, once, in the order of the services. */
export function releasesIn(document: RevisionDocument): Digest[] {
  const digests = document.services.flatMap(({ tracks }) => tracks.map(({ release }) => release));
  return [...new Set(digests)];
}
