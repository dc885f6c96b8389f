export { type AsOf, type FactRow, type Facts, facts } from './facts.ts';
export { type Fold, type Handler, on } from './fold.ts';
export type { Column, Row, ViewReader, ViewWriter } from './reader.ts';
