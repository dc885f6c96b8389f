import type { Row, ViewReader, ViewWriter } from './reader.ts';

/**
 * The port a database implements to hold views: one connection that writes, statements kept prepared by their text.
 * A method that fails for want of space or disk throws FixityError `storage-full` or `storage-failed`; the driver may
 * then have ended the transaction.
 */
export interface ViewDatabase extends ViewWriter {
  /** Runs one or more statements without results: schema, BEGIN, COMMIT, SAVEPOINT. */
  exec(sql: string): void;
  /** Rows one by one, so that a table of any size can be read; not to be left half-way. */
  iterate(sql: string): Iterable<Row>;
  /** True between BEGIN and the COMMIT, ROLLBACK or failure that ended it. */
  readonly inTransaction: boolean;
  close(): void;
}

/** A read-only connection to views that another thread writes. */
export interface ViewSource extends ViewReader {
  /** Everything read inside sees one state: that of one commit. Not to be nested; `read` must not be asynchronous. */
  snapshot<T>(read: (views: ViewReader) => T): T;
  close(): void;
}
