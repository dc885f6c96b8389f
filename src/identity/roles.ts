import type { Role, Action as RouteAction } from '#contract';
import { FixityError } from '#kernel';

/** What a route asks for before it does anything; `open` routes ask for nothing. */
export type Action = Exclude<RouteAction, 'open'>;

/** Who is asking, as entries name them, and what they may do. Never a personal name. */
export interface Actor {
  /** `user:7kq2m`, `token:9xw4k`, `node:web-07` or `system:rollouts`. */
  readonly id: string;
  readonly role: Role;
  /** Which token proved it. */
  readonly token: string;
}

const permissions: Readonly<Record<Role, Readonly<Record<Action, boolean>>>> = {
  admin: { read: true, push: true, ship: true, administer: true, 'act-as-node': false },
  deployer: { read: true, push: true, ship: true, administer: false, 'act-as-node': false },
  reader: { read: true, push: false, ship: false, administer: false, 'act-as-node': false },
  node: { read: true, push: false, ship: false, administer: false, 'act-as-node': true },
};

export function may(role: Role, action: Action): boolean {
  return permissions[role][action];
}

/**
 * Lets through an actor who may do it.
 * @throws FixityError `unauthenticated` when there is no actor, `forbidden` when the role does not include the action.
 */
export function demand(actor: Actor | undefined, action: Action): Actor {
  if (actor === undefined) {
    throw new FixityError('unauthenticated', 'this needs a token, and none that is valid was given', {
      next: ['fixity login', 'or send "Authorization: Bearer <token>"'],
    });
  }
  if (may(actor.role, action)) return actor;
  const able = Object.entries(permissions).flatMap(([role, allowed]) => (allowed[action] ? [role] : []));
  throw new FixityError('forbidden', `the role ${actor.role} may not ${action}`, {
    facts: [`asked by ${actor.id}`],
    next: [`use a token of the role ${able.join(' or ')}`],
  });
}
