import type { z } from 'zod';
import type { changesQuery, ProofBundle } from '#contract';
import { revisionAt } from '#environments';
import { toInstant } from '#kernel';
import { indexOfVersion } from '#views';
import { ProofBuilder } from './builder.ts';
import type { ProofPorts } from './ports.ts';
import { changesQuestion } from './question.ts';

/**
 * What changed, with each entry, and every version of the environment from the one in force when the window began to the
 * one after its end: so no revision is missing.
 * @throws FixityError as `changes` does; `timed-out` when the environment is written to without a pause.
 */
export async function proveChanges(ports: ProofPorts, query: z.output<typeof changesQuery>): Promise<ProofBundle> {
  const { views, history } = ports;
  const answer = await history.changes(query);
  const { environment, size } = answer;
  const builder = new ProofBuilder(ports);
  const before = toInstant(Date.parse(answer.since) - 1);
  const held = revisionAt(views, environment, { time: before, size });
  const subject = `environment/${environment}`;
  const first = held === undefined ? 1 : Number((await builder.entry(held.index)).entry.subjectversion) + 1;
  let version = first;
  for (; ; version += 1) {
    const index = indexOfVersion(views, subject, version);
    if (index === undefined || index >= size) break;
    const { entry } = await builder.entry(index);
    if (entry.time > answer.until) break;
  }
  await builder.subject(subject, held?.index, version - 1);
  for (const { index } of answer.changes) await builder.entry(index);
  return builder.seal(changesQuestion(answer, query.service), answer);
}
