import { changesAnswer, liveAnswer, routes } from '#contract';
import { readVerifier } from '#signing';
import { checkChanges, checkEntry } from './check-history.ts';
import { checkLive } from './check-live.ts';
import { Findings, type ProofReport } from './findings.ts';
import { type OpenedProof, openProof } from './opened.ts';

/**
 * Checks a proof with nothing but the log's verifier key. The proof is not trusted: it is bounded and read strictly.
 * @param bundle what `--proof FILE` wrote, as parsed JSON.
 * @returns what is proved and what is not, and what is wrong, each problem naming the part of the proof.
 * @throws FixityError `invalid-input` when the key is none.
 */
export async function verifyProof(bundle: unknown, verifierKey: string): Promise<ProofReport> {
  const verifier = readVerifier(verifierKey);
  const findings = new Findings();
  const proof = openProof(bundle, verifier, findings);
  if (proof === undefined) return findings;
  const { question } = proof.bundle;
  findings.lines.push(question, `signed by ${verifier.name}: a ledger of ${proof.checkpoint.size} entries`);
  await checkAnswer(proof, findings);
  return findings;
}

async function checkAnswer(proof: OpenedProof, findings: Findings): Promise<void> {
  const { answer } = proof.bundle;
  const live = liveAnswer.safeParse(answer);
  if (live.success) {
    await checkLive(proof, findings, live.data);
    return;
  }
  const changes = changesAnswer.safeParse(answer);
  const entry = routes.entry.answer.safeParse(answer);
  if (changes.success) checkChanges(proof, findings, changes.data);
  else if (entry.success) checkEntry(proof, findings, entry.data);
  else findings.problem('answer', 'it is none to live, changes or an entry');
}
