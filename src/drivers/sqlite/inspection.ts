import type { CommandRow, LedgerInspection, LedgerRow, ViewInspection } from '#audit';
import type { Head } from '#ledger';
import { commandChecksum, tileLevelSize } from './ledger.ts';
import { Snapshot } from './snapshot.ts';

interface StoredCommand {
  readonly key: string;
  readonly request: string;
  readonly answer: string;
  readonly firstIndex: number;
  readonly count: number;
  readonly checksum: string;
}

/** Opens `ledger.db` to be verified. @throws FixityError `tampered`, `storage-failed`. */
export function inspectLedger(path: string): LedgerInspection {
  const snapshot = new Snapshot(path, 'the ledger');
  return {
    head: () => snapshot.get<Head>('SELECT size, root, checkpoint, recordedtime FROM head'),
    rows: (from, to) =>
      snapshot.all<LedgerRow>(
        `SELECT position, recordedtime, subject, version, leaf FROM leaf
         WHERE position >= ? AND position < ? ORDER BY position`,
        from,
        to,
      ),
    end: () => (snapshot.get<{ last: number | null }>('SELECT max(position) AS last FROM leaf')?.last ?? -1) + 1,
    tile: (level, index) =>
      snapshot.get<{ hashes: Uint8Array }>('SELECT hashes FROM tile WHERE place = ?', level * tileLevelSize + index)
        ?.hashes,
    *places() {
      for (const { place } of snapshot.iterate<{ place: number }>('SELECT place FROM tile ORDER BY place')) {
        yield { level: Math.floor(place / tileLevelSize), index: place % tileLevelSize };
      }
    },
    *commands(): Generator<CommandRow> {
      const sql = 'SELECT key, request, answer, first_position AS firstIndex, count, checksum FROM command';
      for (const row of snapshot.iterate<StoredCommand>(sql)) {
        const { key, firstIndex, count } = row;
        yield { key, firstIndex, count, intact: commandChecksum(row) === row.checksum };
      }
    },
    faults: () => snapshot.faults(),
    close: () => snapshot.close(),
  };
}

/** Opens `views.db` to be verified. @throws FixityError `tampered`, `storage-failed`. */
export function inspectViews(path: string): ViewInspection {
  return new Snapshot(path, 'the views');
}

/** What is wrong with the structure of any other database of ours. @throws FixityError `tampered`, `storage-failed`. */
export function inspectStructure(path: string): readonly string[] {
  const snapshot = new Snapshot(path, path);
  try {
    return snapshot.faults();
  } finally {
    snapshot.close();
  }
}
