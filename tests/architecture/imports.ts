import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One import of a source file, as the rules of the house see it. */
export interface Import {
  readonly file: string;
  /** The room the file is in: `ledger`, `drivers/sqlite`, `main`. */
  readonly room: string;
  readonly specifier: string;
  /** Test and case files may use more than the product. */
  readonly test: boolean;
}

/** `src/drivers/sqlite/x.ts` is in the room `drivers/sqlite`. */
export function roomOf(file: string): string {
  const [, first = '', second = ''] = file.split('/');
  return first === 'drivers' ? `drivers/${second}` : first;
}

const statements =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every import of every TypeScript file under `src`. */
export function readImports(): Import[] {
  return globSync('src/**/*.ts', { cwd: root }).flatMap((file) => {
    const text = withoutComments(readFileSync(join(root, file), 'utf8'));
    const test = /\.(test|case)\.ts$/.test(file) || file.includes('/testing/');
    return [...text.matchAll(statements)].map((match) => ({
      file,
      room: roomOf(file),
      specifier: match[1] ?? match[2] ?? '',
      test,
    }));
  });
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/[^\n]*/g, '$1');
}

/** The room a specifier leads to; undefined for third parties, Node's own and the tests' support. */
export function targetRoom({ file, specifier }: Import): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return undefined;
  const path = relative(root, join(root, dirname(file), specifier));
  return path.startsWith('src/') ? roomOf(path) : undefined;
}

/** The package a specifier names; undefined for our own and Node's. */
export function packageOf({ specifier }: Import): string | undefined {
  if (specifier.startsWith('#') || specifier.startsWith('.')) return undefined;
  if (specifier.startsWith('node:')) return ['node:sqlite'].includes(specifier) ? specifier : undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}
