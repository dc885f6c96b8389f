import type { ProofBundle } from '#contract';
import { ProofBuilder } from './builder.ts';
import type { ProofPorts } from './ports.ts';
import { entryQuestion } from './question.ts';

/** One entry with its inclusion in the ledger. @throws FixityError `not-found`. */
export async function proveEntry(ports: ProofPorts, { index }: { readonly index: number }): Promise<ProofBundle> {
  const answer = await ports.history.entry({ index });
  const builder = new ProofBuilder(ports);
  await builder.entry(index);
  return builder.seal(entryQuestion(answer), answer);
}
