import { FixityError } from '#kernel';
import type { PlaceableNode } from './present.ts';

/** A release as a plan needs to know it. */
export interface PlannableRelease {
  readonly release: `sha256:${string}`;
  readonly service: string;
  readonly number?: number;
  /** Artifact manifest that instances run. */
  readonly build: `sha256:${string}`;
  readonly kind: 'tree' | 'image';
  /** What it runs on; empty when it runs anywhere. */
  readonly platforms: readonly { readonly os: string; readonly architecture: string }[];
  readonly deadlineMs: number;
  /** Names of volumes, whose data no rollback brings back. */
  readonly volumes: readonly string[];
}

const platformName = ({ os, architecture }: PlaceableNode['platform']): string => `${os}/${architecture}`;

/**
 * Spreads instances over nodes: each goes to the watched node that fits and runs the fewest, in order of name among
 * equals. @throws FixityError `unsupported` (container images), `no-node`, `platform-mismatch`.
 */
export class Placement {
  readonly #nodes: readonly PlaceableNode[];
  readonly #loads: Map<string, number>;

  constructor(nodes: readonly PlaceableNode[]) {
    this.#nodes = nodes;
    this.#loads = new Map(nodes.map(({ node, load }) => [node, load]));
  }

  place(release: PlannableRelease, allowed: readonly string[]): string {
    const fitting = this.#fitting(release, allowed);
    const chosen = fitting.toSorted((a, b) => this.#load(a) - this.#load(b) || (a.node < b.node ? -1 : 1))[0];
    if (chosen === undefined) throw new FixityError('no-node', `no node can run ${release.service}`);
    this.#loads.set(chosen.node, this.#load(chosen) + 1);
    return chosen.node;
  }

  #load({ node }: PlaceableNode): number {
    return this.#loads.get(node) ?? 0;
  }

  #fitting(release: PlannableRelease, allowed: readonly string[]): PlaceableNode[] {
    const { service, kind, platforms } = release;
    if (kind === 'image') {
      throw new FixityError(
        'unsupported',
        `${service} is a container image, and no node can run container images yet`,
        {
          next: ['freeze its files as a directory: fixity freeze ./dist --as ...'],
        },
      );
    }
    const permitted = this.#nodes.filter(({ node }) => allowed.length === 0 || allowed.includes(node));
    const able = permitted.filter(({ watched, runtimes }) => watched && runtimes.includes('process'));
    if (able.length === 0) throw noNode(service, this.#nodes, allowed);
    const fitting = able.filter(
      ({ platform }) => platforms.length === 0 || platforms.some((one) => platformName(one) === platformName(platform)),
    );
    if (fitting.length > 0) return fitting;
    throw new FixityError(
      'platform-mismatch',
      `no node can run ${service}: its build is for ${platforms.map(platformName).join(', ')}`,
      {
        facts: able.map(({ node, platform }) => `${node} is ${platformName(platform)}`),
        next: ['freeze a build for the platform of a node', 'or enrol a node of that platform'],
      },
    );
  }
}

function noNode(service: string, nodes: readonly PlaceableNode[], allowed: readonly string[]): FixityError {
  const facts = nodes.map(({ node, watched, runtimes }) => {
    if (allowed.length > 0 && !allowed.includes(node)) return `${node} is not among the nodes it is placed on`;
    if (!watched) return `${node} is silent`;
    return `${node} runs ${runtimes.join(', ') || 'nothing'}`;
  });
  return new FixityError('no-node', `no node can take instances of ${service}`, {
    facts: facts.length === 0 ? ['no node is enrolled'] : facts.slice(0, 20),
    next: ['start one: fixity node-agent --server URL --token TOKEN', 'fixity node list'],
  });
}
