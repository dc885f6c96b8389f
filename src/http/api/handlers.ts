import type { z } from 'zod';
import type { Answer, RouteName, Routes } from '#contract';
import type { Actor } from '#identity';

/** What a route's function is given: the checked parts of the request. */
export interface Input<N extends RouteName> {
  readonly parameters: z.output<Routes[N]['parameters']>;
  readonly query: z.output<Routes[N]['query']>;
  readonly body: z.output<Routes[N]['body']>;
}

/** Who asks, and how a repeat is recognised (`Idempotency-Key`, `If-Match: "<subject>@<version>"`). */
export interface Caller {
  readonly actor: Actor;
  readonly commandId?: string;
  readonly ifMatch?: { readonly subject: string; readonly version: number };
  /** Fires when the caller has gone: long polls end then. */
  readonly signal: AbortSignal;
}

export type Handler<N extends RouteName> = (input: Input<N>, caller: Caller) => Answer<N> | Promise<Answer<N>>;

/** One function for every route of the contract: the compiler refuses a missing one. */
export type Handlers = { readonly [N in RouteName]: Handler<N> };
