export { mayRead } from './api/credentials.ts';
export type { Caller, Handler, Handlers, Input } from './api/handlers.ts';
export { type ApiOptions, createApi } from './api/index.ts';
export { openApiDocument } from './api/openapi.ts';
export { createLedgerHandler, type LedgerHandlerOptions } from './ledger/index.ts';
export { createOciHandler } from './oci/handler.ts';
export type { OciOptions } from './oci/options.ts';
export { type HttpServer, type HttpServerOptions, startHttpServer } from './server.ts';
export { httpStatus } from './status.ts';
