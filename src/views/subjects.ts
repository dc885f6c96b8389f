import type { Recorded } from '#ledger';
import type { Fold } from './fold.ts';
import type { ViewReader } from './reader.ts';

/**
 * The fold under all others: where each version of each subject stands on the ledger. (subject, version) is the key
 * of truth: a second claim of the same version fails here as it does on the ledger.
 */
export const subjectsFold: Fold = {
  room: 'views',
  version: 1,
  tables: [
    `CREATE TABLE views_subjects (subject TEXT NOT NULL, version INTEGER NOT NULL, ledger_index INTEGER NOT NULL,
     PRIMARY KEY (subject, version)) STRICT, WITHOUT ROWID`,
  ],
  on: [],
  every({ index, entry }: Recorded, views) {
    views.run(
      'INSERT INTO views_subjects (subject, version, ledger_index) VALUES (?, ?, ?)',
      entry.subject,
      Number(entry.subjectversion),
      index,
    );
  },
};

/** How many entries a subject has, as far as the first `size` entries tell; 0 when there is none. */
export function subjectVersion(views: ViewReader, subject: string, size?: number): number {
  const row =
    size === undefined
      ? views.get<{ version: number | null }>(
          'SELECT max(version) AS version FROM views_subjects WHERE subject = ?',
          subject,
        )
      : views.get<{ version: number }>(
          `SELECT version FROM views_subjects WHERE subject = ? AND ledger_index < ?
           ORDER BY version DESC LIMIT 1`,
          subject,
          size,
        );
  return row?.version ?? 0;
}

/** The ledger index of one version of a subject; undefined when there is no such version. */
export function indexOfVersion(views: ViewReader, subject: string, version: number): number | undefined {
  return views.get<{ ledger_index: number }>(
    'SELECT ledger_index FROM views_subjects WHERE subject = ? AND version = ?',
    subject,
    version,
  )?.ledger_index;
}
