/** A value as a view's row holds it. */
export type Column = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, Column>>;

/** Reads the views as of the last commit (or, inside a decision, including every earlier command of the group). */
export interface ViewReader {
  get<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R | undefined;
  all<R extends object = Row>(sql: string, ...parameters: readonly Column[]): R[];
}

/** What a fold writes through. */
export interface ViewWriter extends ViewReader {
  run(sql: string, ...parameters: readonly Column[]): void;
}
