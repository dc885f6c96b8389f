import { z } from 'zod';
import { label, reportedChange } from '#contract';
import { canonicalJson, FixityError, subject } from '#kernel';
import { draft } from '#ledger';
import { defineCommand } from '#writer';
import { changeReported } from './entries.ts';
import { unknownEnvironment } from './moments.ts';
import { reportedChangeOf } from './view.ts';

/**
 * Records a change made elsewhere, once per source and id; the same again answers with the first entry.
 * Refusals: `version-conflict` when the source's id already names another change, `not-found` (no such environment).
 */
export const reportChange = defineCommand({
  name: 'environments.report-change',
  input: z.strictObject({
    environment: label,
    service: label.exactOptional(),
    source: label,
    id: reportedChange.shape.id,
    kind: label,
    summary: reportedChange.shape.summary,
    /** When it happened, as the source gave it, in canonical form. */
    given: z.string().max(40).exactOptional(),
  }),
  decide({ views, size }, input) {
    const { source, id, given } = input;
    const known = reportedChangeOf(views, source, id);
    if (known !== undefined) {
      const { environment, service, kind, summary } = known;
      const before = {
        source,
        id,
        environment,
        kind,
        summary,
        service: service ?? undefined,
        given: known.given ?? undefined,
      };
      if (canonicalJson(before) === canonicalJson(input)) return { entries: [], answer: { index: known.index } };
      const refusal = new FixityError('version-conflict', `${source} already reported another change as ${id}`, {
        facts: [`entry ${known.index}: ${kind} in ${environment} at ${known.time}: ${summary}`],
        next: ['report it under an id of its own'],
        members: { index: known.index },
      });
      return { refusal };
    }
    const unknown = unknownEnvironment(views, input.environment);
    if (unknown !== undefined) return { refusal: unknown };
    const entry = draft(changeReported, subject('change', `${source}/${id}`), input, {
      basis: 'reported',
      expect: 1,
      ...(given === undefined ? {} : { time: given }),
    });
    return { entries: [entry], answer: { index: size } };
  },
});

export const environmentCommands = [reportChange] as const;
