import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Actor, Identity } from '#identity';
import type { Clock } from '#kernel';
import type { Outlet, Store, Uploads } from '#store';
import type { Logger } from '#telemetry';
import type { ViewReader } from '#views';
import type { CommandMeta, Writer } from '#writer';

export interface OciOptions {
  readonly store: Store & Outlet;
  readonly uploads: Uploads;
  readonly writer: Writer;
  readonly views: ViewReader;
  readonly identity: Pick<Identity, 'authenticate' | 'mintRegistryToken' | 'openRegistryToken' | 'directory'>;
  /** `https://host:port` as clients reach this server; taken from each request's `Host` when absent. */
  readonly origin?: string;
  readonly clock: Clock;
  readonly log?: Logger;
}

/** One request on its way through an endpoint: its caller is known and allowed. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly actor: Actor;
  /** For commands: the actor and, when the caller gave one, the idempotency key. */
  readonly meta: CommandMeta;
}
