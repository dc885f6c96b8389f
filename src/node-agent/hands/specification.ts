/** How an instance is run. The release carries it as JSON; the shape is the run specification of the contract. */
export interface RunSpecification {
  /** Program and arguments. A program with a slash is relative to the tree, else it is looked up on the PATH. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly PortSpecification[];
  /** Folders of the tree the instance may write to, relative to it; made when missing. */
  readonly writable: readonly string[];
  readonly volumes: readonly VolumeSpecification[];
  /** A user of the node, by name or number. Left out: a user of its own, where the node agent is root. */
  readonly user?: string | number | undefined;
  readonly limits: Limits;
  readonly health: HealthSpecification;
  readonly stop: StopSpecification;
}

export interface PortSpecification {
  readonly name: string;
  /** The number the program listens on in its own network; without it one is chosen and given as `{{port}}`. */
  readonly number?: number | undefined;
}

/** A folder that outlives the instance, shared by the instances of one service in one environment. */
export interface VolumeSpecification {
  readonly name: string;
  /** Where a link to it appears, relative to the tree. */
  readonly path: string;
}

export interface Limits {
  readonly memoryBytes?: number | undefined;
  readonly openFiles?: number | undefined;
  readonly processes?: number | undefined;
}

export interface HealthSpecification {
  readonly kind: 'http' | 'tcp' | 'none';
  /** Name of the port to ask; the first one when left out. */
  readonly port?: string | undefined;
  /** Path of the HTTP request; `/` when left out. */
  readonly path?: string | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** How long a new instance may take to become healthy. */
  readonly deadlineMs: number;
  /** How many checks in a row must succeed. */
  readonly successes: number;
}

export interface StopSpecification {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}
