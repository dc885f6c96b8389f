import { environmentEntries } from '#environments';
import { fleetEntries } from '#fleet';
import { nameErased, tokenIssued, tokenRevoked } from '#identity';
import { EntryCatalogue, type EntryDefinition } from '#ledger';
import { registryEntries } from '#registry';
import { releaseEntries } from '#releases';
import { rolloutEntries } from '#rollouts';

/** Every type of entry that this version knows, in the order of the rooms that record them. */
export const catalogue = new EntryCatalogue([
  tokenIssued,
  tokenRevoked,
  nameErased,
  ...registryEntries,
  ...releaseEntries,
  ...environmentEntries,
  ...fleetEntries,
  ...rolloutEntries,
] as unknown as readonly EntryDefinition<never>[]);
