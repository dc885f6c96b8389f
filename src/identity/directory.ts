import { parseSubject } from '#kernel';
import type { Keep } from '#state';
import type { ViewReader } from '#views';
import { erasedSubjects, nameIsErased } from './view.ts';

const namespace = 'identity/names';

/** Personal names behind pseudonyms: in the keep only, never in an entry, erasable for good. */
export class Directory {
  readonly #keep: Keep;
  readonly #views: ViewReader;

  constructor(keep: Keep, views: ViewReader) {
    this.#keep = keep;
    this.#views = views;
    // An erasure is recorded first and done second: one that a crash cut in two is finished here.
    for (const subject of erasedSubjects(views)) this.#keep.delete(namespace, actorOf(subject));
  }

  /** The name people know an actor by; undefined when there is none or it was erased. */
  nameOf(actor: string): string | undefined {
    return this.#keep.get<string>(namespace, actor);
  }

  /** Names an actor, unless the name behind the pseudonym was erased. */
  setName(actor: string, name: string): void {
    if (nameIsErased(this.#views, subjectOf(actor)) || this.nameOf(actor) === name) return;
    this.#keep.set(namespace, actor, name);
  }

  /** To be called once the erasure is recorded. */
  forget(actor: string): void {
    this.#keep.delete(namespace, actor);
  }
}

/** `user/7kq2m` for `user:7kq2m`. */
export function subjectOf(actor: string): string {
  return actor.replace(':', '/');
}

function actorOf(subject: string): string {
  const parsed = parseSubject(subject);
  return parsed === undefined ? subject : `${parsed.kind}:${parsed.name}`;
}
