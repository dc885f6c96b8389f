export { openKeep, openScratch } from './keep.ts';
export { openViewDatabase, openViewReader } from './views.ts';
