import type { Answer, ChangesAnswer, HistoryEntry } from '#contract';
import { catalogue } from '#history';
import { canonicalJson, isDigest } from '#kernel';
import type { Entry } from '#ledger';
import type { Findings } from './findings.ts';
import { attempt, type OpenedProof } from './opened.ts';
import { changesQuestion, entryQuestion, serviceAsked } from './question.ts';
import { isFollowed, versionOf } from './versions.ts';

/** How many digests a line about an entry names at most. */
const shownDigests = 100;

/** Holds an answer to `changes` against what the proof proves. */
export function checkChanges(proof: OpenedProof, findings: Findings, answer: ChangesAnswer): void {
  const { since, until, size, changes } = answer;
  const service = serviceAsked(proof.bundle.question);
  findings.same('question', proof.bundle.question, changesQuestion(answer, service));
  if (size > proof.checkpoint.size) findings.problem('answer.size', 'it is beyond the signed ledger');
  let before = '';
  for (const change of changes) {
    const part = `answer.changes.${change.index}`;
    checkLine(proof, findings, part, change);
    const order = `${change.time} ${String(change.index).padStart(16, '0')}`;
    const within = change.time >= since && change.time <= until && change.index < size;
    if (!within) findings.problem(part, 'it is not within the window');
    if (order <= before) findings.problem(part, 'it is out of order');
    before = order;
  }
  const revisions = checkRevisions(proof, findings, answer, service);
  if (findings.problems.length > 0) return;
  findings.proved(`every change shown (${changes.length}) is on the ledger as it is shown`);
  findings.proved(`no revision is missing from ${since} to ${until}: there were ${revisions}`);
  findings.notProved('that no other kind of change is missing; fixity verify replays the whole ledger');
  findings.notProved('the names of those who asked: the ledger holds pseudonyms');
  findings.notProved('when nobody was looking');
}

/** Every version of the environment in the window must be there, and each one that is a change in the answer. */
function checkRevisions(
  proof: OpenedProof,
  findings: Findings,
  { environment, since, until, size, changes }: ChangesAnswer,
  service: string | undefined,
): number {
  const subject = `environment/${environment}`;
  const record = proof.subjects.get(subject);
  const held = record?.held === undefined ? undefined : proof.entries.get(record.held);
  if (record === undefined || (record.held !== undefined && held?.subject !== subject)) {
    findings.problem(`subject ${subject}`, 'the version in force when the window began is not in the proof');
    return 0;
  }
  if (held !== undefined && held.time >= since) {
    findings.problem(`subject ${subject}`, 'the version in force when the window began is later than that');
  }
  const versions = new Map<number, { index: number; entry: Entry }>();
  for (const [index, entry] of proof.entries) {
    if (entry.subject === subject) versions.set(versionOf(entry), { index, entry });
  }
  const shown = new Set(changes.map(({ index }) => index));
  let follows = versionOf(held) + 1;
  for (; ; follows += 1) {
    const found = versions.get(follows);
    if (found === undefined || found.index >= size || found.entry.time > until) break;
    const { index, entry } = found;
    const isChange = catalogue.change({ index, entry }) !== undefined;
    const concerns = service === undefined || touches(entry, index).includes(`service/${service}`);
    // The end of the window does not belong to it, unless it was the moment of asking.
    if (isChange && concerns && entry.time < until && !shown.has(index)) {
      findings.problem('answer.changes', `entry ${index} is left out`);
    }
  }
  const isLater = ({ time }: Entry, index: number) => index >= size || time > until;
  isFollowed(proof, findings, subject, { follows, size, isLater });
  return follows - versionOf(held) - 1;
}

/** Holds the answer about one entry against the entry. */
export function checkEntry(proof: OpenedProof, findings: Findings, answer: Answer<'entry'>): void {
  const { summary, entry } = answer;
  const { index } = summary;
  findings.same('question', proof.bundle.question, entryQuestion(answer));
  checkLine(proof, findings, 'answer.summary', summary);
  const proven = proof.entries.get(index);
  const claimed = attempt(findings, 'answer.entry', () => canonicalJson(entry));
  if (proven !== undefined && claimed !== undefined && claimed !== canonicalJson(proven)) {
    findings.problem('answer.entry', `it is not entry ${index} as it is on the ledger`);
  }
  if (findings.problems.length > 0) return;
  findings.proved(`entry ${index} is on the ledger as it is shown: ${summary.says}`);
  findings.notProved(`the name of who asked ("${summary.by}"): the ledger holds pseudonyms`);
}

/** A line about an entry says what the entry, in the words of its definition, says. */
function checkLine(proof: OpenedProof, findings: Findings, part: string, line: HistoryEntry): void {
  const { index } = line;
  const entry = proof.entries.get(index);
  if (entry === undefined) {
    findings.problem(part, `entry ${index} is not in the proof, or does not hold`);
    return;
  }
  findings.same(`${part}.time`, line.time, entry.time);
  findings.same(`${part}.recorded`, line.recorded, entry.recordedtime);
  for (const name of ['type', 'subject', 'actor', 'basis'] as const) {
    findings.same(`${part}.${name}`, line[name], entry[name]);
  }
  if (catalogue.definition(entry.type) === undefined) {
    findings.notProved(`the words about entry ${index}, whose type ${entry.type} this version does not know`);
    return;
  }
  findings.same(`${part}.says`, line.says, catalogue.says({ index, entry }));
  findings.same(`${part}.change`, line.change, catalogue.change({ index, entry }));
  const digests = [...new Set(touches(entry, index).filter(isDigest))].slice(0, shownDigests);
  findings.same(`${part}.digests`, line.digests.join(' '), digests.join(' '));
}

function touches(entry: Entry, index: number): readonly string[] {
  return catalogue.touches({ index, entry });
}
