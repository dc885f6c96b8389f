import type { Answer, ChangesAnswer, LiveAnswer } from '#contract';
import { canonicalJson, digestOf, shortDigest } from '#kernel';

/**
 * The question in words. It ends in the beginning of the digest of the answer, so that a slip anywhere in the answer
 * is seen, also where nothing on the ledger proves it.
 */
function worded(text: string, answer: unknown): string {
  return `${text}; answer ${shortDigest(digestOf(canonicalJson(answer)))}`;
}

export function liveQuestion(answer: LiveAnswer): string {
  const { environment, time, now, size } = answer.moment;
  return worded(`What ${now ? 'is' : 'was'} live in ${environment} at ${time}, as ${size} entries tell`, answer);
}

/** @param service given when only changes of this service were asked for. */
export function changesQuestion(answer: ChangesAnswer, service: string | undefined): string {
  const { environment, since, until, size } = answer;
  const what = service === undefined ? environment : `${service} of ${environment}`;
  return worded(`What changed in ${what} from ${since} to ${until}, as ${size} entries tell`, answer);
}

/** The service that a question about changes names; undefined when it names none. */
export function serviceAsked(question: string): string | undefined {
  return /^What changed in (?<service>[a-z0-9-]{1,63}) of /.exec(question)?.groups?.['service'];
}

export function entryQuestion(answer: Answer<'entry'>): string {
  return worded(`What is entry ${answer.summary.index}`, answer);
}
