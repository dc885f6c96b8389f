import { z } from 'zod';
import { digest, label, sourceCommit } from '#contract';
import { defineEntry } from '#ledger';

/** Where the content came from, as an entry holds it; see the contract's `sourceCommit`. */
export const recordedSource = z.strictObject({
  commit: sourceCommit.shape.commit,
  dirty: z.boolean(),
  repository: z.string().max(500).exactOptional(),
});
export type RecordedSource = z.output<typeof recordedSource>;

/** The release with this content came into being under this number, on `release/<service>:r<number>`, version 1. */
export const releaseMade = defineEntry({
  type: 'dev.fixity.releases.released.v1',
  data: z.strictObject({
    service: label,
    number: z.int().min(1),
    /** The digest of the release's index. */
    digest,
    /** The build as pushed: a tree's manifest, or an image manifest or index. */
    build: digest,
    buildKind: z.enum(['tree', 'image']),
    /** The manifest of the frozen configuration. */
    config: digest.exactOptional(),
    source: recordedSource.exactOptional(),
  }),
  touches: (data) => [
    `service/${data.service}`,
    data.digest,
    data.build,
    ...(data.config === undefined ? [] : [data.config]),
  ],
  says: ({ service, number, source }) => `released ${service} r${number}${fromCommit(source)}`,
});

/** The same content was released from one more commit, on `release/<service>:r<number>`, next version. */
export const releaseSourced = defineEntry({
  type: 'dev.fixity.releases.sourced.v1',
  data: z.strictObject({ service: label, number: z.int().min(1), digest, source: recordedSource }),
  touches: ({ service, digest }) => [`service/${service}`, digest],
  says: ({ service, number, source }) =>
    `released ${service} r${number} once more, the same content${fromCommit(source)}`,
});

function fromCommit(source: RecordedSource | undefined): string {
  if (source === undefined) return '';
  return ` from commit ${source.commit.slice(0, 7)}${source.dirty ? ' with a dirty work tree' : ''}`;
}

export const releaseEntries = [releaseMade, releaseSourced] as const;
