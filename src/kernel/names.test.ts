import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { digestFromBytes, digestOf, hexOf, isDigest, parseDigest, shortDigest } from './digest.ts';
import { FixityError } from './errors.ts';
import { shortId, uuidv7 } from './ids.ts';
import { parseSubject, subject, subjectKinds } from './subject.ts';

const refused = (error: unknown) => error instanceof FixityError && error.code === 'invalid-input';

test('a subject is split into what it was made of', () => {
  const name = fc.stringMatching(/^[\x21-\x7e]{1,512}$/);
  fc.assert(
    fc.property(fc.constantFrom(...subjectKinds), name, (kind, text) => {
      assert.deepEqual(parseSubject(subject(kind, text)), { kind, name: text });
    }),
  );
  for (const bad of ['', 'a b', 'ü', 'x'.repeat(513)]) assert.throws(() => subject('node', bad), refused);
  for (const bad of ['node', 'node/', 'planet/x', '/x']) assert.equal(parseSubject(bad), undefined);
});

test('a digest is sha256 and 64 lower-case hex digits, and nothing else', () => {
  const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'; // FIPS 180-4, no bytes
  assert.equal(digestOf(''), empty);
  assert.equal(parseDigest(empty), empty);
  assert.equal(digestFromBytes(Buffer.from(hexOf(digestOf('')), 'hex')), empty);
  assert.equal(shortDigest(empty), 'e3b0c44298fc');
  for (const bad of [empty.toUpperCase(), `${empty}0`, empty.slice(0, -1), `${empty}\n`, empty.slice(7)]) {
    assert.equal(isDigest(bad), false);
    assert.throws(() => parseDigest(bad), refused);
  }
});

test('a UUIDv7 is the example of RFC 9562, appendix A.6', () => {
  const random = () => Buffer.from('0cc318c4dc0c0c07398f', 'hex');
  assert.equal(uuidv7(0x017f22e279b0, random), '017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test('a short id has the length asked for and no letter that looks like another', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.nat(247)), (length, bytes) => {
      const random = (size: number) => Uint8Array.from({ length: size }, () => bytes.next().value ?? 0);
      assert.match(shortId(length, random), new RegExp(`^[2-9a-hjkmnp-z]{${length}}$`));
    }),
  );
});
