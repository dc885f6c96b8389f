import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FixityError } from '#kernel';
import { generateKey, openEnvelope, preAuthenticationEncoding, signEnvelope } from './index.ts';

const key = generateKey('node.example/web-07', (size) => new Uint8Array(size).fill(7));
const type = 'application/vnd.in-toto+json';

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof FixityError && error.code === code;
}

describe('DSSE envelopes', () => {
  it('sign the encoding of the specification', () => {
    const encoded = preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    assert.equal(Buffer.from(encoded).toString(), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    assert.equal(
      Buffer.from(preAuthenticationEncoding('\u00e9', Buffer.from('\u00e9'))).toString(),
      'DSSEv1 2 \u00e9 2 \u00e9',
    );
  });

  it('are for ever written the same', () => {
    const golden = new URL('../../tests/golden/signing/envelope.json', import.meta.url);
    const envelope = signEnvelope('http://example.com/HelloWorld', Buffer.from('hello world'), key);
    assert.equal(`${JSON.stringify(envelope)}\n`, readFileSync(golden, 'utf8'));
  });

  it('give any payload back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
        const envelope: unknown = JSON.parse(JSON.stringify(signEnvelope(type, payload, key)));
        assert.deepEqual(Buffer.from(openEnvelope(envelope, key.verifier, type)), Buffer.from(payload));
      }),
    );
  });

  it('are accepted in URL-safe base64, and with further signatures of strangers', () => {
    const payload = Buffer.from([0xfb, 0xff, 0xfe]);
    const { signatures, ...envelope } = signEnvelope(type, payload, key);
    const stranger = signEnvelope(type, payload, generateKey('stranger.example')).signatures;
    const urlSafe = { ...envelope, payload: '-__-', signatures: [...stranger, ...signatures] };
    assert.deepEqual(Buffer.from(openEnvelope(urlSafe, key.verifier, type)), payload);
  });

  it('are refused when changed, mistyped or signed by another key', () => {
    const envelope = signEnvelope(type, Buffer.from('{}'), key);
    const other = generateKey(key.verifier.name);
    assert.throws(() => openEnvelope(envelope, other.verifier, type), refused('tampered'));
    assert.throws(() => openEnvelope({ ...envelope, payload: 'e30K' }, key.verifier, type), refused('tampered'));
    assert.throws(() => openEnvelope({ ...envelope, payloadType: 'x' }, key.verifier, 'x'), refused('tampered'));
    assert.throws(() => openEnvelope(envelope, key.verifier, 'text/plain'), refused('invalid-input'));
    for (const wrong of [null, 'x', {}, { ...envelope, payload: '*' }, { ...envelope, signatures: [] }]) {
      assert.throws(() => openEnvelope(wrong, key.verifier, type), refused('invalid-input'));
    }
  });
});
