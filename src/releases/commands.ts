import { z } from 'zod';
import { digest, label } from '#contract';
import { FixityError, subject } from '#kernel';
import { type Draft, draft } from '#ledger';
import { freezeDrafts } from '#registry';
import { type DecisionContext, defineCommand } from '#writer';
import { releaseRepository } from './documents.ts';
import { recordedSource, releaseMade, releaseSourced } from './entries.ts';
import { latestNumber, type Release, releaseOf, sourcesOf } from './view.ts';

const mediaType = z.string().min(1).max(255);
const manifest = { digest, mediaType, artifactType: mediaType.exactOptional(), size: z.int().min(0) };

/** A release that is in the store, with everything it refers to. */
export const preparedRelease = z.strictObject({
  service: label,
  ...manifest,
  build: digest,
  buildKind: z.enum(['tree', 'image']),
  config: digest.exactOptional(),
  source: recordedSource.exactOptional(),
  /** Every manifest the index lists, which makes each one pullable by digest. */
  members: z.array(z.strictObject(manifest)).min(1).max(1000),
});
export type PreparedRelease = z.output<typeof preparedRelease>;

/**
 * Gives a release its number. The same content is the same release and keeps its number; a commit that was not known to
 * give it is recorded. Refusal: `tag-final`, should its tag be taken.
 */
export const release = defineCommand({
  name: 'releases.release',
  input: preparedRelease,
  decide(context, prepared) {
    const known = releaseOf(context.views, prepared.digest);
    if (known !== undefined) {
      const answer = { service: known.service, number: known.number, digest: known.digest, created: false };
      return { entries: sourceDrafts(context, known, prepared), answer };
    }
    const number = latestNumber(context.views, prepared.service) + 1;
    const drafts = releaseDrafts(context, prepared, number);
    if (drafts instanceof FixityError) return { refusal: drafts };
    return { entries: drafts, answer: { service: prepared.service, number, digest: prepared.digest, created: true } };
  },
});

const releaseSubject = (service: string, number: number) => subject('release', `${service}:r${number}`);

function releaseDrafts(context: DecisionContext, prepared: PreparedRelease, number: number): Draft[] | FixityError {
  const { service, members, mediaType, artifactType, size, ...content } = prepared;
  const drafts = [draft(releaseMade, releaseSubject(service, number), { service, number, ...content }, { expect: 1 })];
  const repository = releaseRepository(service);
  const index = { digest: prepared.digest, mediaType, size, ...(artifactType === undefined ? {} : { artifactType }) };
  // The members first: an index is never in a repository that does not hold what it refers to.
  for (const one of [...members, { ...index, tag: `r${number}` }]) {
    const frozen = freezeDrafts(context, { repository, ...one });
    if (frozen instanceof FixityError) return frozen;
    drafts.push(...frozen);
  }
  return drafts;
}

function sourceDrafts({ views }: DecisionContext, known: Release, { source }: PreparedRelease): Draft[] {
  const { service, number, digest } = known;
  const isKnown = sourcesOf(views, digest).some(
    (one) => one.commit === source?.commit && one.dirty === source.dirty && one.repository === source.repository,
  );
  if (source === undefined || isKnown) return [];
  return [draft(releaseSourced, releaseSubject(service, number), { service, number, digest, source })];
}

export const releaseCommands = [release] as const;
