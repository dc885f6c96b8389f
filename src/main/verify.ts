import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyDataFolder } from '#audit';
import type { VerifyFolder, VerifyReport } from '#cli';
import { inspectThings } from '#drivers/filesystem';
import { inspectLedger, inspectStructure, inspectViews, openViewDatabase } from '#drivers/sqlite';
import { catalogue } from '#history';
import { FixityError } from '#kernel';
import { readPrivateKey, readVerifier, type Verifier } from '#signing';
import { folds } from './rooms.ts';
import { writerFiles } from './writer-thread.ts';

/** Kept beside the truth: nothing signed says what they hold, so only their structure is checked. */
const beside = ['keep.db', 'scratch.db'];
const thingsFolder = 'things';

/**
 * `fixity verify` of a server's data folder, running, stopped or killed. Nothing in it is written.
 * @param key the log's verifier key; without one the folder's own is believed, and the report says so.
 * @throws FixityError `not-found` when this is no data folder; `invalid-input` for a key that is none.
 */
export const verifyFolder: VerifyFolder = async (folder, key, progress) => {
  const trusted = key === undefined ? undefined : readVerifier(key);
  requireDataFolder(folder);
  const first = await verifyOnce(folder, trusted, progress);
  if (first.report.problems.length === 0 || first.logs === logsOf(folder)) return first.report;
  // A server was started or stopped meanwhile, and what was read at rest may have moved under the reading.
  progress('a server was started or stopped meanwhile: once more');
  return (await verifyOnce(folder, trusted, progress)).report;
};

async function verifyOnce(folder: string, trusted: Verifier | undefined, progress: (text: string) => void) {
  const files = writerFiles(folder);
  const logs = logsOf(folder);
  const lines: string[] = [];
  const problems: string[] = [];
  const meet = <T>(name: string, work: () => T): T | undefined => attempt(name, work, problems);
  const own = meet('keys/log.key', () => ownKey(files.key));
  const verifier = trusted ?? own;
  if (trusted !== undefined && own !== undefined && own.hash !== trusted.hash) {
    problems.push(`keys/log.key: is ${own.name}+${own.hash}, not the key given`);
  }
  if (trusted === undefined && own !== undefined) {
    lines.push(
      `key: ${own.name}+${own.hash}, the folder's own; whoever holds it can rewrite the folder: give yours with --key`,
    );
  }
  const temporary = mkdtempSync(join(tmpdir(), 'fixity-verify-'));
  const closing: { close(): void }[] = [];
  const opened = <T extends { close(): void }>(one: T): T => {
    closing.push(one);
    return one;
  };
  try {
    const views = existsSync(files.views) ? meet('views.db', () => opened(inspectViews(files.views))) : undefined;
    const ledger = meet('ledger.db', () => opened(inspectLedger(present(files.ledger))));
    const report = await verifyDataFolder(
      {
        ledger,
        views,
        things: inspectThings(folder, thingsFolder),
        fresh: () => opened(openViewDatabase(join(temporary, 'views.db'))),
        folds,
        catalogue,
        verifier,
      },
      progress,
    );
    for (const name of beside.filter((file) => existsSync(join(folder, file)))) {
      const faults = meet(name, () => inspectStructure(join(folder, name))) ?? [];
      problems.push(...faults.map((fault) => `${name}: ${fault}`));
    }
    const all = [...problems, ...report.problems];
    return { report: { lines: [...report.lines, ...lines], problems: all } satisfies VerifyReport, logs };
  } finally {
    for (const one of closing) one.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

function requireDataFolder(folder: string): void {
  const { ledger, views, key } = writerFiles(folder);
  if ([ledger, views, key, join(folder, thingsFolder)].some((path) => existsSync(path))) return;
  throw new FixityError('not-found', `${folder} is not the data folder of a server`, {
    next: ['fixity verify --data DIR', 'fixity server --data DIR   makes one'],
  });
}

function ownKey(path: string): Verifier {
  const text = readKey(present(path));
  try {
    return readPrivateKey(text).verifier;
  } catch (cause) {
    throw new FixityError('tampered', 'does not hold a private key', { cause });
  }
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FixityError('storage-failed', `${path} cannot be read: ${(cause as Error).message}`, {
      next: ['run it as the user who runs the server'],
      cause,
    });
  }
}

function present(path: string): string {
  if (existsSync(path)) return path;
  throw new FixityError('tampered', 'missing');
}

/** Damage becomes a problem of the file; what only keeps it from being read is thrown on. */
function attempt<T>(name: string, work: () => T, problems: string[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FixityError) || error.code !== 'tampered') throw error;
    problems.push(`${name}: ${error.message}`);
    return undefined;
  }
}

/** Which databases have a log beside them: all while a server runs or after it was killed, none after it was stopped. */
function logsOf(folder: string): string {
  const { ledger, views } = writerFiles(folder);
  return [ledger, views].map((path) => existsSync(`${path}-wal`)).join();
}
