import type { CommandContext, StricliProcess } from '@stricli/core';
import type { Client } from '#client';

/** What a verification found: what was checked, in words, and every difference, the first wrong byte named. */
export interface VerifyReport {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

export type VerifyFolder = (
  folder: string,
  key: string | undefined,
  progress: (text: string) => void,
) => Promise<VerifyReport>;

/** What every command is given: the world it acts in, so that tests can hold it still. */
export interface Context extends CommandContext {
  readonly process: StricliProcess;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly now: () => number;
  /** Answers go to standard output, progress and problems to standard error. */
  readonly print: (text: string) => void;
  readonly progress: (text: string) => void;
  /** Leaves with this code although the command itself went well (4: found a difference). */
  readonly exitCode: (code: number) => void;
  /** Asks a yes-or-no question; undefined when nobody can answer. */
  readonly confirm: (question: string) => Promise<boolean | undefined>;
  /** Checks a server's data folder; given by the composition root, which knows the rooms and drivers. */
  readonly verifyFolder: VerifyFolder;
  /** The signed-in client. */
  readonly client: () => Client;
}
