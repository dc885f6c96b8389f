export type { ProxyState } from './control.ts';
export type { Tls } from './front.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { formatListen, type ListenAddress, parseListen } from './listening.ts';
export { type ProxySettings, readProxySettings } from './options.ts';
export { type Proxy, type ProxyOptions, startProxy } from './proxy.ts';
export { parseRouteTable, type RouteTable } from './route-table.ts';
