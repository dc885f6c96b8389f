import { eraseName, identityFold, issueToken, nameErased, revokeToken, tokenIssued, tokenRevoked } from '#identity';
import type { EntryDefinition } from '#ledger';
import { registryCommands, registryEntries, registryFold } from '#registry';
import type { Fold } from '#views';
import type { CommandDefinition } from '#writer';

/** Every type of entry that any room records, in the order of the rooms. */
export const definitions = [
  tokenIssued,
  tokenRevoked,
  nameErased,
  ...registryEntries,
] as unknown as readonly EntryDefinition<never>[];

/** Every room's fold, in the order of the rooms: a fold may read the tables of those before it. */
export const folds: readonly Fold[] = [identityFold, registryFold];

/** Every command the writer takes. */
export const commands = [
  issueToken,
  revokeToken,
  eraseName,
  ...registryCommands,
] as unknown as readonly CommandDefinition[];
