export { Appender, type AppenderOptions, type Marker, openAppender } from './appender.ts';
export { decodeBundle, encodeBundle } from './bundle.ts';
export { type Checkpoint, formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
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
export { type OpenedHead, openHead } from './head.ts';
export {
  type ConsistencyProof,
  consistencyProofSchema,
  encodeHashes,
  type InclusionProof,
  inclusionProofSchema,
  type TrustedLog,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
export { LedgerReader } from './reader.ts';
export { openStatement, parseStatement, type StateStatement, signStatement } from './statement.ts';
export type {
  Batch,
  Head,
  LedgerReadStorage,
  LedgerStorage,
  RecordedCommand,
  StagedLeaf,
  Tile,
} from './storage.ts';
export { ledgerStorageSuite } from './suite.ts';
export { formatTilePath, parseTilePath, type TilePath } from './tile-path.ts';
