import { type ProofBundle, proofBundle } from '#contract';
import { asFixityError, digestOf, FixityError, isDigest } from '#kernel';
import { type Checkpoint, type Entry, openCheckpoint, parseLeaf } from '#ledger';
import { isIncluded, leafHash } from '#merkle';
import { decodeBase64, type Verifier } from '#signing';
import type { Findings } from './findings.ts';

/** A proof more than this large is refused before it is read. */
const maximumEntries = 50_000;
const maximumThings = 20_000;

/** A proof whose parts were each checked: what holds is here, what does not is among the problems. */
export interface OpenedProof {
  readonly bundle: ProofBundle;
  readonly verifier: Verifier;
  readonly checkpoint: Checkpoint;
  /** By ledger index: canonical, and included under the checkpoint. */
  readonly entries: ReadonlyMap<number, Entry>;
  /** The same, by subject. */
  readonly about: ReadonlyMap<string, readonly Entry[]>;
  readonly subjects: ReadonlyMap<string, ProofBundle['subjects'][number]>;
  /** By digest, which the bytes hash to. */
  readonly things: ReadonlyMap<string, Uint8Array>;
}

/** Reads and checks the parts of a proof one by one; undefined when there is nothing to go on with. */
export function openProof(input: unknown, verifier: Verifier, findings: Findings): OpenedProof | undefined {
  const bundle = readBundle(input, findings);
  if (bundle === undefined) return undefined;
  const checkpoint = attempt(findings, 'checkpoint', () =>
    openCheckpoint(bundle.checkpoint, verifier.name, [verifier]),
  );
  const things = openThings(bundle, findings);
  const subjects = new Map(bundle.subjects.map((one) => [one.subject, one]));
  if (subjects.size !== bundle.subjects.length) findings.problem('subjects', 'one is named twice');
  if (checkpoint === undefined) return undefined;
  const entries = new Map<number, Entry>();
  for (const proven of bundle.entries) {
    if (entries.has(proven.index)) findings.problem(`entry ${proven.index}`, 'it is there twice');
    const entry = attempt(findings, `entry ${proven.index}`, () => openEntry(proven, checkpoint));
    if (entry !== undefined) entries.set(proven.index, entry);
  }
  const about = Map.groupBy(entries.values(), ({ subject }) => subject);
  return { bundle, verifier, checkpoint, entries, about, subjects, things };
}

function readBundle(input: unknown, findings: Findings): ProofBundle | undefined {
  if (!isBounded(input)) {
    findings.problem('proof', `it holds more than ${maximumEntries} entries or ${maximumThings} things`);
    return undefined;
  }
  // Nesting without end exhausts the stack of whoever reads it.
  const read = attempt(findings, 'proof', () => proofBundle.safeParse(input));
  if (read === undefined || read.success) return read?.data;
  const [issue] = read.error.issues;
  findings.problem('proof', `it cannot be read at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'malformed'}`);
  return undefined;
}

function isBounded(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return true;
  const { entries, subjects, things } = input as Record<string, unknown>;
  const few = (list: unknown) => !Array.isArray(list) || list.length <= maximumEntries;
  const many = typeof things === 'object' && things !== null && Object.keys(things).length > maximumThings;
  return few(entries) && few(subjects) && !many;
}

function openEntry({ index, leaf, hashes }: ProofBundle['entries'][number], checkpoint: Checkpoint): Entry {
  const bytes = decoded(leaf);
  const { size, root } = checkpoint;
  if (!isIncluded({ index, size, root, leafHash: leafHash(bytes), proof: hashes.map(decoded) })) {
    throw new FixityError('tampered', 'leaf, index or path is not the one that the signed root holds');
  }
  return parseLeaf(bytes);
}

function openThings({ things }: ProofBundle, findings: Findings): Map<string, Uint8Array> {
  const opened = new Map<string, Uint8Array>();
  for (const [digest, text] of Object.entries(things)) {
    const bytes = attempt(findings, `thing ${digest}`, () => decoded(text));
    if (bytes === undefined) continue;
    if (isDigest(digest) && digestOf(bytes) === digest) opened.set(digest, bytes);
    else findings.problem(`thing ${digest}`, 'its bytes do not hash to its digest');
  }
  return opened;
}

function decoded(text: string): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes === undefined) throw new FixityError('invalid-input', 'it is not canonical base64');
  return bytes;
}

/** What `work` gives; undefined when it throws, which is then a problem of the part. */
export function attempt<T>(findings: Findings, part: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    findings.problem(part, asFixityError(error).message);
    return undefined;
  }
}
