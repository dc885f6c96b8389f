import { FixityError, fromInstant, type Instant, toInstant } from '#kernel';
import type { IdentityPorts } from './ports.ts';
import { hashSecret, makeSecret } from './secret.ts';

const namespace = 'identity/enrolments';
const lifetime = 3_600_000;

interface Enrolment {
  readonly [member: string]: string;
  readonly expires: Instant;
}

/** One-time tokens with which a machine may become a node. Kept hashed; valid for an hour. */
export class Enrolments {
  readonly #ports: Pick<IdentityPorts, 'keep' | 'clock' | 'random'>;

  constructor(ports: Pick<IdentityPorts, 'keep' | 'clock' | 'random'>) {
    this.#ports = ports;
  }

  create(): { readonly token: string; readonly expires: Instant } {
    this.#sweep();
    const { keep, clock, random } = this.#ports;
    const token = makeSecret('enrolment', random);
    const expires = toInstant(clock.now() + lifetime);
    keep.set(namespace, hashSecret(token), { expires });
    return { token, expires };
  }

  /**
   * Uses a token up: of many racers one succeeds.
   * @throws FixityError `unauthenticated` when it is unknown, used or past its time.
   */
  take(token: string): void {
    const { keep, clock } = this.#ports;
    const key = hashSecret(token);
    const enrolment = keep.get<Enrolment>(namespace, key);
    if (enrolment !== undefined && keep.delete(namespace, key) && fromInstant(enrolment.expires) > clock.now()) return;
    throw new FixityError('unauthenticated', 'this enrolment token is unknown, used or past its time', {
      next: ['fixity node enrol', 'makes another; each enrols one node within an hour'],
    });
  }

  #sweep(): void {
    const { keep, clock } = this.#ports;
    for (const { key, value } of keep.list<Enrolment>(namespace)) {
      if (fromInstant(value.expires) <= clock.now()) keep.delete(namespace, key);
    }
  }
}
