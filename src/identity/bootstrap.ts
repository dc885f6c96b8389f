import { FixityError, shortId } from '#kernel';
import type { Directory } from './directory.ts';
import type { IdentityPorts } from './ports.ts';
import type { Actor } from './roles.ts';
import { hashSecret, makeSecret } from './secret.ts';

const namespace = 'identity/bootstrap';
const shortestToken = 16;

export interface BootstrapOptions {
  /** The token the operator chose (`FIXITY_TOKEN`); else one is made at the first start. */
  readonly token?: string;
  /** The name of the person at the terminal (`FIXITY_USER` or the operating system's); goes into the directory only. */
  readonly user?: string;
}

/** The token every installation starts with: its holder is a user with the role `admin`. */
export class Bootstrap {
  /** The new token, to be shown once; undefined when it was chosen by the operator or made earlier. */
  readonly shown: string | undefined;
  readonly hash: string;
  readonly actor: Actor;

  /** @throws FixityError `invalid-input` when the chosen token is too short. */
  constructor({ keep, random }: IdentityPorts, directory: Directory, { token, user }: BootstrapOptions) {
    if (token !== undefined && token.length < shortestToken) {
      throw new FixityError('invalid-input', `the bootstrap token has ${token.length} characters, which is too short`, {
        next: [`set FIXITY_TOKEN to at least ${shortestToken} characters, or leave it unset to have one made`],
      });
    }
    keep.compareAndSet(namespace, 'user', undefined, shortId(5, random));
    const kept = keep.get<string>(namespace, 'token');
    if (token === undefined && kept === undefined) this.shown = makeSecret('token', random);
    const secret = token ?? this.shown;
    this.hash = secret === undefined ? (kept ?? '') : hashSecret(secret);
    if (this.hash !== kept) keep.set(namespace, 'token', this.hash);
    const id = `user:${keep.get<string>(namespace, 'user')}`;
    // The hash is part of the id, so that what a replaced token was given ends with it.
    this.actor = { id, role: 'admin', token: `bootstrap-${this.hash.slice(0, 16)}` };
    if (user !== undefined && user !== '') directory.setName(id, user);
  }
}
