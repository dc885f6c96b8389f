import { join, relative } from 'node:path';
import type { ThingsInspection } from '#audit';
import { isMissing, speaking } from './failure.ts';
import { realFileSystem } from './file-system.ts';
import { Layout } from './layout.ts';
import { Things } from './things.ts';

/** Opens the things in `<data folder>/<name>` to be verified: nothing is made or cleared away. */
export function inspectThings(data: string, name: string): ThingsInspection {
  const folder = join(data, name);
  const layout = new Layout(folder);
  const things = new Things(layout, speaking(realFileSystem, folder));
  return {
    open: (digest) => things.open(digest),
    where: (digest) => relative(data, layout.thing(digest)),
    async *list() {
      try {
        yield* things.list();
      } catch (error) {
        // A folder that never held a thing, or lost them all: what is needed is then told as missing.
        if (!isMissing(error)) throw error;
      }
    },
  };
}
