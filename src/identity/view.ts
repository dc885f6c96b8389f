import type { Role } from '#contract';
import type { Instant } from '#kernel';
import { type Fold, on, type ViewReader } from '#views';
import { nameErased, tokenIssued, tokenRevoked } from './entries.ts';

/** A token as the ledger tells it. */
export interface TokenRow {
  readonly id: string;
  readonly actor: string;
  readonly role: Role;
  readonly issued: Instant;
  readonly issuedBy: string;
  readonly expires: Instant | null;
  readonly revoked: Instant | null;
}

export const identityFold: Fold = {
  room: 'identity',
  version: 1,
  tables: [
    `CREATE TABLE identity_tokens (id TEXT PRIMARY KEY, actor TEXT NOT NULL, role TEXT NOT NULL, issued TEXT NOT NULL,
     issued_by TEXT NOT NULL, expires TEXT, revoked TEXT, from_index INTEGER NOT NULL, until_index INTEGER)
     STRICT, WITHOUT ROWID`,
    `CREATE TABLE identity_erased (subject TEXT PRIMARY KEY, from_index INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  ],
  on: [
    on(tokenIssued, ({ index, entry }, views) =>
      views.run(
        `INSERT INTO identity_tokens (id, actor, role, issued, issued_by, expires, revoked, from_index, until_index)
         VALUES (?, ?, ?, ?, ?, ?, NULL, ?, NULL)`,
        entry.subject.slice('token/'.length),
        entry.data.actor,
        entry.data.role,
        entry.time,
        entry.actor,
        entry.data.expires ?? null,
        index,
      ),
    ),
    on(tokenRevoked, ({ index, entry }, views) =>
      views.run(
        'UPDATE identity_tokens SET revoked = ?, until_index = ? WHERE id = ? AND revoked IS NULL',
        entry.time,
        index,
        entry.subject.slice('token/'.length),
      ),
    ),
    on(nameErased, ({ index, entry }, views) =>
      views.run(
        'INSERT INTO identity_erased (subject, from_index) VALUES (?, ?) ON CONFLICT DO NOTHING',
        entry.subject,
        index,
      ),
    ),
  ],
};

const select = 'SELECT id, actor, role, issued, issued_by AS issuedBy, expires, revoked FROM identity_tokens';

export function tokenOf(views: ViewReader, id: string): TokenRow | undefined {
  return views.get<TokenRow>(`${select} WHERE id = ?`, id);
}

/** All tokens ever issued, in order of issue. */
export function allTokens(views: ViewReader): TokenRow[] {
  return views.all<TokenRow>(`${select} ORDER BY from_index`);
}

export function nameIsErased(views: ViewReader, subject: string): boolean {
  return views.get('SELECT 1 FROM identity_erased WHERE subject = ?', subject) !== undefined;
}

export function erasedSubjects(views: ViewReader): string[] {
  return views.all<{ subject: string }>('SELECT subject FROM identity_erased').map((row) => row.subject);
}
