import { structuredPatch } from 'diff';

/** Text longer than this is not compared line by line. */
export const longestText = 256 * 1024;

/** Lines that may differ before a comparison is given up. */
const maximumEdits = 1_000;

/** The text of a file; undefined when it is long or no text. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length > longestText || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Unified hunks, three lines of context each; undefined when the texts are too different to be worth it. */
export function hunksOf(before: string, after: string): string[] | undefined {
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context: 3,
    maxEditLength: maximumEdits,
  });
  return patch?.hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) =>
    [`@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`, ...lines].join('\n'),
  );
}

/** A range without lines is named by the line before it (POSIX diff, "Diff -u Output Format"). */
function range(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`;
}
