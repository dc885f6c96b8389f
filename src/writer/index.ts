export {
  type CommandDefinition,
  type CommandMeta,
  type CommandResult,
  type Decision,
  type DecisionContext,
  defineCommand,
  type Writer,
} from './command.ts';
export { CommitFollower } from './commits.ts';
export { CommandLoop, type CommandLoopOptions, type CommitEvent } from './loop.ts';
export type { CommandRequest } from './request.ts';
export { serveWriter, type WriterPort } from './serve.ts';
export { createThreadWriter, type ThreadWriter, type WriterWorker } from './thread.ts';
export { toWire, type WriterReady } from './wire.ts';
