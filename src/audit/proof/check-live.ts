import {
  type LiveAnswer,
  type ReleaseDocument,
  type RevisionDocument,
  releaseDocument,
  revisionDocument,
} from '#contract';
import { asFixityError, type Digest, FixityError } from '#kernel';
import { artifactTypes } from '#oci';
import { checkService, countInstances } from './check-service.ts';
import { readLeadingDocument } from './collection.ts';
import type { Findings } from './findings.ts';
import type { OpenedProof } from './opened.ts';
import { liveQuestion } from './question.ts';
import { provenVersion } from './versions.ts';

/** Holds an answer to `live` against what the proof proves. */
export async function checkLive(proof: OpenedProof, findings: Findings, answer: LiveAnswer): Promise<void> {
  const { moment, services } = answer;
  const { size } = moment;
  findings.same('question', proof.bundle.question, liveQuestion(answer));
  if (size > proof.checkpoint.size) findings.problem('answer.moment.size', 'it is beyond the signed ledger');
  const document = await provenRevision(proof, findings, answer);
  const releases = await provenReleases(proof, findings, answer);
  const named = new Map(document?.services.map((one) => [one.service, one]));
  for (const service of services) {
    checkService({ proof, findings, moment, releases }, service, named.get(service.service));
    named.delete(service.service);
  }
  for (const service of named.keys()) findings.problem('answer.services', `${service} of the revision is left out`);
  const duplicates = services.length - new Set(services.map(({ service }) => service)).size;
  if (duplicates > 0) findings.problem('answer.services', 'a service is there twice');
  if (findings.problems.length === 0) say(findings, answer, document);
}

/** The document of the revision that held; undefined before the first, and when it is not proved. */
async function provenRevision(
  proof: OpenedProof,
  findings: Findings,
  { moment }: LiveAnswer,
): Promise<RevisionDocument | undefined> {
  const { environment, revision, digest, since } = moment;
  const held = provenVersion(proof, findings, `environment/${environment}`, moment);
  if (held === 'broken') return undefined;
  const { data } = held ?? {};
  findings.same('answer.moment.revision', revision, data?.['number']);
  findings.same('answer.moment.digest', digest, data?.['digest']);
  findings.same('answer.moment.since', since, held?.time);
  if (digest === undefined) return undefined;
  const document = await read(proof, findings, digest, artifactTypes.environment, (json) =>
    revisionDocument.parse(json),
  );
  if (document !== undefined) findings.same(`thing ${digest}`, document.environment, environment);
  return document;
}

async function provenReleases(
  proof: OpenedProof,
  findings: Findings,
  { services }: LiveAnswer,
): Promise<ReadonlyMap<string, ReleaseDocument>> {
  const releases = new Map<string, ReleaseDocument>();
  for (const release of new Set(services.flatMap(({ intended }) => intended.map((one) => one.release)))) {
    const document = await read(proof, findings, release, artifactTypes.release, (json) => releaseDocument.parse(json));
    if (document !== undefined) releases.set(release, document);
  }
  return releases;
}

/** A document by way of things whose bytes were found to hash to their digests. */
async function read<T>(
  { things }: OpenedProof,
  findings: Findings,
  digest: string,
  artifactType: string,
  parse: (json: unknown) => T,
): Promise<T | undefined> {
  const thing = (named: Digest): Uint8Array => {
    const bytes = things.get(named);
    if (bytes === undefined) throw new FixityError('tampered', `thing ${named} is not in the proof, or does not hold`);
    return bytes;
  };
  try {
    return parse(await readLeadingDocument(thing, digest as Digest, artifactType));
  } catch (error) {
    findings.problem(`thing ${digest}`, asFixityError(error).message);
    return undefined;
  }
}

function say(findings: Findings, answer: LiveAnswer, document: RevisionDocument | undefined): void {
  const { moment, services, rollout, notWatched } = answer;
  const { environment, revision, time, size } = moment;
  const when = `at ${time}, as the first ${size} entries tell`;
  if (document === undefined) findings.proved(`${environment} had no revision ${when}`);
  else {
    findings.proved(`${environment}#${revision} (${moment.digest}) was the revision of ${environment} ${when}`);
    const held = services.filter(({ service }) => document.services.some((one) => one.service === service)).length;
    findings.proved(
      `its ${held === 1 ? 'service' : `${held} services`} with release, build, configuration, commit, weight and scale`,
    );
  }
  const { all, serving } = countInstances(services);
  findings.proved(`which ${serving} instances took traffic; release and node of ${all} instances`);
  const coming = services.filter(({ service }) => !document?.services.some((one) => one.service === service));
  if (coming.length > 0) {
    findings.notProved(`that a rollout was bringing ${coming.map(({ service }) => service).join(', ')}`);
  }
  if (rollout !== undefined) findings.notProved(`how far rollout ${rollout.rollout} was`);
  findings.notProved('what nodes saw of instances: their state, since and detail, and so how many were up');
  findings.notProved('that no other instance was to run');
  findings.notProved('since when, and at whose request, each service was as it was; the ledger holds no names');
  const seen = notWatched.length === 0 ? '' : ', and what was not watched';
  findings.notProved(`up to when nodes had reported${seen}`);
}
