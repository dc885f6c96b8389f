export { platformAnnotation } from './build.ts';
export { type ReadCollection, readCollection, storeCollection } from './collection.ts';
export { type PreparedRelease, release, releaseCommands } from './commands.ts';
export { checkFrozenConfig, type FrozenConfig, readConfig } from './config.ts';
export { configKeys } from './config-keys.ts';
export { type ReadRelease, readRelease, readReleaseDocument, releaseRepository } from './documents.ts';
export { releaseEntries } from './entries.ts';
export { type PrepareOptions, prepareRelease } from './prepare.ts';
export { checkConfig, listReleases, makeRelease, oneRelease } from './routes.ts';
export {
  commitOf,
  type Release,
  type ReleaseSource,
  releaseByNumber,
  releaseOf,
  releasesFold,
  releasesOf,
  sourcesOf,
} from './view.ts';
