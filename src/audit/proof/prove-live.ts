import type { LiveAnswer, MomentQuery, ProofBundle } from '#contract';
import { revisionByNumber } from '#environments';
import { routeAt } from '#fleet';
import type { Digest } from '#kernel';
import { artifactTypes } from '#oci';
import { commitOf, releaseOf } from '#releases';
import { indexOfVersion } from '#views';
import { ProofBuilder } from './builder.ts';
import { readLeadingDocument } from './collection.ts';
import type { ProofPorts } from './ports.ts';
import { liveQuestion } from './question.ts';

/**
 * What was live, with what proves it: the revision in force and that no other had followed, the routes in the same way,
 * the documents of revision and releases, and the entries that gave releases their numbers and instances their places.
 * @throws FixityError as `live` does; `timed-out` when a subject is written to without a pause.
 */
export async function proveLive(ports: ProofPorts, query: MomentQuery): Promise<ProofBundle> {
  const { views, history } = ports;
  const answer = await history.live(query);
  const { environment, revision, digest } = answer.moment;
  const builder = new ProofBuilder(ports);
  const activation = revision === undefined ? undefined : revisionByNumber(views, environment, revision);
  await builder.subject(`environment/${environment}`, activation?.index);
  const read = (named: Digest, maximum: number) => builder.thing(named, maximum);
  if (digest !== undefined) await readLeadingDocument(read, digest as Digest, artifactTypes.environment);
  await Promise.all(
    answer.services.map(({ service }) => {
      const route = routeAt(views, environment, service, answer.moment);
      return builder.subject(`route/${environment}/${service}`, route?.index);
    }),
  );
  for (const release of releasesOf(answer)) {
    await readLeadingDocument(read, release, artifactTypes.release);
    const sources = [releaseOf(views, release)?.index, commitOf(views, release, answer.moment)?.index];
    for (const index of sources) if (index !== undefined) await builder.entry(index);
  }
  for (const { instance } of answer.services.flatMap(({ instances }) => instances)) {
    const assigned = indexOfVersion(views, `instance/${instance}`, 1);
    if (assigned !== undefined) await builder.entry(assigned);
  }
  return builder.seal(liveQuestion(answer), answer);
}

function releasesOf({ services }: LiveAnswer): ReadonlySet<Digest> {
  return new Set(services.flatMap(({ intended }) => intended.map(({ release }) => release)));
}
