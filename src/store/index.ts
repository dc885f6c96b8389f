export { type OpenedStore, storeContractSuite } from './contract.case.ts';
export type { Outlet } from './outlet.ts';
export type { Range, Source, Stat, Store } from './store.ts';
export type { Uploads } from './uploads.ts';
