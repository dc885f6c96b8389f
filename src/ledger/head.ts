import { FixityError } from '#kernel';
import { Frontier, sameHash } from '#merkle';
import type { Verifier } from '#signing';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import type { Head, LedgerReadStorage } from './storage.ts';

/** A stored head that was found to be true, and the edge of the tree it is the root of. */
export interface OpenedHead {
  readonly head: Head | undefined;
  readonly frontier: Frontier;
}

/**
 * Reads the head and holds it against its own signature and against the tiles at the right edge.
 * @throws FixityError `tampered` when they do not agree.
 */
export async function openHead(
  storage: LedgerReadStorage,
  origin: string,
  verifiers: readonly Verifier[],
): Promise<OpenedHead> {
  const head = await storage.head();
  if (head === undefined) return { head, frontier: Frontier.empty };
  const frontier = await openFrontier(storage, head.size);
  const signed = openSigned(head, origin, verifiers);
  const agree = signed.size === head.size && sameHash(signed.root, head.root);
  if (!agree) throw disagree('the signed checkpoint', head);
  if (!sameHash(frontier.root(), head.root)) throw disagree('the stored tiles', head);
  return { head, frontier };
}

async function openFrontier(storage: LedgerReadStorage, size: number): Promise<Frontier> {
  try {
    return await Frontier.open(size, (level, index) => storage.tile(level, index));
  } catch (cause) {
    if (cause instanceof FixityError) throw cause;
    throw new FixityError('tampered', 'the ledger is damaged: a tile that its head needs is missing', { cause });
  }
}

function openSigned(head: Head, origin: string, verifiers: readonly Verifier[]): Checkpoint {
  try {
    return openCheckpoint(head.checkpoint, origin, verifiers);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FixityError('tampered', `the ledger's checkpoint does not hold: ${why}`, { cause });
  }
}

function disagree(what: string, head: Head): FixityError {
  return new FixityError('tampered', `the ledger is damaged: ${what} and its head of size ${head.size} do not agree`, {
    next: ['fixity verify names what is wrong; a backup has the ledger as it was'],
  });
}
