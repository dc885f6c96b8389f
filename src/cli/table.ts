/**
 * Lays rows out in columns, two spaces apart, the last one as it is. The first cell is the mark (`!` or empty).
 * A row whose cells are all empty is left out.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [['', ...head], ...rows];
  const widths = all[0]?.map((_, at) => Math.max(...all.map((row) => visible(row[at] ?? '')))) ?? [];
  widths[0] = Math.max(1, widths[0] ?? 0);
  return all.map((row) => line(row, widths)).join('\n');
}

function line(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - visible(cell))))
    .map((cell, at) => (at === 0 ? `${cell} ` : at === row.length - 1 ? cell : `${cell}  `))
    .join('')
    .trimEnd();
}

function visible(text: string): number {
  return Array.from(text).length;
}

/** Text from other systems, made harmless for a terminal: control characters are shown, not sent. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
