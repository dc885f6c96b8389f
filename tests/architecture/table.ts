import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './imports.ts';

/** What a room may use, as ARCHITECTURE.md says. */
export interface Allowed {
  readonly rooms: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

const row = /^\| `(?<room>[a-z/-]+)` \| (?<rooms>[^|]*) \| (?<packages>[^|]*) \|/;

/** Reads the table "room -> may use" in ARCHITECTURE.md: the one place where the arrows are written down. */
export function readTable(): ReadonlyMap<string, Allowed> {
  const lines = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').split('\n');
  const found = lines.flatMap((line) => {
    const groups = row.exec(line)?.groups;
    return groups === undefined ? [] : [[groups['room'] ?? '', allowed(groups)] as const];
  });
  return new Map(found);
}

function allowed(groups: Record<string, string | undefined>): Allowed {
  return { rooms: quoted(groups['rooms'] ?? ''), packages: quoted(groups['packages'] ?? '') };
}

function quoted(cell: string): ReadonlySet<string> {
  return new Set([...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}
