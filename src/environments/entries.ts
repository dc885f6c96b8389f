import { z } from 'zod';
import { digest, label, reportedChange } from '#contract';
import { defineEntry, type Reference } from '#ledger';

/** How a revision came to be true. */
export const activationKinds = ['rollout', 'rollback', 'put-back', 'mixture'] as const;
export type ActivationKind = (typeof activationKinds)[number];

/** At most this many services are named in one entry; the rest are counted. */
export const maximumChanged = 200;

const releaseNumber = z.int().min(1);

/** A service that differs from the revision before; without `from` it came, without `to` it went. */
export const changedService = z.strictObject({
  service: label,
  from: releaseNumber.exactOptional(),
  to: releaseNumber.exactOptional(),
});
export type ChangedService = z.output<typeof changedService>;

const changeWords = { rollout: 'deploy', rollback: 'rollback', 'put-back': 'put-back', mixture: 'deploy' } as const;

/** A revision became true and got its number, on `environment/<environment>`. */
export const revisionActivated = defineEntry({
  type: 'dev.fixity.environments.revision-activated.v1',
  data: z.strictObject({
    environment: label,
    number: z.int().min(1),
    /** The digest of the revision's index; a rollback has the digest of the revision it went back to. */
    digest,
    kind: z.enum(activationKinds),
    rollout: z.string().max(64).exactOptional(),
    /** How many services the revision holds. */
    services: z.int().min(0),
    changed: z.array(changedService).max(maximumChanged),
    /** How many changed services are not listed. */
    more: z.int().min(1).exactOptional(),
  }),
  touches: (data) => [
    data.digest,
    ...(data.rollout === undefined ? [] : [`rollout/${data.rollout}` as const]),
    ...data.changed.flatMap(touchedByChange),
  ],
  says: ({ environment, number, kind, changed, more = 0 }) => {
    const shown = changed.slice(0, 3).map(passage);
    const rest = changed.length - shown.length + more;
    const what = shown.length === 0 ? 'no service changed' : shown.join(', ');
    const left = rest === 0 ? '' : ` and ${rest} more`;
    return `${kind === 'mixture' ? 'left part-way: ' : ''}${what}${left} (${environment}#${number})`;
  },
  change: ({ kind }) => changeWords[kind],
});

/** A change made elsewhere, as somebody else tells it, on `change/<source>/<id>`; its `time` is the one they gave. */
export const changeReported = defineEntry({
  type: 'dev.fixity.environments.change-reported.v1',
  data: z.strictObject({
    environment: label,
    service: label.exactOptional(),
    source: label,
    id: reportedChange.shape.id,
    kind: label,
    summary: z.string().min(1).max(500),
    /** The time as given: differs from the entry's own when the source's clock ran ahead and was clamped. */
    given: z.string().max(40).exactOptional(),
  }),
  touches: ({ environment, service }) => [
    `environment/${environment}`,
    ...(service === undefined ? [] : [`service/${service}` as const]),
  ],
  says: ({ summary, source, service }) =>
    `${service === undefined ? '' : `${service}: `}${summary} (reported by ${source})`,
  change: ({ kind }) => kind,
});

function touchedByChange({ service, from, to }: ChangedService): Reference[] {
  const releases = new Set([from, to].filter((number) => number !== undefined));
  return [`service/${service}`, ...[...releases].map((number) => `release/${service}:r${number}` as const)];
}

/** `checkout r56 to r57`, `cart r3 added`, `cart r3 removed`, `checkout r57 settings`. */
function passage({ service, from, to }: ChangedService): string {
  if (from === undefined) return to === undefined ? service : `${service} r${to} added`;
  if (to === undefined) return `${service} r${from} removed`;
  return from === to ? `${service} r${to} settings` : `${service} r${from} to r${to}`;
}

export const environmentEntries = [revisionActivated, changeReported] as const;
