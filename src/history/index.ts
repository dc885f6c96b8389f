export { catalogue } from './catalogue.ts';
export type { HistoryPorts } from './ports.ts';
export { HistoryRoutes } from './routes.ts';
export { historyFold } from './view.ts';
