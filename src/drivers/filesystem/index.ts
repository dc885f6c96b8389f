export type { FileSystem } from './file-system.ts';
export { inspectThings } from './inspection.ts';
export { type FilesystemStore, type FilesystemStoreOptions, openFilesystemStore } from './store.ts';
