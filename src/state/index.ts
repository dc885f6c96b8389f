export { openKeyFile } from './key-file.ts';
export type { Keep, Scratch, Shelf } from './shelf.ts';
