import type { Role } from '#contract';
import { fromInstant, type Instant, shortId } from '#kernel';
import type { CommandMeta } from '#writer';
import { Bootstrap, type BootstrapOptions } from './bootstrap.ts';
import { eraseName, issueToken, revokeToken } from './commands.ts';
import { Directory, subjectOf } from './directory.ts';
import { Enrolments } from './enrolment.ts';
import type { IdentityPorts } from './ports.ts';
import { type RegistryAccess, RegistryTokens, registryTokenSeconds } from './registry-token.ts';
import type { Actor } from './roles.ts';
import { hashSecret, makeSecret } from './secret.ts';
import { tokenOf } from './view.ts';

const hashes = 'identity/tokens';

export interface NewToken {
  readonly role: Role;
  /** Whom its holder acts as; `token:<id>` when absent. */
  readonly actor?: string;
  /** What people call it; goes into the directory only. */
  readonly name?: string;
  readonly expires?: Instant;
}

/** Who may come in, and under which pseudonym. Truth about tokens is on the ledger; their hashes are in the keep. */
export class Identity {
  readonly directory: Directory;
  readonly enrolments: Enrolments;
  readonly #ports: IdentityPorts;
  readonly #bootstrap: Bootstrap;
  readonly #registryTokens: RegistryTokens;
  /** From the hash of a secret to the token's id, which never changes; whether the token holds is asked each time. */
  readonly #known = new Map<string, string>();

  /** @throws FixityError `invalid-input` when the bootstrap token is too short. */
  constructor(ports: IdentityPorts, bootstrap: BootstrapOptions = {}) {
    this.#ports = ports;
    this.directory = new Directory(ports.keep, ports.views);
    this.enrolments = new Enrolments(ports);
    this.#bootstrap = new Bootstrap(ports, this.directory, bootstrap);
    this.#registryTokens = new RegistryTokens(ports);
  }

  /** The bootstrap token, when this start made it: to be shown once. */
  get newBootstrapToken(): string | undefined {
    return this.#bootstrap.shown;
  }

  /** The user whom the bootstrap token stands for. */
  get bootstrapActor(): Actor {
    return this.#bootstrap.actor;
  }

  /** Who holds this token; undefined when it is unknown, revoked or past its time. A revocation holds at once. */
  authenticate(bearer: string): Actor | undefined {
    const hash = hashSecret(bearer);
    if (hash === this.#bootstrap.hash) return this.#bootstrap.actor;
    const id = this.#known.get(hash) ?? this.#ports.keep.get<string>(hashes, hash);
    if (id === undefined) return undefined;
    this.#known.set(hash, id);
    return this.#actorOf(id);
  }

  /**
   * Issues a token and returns its secret, which is kept nowhere: the same idempotency key again is refused, because the
   * first answer cannot be given twice.
   * @throws FixityError as the writer refuses or fails; then there is no such token.
   */
  async issue(
    token: NewToken,
    by: string,
    repeat: Omit<CommandMeta, 'actor'> = {},
  ): Promise<{ readonly id: string; readonly secret: string }> {
    const { keep, random, writer } = this.#ports;
    const id = shortId(8, random);
    const actor = token.actor ?? `token:${id}`;
    const secret = makeSecret(token.role === 'node' ? 'node' : 'token', random);
    const expires = token.expires === undefined ? {} : { expires: token.expires };
    // The hash first: without its entry it opens nothing, and an entry without it would be a token nobody can use.
    keep.set(hashes, hashSecret(secret), id);
    if (token.name !== undefined) this.directory.setName(actor, token.name);
    try {
      await writer.submit(issueToken, { id, actor, role: token.role, ...expires }, { ...repeat, actor: by });
    } catch (error) {
      keep.delete(hashes, hashSecret(secret));
      throw error;
    }
    return { id, secret };
  }

  /** @throws FixityError `not-found` when there is no such token. */
  async revoke(id: string, by: string): Promise<void> {
    const { keep, writer } = this.#ports;
    await writer.submit(revokeToken, { id }, { actor: by });
    for (const { key, value } of keep.list<string>(hashes)) if (value === id) keep.delete(hashes, key);
  }

  /** Erases the name behind a pseudonym: recorded first, then done. @throws FixityError `invalid-input`. */
  async eraseName(actor: string, by: string): Promise<void> {
    await this.#ports.writer.submit(eraseName, { subject: subjectOf(actor) }, { actor: by });
    this.directory.forget(actor);
  }

  /** A token of the OCI Bearer flow: for the actor, for five minutes, no longer than the token that proved the actor. */
  async mintRegistryToken(
    actor: Actor,
    access: readonly RegistryAccess[],
  ): Promise<{ readonly token: string; readonly expiresInSeconds: number }> {
    const token = await this.#registryTokens.mint(actor.token, actor.id, access);
    return { token, expiresInSeconds: registryTokenSeconds };
  }

  /** Who holds a registry token and what it opens; undefined when it, or the token behind it, does not hold. */
  async openRegistryToken(
    text: string,
  ): Promise<{ readonly actor: Actor; readonly access: readonly RegistryAccess[] } | undefined> {
    const opened = await this.#registryTokens.open(text);
    if (opened === undefined) return undefined;
    const { actor: owner } = this.#bootstrap;
    const actor = opened.token === owner.token ? owner : this.#actorOf(opened.token);
    return actor === undefined ? undefined : { actor, access: opened.access };
  }

  #actorOf(id: string): Actor | undefined {
    const token = tokenOf(this.#ports.views, id);
    if (token === undefined || token.revoked !== null) return undefined;
    if (token.expires !== null && fromInstant(token.expires) <= this.#ports.clock.now()) return undefined;
    return { id: token.actor, role: token.role, token: id };
  }
}
