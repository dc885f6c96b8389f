import { join } from 'node:path';
import { FixityError, type RandomBytes } from '#kernel';
import { formatPrivateKey, generateKey, readPrivateKey, type SigningKey } from '#signing';
import { readIfThere, writeDurably } from '../durable.ts';

/** The node's key and token, each in a file of its own that only this user can read. */
export class Credentials {
  readonly key: SigningKey;
  readonly #tokenFile: string;
  #token: string | undefined;

  /** Makes the key at the first start. @throws FixityError `invalid-input` when the folder is another node's. */
  constructor(data: string, node: string, random: RandomBytes) {
    const keyFile = join(data, 'node.key');
    this.#tokenFile = join(data, 'node.token');
    const known = readIfThere(keyFile);
    this.key = known === undefined ? generateKey(node, random) : readPrivateKey(known);
    if (known === undefined) writeDurably(keyFile, formatPrivateKey(this.key));
    const { name } = this.key.verifier;
    if (name !== node) {
      throw new FixityError('invalid-input', `the folder ${data} holds the key of node ${name}, not of ${node}`, {
        next: [`start it with --node ${name}`, 'or give another folder with --data'],
      });
    }
    this.#token = readIfThere(this.#tokenFile)?.trim();
  }

  /** The node token, once enrolled. */
  get token(): string | undefined {
    return this.#token;
  }

  keepToken(token: string): void {
    writeDurably(this.#tokenFile, `${token}\n`);
    this.#token = token;
  }
}
