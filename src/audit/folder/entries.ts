import { type Entry, type EntryCatalogue, parseLeaf } from '#ledger';
import type { Findings } from './findings.ts';
import type { LedgerRow } from './ports.ts';

/**
 * Checks each entry against its own form, the columns it is found by, and the entries before it: known type, data that
 * fits, source, (subject, version) without a gap, `recordedtime` never decreasing, `time` never ahead of it.
 */
export class EntryCheck {
  readonly #catalogue: EntryCatalogue;
  readonly #origin: string;
  readonly #versions = new Map<string, number>();
  readonly #problems = new Map<number, string>();
  #recorded = '';

  constructor(catalogue: EntryCatalogue, origin: string) {
    this.#catalogue = catalogue;
    this.#origin = origin;
  }

  /** Undefined when the leaf holds no entry. */
  add(row: LedgerRow): Entry | undefined {
    const entry = read(row);
    const problem = entry === undefined ? 'does not hold a canonical entry' : this.#problemOf(entry, row);
    if (problem !== undefined && !this.#problems.has(row.position)) this.#problems.set(row.position, problem);
    this.#follow(row, entry);
    return entry;
  }

  /** Tells what was found, but for leaves that are known to be wrong. */
  finish(wrongLeaves: ReadonlySet<number>, findings: Findings): void {
    for (const [index, problem] of this.#problems) {
      if (!wrongLeaves.has(index)) findings.add(`ledger, entry ${index}: ${problem}`);
    }
  }

  #problemOf(entry: Entry, row: LedgerRow): string | undefined {
    const { subject, recordedtime } = entry;
    const version = Number(entry.subjectversion);
    if (row.subject !== subject) return `is filed under ${row.subject}, but is about ${subject}`;
    if (row.version !== version) return `is filed as version ${row.version}, but is version ${version} of ${subject}`;
    if (row.recordedtime !== recordedtime) return `is filed at ${row.recordedtime}, but says ${recordedtime}`;
    if (entry.source !== this.#origin) return `comes from ${entry.source}, not from ${this.#origin}`;
    const expected = (this.#versions.get(subject) ?? 0) + 1;
    if (version !== expected) return `is version ${version} of ${subject}, where version ${expected} is due`;
    if (recordedtime < this.#recorded) return `is recorded at ${recordedtime}, before the entry in front of it`;
    if (entry.time > recordedtime) return `happened at ${entry.time}, after it was recorded`;
    return this.#misfit(entry);
  }

  #misfit({ type, data, time, recordedtime }: Entry): string | undefined {
    const definition = this.#catalogue.definition(type);
    if (definition === undefined) return `has the type ${type}, which this version of Fixity does not know`;
    const { claimedtime, ...own } = data;
    // What a source with a clock ahead claimed is kept beside the data that its type defines.
    const clamped = claimedtime !== undefined && time === recordedtime;
    const checked = definition.data.safeParse(clamped ? own : data);
    if (checked.success) return undefined;
    const [issue] = checked.error.issues;
    return `does not fit ${type}: ${issue?.path.join('.') || 'data'}: ${issue?.message}`;
  }

  /** Goes on from whatever is in order, so that one wrong entry is named and not all after it. */
  #follow(row: LedgerRow, entry: Entry | undefined): void {
    const expected = (this.#versions.get(row.subject) ?? 0) + 1;
    const inOrder = row.version === expected || Number(entry?.subjectversion) === expected;
    this.#versions.set(row.subject, inOrder ? expected : row.version);
    const claimed =
      entry === undefined || row.recordedtime < entry.recordedtime ? row.recordedtime : entry.recordedtime;
    if (claimed > this.#recorded) this.#recorded = claimed;
  }
}

function read({ leaf }: LedgerRow): Entry | undefined {
  try {
    return parseLeaf(leaf);
  } catch {
    return undefined;
  }
}
