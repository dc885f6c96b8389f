import { environmentCommands, environmentsFold } from '#environments';
import { fleetCommands, fleetFold } from '#fleet';
import { catalogue, historyFold } from '#history';
import { eraseName, identityFold, issueToken, revokeToken } from '#identity';
import { registryCommands, registryFold } from '#registry';
import { releaseCommands, releasesFold } from '#releases';
import { rolloutCommands, rolloutsFold } from '#rollouts';
import type { Fold } from '#views';
import type { CommandDefinition } from '#writer';

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
