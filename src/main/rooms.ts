import { environmentCommands, environmentEntries, environmentsFold } from '#environments';
import { fleetCommands, fleetEntries, fleetFold } from '#fleet';
import { historyFold } from '#history';
import { eraseName, identityFold, issueToken, nameErased, revokeToken, tokenIssued, tokenRevoked } from '#identity';
import { EntryCatalogue, type EntryDefinition } from '#ledger';
import { registryCommands, registryEntries, registryFold } from '#registry';
import { releaseCommands, releaseEntries, releasesFold } from '#releases';
import { rolloutCommands, rolloutEntries, rolloutsFold } from '#rollouts';
import type { Fold } from '#views';
import type { CommandDefinition } from '#writer';

/** Every type of entry that any room records, in the order of the rooms. */
export const definitions = [
  tokenIssued,
  tokenRevoked,
  nameErased,
  ...registryEntries,
  ...releaseEntries,
  ...environmentEntries,
  ...fleetEntries,
  ...rolloutEntries,
] as unknown as readonly EntryDefinition<never>[];

export const catalogue = new EntryCatalogue(definitions);

/** Every room's fold, in the order of the rooms: a fold may read the tables of those before it. */
export const folds: readonly Fold[] = [
  identityFold,
  registryFold,
  releasesFold,
  environmentsFold,
  fleetFold,
  rolloutsFold,
  historyFold(catalogue),
];

/** Every command the writer takes. */
export const commands = [
  issueToken,
  revokeToken,
  eraseName,
  ...registryCommands,
  ...releaseCommands,
  ...environmentCommands,
  ...fleetCommands,
  ...rolloutCommands,
] as unknown as readonly CommandDefinition[];
