import type { z } from 'zod';
import type { enrolmentToken, issuedToken, tokenRequest, tokenSummary, whoAmI } from '#contract';
import { type Clock, toInstant } from '#kernel';
import type { ViewReader } from '#views';
import type { CommandMeta } from '#writer';
import type { Identity } from './identity.ts';
import { type Actor, demand } from './roles.ts';
import { allTokens } from './view.ts';

/** What the API's identity routes do. Each refuses with `forbidden` who may not. */
export class IdentityRoutes {
  readonly #identity: Identity;
  readonly #views: ViewReader;
  readonly #clock: Clock;

  constructor({ identity, views, clock }: { identity: Identity; views: ViewReader; clock: Clock }) {
    this.#identity = identity;
    this.#views = views;
    this.#clock = clock;
  }

  whoAmI(actor: Actor): z.output<typeof whoAmI> {
    const { id, role } = demand(actor, 'read');
    const name = this.#identity.directory.nameOf(id);
    return { actor: id, role, ...(name === undefined ? {} : { name }) };
  }

  /** The secret is in this answer and nowhere else. */
  async issueToken(
    input: z.output<typeof tokenRequest>,
    actor: Actor,
    repeat: Omit<CommandMeta, 'actor'> = {},
  ): Promise<z.output<typeof issuedToken>> {
    const by = demand(actor, 'administer').id;
    const { name, role, expiresInSeconds } = input;
    const limit =
      expiresInSeconds === undefined ? {} : { expires: toInstant(this.#clock.now() + expiresInSeconds * 1_000) };
    const { id, secret } = await this.#identity.issue({ name, role, ...limit }, by, repeat);
    return { id, token: secret, role, ...limit };
  }

  async revokeToken({ id }: { id: string }, actor: Actor): Promise<void> {
    await this.#identity.revoke(id, demand(actor, 'administer').id);
  }

  listTokens(actor: Actor): z.output<typeof tokenSummary>[] {
    demand(actor, 'administer');
    return allTokens(this.#views).map(({ id, actor, role, issued, issuedBy, expires, revoked }) => {
      const name = this.#identity.directory.nameOf(actor);
      return {
        id,
        role,
        issued,
        issuedBy,
        ...(name === undefined ? {} : { name }),
        ...(expires === null ? {} : { expires }),
        ...(revoked === null ? {} : { revoked }),
      };
    });
  }

  async eraseName({ actor: named }: { actor: string }, actor: Actor): Promise<void> {
    await this.#identity.eraseName(named, demand(actor, 'administer').id);
  }

  createEnrolment(actor: Actor): z.output<typeof enrolmentToken> {
    demand(actor, 'administer');
    return this.#identity.enrolments.create();
  }
}

/**
 * Uses an enrolment token up and issues the node its own token. Whoever knows the enrolment token is let in: there is
 * no actor yet. @throws FixityError `unauthenticated`.
 */
export async function enrolNode(
  identity: Identity,
  { token, node }: { token: string; node: string },
): Promise<{ readonly node: string; readonly token: string }> {
  identity.enrolments.take(token);
  const { secret } = await identity.issue({ role: 'node', actor: `node:${node}` }, `node:${node}`);
  return { node, token: secret };
}
