import { FixityError } from '#kernel';
import { type EntryCatalogue, formatCheckpoint, type Head, openCheckpoint } from '#ledger';
import { emptyRoot, sameHash } from '#merkle';
import type { Verifier } from '#signing';
import type { Fold, ViewDatabase } from '#views';
import { checkCommands } from './commands.ts';
import { EntryCheck } from './entries.ts';
import { counted, Findings, grouped } from './findings.ts';
import type { LedgerInspection, ThingsInspection, ViewInspection } from './ports.ts';
import { References } from './references.ts';
import { checkReachable, hashThings } from './things.ts';
import { TreeCheck, type TreeResult } from './tree.ts';
import { checkViews } from './views.ts';
import { describeWrongByte, firstDifference } from './wrong-byte.ts';

/** Entries read at once: a multiple of a tile's width. */
const step = 4_096;
const toldEvery = 64 * step;

export interface FolderParts {
  /** Undefined when it cannot be opened: then its own problem has been told. */
  readonly ledger: LedgerInspection | undefined;
  /** Opened before the ledger, so that it is never ahead of it; undefined when there are none. */
  readonly views: ViewInspection | undefined;
  readonly things: ThingsInspection;
  /** Makes an empty temporary database; its maker takes it away. */
  readonly fresh: () => ViewDatabase;
  readonly folds: readonly Fold[];
  readonly catalogue: EntryCatalogue;
  /** The key that checkpoints must be signed with; undefined when none is known, then no signature is checked. */
  readonly verifier: Verifier | undefined;
}

/** What was checked, in words, and every difference. */
export interface FolderReport {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

/**
 * Checks a data folder to the last byte: leaves, tiles, root and signature; form and order of the entries; every thing;
 * and the views, folded anew. Writes nothing. What cannot be read although it may be in order (permissions, a failing
 * disk) is thrown as FixityError `storage-failed`; damage is a problem in the report.
 */
export async function verifyDataFolder(parts: FolderParts, progress: (text: string) => void): Promise<FolderReport> {
  const all = [new Findings('ledger'), new Findings('entries'), new Findings('things'), new Findings('views')] as const;
  const [ledgerFindings, entryFindings, thingFindings, viewFindings] = all;
  const { ledger, views, things, catalogue } = parts;
  const references = new References(catalogue);
  const read =
    ledger && (await ledgerFindings.meet('ledger.db', () => checkLedger(ledger, parts, references, all, progress)));

  progress('things: hashing');
  const states = await hashThings(things, thingFindings, (count) => progress(`things: ${grouped(count)}`));
  await checkReachable(things, states, references.needs, thingFindings);

  const lines: string[] = [];
  let tables = 0;
  if (views === undefined) {
    lines.push('views: none yet, the next start folds them');
  } else {
    await viewFindings.meet('views.db', () => tellFaults(views, 'views.db', viewFindings));
    if (ledger === undefined || read === undefined || read.tree.wrongLeaves.size > 0 || entryFindings.count > 0) {
      lines.push('views: not compared, the ledger they are folded from is not as signed');
    } else {
      progress(`views: folding ${grouped(read.size)} entries`);
      const { fresh, folds } = parts;
      const result = await viewFindings.meet('views.db', () =>
        checkViews({ ledger, head: read.head, views, fresh: fresh(), folds, origin: read.origin }, viewFindings),
      );
      tables = result?.tables ?? 0;
      lines.push(...(result?.lines ?? []));
    }
  }
  const problems = all.flatMap((findings) => findings.list());
  const counts = [
    counted(read?.size ?? 0, 'entry', 'entries'),
    counted(read?.tree.tiles ?? 0, 'tile', 'tiles'),
    counted(states.size, 'thing', 'things'),
    counted(tables, 'table', 'tables'),
  ].join(', ');
  const verdict = problems.length > 0 ? 'not as signed' : parts.verifier === undefined ? 'unsigned' : 'all as signed';
  return { lines: [`${counts}: ${verdict}`, ...lines], problems };
}

interface LedgerResult {
  readonly size: number;
  readonly head: Head | undefined;
  readonly origin: string;
  readonly tree: TreeResult;
}

async function checkLedger(
  ledger: LedgerInspection,
  { catalogue, verifier }: FolderParts,
  references: References,
  [ledgerFindings, entryFindings]: readonly [Findings, Findings, ...Findings[]],
  progress: (text: string) => void,
): Promise<LedgerResult> {
  // A damaged index does not keep the rows from being read.
  await ledgerFindings.meet('ledger.db', () => tellFaults(ledger, 'ledger.db', ledgerFindings));
  const head = ledger.head();
  const end = ledger.end();
  const size = head?.size ?? 0;
  const origin = verifier?.name ?? originOf(head) ?? '';
  if (end > size)
    ledgerFindings.add(`ledger: holds ${grouped(end - size)} entries behind its signed head of ${grouped(size)}`);
  const entries = new EntryCheck(catalogue, origin);
  const tree = new TreeCheck(ledger);
  // A head that claims more than there is must not be followed into the void.
  const count = Math.min(size, end);
  if (size > end) ledgerFindings.add(`ledger: its head says ${grouped(size)} entries, ${grouped(end)} are there`);
  for (let from = 0; from < count; from += step) {
    const rows = ledger.rows(from, Math.min(count, from + step));
    tree.add(rows, Math.min(step, count - from));
    for (const row of rows) {
      const entry = entries.add(row);
      if (entry !== undefined) references.add({ index: row.position, entry });
    }
    if ((from + step) % toldEvery === 0) progress(`ledger: ${grouped(from + step)} of ${grouped(size)} entries`);
  }
  const signed = signedRoot(head, verifier, ledgerFindings);
  const result = tree.finish(signed ?? head?.root ?? emptyRoot, ledgerFindings);
  entries.finish(result.wrongLeaves, entryFindings);
  if (head !== undefined) checkHead(head, result, origin, signed !== undefined, ledger, ledgerFindings);
  await ledgerFindings.meet('ledger.db', () => checkCommands(ledger, result.wrongLeaves, ledgerFindings));
  return { size: count, head, origin, tree: result };
}

/** The root that the key vouches for; undefined when the checkpoint does not hold. */
function signedRoot(
  head: Head | undefined,
  verifier: Verifier | undefined,
  findings: Findings,
): Uint8Array | undefined {
  if (head === undefined || verifier === undefined) return undefined;
  try {
    const signed = openCheckpoint(head.checkpoint, verifier.name, [verifier]);
    if (signed.size !== head.size) findings.add(`ledger, head: says ${head.size} entries, signed are ${signed.size}`);
    const byte = firstDifference(head.root, signed.root);
    if (byte !== undefined) findings.add(`ledger, head: root is not the signed one${describeWrongByte(byte)}`);
    return signed.size === head.size ? signed.root : undefined;
  } catch (error) {
    if (!(error instanceof FixityError)) throw error;
    findings.add(`ledger, checkpoint: ${error.message}`);
    return undefined;
  }
}

/** What the head says beside its signature; where that does not hold, which byte of its text is wrong. */
function checkHead(
  head: Head,
  tree: TreeResult,
  origin: string,
  holds: boolean,
  ledger: LedgerInspection,
  findings: Findings,
): void {
  const [last] = ledger.rows(head.size - 1, head.size);
  if (last !== undefined && last.recordedtime !== head.recordedtime && !tree.wrongLeaves.has(last.position)) {
    findings.add(`ledger, head: says ${head.recordedtime}, its last entry is of ${last.recordedtime}`);
  }
  if (holds || tree.wrongLeaves.size > 0) return;
  const due = Buffer.from(formatCheckpoint({ origin, size: head.size, root: tree.root }), 'utf8');
  const is = Buffer.from(head.checkpoint, 'utf8').subarray(0, due.length);
  const byte = firstDifference(is, due);
  if (byte !== undefined) findings.add(`ledger, checkpoint: is not that of its entries${describeWrongByte(byte)}`);
  else if (!sameHash(tree.root, head.root)) findings.add('ledger, head: root is not that of its entries');
}

/** Without a key the checkpoint's own first line says whose it is. */
function originOf(head: Head | undefined): string | undefined {
  return head?.checkpoint.split('\n', 1)[0];
}

function tellFaults(file: { faults(): readonly string[] }, name: string, findings: Findings): void {
  for (const fault of file.faults()) findings.add(`${name}: ${fault}`);
}
