import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Clock, RandomBytes } from '#kernel';
import type { Keep } from '#state';

/** What a registry token opens: one `scope` of the Bearer flow, for example `repository:checkout:pull,push`. */
export interface RegistryAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export const registryTokenSeconds = 300;
const issuer = 'fixity';
const audience = 'registry';
const claims = z.object({
  tid: z.string(),
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })),
});

/**
 * Short-lived tokens of the OCI Bearer flow (https://distribution.github.io/distribution/spec/auth/jwt/): a JWT,
 * HS256 with a key in the keep, that says which token it was given for and what it opens.
 */
export class RegistryTokens {
  readonly #key: Uint8Array;
  readonly #clock: Clock;

  constructor({ keep, clock, random }: { keep: Keep; clock: Clock; random: RandomBytes }) {
    keep.compareAndSet('identity/keys', 'registry-token', undefined, Buffer.from(random(32)).toString('hex'));
    this.#key = Buffer.from(keep.get<string>('identity/keys', 'registry-token') ?? '', 'hex');
    this.#clock = clock;
  }

  async mint(token: string, actor: string, access: readonly RegistryAccess[]): Promise<string> {
    const now = Math.floor(this.#clock.now() / 1_000);
    return await new SignJWT({ tid: token, access })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(actor)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + registryTokenSeconds)
      .sign(this.#key);
  }

  /** Undefined when it is no such token, not signed by this server, or past its time. */
  async open(text: string): Promise<{ token: string; access: readonly RegistryAccess[] } | undefined> {
    try {
      const { payload } = await jwtVerify(text, this.#key, {
        algorithms: ['HS256'],
        issuer,
        audience,
        currentDate: new Date(this.#clock.now()),
      });
      const { tid, access } = claims.parse(payload);
      return { token: tid, access };
    } catch {
      // Why a token does not hold is nobody's business who cannot make a valid one.
      return undefined;
    }
  }
}
