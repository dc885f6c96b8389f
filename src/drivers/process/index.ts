export type { FaultPoint, ProcessRuntimeOptions } from './options.ts';
export { ProcessRuntime } from './runtime.ts';
