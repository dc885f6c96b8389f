export { type Draft, defineEntry, draft, EntryCatalogue, type EntryDefinition, type Reference } from './definition.ts';
export {
  type Basis,
  bases,
  type Entry,
  entrySchema,
  leafBytes,
  maximumLeafBytes,
  parseLeaf,
  type Recorded,
} from './entry.ts';
export type {
  Batch,
  Head,
  LedgerReadStorage,
  LedgerStorage,
  RecordedCommand,
  StagedLeaf,
  Tile,
} from './storage.ts';
