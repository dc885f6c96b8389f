import { chmodSync, closeSync, openSync } from 'node:fs';
import { canonicalJson, type Json } from '#kernel';
import type { Keep, Scratch, Shelf } from '#state';
import { Statements } from './statements.ts';

const table = `CREATE TABLE IF NOT EXISTS shelf (namespace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (namespace, key)) STRICT, WITHOUT ROWID`;

/**
 * Opens `keep.db`, making it (0600) at first. `synchronous=FULL`; what is deleted is overwritten with zeros.
 * @throws FixityError `storage-failed` when it cannot be opened.
 */
export function openKeep(path: string): Keep {
  makePrivate(path);
  return Object.assign(openShelf(path, 'the keep', 'FULL'), { durability: 'keep' as const });
}

/** Opens `scratch.db`, or with `:memory:` a scratch that ends with the process. */
export function openScratch(path: string): Scratch {
  if (path !== ':memory:') makePrivate(path);
  return Object.assign(openShelf(path, 'the scratch', 'OFF'), { durability: 'scratch' as const });
}

/** SQLite gives its `-wal` and `-shm` files the permissions of the database. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function openShelf(path: string, what: string, synchronous: 'FULL' | 'OFF'): Shelf {
  const statements = new Statements(path, what);
  statements.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA secure_delete = ON; ${table}`,
  );
  return {
    get<T extends Json>(namespace: string, key: string) {
      const row = statements.get<{ value: string }>(
        'SELECT value FROM shelf WHERE namespace = ? AND key = ?',
        namespace,
        key,
      );
      return row === undefined ? undefined : (JSON.parse(row.value) as T);
    },
    set(namespace, key, value) {
      statements.run(
        'INSERT OR REPLACE INTO shelf (namespace, key, value) VALUES (?, ?, ?)',
        namespace,
        key,
        canonicalJson(value),
      );
    },
    delete: (namespace, key) => statements.run('DELETE FROM shelf WHERE namespace = ? AND key = ?', namespace, key) > 0,
    list: <T extends Json>(namespace: string, prefix = '') =>
      statements
        .all<{ key: string; value: string }>(
          'SELECT key, value FROM shelf WHERE namespace = ? AND key >= ? AND key < ? ORDER BY key',
          namespace,
          prefix,
          `${prefix}\u{10ffff}`,
        )
        .map(({ key, value }) => ({ key, value: JSON.parse(value) as T })),
    compareAndSet(namespace, key, expected, value) {
      if (expected === undefined) {
        if (value === undefined) return this.get(namespace, key) === undefined;
        return (
          statements.run(
            'INSERT INTO shelf (namespace, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
            namespace,
            key,
            canonicalJson(value),
          ) > 0
        );
      }
      const was = canonicalJson(expected);
      const changes =
        value === undefined
          ? statements.run('DELETE FROM shelf WHERE namespace = ? AND key = ? AND value = ?', namespace, key, was)
          : statements.run(
              'UPDATE shelf SET value = ? WHERE namespace = ? AND key = ? AND value = ?',
              canonicalJson(value),
              namespace,
              key,
              was,
            );
      return changes > 0;
    },
    close: () => statements.close(),
  };
}
