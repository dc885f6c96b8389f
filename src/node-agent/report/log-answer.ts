import type { Body, LogRequest } from '#contract';
import { asFixityError } from '#kernel';
import type { Runtime } from '../hands/runtime.ts';

/** The part of an instance's output that was asked for, or why there is none. */
export async function answerLogs(runtime: Runtime, asked: LogRequest): Promise<Body<'deliverLogs'>> {
  const { request, instance, stream, from, bytes } = asked;
  try {
    const part = await runtime.logs(instance, { stream, from, bytes });
    return { request, text: Buffer.from(part.bytes).toString('utf8'), offset: part.from + part.bytes.length };
  } catch (error) {
    return { request, text: '', offset: from ?? 0, missing: asFixityError(error).message.slice(0, 500) };
  }
}
