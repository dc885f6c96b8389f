import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { issueText, type ServiceFile, serviceFile } from '#contract';
import { FixityError } from '#kernel';

/** A service file as read, with the folder its paths are relative to. */
export interface LoadedServiceFile {
  readonly path: string;
  readonly folder: string;
  readonly service: ServiceFile;
}

/** @throws FixityError `invalid-input` that names the file, the line and what is wrong there. */
export function readServiceFile(path: string, cwd: string): LoadedServiceFile {
  const whole = resolve(cwd, path);
  const lines = new LineCounter();
  const document = parseDocument(readText(whole, path), { lineCounter: lines, maxAliasCount: 100 } as never);
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new FixityError('invalid-input', `${path} is not YAML: ${broken.message.split('\n')[0] ?? ''}`, {
      next: [`correct ${path}`, 'fixity schema   (prints the JSON Schema of this file)'],
      cause: broken,
    });
  }
  const result = serviceFile.safeParse(plain(document, path));
  if (result.success) return { path, folder: dirname(whole), service: result.data };
  const facts = result.error.issues.slice(0, 10).map((issue) => {
    const node = document.getIn(issue.path, true) as { range?: [number, number, number] } | undefined;
    const line = node?.range === undefined ? '' : `line ${lines.linePos(node.range[0]).line}, `;
    return `${line}${issueText({ path: issue.path.length === 0 ? ['the file'] : issue.path, message: issue.message })}`;
  });
  throw new FixityError('invalid-input', `${path} does not describe a service`, {
    facts,
    next: ['fixity schema   (prints the JSON Schema of this file)'],
  });
}

/** Aliases that grow beyond all measure are refused instead of filling the memory. */
function plain(document: { toJS(options: { maxAliasCount: number }): unknown }, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new FixityError('invalid-input', `${path} cannot be read: ${(cause as Error).message}`, {
      next: ['write out what its aliases stand for'],
      cause,
    });
  }
}

function readText(whole: string, path: string): string {
  try {
    return readFileSync(whole, 'utf8');
  } catch (cause) {
    throw new FixityError('not-found', `${path} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? ''}`, {
      next: ['fixity ship -f PATH/fixity.yaml'],
      cause,
    });
  }
}
