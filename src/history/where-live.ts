import type { RevisionDocument } from '#contract';
import { currentRevision, environmentNames } from '#environments';
import { releaseOf } from '#releases';
import type { ViewReader } from '#views';
import type { Documents } from './documents.ts';

/** The revision document of each environment, as it is now. */
export async function liveDocuments(views: ViewReader, documents: Documents): Promise<RevisionDocument[]> {
  const current = environmentNames(views).flatMap((environment) => currentRevision(views, environment) ?? []);
  return Promise.all(current.map(({ digest }) => documents.revision(digest)));
}

/** Where a release, build or configuration is live, as `prod/checkout`. */
export function whereLive(views: ViewReader, live: readonly RevisionDocument[], digest: string): string[] {
  const uses = (release: string): boolean => {
    if (release === digest) return true;
    const known = releaseOf(views, release);
    return known?.build === digest || known?.config === digest;
  };
  return places(live, ({ tracks }) => tracks.some(({ release }) => uses(release)));
}

/** Where a service is live. */
export function whereServiceLive(live: readonly RevisionDocument[], name: string): string[] {
  return places(live, ({ service }) => service === name);
}

function places(
  live: readonly RevisionDocument[],
  test: (service: RevisionDocument['services'][number]) => boolean,
): string[] {
  return live.flatMap(({ environment, services }) =>
    services.filter(test).map(({ service }) => `${environment}/${service}`),
  );
}
