import type { z } from 'zod';
import type { Answer, reportedChange } from '#contract';
import { FixityError, parseInstant } from '#kernel';
import type { Store } from '#store';
import type { ViewReader } from '#views';
import type { CommandMeta, Writer } from '#writer';
import { reportChange } from './commands.ts';
import { readRevisionDocument } from './freeze.ts';
import { requireEnvironment } from './moments.ts';
import { currentRevision, environmentNames, latestRevisionNumber, revisionByNumber, revisionsOf } from './view.ts';

/** The environments, each with the revision that is true now. */
export function listEnvironments(views: ViewReader): Answer<'environments'> {
  const environments = environmentNames(views).flatMap((environment) => {
    const current = currentRevision(views, environment);
    if (current === undefined) return [];
    const { number, digest, since, services } = current;
    return [{ environment, revision: number, digest, since, services }];
  });
  return { environments };
}

/** The revisions of an environment, the latest first, each until the next became true. @throws FixityError `not-found`. */
export function listRevisions(
  views: ViewReader,
  { environment, limit }: { readonly environment: string; readonly limit: number },
): Answer<'revisions'> {
  requireEnvironment(views, environment);
  let until: string | undefined;
  const revisions = revisionsOf(views, environment, { limit }).map((one) => {
    const { number, digest, since, actor, services, rollout } = one;
    const ended = until === undefined ? {} : { until };
    until = since;
    return { number, digest, since, ...ended, by: actor, services, ...(rollout === undefined ? {} : { rollout }) };
  });
  return { revisions };
}

/** One revision with its document. @throws FixityError `not-found` that names the latest. */
export async function oneRevision(
  { store, views }: { readonly store: Store; readonly views: ViewReader },
  { environment, number }: { readonly environment: string; readonly number: number },
): Promise<Answer<'revision'>> {
  requireEnvironment(views, environment);
  const found = revisionByNumber(views, environment, number);
  if (found === undefined) {
    const latest = latestRevisionNumber(views, environment);
    throw new FixityError('not-found', `${environment} has no revision #${number}, the latest is #${latest}`, {
      next: [`fixity live ${environment}#${latest}`],
    });
  }
  return { number, digest: found.digest, document: await readRevisionDocument(store, found.digest) };
}

/** Records a change made elsewhere; the same source and id again answers with the first entry. */
export async function report(
  writer: Writer,
  input: z.output<typeof reportedChange>,
  meta: CommandMeta,
): Promise<Answer<'reportChange'>> {
  const { environment, service, source, id, kind, summary, time } = input;
  const given = time === undefined ? undefined : parseInstant(time);
  const change = {
    environment,
    source,
    id,
    kind,
    summary,
    ...(service === undefined ? {} : { service }),
    ...(given === undefined ? {} : { given }),
  };
  return (await writer.submit(reportChange, change, meta)).answer;
}
