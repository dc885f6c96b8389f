import { type Entry, openStatement } from '#ledger';
import { sameHash } from '#merkle';
import type { Findings } from './findings.ts';
import { attempt, type OpenedProof } from './opened.ts';

/** The moment that a proof is about: what held at `time` as the first `size` entries tell. */
export interface ProvenMoment {
  readonly time: string;
  readonly size: number;
}

/**
 * The version of a subject that held, undefined when there was none; `broken` when it is not proved, which is then
 * among the problems. What proves it: the next version, recorded or true only later, or the log's signature that there
 * is none.
 */
export function provenVersion(
  proof: OpenedProof,
  findings: Findings,
  subject: string,
  moment: ProvenMoment,
): Entry | undefined | 'broken' {
  const part = `subject ${subject}`;
  const record = proof.subjects.get(subject);
  if (record === undefined) return broken(findings, part, 'nothing in the proof is about it');
  const held = record.held === undefined ? undefined : entryOf(proof, findings, subject, record.held);
  if (held === 'broken') return held;
  if (held !== undefined && !(held.time <= moment.time && (record.held ?? 0) < moment.size)) {
    return broken(findings, part, `the version that is said to have held is of ${held.time}, after the moment`);
  }
  const isLater = ({ time }: Entry, index: number) => index >= moment.size || time > moment.time;
  const asked = { follows: versionOf(held) + 1, size: moment.size, isLater };
  return isFollowed(proof, findings, subject, asked) ? held : 'broken';
}

/** The version that would be the first beyond what is asked about. */
interface Following {
  readonly follows: number;
  /** How many entries the answer takes into account. */
  readonly size: number;
  readonly isLater: (entry: Entry, index: number) => boolean;
}

/** Whether it is proved that a version of a subject is beyond what is asked about, or is not there at all. */
export function isFollowed(
  proof: OpenedProof,
  findings: Findings,
  subject: string,
  { follows, size, isLater }: Following,
): boolean {
  const part = `subject ${subject}`;
  const record = proof.subjects.get(subject);
  if (record?.next !== undefined && record.statement === undefined) {
    const next = entryOf(proof, findings, subject, record.next);
    if (next === 'broken') return false;
    const isNext = versionOf(next) === follows && isLater(next, record.next);
    if (!isNext) findings.problem(part, `entry ${record.next} is not the version that followed`);
    return isNext;
  }
  if (record?.statement === undefined || record.next !== undefined) {
    findings.problem(part, 'neither the next version nor a signed statement is there alone');
    return false;
  }
  return isLatest(proof, findings, subject, record.statement, { version: follows - 1, size });
}

/** Whether the log signed that a version is the latest, at a size between that of the answer and the checkpoint's. */
function isLatest(
  proof: OpenedProof,
  findings: Findings,
  subject: string,
  note: string,
  { version, size }: { readonly version: number; readonly size: number },
): boolean {
  const { verifier, checkpoint } = proof;
  const part = `subject ${subject}`;
  const statement = attempt(findings, `${part}, statement`, () => openStatement(note, verifier.name, [verifier]));
  if (statement === undefined) return false;
  const sameTree = statement.size !== checkpoint.size || sameHash(statement.root, checkpoint.root);
  const covers = size <= statement.size && statement.size <= checkpoint.size;
  const holds = statement.subject === subject && statement.version === version && covers && sameTree;
  if (!holds) {
    const says = `at size ${statement.size}, ${statement.subject} is at version ${statement.version}`;
    findings.problem(part, `the signed statement is about something else: ${says}`);
  }
  return holds;
}

export function versionOf(entry: Entry | undefined): number {
  return entry === undefined ? 0 : Number(entry.subjectversion);
}

function entryOf(proof: OpenedProof, findings: Findings, subject: string, index: number): Entry | 'broken' {
  const part = `subject ${subject}`;
  const entry = proof.entries.get(index);
  if (entry === undefined) return broken(findings, part, `entry ${index} is not in the proof, or does not hold`);
  if (entry.subject !== subject) return broken(findings, part, `entry ${index} is about ${entry.subject}`);
  // Only where what happens is recorded at once does the order of versions say what held.
  if (entry.time === entry.recordedtime) return entry;
  return broken(findings, part, `entry ${index} was recorded after it happened; only a replay proves what held`);
}

function broken(findings: Findings, part: string, text: string): 'broken' {
  findings.problem(part, text);
  return 'broken';
}
