import type { Entry } from '#ledger';
import type { Findings } from './findings.ts';
import type { CommandRow, LedgerInspection } from './ports.ts';

/** Checks what the ledger remembers of commands: each row whole, and the entries it names recorded by that command. */
export function checkCommands(ledger: LedgerInspection, wrongLeaves: ReadonlySet<number>, findings: Findings): void {
  for (const command of ledger.commands()) {
    const problem = command.intact ? misplaced(command, ledger, wrongLeaves) : 'is not what was recorded';
    if (problem !== undefined) findings.add(`ledger, command "${command.key}": ${problem}`);
  }
}

/** Its own entries carry its key, and those on either side do not. */
function misplaced({ key, firstIndex, count }: CommandRow, ledger: LedgerInspection, wrong: ReadonlySet<number>) {
  for (let index = firstIndex - 1; index <= firstIndex + count; index += 1) if (wrong.has(index)) return undefined;
  const rows = ledger.rows(Math.max(0, firstIndex - 1), firstIndex + count + 1);
  let own = 0;
  for (const { position, leaf } of rows) {
    const { actor, commandid } = JSON.parse(Buffer.from(leaf).toString('utf8')) as Entry;
    const within = position >= firstIndex && position < firstIndex + count;
    if (within !== (`${actor} ${commandid}` === key)) return `does not agree with entry ${position}`;
    if (within) own += 1;
  }
  return own === count && count > 0 ? undefined : `names ${count} entries from ${firstIndex} on, ${own} are there`;
}
