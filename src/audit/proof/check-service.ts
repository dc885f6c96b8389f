import type { LiveService, ReleaseDocument, ResolvedMoment, RevisionService } from '#contract';
import type { Entry } from '#ledger';
import type { Findings } from './findings.ts';
import type { OpenedProof } from './opened.ts';
import { provenVersion } from './versions.ts';

/** What the checks of one service need of the proof. */
export interface ServiceCheck {
  readonly proof: OpenedProof;
  readonly findings: Findings;
  readonly moment: ResolvedMoment;
  readonly releases: ReadonlyMap<string, ReleaseDocument>;
}

/** @param stated the service in the frozen revision; undefined when a rollout is only bringing it. */
export function checkService(check: ServiceCheck, answer: LiveService, stated: RevisionService | undefined): void {
  const { findings, releases } = check;
  const part = `answer.services.${answer.service}`;
  if (stated !== undefined) checkTracks(findings, part, answer, stated);
  const wanted = answer.intended.reduce((sum, { replicas }) => sum + replicas, 0);
  findings.same(`${part}.wanted`, answer.wanted, wanted);
  for (const [place, { release, number }] of answer.intended.entries()) {
    const claim = `${part}.intended.${place}`;
    const document = releases.get(release);
    if (document !== undefined) findings.same(claim, answer.service, document.service);
    checkNumber(check, claim, { service: answer.service, release, number });
  }
  const first = releases.get(answer.intended[0]?.release ?? '');
  if (first !== undefined) {
    findings.same(`${part}.build`, answer.build, first.build.digest);
    findings.same(`${part}.config`, answer.config, first.config?.digest);
  }
  checkCommit(check, part, answer);
  checkInstances(check, part, answer);
}

function checkTracks(findings: Findings, part: string, { intended }: LiveService, { tracks }: RevisionService): void {
  findings.same(`${part}.intended`, intended.length, tracks.length);
  for (const [place, { release, weight, replicas }] of tracks.entries()) {
    const claim = `${part}.intended.${place}`;
    findings.same(`${claim}.release`, intended[place]?.release, release);
    findings.same(`${claim}.weight`, intended[place]?.weight, weight);
    findings.same(`${claim}.replicas`, intended[place]?.replicas, replicas.minimum);
  }
}

interface Numbered {
  readonly service: string;
  readonly release: string;
  readonly number: number | undefined;
}

/** A release has the number that the first entry on `release/<service>:r<number>` gave it. */
function checkNumber({ proof, findings }: ServiceCheck, part: string, { service, release, number }: Numbered): void {
  if (number === undefined) return;
  findings.same(`${part}.number`, release, firstOf(proof, `release/${service}:r${number}`)?.data['digest']);
}

function checkCommit({ proof, findings }: ServiceCheck, part: string, answer: LiveService): void {
  const { commit, dirty, intended } = answer;
  if (commit === undefined && dirty === undefined) return;
  const [first] = intended;
  const given = proof.about.get(`release/${answer.service}:r${first?.number}`)?.find(({ data }) => {
    const source = data['source'] as { commit?: string; dirty?: boolean } | undefined;
    return data['digest'] === first?.release && source?.commit === commit && source?.dirty === dirty;
  });
  if (given === undefined) findings.problem(`${part}.commit`, 'no entry says that this commit gave the release');
}

/** Which instances take traffic is in the route that held; where they are and what they run, in their first entry. */
function checkInstances({ proof, findings, moment }: ServiceCheck, part: string, answer: LiveService): void {
  const { environment } = moment;
  const route = provenVersion(proof, findings, `route/${environment}/${answer.service}`, moment);
  if (route === 'broken') return;
  const parts = (route?.data['instances'] ?? []) as readonly { instance: string; weight: number }[];
  const serving = new Set(parts.filter(({ weight }) => weight > 0).map(({ instance }) => instance));
  for (const { instance, serving: claimed, node, release, number } of answer.instances) {
    const claim = `${part}.instances.${instance}`;
    findings.same(`${claim}.serving`, claimed, serving.has(instance));
    serving.delete(instance);
    const assigned = firstOf(proof, `instance/${instance}`)?.data;
    findings.same(`${claim}.node`, node, assigned?.['node']);
    findings.same(`${claim}.release`, release, assigned?.['release']);
    findings.same(`${claim}.number`, number, assigned?.['number']);
    findings.same(`${claim}, its environment`, environment, assigned?.['environment']);
    findings.same(`${claim}, its service`, answer.service, assigned?.['service']);
  }
  for (const instance of serving) findings.problem(`${part}.instances`, `${instance}, which took traffic, is left out`);
}

/** The first entry on a subject: what it gave can never be given otherwise. */
function firstOf({ about }: OpenedProof, subject: string): Entry | undefined {
  return about.get(subject)?.find(({ subjectversion }) => subjectversion === '1');
}

export function countInstances(services: readonly LiveService[]): { readonly all: number; readonly serving: number } {
  const instances = services.flatMap((service) => service.instances);
  return { all: instances.length, serving: instances.filter(({ serving }) => serving).length };
}
