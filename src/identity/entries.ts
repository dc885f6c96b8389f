import { z } from 'zod';
import { roles } from '#contract';
import { defineEntry } from '#ledger';

const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
const actorId = z.string().regex(/^[a-z]+:[A-Za-z0-9._-]{1,128}$/);

/** A token came into being, on `token/<id>`. Its secret and the name people gave it are not here. */
export const tokenIssued = defineEntry({
  type: 'dev.fixity.identity.token-issued.v1',
  data: z.strictObject({ actor: actorId, role: z.enum(roles), expires: instant.exactOptional() }),
  touches: ({ actor }) => (actor.startsWith('node:') ? [`node/${actor.slice(5)}`] : []),
  says: ({ role, actor, expires }, { subject }) =>
    `issued ${subject} to ${actor} as ${role}${expires === undefined ? '' : `, until ${expires}`}`,
});

/** A token is refused from here on, on `token/<id>`. */
export const tokenRevoked = defineEntry({
  type: 'dev.fixity.identity.token-revoked.v1',
  data: z.strictObject({}),
  touches: () => [],
  says: (_, { subject }) => `revoked ${subject}`,
});

/** The name behind a pseudonym was erased from the directory, on `user/<pseudonym>` or `token/<id>`. */
export const nameErased = defineEntry({
  type: 'dev.fixity.identity.name-erased.v1',
  data: z.strictObject({}),
  touches: () => [],
  says: (_, { subject }) => `erased the name of ${subject}`,
});
