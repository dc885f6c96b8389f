/** What a verification found, as sentences for people. */
export interface ProofReport {
  /** What is proved, and what is not. */
  readonly lines: string[];
  /** What is wrong, each naming the part of the proof; empty when all holds. */
  readonly problems: string[];
}

/** Collects findings while the parts of a proof are checked. */
export class Findings implements ProofReport {
  readonly lines: string[] = [];
  readonly problems: string[] = [];

  proved(text: string): void {
    this.lines.push(`proved: ${text}`);
  }

  notProved(text: string): void {
    this.lines.push(`not proved: ${text}`);
  }

  problem(part: string, text: string): void {
    const found = `${part}: ${text}`;
    if (!this.problems.includes(found)) this.problems.push(found);
  }

  /** What is claimed must be what is proved. */
  same(part: string, claimed: unknown, proved: unknown): void {
    if (claimed === proved) return;
    this.problem(part, `says ${shown(claimed)}, what is proved says ${shown(proved)}`);
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}
