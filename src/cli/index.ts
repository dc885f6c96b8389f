export type { VerifyFolder, VerifyReport } from './context.ts';
export { defaultServer, saveCredentials } from './credentials.ts';
export { describeFailure, exitCodeOf } from './failure.ts';
export { runCommandLine } from './run.ts';
export { serviceFileSchema } from './schema.ts';
