import type { ShowAnswer } from '#contract';
import type { Json } from '#kernel';
import { foldedSize } from '#views';
import type { Documents } from './documents.ts';
import { entryAt } from './log.ts';
import { findNamed, type Named } from './naming.ts';
import type { HistoryPorts } from './ports.ts';
import type { Shown } from './shown.ts';
import { instanceShown, nodeShown, rolloutShown, serviceShown } from './shown-running.ts';
import { artifactShown, releaseShown, revisionShown } from './shown-things.ts';
import { summariesOf } from './summary.ts';
import { entriesBefore } from './view.ts';
import { liveDocuments } from './where-live.ts';

/** How many entries are listed with a thing; `fixity log` has the rest. */
const shownEntries = 20;

/**
 * Everything about one thing: facts in the order to show them, where it is live now, and the latest entries about it.
 * @throws FixityError `not-found`, `ambiguous-digest` that lists the candidates, `invalid-input`.
 */
export async function show(
  ports: HistoryPorts,
  documents: Documents,
  { reference }: { readonly reference: string },
): Promise<ShowAnswer> {
  const { views, clock } = ports;
  const named = views.snapshot((reader) => findNamed(reader, reference.trim(), clock.now()));
  if (named.kind === 'entry') return showEntry(ports, named.index);
  const { about, ...shown } = await shownOf(ports, documents, named);
  const rows = entriesBefore(views, { touches: about }, foldedSize(views), shownEntries);
  return { ...shown, entries: await summariesOf(ports, rows) };
}

async function shownOf(
  ports: HistoryPorts,
  documents: Documents,
  named: Exclude<Named, { kind: 'entry' }>,
): Promise<Shown> {
  const live = await liveDocuments(ports.views, documents);
  if (named.kind === 'release') {
    const document = await documents.release(named.release.digest);
    return { ...releaseShown(ports, live, named.release), document: document as Json as never };
  }
  if (named.kind === 'revision') {
    const document = await documents.revision(named.revision.digest);
    return { ...revisionShown(ports, live, named.revision), document: document as Json as never };
  }
  if (named.kind === 'rollout') return rolloutShown(ports, live, named.rollout);
  if (named.kind === 'instance') return instanceShown(ports, named.instance);
  if (named.kind === 'node') return nodeShown(ports, named.node);
  if (named.kind === 'service') return serviceShown(ports, live, named.service);
  if (named.kind === 'thing') {
    const { digest } = named;
    return {
      kind: 'artifact',
      name: digest,
      digest,
      facts: [{ label: 'digest', value: digest }],
      live: [],
      about: digest,
    };
  }
  return artifactShown(ports, live, named.kind, named.found);
}

async function showEntry(ports: HistoryPorts, index: number): Promise<ShowAnswer> {
  const { summary, entry } = await entryAt(ports, { index });
  const { commandid, subjectversion, cause } = entry as Record<string, string | undefined>;
  const facts = [
    ['says', summary.says],
    ['time', summary.time],
    ['recorded', summary.recorded],
    ['type', summary.type],
    ['subject', `${summary.subject}, version ${subjectversion}`],
    ['actor', summary.actor],
    ['by', summary.by],
    ['basis', summary.basis],
    ['command', commandid],
    ['cause', cause],
    ...summary.digests.map((digest) => ['touches', digest]),
  ].flatMap(([label, value]) => (label === undefined || value === undefined ? [] : [{ label, value }]));
  return { kind: 'entry', name: String(index), facts, live: [], document: entry, entries: [] };
}
