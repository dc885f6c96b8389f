export { mayRead } from './api/credentials.ts';
export { type ApiOptions, createApi } from './api/index.ts';
export type { Caller, Handler, Handlers, Input } from './api/handlers.ts';
export { createOciHandler } from './oci/handler.ts';
export type { OciOptions } from './oci/options.ts';
export { createLedgerHandler, type LedgerHandlerOptions } from './ledger/index.ts';
export { type HttpServer, type HttpServerOptions, startHttpServer } from './server.ts';
