import type { z } from 'zod';
import {
  type Assignments,
  type enrolled,
  type enrolment,
  type envelope,
  type logDelivery,
  type logsAnswer,
  type logsQuery,
  type nodeSummary,
  type Observation,
  observation,
  observationPayloadType,
} from '#contract';
import { type Actor, demand } from '#identity';
import { asFixityError, canonicalBytes, FixityError, type Instant, toInstant } from '#kernel';
import { openEnvelope, readVerifier } from '#signing';
import type { CounterMetric } from '#telemetry';
import { foldedSize } from '#views';
import { assignmentsFor, assignmentVersion } from './assignments.ts';
import { enrolmentRefusal, enrolNodeCommand, outOfSequence, recordObservation, silenceMs } from './commands.ts';
import { Heartbeats } from './heartbeats.ts';
import { LogExchange } from './log-exchange.ts';
import { logsOf } from './logs.ts';
import { isNews, newsOf } from './observations.ts';
import type { FleetPorts } from './ports.ts';
import { lastReport, nodeAt, nodes } from './queries.ts';

/** What the API's fleet routes do. Each refuses with `forbidden` who may not. */
export class FleetRoutes {
  readonly #ports: FleetPorts;
  readonly #heartbeats: Heartbeats;
  readonly #logs: LogExchange;
  readonly #refused: CounterMetric<'node'>;

  constructor(ports: FleetPorts) {
    this.#ports = ports;
    this.#heartbeats = new Heartbeats(ports.scratch, ports.clock);
    this.#logs = new LogExchange(ports.random);
    this.#refused = ports.metrics.counter({
      name: 'fixity_fleet_observations_refused_total',
      help: 'Observations refused: wrong signature, used sequence number, wrong shape',
      labels: ['node'],
    });
  }

  /**
   * Lets a machine in with a one-time token. A known node with the same key gets a fresh node token.
   * @throws FixityError `unauthenticated` (the token), `forbidden` (the name is another key's), `invalid-input` (the key).
   */
  async enrol(input: z.output<typeof enrolment>): Promise<z.output<typeof enrolled>> {
    const { node, token, key, platform, runtimes } = input;
    const { views, writer, identity } = this.#ports;
    readVerifier(key);
    const refusal = enrolmentRefusal(views, node, key);
    if (refusal !== undefined) throw refusal;
    identity.enrolments.take(token);
    const actor = `node:${node}`;
    await writer.submit(enrolNodeCommand, { node, key, platform, runtimes }, { actor });
    const { secret } = await identity.issue({ role: 'node', actor }, actor);
    return { node, token: secret };
  }

  nodes(actor: Actor): z.output<typeof nodeSummary>[] {
    demand(actor, 'read');
    const { views } = this.#ports;
    return nodes(views).map(({ node, platform, runtimes, enrolled, watched }) => {
      const beat = this.#heartbeats.of(node);
      const refused = beat === undefined || beat.refused === 0 ? [] : [`${beat.refused} observations refused`];
      return {
        node,
        platform,
        runtimes: [...runtimes],
        enrolled,
        ...(beat === undefined ? {} : { seen: beat.seen }),
        watching: watched && this.#heartbeats.silence(node) <= silenceMs,
        instances: assignmentsFor(views, node).instances.filter(({ desired }) => desired === 'running').length,
        notes: [...refused, ...(beat?.notes ?? [])],
      };
    });
  }

  /** When the node was last heard of, as far as is known; every sign of life counts. */
  seen(node: string): Instant | undefined {
    return this.#heartbeats.of(node)?.seen;
  }

  /**
   * What the node should be. With `after`, waits up to `wait` seconds for a version beyond it or a question about
   * output; an abort ends the waiting.
   */
  async assignments(
    { node, after, wait = 0, signal }: { node: string; after?: number; wait?: number; signal?: AbortSignal },
    actor: Actor,
  ): Promise<Assignments> {
    this.#demandNode(node, actor);
    const { views } = this.#ports;
    if (after !== undefined) await this.#waitForNews(node, after, wait * 1_000, signal);
    return assignmentsFor(views, node, this.#logs.handOut(node));
  }

  /**
   * Takes a signed observation. What is as before is only a sign of life; what changed is recorded, with the envelope
   * kept as a thing. @throws FixityError `tampered` (signature), `version-conflict` (sequence), `invalid-input`.
   */
  async observe(
    { node, envelope: sent }: { node: string; envelope: z.output<typeof envelope> },
    actor: Actor,
  ): Promise<{ sequence: number }> {
    this.#demandNode(node, actor);
    try {
      return await this.#observe(node, sent, actor);
    } catch (error) {
      const { code, message } = asFixityError(error);
      this.#heartbeats.refuse(node, message);
      this.#refused.with({ node }).add();
      this.#ports.logger.warn('an observation was refused', { node, code, why: message });
      throw error;
    }
  }

  /** Takes the answer to a question about output; one that nobody waits for any more is let go. */
  deliverLogs(input: { node: string } & z.output<typeof logDelivery>, actor: Actor): void {
    this.#demandNode(input.node, actor);
    const { node, request, text, offset, missing } = input;
    this.#logs.deliver(node, request, { text, offset, ...(missing === undefined ? {} : { missing }) });
  }

  /** The output of instances, fetched from their nodes; a part without text says why. */
  async logs(query: z.output<typeof logsQuery>, actor: Actor): Promise<z.output<typeof logsAnswer>> {
    demand(actor, 'read');
    return { parts: await logsOf(this.#ports.views, this.#logs, query) };
  }

  async #observe(node: string, sent: z.output<typeof envelope>, actor: Actor): Promise<{ sequence: number }> {
    const { views, store, writer } = this.#ports;
    const observation = this.#read(node, sent);
    const { sequence } = observation;
    const before = this.#heartbeats.of(node);
    const last = Math.max(before?.sequence ?? 0, lastReport(views, node)?.sequence ?? 0);
    if (sequence <= last) throw outOfSequence(node, sequence, last);
    const silent = before !== undefined && this.#heartbeats.silence(node) > silenceMs;
    const news = newsOf(views, observation);
    this.#heartbeats.beat(node, sequence, notesOf(news.foreign, observation, this.#ports.clock.now()));
    this.#heartbeats.keep({ node, sequence, time: observation.time, envelope: sent });
    if (!isNews(news) && !silent) return { sequence };
    const { digest } = await store.put(canonicalBytes(sent));
    const input = { observation, envelope: digest, ...(before === undefined ? {} : { lastSeen: before.seen }) };
    await writer.submit(recordObservation, input, { actor: actor.id });
    return { sequence };
  }

  #read(node: string, sent: z.output<typeof envelope>): Observation {
    const known = nodeAt(this.#ports.views, node);
    if (known === undefined) {
      throw new FixityError('not-found', `there is no node ${node}`, { next: ['enrol it: fixity node-agent --token'] });
    }
    const payload = openEnvelope(sent, readVerifier(known.key), observationPayloadType);
    let parsed: ReturnType<typeof observation.safeParse> | undefined;
    try {
      parsed = observation.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
    } catch (cause) {
      throw new FixityError('invalid-input', 'the observation is not JSON', { cause });
    }
    if (!parsed.success) {
      throw new FixityError('invalid-input', `the observation is malformed: ${parsed.error.issues[0]?.message ?? ''}`, {
        facts: [`at ${parsed.error.issues[0]?.path.join('.') ?? ''}`],
      });
    }
    if (parsed.data.node === node) return parsed.data;
    throw new FixityError('forbidden', `the observation is about ${parsed.data.node}, sent by ${node}`);
  }

  async #waitForNews(node: string, after: number, milliseconds: number, signal?: AbortSignal): Promise<void> {
    const { views, commits, clock } = this.#ports;
    const questions = new AbortController();
    const stop = this.#logs.onQuestion(node, () => questions.abort());
    const either = signal === undefined ? questions.signal : AbortSignal.any([questions.signal, signal]);
    const until = clock.now() + milliseconds;
    try {
      for (;;) {
        const size = foldedSize(views);
        if (assignmentVersion(views, node) > after || this.#logs.hasQuestions(node) || either.aborted) return;
        const left = until - clock.now();
        if (left <= 0) return;
        await commits.waitForCommit(size, left, either);
      }
    } finally {
      stop();
    }
  }

  #demandNode(node: string, actor: Actor): void {
    if (demand(actor, 'act-as-node').id === `node:${node}`) return;
    throw new FixityError('forbidden', `${actor.id} may not speak for node ${node}`);
  }
}

/** A node's clock may be ahead by this much before people are told. */
const clockToleranceMs = 2_000;

function notesOf(foreign: readonly string[], { time }: Observation, now: number): string[] {
  const ahead = Date.parse(time) - now;
  return [
    ...foreign.map((instance) => `runs ${instance}, which it was never assigned`),
    ...(ahead > clockToleranceMs ? [`its clock is ${Math.round(ahead / 1000)} s ahead of ${toInstant(now)}`] : []),
  ].slice(0, 16);
}
