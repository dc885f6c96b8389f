import { type DestinationStream, destination as openDestination, type Logger as Pino, pino } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Facts beside the sentence; an `error` member is written with its type, message, code and stack. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** One sentence and its facts, written as one JSON line: `{level, time, name, message, ...facts}`. */
export interface Logger {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
  /** The same log with facts that every line carries. */
  child(facts: LogFacts): Logger;
}

export interface LoggerOptions {
  /** The program that speaks: `server`, `node-agent`, `proxy`. */
  readonly name: string;
  readonly level?: LogLevel;
  /** A file path (appended to), a stream, or standard error when absent. Standard output is kept for answers. */
  readonly destination?: string | DestinationStream;
}

/** Members that could carry a secret are never written, whoever passes them. */
const secretMembers = ['token', 'password', 'secret', 'authorization', 'cookie', 'key'];

/** A log of JSON lines, written synchronously so that the last line before a crash is there. */
export function createLogger(options: LoggerOptions): Logger {
  const { destination } = options;
  const stream =
    typeof destination === 'object'
      ? destination
      : openDestination({ dest: destination ?? 2, sync: true, mkdir: typeof destination === 'string' });
  const log = pino(
    {
      level: options.level ?? 'info',
      base: { name: options.name },
      messageKey: 'message',
      errorKey: 'error',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretMembers.flatMap((member) => [member, `*.${member}`]), censor: '(secret)' },
    },
    stream,
  );
  return wrap(log);
}

function wrap(log: Pino): Logger {
  return {
    debug: (message, facts) => log.debug(facts ?? {}, message),
    info: (message, facts) => log.info(facts ?? {}, message),
    warn: (message, facts) => log.warn(facts ?? {}, message),
    error: (message, facts) => log.error(facts ?? {}, message),
    child: (facts) => wrap(log.child(facts)),
  };
}
