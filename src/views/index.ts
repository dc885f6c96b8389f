export { asOfIndex, asOfKnownAt, asOfNow, asOfTime } from './as-of.ts';
export { type Cursor, foldedSize, readCursor } from './cursor.ts';
export type { ViewDatabase, ViewSource } from './database.ts';
export { type AsOf, type FactRow, type Facts, facts } from './facts.ts';
export { type Fold, type Handler, on } from './fold.ts';
export { type CatchUp, ViewMachine, type ViewMachineOptions } from './machine.ts';
export type { Column, Row, ViewReader, ViewWriter } from './reader.ts';
export { foldedTables, rowDigest } from './row-digest.ts';
export { indexOfVersion, subjectVersion } from './subjects.ts';
