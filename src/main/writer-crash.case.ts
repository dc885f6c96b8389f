// Run as a process of its own, to be killed: submits without end and prints every acknowledgement as one line.
import { writeSync } from 'node:fs';
import { issueToken } from '#identity';
import { startWriterThread } from './writer-thread.ts';

const [folder = '', origin = '', run = ''] = process.argv.slice(2);
const writer = startWriterThread(folder, { origin });
await writer.ready;

async function submitForEver(submitter: number): Promise<never> {
  for (let round = 0; ; round++) {
    const id = `r${run}s${submitter}n${round}`;
    const input = { id, actor: `token:${id}`, role: 'reader' as const };
    const { answer, indexes } = await writer.submit(issueToken, input, { actor: 'user:ana', commandId: id });
    writeSync(1, `${JSON.stringify({ input, answer, indexes })}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, (_, submitter) => submitForEver(submitter)));
