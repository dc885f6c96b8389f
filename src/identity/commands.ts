import { z } from 'zod';
import { roles } from '#contract';
import { FixityError, parseSubject, type Subject, subject } from '#kernel';
import { draft } from '#ledger';
import { defineCommand } from '#writer';
import { nameErased, tokenIssued, tokenRevoked } from './entries.ts';
import { nameIsErased, tokenOf } from './view.ts';

const tokenId = z.string().regex(/^[a-z0-9]{3,32}$/);

/** Records that a token with this id exists. Whoever submits it keeps the hash of its secret. */
export const issueToken = defineCommand({
  name: 'identity.issue-token',
  input: z.strictObject({
    id: tokenId,
    actor: z.string(),
    role: z.enum(roles),
    expires: z.string().exactOptional(),
  }),
  decide: (_, { id, ...data }) => ({
    entries: [draft(tokenIssued, subject('token', id), data, { expect: 1 })],
    answer: { id },
  }),
});

/** Refuses a token from here on. Revoking a revoked one records nothing. */
export const revokeToken = defineCommand({
  name: 'identity.revoke-token',
  input: z.strictObject({ id: tokenId }),
  decide({ views }, { id }) {
    const token = tokenOf(views, id);
    if (token === undefined) {
      return {
        refusal: new FixityError('not-found', `there is no token ${id}`, { next: ['fixity token list'] }),
      };
    }
    const entries = token.revoked === null ? [draft(tokenRevoked, subject('token', id), {})] : [];
    return { entries, answer: { id } };
  },
});

/** Records that the name behind a pseudonym is erased. Erasing it twice records nothing. */
export const eraseName = defineCommand({
  name: 'identity.erase-name',
  input: z.strictObject({ subject: z.string() }),
  decide({ views }, { subject: named }) {
    const kind = parseSubject(named)?.kind;
    if (kind !== 'user' && kind !== 'token') {
      return {
        refusal: new FixityError('invalid-input', `${named} has no name in the directory`, {
          next: ['name a user or a token by its pseudonym, for example user:7kq2m'],
        }),
      };
    }
    const entries = nameIsErased(views, named) ? [] : [draft(nameErased, named as Subject, {})];
    return { entries, answer: { subject: named } };
  },
});
