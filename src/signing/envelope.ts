import { z } from 'zod';
import { FixityError } from '#kernel';
import { decodeAnyBase64 } from './base64.ts';
import { type SigningKey, signBytes } from './key.ts';
import { type Verifier, verifyBytes } from './verifier.ts';

/** A DSSE v1 envelope (secure-systems-lab/dsse, envelope.md). `keyid` is only a hint and never believed. */
export const envelopeSchema = z.object({
  payloadType: z.string().min(1).max(256),
  payload: z.string(),
  signatures: z
    .array(z.object({ keyid: z.string().max(512).optional(), sig: z.string().min(1).max(16_384) }))
    .min(1)
    .max(100),
});

export type Envelope = z.infer<typeof envelopeSchema>;

/** What the signature is over: `DSSEv1 <length> <type> <length> <body>` (DSSE protocol, PAE). */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}

export function signEnvelope(payloadType: string, payload: Uint8Array, key: SigningKey): Envelope {
  const signature = signBytes(key, preAuthenticationEncoding(payloadType, payload));
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: keyIdOf(key.verifier), sig: Buffer.from(signature).toString('base64') }],
  };
}

/**
 * The payload, when the verifier's key signed it as this type.
 * @throws FixityError `invalid-input` when it is not an envelope of that type; `tampered` when no signature holds.
 */
export function openEnvelope(envelope: unknown, verifier: Verifier, payloadType: string): Uint8Array {
  const parsed = envelopeSchema.safeParse(envelope);
  const payload = parsed.success ? decodeAnyBase64(parsed.data.payload) : undefined;
  if (!parsed.success || payload === undefined) {
    throw new FixityError('invalid-input', 'this is not a DSSE envelope', { cause: parsed.error });
  }
  if (parsed.data.payloadType !== payloadType) {
    const found = parsed.data.payloadType.slice(0, 100);
    throw new FixityError('invalid-input', `the envelope holds ${found}, not ${payloadType}`);
  }
  const message = preAuthenticationEncoding(payloadType, payload);
  const holds = parsed.data.signatures.some(({ sig }) => {
    const signature = decodeAnyBase64(sig);
    return signature !== undefined && verifyBytes(verifier, message, signature);
  });
  if (!holds) throw new FixityError('tampered', `the envelope is not signed by ${keyIdOf(verifier)}`);
  return payload;
}

/** `<name>+<hash>`: names a key wherever one must be pointed at. */
export function keyIdOf({ name, hash }: Verifier): string {
  return `${name}+${hash}`;
}
