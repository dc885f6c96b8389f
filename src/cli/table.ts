const screen = 80;

/**
 * Lays rows out in columns, two spaces apart, the last one as it is. The first cell is the mark (`!` or empty).
 * Where a row would be wider than 80 columns, the column `wrapped` goes on below itself; nothing is cut away.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], wrapped?: string): string {
  const plain = [['', ...head], ...rows];
  const at = wrapped === undefined ? -1 : head.indexOf(wrapped) + 1;
  const all = at > 0 ? plain.flatMap((row) => wrapRow(row, at, spaceFor(plain, at))) : plain;
  const widths = all[0]?.map((_, at) => Math.max(...all.map((row) => visible(row[at] ?? '')))) ?? [];
  widths[0] = Math.max(1, widths[0] ?? 0);
  return all.map((row) => line(row, widths)).join('\n');
}

/** What the other columns leave of the screen for one column, but never too little to read. */
function spaceFor(rows: readonly (readonly string[])[], at: number): number {
  const columns = rows[0]?.length ?? 0;
  const others = Array.from({ length: columns }, (_, column) =>
    column === at ? 0 : Math.max(column === 0 ? 1 : 0, ...rows.map((row) => visible(row[column] ?? ''))),
  );
  const gaps = 1 + 2 * Math.max(0, columns - 2);
  return Math.max(20, screen - gaps - others.reduce((sum, width) => sum + width, 0));
}

function wrapRow(row: readonly string[], at: number, width: number): string[][] {
  const [first = '', ...below] = wrap(row[at] ?? '', width);
  return [row.with(at, first), ...below.map((text) => row.map((_, column) => (column === at ? text : '')))];
}

/** Breaks text between words, or inside a word that is longer than a line. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = Array.from(text);
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end).join(''));
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  return [...lines, rest.join('')];
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
